//! The credentials of an attempt.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::client_headers::ClientHeaders;
use super::request::{CallOptions, RequestParts};
use crate::error::Error;
use crate::redact::{Secrets, is_secret_header};

/// The credentials that an attempt was sent with, to compare after a 401.
///
/// The map itself goes out with the request. Most providers add one header.
#[derive(Clone, Default)]
pub(crate) struct Credentials {
    first: Option<(HeaderName, HeaderValue)>,
    others: Vec<(HeaderName, HeaderValue)>,
    /// Other secrets of the request, which are not compared.
    more: Option<Box<Secrets>>,
}

impl Credentials {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut headers = headers
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()));
        Self {
            first: headers.next(),
            others: headers.collect(),
            more: None,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    pub(super) fn to_headers(&self) -> HeaderMap {
        self.first.iter().chain(&self.others).cloned().collect()
    }

    /// Adds the secrets among the headers of a request that the provider has signed.
    pub(super) fn add_signed(&mut self, headers: &HeaderMap) {
        self.more.get_or_insert_default().add_headers(headers);
    }

    /// Adds the secrets that the application set on the call and on the client, and those in the
    /// URL.
    #[inline]
    pub(super) fn add_own(&mut self, request: &RequestParts, client: &ClientHeaders, url: &Url) {
        let client = client.others();
        let headers = request.options().map(|own| &own.headers);
        let headers = headers.filter(|headers| !headers.is_empty());
        let has_headers = headers.is_some() || !client.is_empty();
        if has_headers || url.query().is_some() || url.password().is_some() {
            self.add_more(headers, client, url);
        }
    }

    #[cold]
    fn add_more(&mut self, headers: Option<&HeaderMap>, client: &HeaderMap, url: &Url) {
        let more = self.more.get_or_insert_default();
        headers.into_iter().for_each(|it| more.add_headers(it));
        more.add_headers(client);
        more.add_url(url);
    }

    /// Completes an error of the exchange: masks all secrets of the request, and records whether it
    /// had none.
    #[cold]
    pub(super) fn complete(
        mut self,
        error: Error,
        request: &RequestParts,
        client: &ClientHeaders,
        url: &Url,
    ) -> Error {
        let own = request.options();
        let headers = own.into_iter().flat_map(|own| &own.headers);
        let mut headers = headers.chain(client.others());
        let is_anonymous = self.is_empty()
            && self.more.is_none()
            && !own.is_some_and(CallOptions::has_credential)
            && !headers.any(|(name, value)| value.is_sensitive() || is_secret_header(name));
        self.add_own(request, client, url);
        let error = self.mask(error);
        match is_anonymous {
            true => error.without_credentials(),
            false => error,
        }
    }

    /// Replaces the secrets in an error of the exchange, wherever the server quotes them.
    #[cold]
    pub(crate) fn mask(&self, error: Error) -> Error {
        let mut secrets = self.more.as_deref().cloned().unwrap_or_default();
        secrets.add_headers(&self.to_headers());
        error.without_secrets(&secrets)
    }

    pub(super) fn into_headers(self) -> HeaderMap {
        self.first.into_iter().chain(self.others).collect()
    }
}

/// Writes the names alone.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.first.iter().chain(&self.others);
        f.debug_set().entries(all.map(|(name, _)| name)).finish()
    }
}
