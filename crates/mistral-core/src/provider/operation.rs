//! Operations: the HTTP method, path and response format of each method of the API.

use std::borrow::Cow;

use http::Method;

use crate::error::{Error, Result};

/// An operation of the API: its HTTP method and path, the format of its response, and whether it is
/// safe to retry.
///
/// An operation is declared once, as a `static`:
///
/// ```
/// use mistral_sdk::provider::{Operation, RetrySafety};
///
/// static RENAME: Operation = Operation::put("prompts.rename", "/v1/prompts/{prompt_id}/name");
/// static WATCH: Operation = Operation::get("prompts.watch", "/v2/prompts/events").sse();
///
/// assert_eq!(RENAME.group(), "prompts");
/// assert_eq!(RENAME.retry_safety, RetrySafety::Idempotent);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operation {
    /// The official SDK's name of the operation, for example `chat.complete`.
    pub name: Cow<'static, str>,
    /// The HTTP method.
    pub method: Method,
    /// The path template on Mistral's own API, version included: `/v1/models/{model_id}`.
    pub path: Cow<'static, str>,
    /// The format of a successful response body.
    pub framing: Framing,
    /// Whether the request may be sent again after the server may have received it.
    pub retry_safety: RetrySafety,
    /// Whether the request is one that the SDK does not model: its path is no template.
    pub(crate) is_raw: bool,
}

/// The format of a successful response body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Framing {
    /// One JSON document.
    Json,
    /// A stream of server-sent events with a JSON document each.
    Sse,
    /// A stream of lines with a JSON document each.
    JsonLines,
    /// Bytes of this media type, which is sent as `accept`.
    Bytes(&'static str),
    /// No content: the body is read and discarded.
    Nothing,
    /// A WebSocket, to which the connection is upgraded.
    WebSocket,
}

impl Framing {
    /// Returns the method of the client that reads such a response, if there is one.
    pub(crate) fn client_method(self) -> Option<&'static str> {
        match self {
            Self::Json | Self::Nothing => Some("call"),
            Self::Sse | Self::JsonLines => Some("call_stream"),
            Self::Bytes(_) => Some("call_download"),
            Self::WebSocket => None,
        }
    }

    /// Whether the response is a stream of events.
    pub fn is_event_stream(self) -> bool {
        matches!(self, Self::Sse | Self::JsonLines)
    }
}

/// The effect of sending a request twice, which decides whether it is retried after the server may
/// have received it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RetrySafety {
    /// The same as sending it once.
    Idempotent,
    /// The model runs twice, and both runs are billed.
    Billable,
    /// A resource is created or changed twice.
    NonIdempotent,
}

impl Operation {
    const fn new(
        method: Method,
        name: &'static str,
        path: &'static str,
        retry_safety: RetrySafety,
    ) -> Self {
        Self {
            name: Cow::Borrowed(name),
            method,
            path: Cow::Borrowed(path),
            framing: Framing::Json,
            retry_safety,
            is_raw: false,
        }
    }

    /// Declares a `GET`, which is [`Idempotent`](RetrySafety::Idempotent).
    pub const fn get(name: &'static str, path: &'static str) -> Self {
        Self::new(Method::GET, name, path, RetrySafety::Idempotent)
    }

    /// Declares a `DELETE`, which is [`Idempotent`](RetrySafety::Idempotent).
    pub const fn delete(name: &'static str, path: &'static str) -> Self {
        Self::new(Method::DELETE, name, path, RetrySafety::Idempotent)
    }

    /// Declares a `PUT`, which is [`Idempotent`](RetrySafety::Idempotent).
    pub const fn put(name: &'static str, path: &'static str) -> Self {
        Self::new(Method::PUT, name, path, RetrySafety::Idempotent)
    }

    /// Declares a `POST` that runs a model, which is [`Billable`](RetrySafety::Billable).
    pub const fn inference(name: &'static str, path: &'static str) -> Self {
        Self::new(Method::POST, name, path, RetrySafety::Billable)
    }

    /// Declares a `POST` that creates or changes a resource, which is
    /// [`NonIdempotent`](RetrySafety::NonIdempotent).
    pub const fn post(name: &'static str, path: &'static str) -> Self {
        Self::new(Method::POST, name, path, RetrySafety::NonIdempotent)
    }

    /// Declares a `PATCH`, which is [`NonIdempotent`](RetrySafety::NonIdempotent).
    pub const fn patch(name: &'static str, path: &'static str) -> Self {
        Self::new(Method::PATCH, name, path, RetrySafety::NonIdempotent)
    }

    /// Sets the response to a stream of server-sent events.
    #[must_use]
    pub const fn sse(self) -> Self {
        self.framing(Framing::Sse)
    }

    /// Sets the response to a stream of JSON lines.
    #[must_use]
    pub const fn json_lines(self) -> Self {
        self.framing(Framing::JsonLines)
    }

