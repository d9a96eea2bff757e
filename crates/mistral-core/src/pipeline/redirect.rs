//! Redirects, which are followed within the origin.

use std::borrow::Cow;
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
        if !is_redirect(status) {
            return Err(Error::config(format!(
                "{status}: the response has no result, and its status is not that of a redirect: \
                 check the base URL, and the proxies and caches on the way to the server"
            )));
        }
        let location = self.headers.get(LOCATION).and_then(|to| to.to_str().ok());
        let target = location.and_then(|location| self.target(location));
        let reject = |why: &str| {
            let url = target.as_ref().map(|(url, _)| url);
            let to = location.map_or("another URL".into(), |location| shown(location, url));
            let to = one_line(&redact_url(&to));
            Err(Error::config(format!(
                "{status}: the server redirects to `{to}`, which is not followed because {why}"
            )))
        };
        let Some((url, uri)) = target.clone() else {
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
            _ => self.method.clone(),
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

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301..=303 | 307 | 308)
}

/// Returns a location without its user name, password, query and fragment, any of which may be a
/// credential.
fn shown<'a>(location: &'a str, url: Option<&Url>) -> Cow<'a, str> {
    let end = location.find(['?', '#']).unwrap_or(location.len());
    let start = location.get(..end).unwrap_or_default();
    match (start.rsplit_once('@'), url) {
        (None, _) => start.into(),
        (Some(_), Some(url)) => {
            let origin = url.origin().ascii_serialization();
            format!("{origin}{}", url.path()).into()
        }
        (Some((_, rest)), None) => rest.into(),
    }
}
