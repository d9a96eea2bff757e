//! The credentials of an attempt.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::request::RequestParts;
use crate::error::Error;
use crate::redact::Secrets;

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

    /// Adds the secrets that the caller set on the call, and those in the URL.
    pub(super) fn with_own(mut self, request: &RequestParts, url: &Url) -> Self {
        if let Some(options) = request.options().filter(|own| !own.headers.is_empty()) {
            let more = self.more.get_or_insert_default();
            more.add_headers(&options.headers);
        }
        if url.query().is_some() || url.password().is_some() {
            self.more.get_or_insert_default().add_url(url);
        }
        self
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