    /// Sets the response to bytes of a media type.
    #[must_use]
    pub const fn bytes(self, media_type: &'static str) -> Self {
        self.framing(Framing::Bytes(media_type))
    }

    /// Sets the response to no content.
    #[must_use]
    pub const fn nothing(self) -> Self {
        self.framing(Framing::Nothing)
    }

    /// Sets the response to a WebSocket.
    #[must_use]
    pub const fn websocket(self) -> Self {
        self.framing(Framing::WebSocket)
    }

    const fn framing(mut self, framing: Framing) -> Self {
        self.framing = framing;
        self
    }

    /// Sets whether the request is safe to retry. Default: by the constructor.
    #[must_use]
    pub const fn retry_safety(mut self, safety: RetrySafety) -> Self {
        self.retry_safety = safety;
        self
    }

    /// Creates the operation of a request that the SDK does not model.
    pub(crate) fn raw(method: Method, path: &str) -> Self {
        let retry_safety = if method.is_idempotent() {
            RetrySafety::Idempotent
        } else {
            RetrySafety::NonIdempotent
        };
        Self {
            path: Cow::Owned(path.to_owned()),
            is_raw: true,
            ..Self::new(method, "request", "", retry_safety)
        }
    }

    /// Returns the API group, for example `chat` of `chat.complete` or `batch.jobs` of
    /// `batch.jobs.create`.
    pub fn group(&self) -> &str {
        self.name
            .rsplit_once('.')
            .map_or(&self.name, |(group, _)| group)
    }

    /// Fills the parameters of the path template with percent-encoded values.
    ///
    /// # Errors
    /// Fails when the path has a parameter that is not among `values`, when a value has no
    /// parameter in the path, and when a value is empty or a dot segment.
    pub(crate) fn fill(&self, values: &[(&str, &str)]) -> Result<String> {
        let template = &*self.path;
        let known = |name: &str| template.contains(&format!("{{{name}}}"));
        if let Some((name, _)) = values.iter().find(|(name, _)| !known(name)) {
            return Err(Error::config(format!(
                "the path `{template}` has no parameter `{name}`"
            )));
        }
        let mut path = String::with_capacity(template.len());
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            let value = values.iter().find(|(known, _)| *known == name);
            let Some((_, value)) = value else {
                return Err(Error::config(format!(
                    "the path `{template}` needs the parameter `{name}`"
                )));
            };
            // URL parsers resolve dot segments even if they are percent-encoded.
            if value.is_empty() || *value == "." || *value == ".." {
                return Err(Error::config(format!("`{name}` must not be `{value}`")));
            }
            path.push_str(before);
            push_escaped(&mut path, value);
            rest = after;
        }
        path.push_str(rest);
        Ok(path)
    }
}

impl From<&'static Operation> for Cow<'static, Operation> {
    fn from(operation: &'static Operation) -> Self {
        Cow::Borrowed(operation)
    }
}

impl From<Operation> for Cow<'static, Operation> {
    fn from(operation: Operation) -> Self {
        Cow::Owned(operation)
    }
}

/// Appends `value`, with all but the unreserved characters of RFC 3986 percent-encoded.
fn push_escaped(path: &mut String, value: &str) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            path.push_str(&format!("%{byte:02X}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static RETRIEVE: Operation = Operation::get("models.retrieve", "/v1/models/{model_id}");
    static SHARE: Operation = Operation::put("libraries.share", "/v1/libraries/{id}/share/{role}");

    #[test]
    fn path_values_with_reserved_characters_are_percent_encoded() {
        let fill = |id| RETRIEVE.fill(&[("model_id", id)]);
        assert_eq!(
            fill("ft:a/b?c#d é").unwrap(),
            "/v1/models/ft%3Aa%2Fb%3Fc%23d%20%C3%A9"
        );
        assert_eq!(fill("a.b-c_d~e").unwrap(), "/v1/models/a.b-c_d~e");
        assert_eq!(fill("{model_id}").unwrap(), "/v1/models/%7Bmodel_id%7D");
        for id in ["", ".", ".."] {
            assert!(fill(id).unwrap_err().to_string().contains("model_id"));
        }
        assert_eq!(RETRIEVE.group(), "models");
    }

    #[test]
    fn path_parameters_missing_or_unknown_fail_by_name() {
        let error = |values: &[(&str, &str)]| SHARE.fill(values).unwrap_err().to_string();
        assert!(error(&[]).contains("needs the parameter `id`"));
        assert!(error(&[("id", "a")]).contains("needs the parameter `role`"));
        let unknown = error(&[("id", "a"), ("role", "b"), ("user", "c")]);
        assert!(unknown.contains("no parameter `user`"), "{unknown}");
        let filled = SHARE.fill(&[("role", "b"), ("id", "a")]).unwrap();
        assert_eq!(filled, "/v1/libraries/a/share/b");
    }
}
