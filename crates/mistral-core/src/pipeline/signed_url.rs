//! Requests to signed URLs, which are not the provider's.

use http::HeaderMap;
use url::Url;

use super::request::{ApiRequest, RequestParts};
use super::telemetry::Propagate;
use crate::error::Error;
use crate::redact::redact_url;

impl ApiRequest {
    /// Sends the request to `url` instead of the provider, for example to download a file from a
    /// storage. Neither credentials nor headers of the client are sent, because the URL is signed.
    ///
    /// The call fails unless `url` is one of HTTP.
    #[inline]
    pub fn signed_url(self, url: &str) -> Self {
        self.update(|parts| {
            let parsed = Url::parse(url).ok();
            let parsed = parsed.filter(|url| matches!(url.scheme(), "http" | "https"));
            let Some(mut parsed) = parsed else {
                let url = redact_url(url);
                return Err(Error::config(format!("`{url}` is not a URL of HTTP")));
            };
            parsed.set_fragment(None);
            parts.options_mut().signed_url = Some(parsed);
            Ok(())
        })
    }
}

impl RequestParts {
    /// Returns the URL of a request that is not for the provider, and must not have its credentials.
    #[inline]
    pub(crate) fn signed_url(&self) -> Option<&Url> {
        self.options()?.signed_url.as_ref()
    }

    /// Adds the trace headers, unless the request leaves the provider.
    #[inline]
    pub(crate) fn add_trace_headers(&self, propagate: &Propagate, headers: &mut HeaderMap) {
        if self.signed_url().is_none() {
            propagate.add_headers(headers);
        }
    }
}
