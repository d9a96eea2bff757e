//! Redirects, which are followed within the origin.

use std::sync::Arc;

use http::header::LOCATION;
use http::{HeaderMap, Method, StatusCode, Uri};
use url::Url;

use crate::error::{Error, Result, one_line};
use crate::redact::redact_url;
use crate::transport::RequestTarget;

const MAX_REDIRECTS: u32 = 10;

/// A redirect that is followed.
#[derive(Debug)]
pub(crate) struct Redirect {
    pub(crate) target: Arc<RequestTarget>,
    pub(crate) method: Method,
    pub(crate) keeps_body: bool,
    count: u32,
}

/// A response that redirects, and the exchange that it answers.
pub(crate) struct Redirection<'a> {
    pub(crate) status: StatusCode,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) from: &'a RequestTarget,
    pub(crate) method: &'a Method,
    pub(crate) has_body: bool,
    pub(crate) is_replayable: bool,
    /// The redirect that this exchange followed.
    pub(crate) previous: Option<&'a Redirect>,
}

impl Redirection<'_> {
    /// Returns where the call continues.
    ///
    /// # Errors
    /// Fails when it leads to another origin, when the limit of redirects is reached, or when the
    /// body cannot be sent once more.
    #[cold]
    pub(crate) fn follow(&self) -> Result<Redirect> {
        let status = self.status;
        let location = self.headers.get(LOCATION).and_then(|to| to.to_str().ok());
        let reject = |why: &str| {
            let to = one_line(&redact_url(location.unwrap_or("another URL")));
            Err(Error::config(format!(
                "{status}: the server redirects to `{to}`, which is not followed because {why}"
            )))
        };
        let Some((url, uri)) = location.and_then(|location| self.target(location)) else {
            return reject("the `location` is not a URL: set the right URL as the base URL");
        };
        if url.origin() != self.from.url.origin() {
            return reject(
                "it is another origin, to which the credentials must not be sent: set that \
                 URL as the base URL if you trust it",
            );
        }
        let count = self.previous.map_or(1, |previous| previous.count + 1);
        if count > MAX_REDIRECTS {
            return reject("the limit of redirects is reached: set the right URL as the base URL");
        }
        let method = match status {
            StatusCode::SEE_OTHER if self.method != Method::HEAD => Method::GET,
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND if self.method == Method::POST => {
                Method::GET
            }
            StatusCode::SEE_OTHER
            | StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT => self.method.clone(),
            _ => return reject("the status is not that of a redirect"),
        };
        let keeps_body = self.has_body && method == *self.method;
        if keeps_body && !self.is_replayable {
            return reject(
                "the body cannot be read twice: set that URL as the base URL, or upload \
                 from a file or from bytes",
            );
        }
        Ok(Redirect {
            target: Arc::new(RequestTarget { uri, url }),
            method,
            keeps_body,
            count,
        })
    }

    fn target(&self, location: &str) -> Option<(Url, Uri)> {
        let mut url = self.from.url.join(location).ok()?;
        url.set_fragment(None);
        let uri = Uri::try_from(url.as_str()).ok()?;
        Some((url, uri))
    }
}
