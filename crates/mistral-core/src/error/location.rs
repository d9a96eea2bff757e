//! The URL of the request that failed, and the host in messages.

use std::time::Duration;

use url::Url;

use super::hint::BASE_URL;
use super::{Error, ErrorKind, TimeoutPhase};

/// The message of llama.cpp for a path that it does not serve.
const LLAMA_CPP_NOT_FOUND: &str = "file not found";

impl Error {
    /// Returns the URL of the request that failed: scheme, host, port and path, without user,
    /// query and credentials. `None` if nothing was sent.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use mistral_sdk::{Client, MistralApi, RetryPolicy};
    ///
    /// let api = MistralApi::new("my-key")?.base_url("http://127.0.0.1:9")?;
    /// let client = Client::builder(api).retry(RetryPolicy::none()).build()?;
    /// let error = client.models().list().await.unwrap_err();
    /// assert_eq!(error.url().unwrap().as_str(), "http://127.0.0.1:9/v1/models");
    /// assert_eq!(error.message(), "could not connect to 127.0.0.1:9");
    /// # Ok(()) }
    /// ```
    pub fn url(&self) -> Option<&Url> {
        self.0.url.as_ref()
    }

    /// Adds the URL that the request was sent to, and its host to the message of a failed exchange.
    /// Without effect if the error has a URL already.
    #[must_use]
    #[cold]
    pub(crate) fn with_url(mut self, url: &Url) -> Self {
        if self.0.url.is_some() {
            return self;
        }
        let host = host_and_port(url);
        let inner = &mut *self.0;
        match (inner.transport, inner.phase, inner.limit) {
            (Some(kind), _, _) if inner.message == kind.text(None) => {
                inner.message = kind.text(Some(&host));
            }
            (None, Some(phase), Some(limit))
                if inner.message == timeout_message(phase, limit, None) =>
            {
                inner.message = timeout_message(phase, limit, Some(&host));
            }
            _ => {}
        }
        inner.url = without_credentials(url);
        self
    }

    /// Returns the URL if it tells more than the message: the response is not one of the API's, so
    /// the base URL may be wrong.
    pub(super) fn telling_url(&self) -> Option<&Url> {
        self.url().filter(|_| self.is_from_elsewhere())
    }

    /// Returns advice for a URL at which there is nothing.
    pub(super) fn url_hint(&self) -> Option<&'static str> {
        self.telling_url()
            .filter(|_| self.0.kind != ErrorKind::Decode)?;
        let message = self.server_message().unwrap_or_default();
        let says_nothing = [
            "",
            "not found",
            "404 page not found",
            "method not allowed",
            LLAMA_CPP_NOT_FOUND,
        ]
        .iter()
        .any(|text| message.eq_ignore_ascii_case(text));
        (says_nothing || message.starts_with("an HTML page")).then_some(BASE_URL)
    }

    /// Whether the response seems to be from another server, or another part of it, than the API.
    fn is_from_elsewhere(&self) -> bool {
        let Some(api) = self.api() else { return false };
        match api.status.as_u16() {
            404 | 405 => {
                api.code.is_none() || api.message.eq_ignore_ascii_case(LLAMA_CPP_NOT_FOUND)
            }
            200..=299 => {
                self.0.kind == ErrorKind::Decode && !api.body.trim_start().starts_with(['{', '['])
            }
            _ => false,
        }
    }
}

/// Returns the words for a timeout of an exchange with `host`, if that is known.
pub(super) fn timeout_message(phase: TimeoutPhase, after: Duration, host: Option<&str>) -> String {
    let link = |word: &str| host.map_or(String::new(), |host| format!(" {word} {host}"));
    let message = match phase {
        TimeoutPhase::Connect => format!("no connection{} within {after:?}", link("to")),
        TimeoutPhase::FirstByte => format!("no response{} within {after:?}", link("from")),
        TimeoutPhase::Idle => format!("no data received{} for {after:?}", link("from")),
        TimeoutPhase::Total => format!("not finished within {after:?}"),
    };
    format!("{message} ({phase} timeout)")
}

/// Returns the host and the port, including that which the scheme implies: users of firewalls and
/// proxies look for it.
fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

fn without_credentials(url: &Url) -> Option<Url> {
    let mut shown = url.clone();
    shown.set_query(None);
    shown.set_fragment(None);
    shown.set_username("").ok()?;
    shown.set_password(None).ok()?;
    Some(shown)
}
