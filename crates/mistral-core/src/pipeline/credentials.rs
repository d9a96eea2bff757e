//! The credentials of an attempt.

use http::{HeaderMap, HeaderName, HeaderValue};

/// The credentials that an attempt was sent with, to compare after a 401.
///
/// The map itself goes out with the request. Most providers add one header.
#[derive(Default)]
pub(super) struct Credentials {
    first: Option<(HeaderName, HeaderValue)>,
    others: Vec<(HeaderName, HeaderValue)>,
}

impl Credentials {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut headers = headers
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()));
        Self {
            first: headers.next(),
            others: headers.collect(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    pub(super) fn to_headers(&self) -> HeaderMap {
        self.first.iter().chain(&self.others).cloned().collect()
    }

    pub(super) fn into_headers(self) -> HeaderMap {
        self.first.into_iter().chain(self.others).collect()
    }
}
