use std::borrow::Cow;

use http::Method;

use crate::error::{Error, Result};

/// Describes one operation of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operation {
    /// The official SDK's name of the operation, for example `chat.complete`.
    pub name: Cow<'static, str>,
    /// The HTTP method.
    pub method: Method,
    /// The path on Mistral's own API, for example `/v1/models/{model_id}`.
    pub path: Cow<'static, str>,
    /// Whether the answer is a stream of events.
    pub stream: bool,
    /// What happens when the request is sent twice.
    pub retry_safety: RetrySafety,
    /// The names of the query parameters that the operation takes.
    pub query: &'static [&'static str],
    /// The media type of an answer that is neither JSON nor a stream of events, but bytes.
    pub download: Option<&'static str>,
}

/// Says what happens when a request is sent twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RetrySafety {
    /// Nothing more than when it is sent once.
    Idempotent,
    /// The model answers, and bills, twice.
    Billable,
    /// Something is made or changed twice.
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
            stream: false,
            retry_safety,
            query: &[],
            download: None,
        }
    }

    /// Describes an operation that only reads.
    pub(crate) const fn get(name: &'static str, path: &'static str) -> Self {
        Self::new(Method::GET, name, path, RetrySafety::Idempotent)
    }

    /// Describes an operation that removes something, at most once.
    pub(crate) const fn delete(name: &'static str, path: &'static str) -> Self {
        Self::new(Method::DELETE, name, path, RetrySafety::Idempotent)
    }

    /// Describes an operation that asks a model.
    pub(crate) const fn inference(name: &'static str, path: &'static str) -> Self {
        Self::new(Method::POST, name, path, RetrySafety::Billable)
    }

    /// Describes an operation that makes something, each time that it is called.
    pub(crate) const fn post(name: &'static str, path: &'static str) -> Self {
        Self::new(Method::POST, name, path, RetrySafety::NonIdempotent)
    }

    /// Describes an operation that changes something.
    pub(crate) const fn patch(name: &'static str, path: &'static str) -> Self {
        Self::new(Method::PATCH, name, path, RetrySafety::NonIdempotent)
    }

    /// Makes the answer a stream of events.
    pub(crate) const fn streaming(mut self) -> Self {
        self.stream = true;
        self
    }

    /// Makes the answer bytes.
    pub(crate) const fn downloading(mut self, media_type: &'static str) -> Self {
        self.download = Some(media_type);
        self
    }

    /// Names the query parameters.
    pub(crate) const fn query(mut self, names: &'static [&'static str]) -> Self {
        self.query = names;
        self
    }

    /// Describes a request that the SDK does not model.
    pub(crate) fn raw(method: Method, path: &str) -> Self {
        let retry_safety = if method.is_idempotent() {
            RetrySafety::Idempotent
        } else {
            RetrySafety::NonIdempotent
        };
        Self {
            path: Cow::Owned(path.to_owned()),
            ..Self::new(method, "request", "", retry_safety)
        }
    }

    /// The API group, for example `chat` of `chat.complete` or `batch.jobs` of
    /// `batch.jobs.create`.
    pub fn group(&self) -> &str {
        self.name
            .rsplit_once('.')
            .map_or(&self.name, |(group, _)| group)
    }

    /// The path with its parameters filled in and escaped.
    pub(crate) fn fill(&self, parameters: &[(&str, &str)]) -> Result<String> {
        let mut path = self.path.to_string();
        for (name, value) in parameters {
            // Dot segments would be resolved away even when they are escaped.
            if value.is_empty() || *value == "." || *value == ".." {
                return Err(Error::config(format!("`{name}` must not be `{value}`")));
            }
            path = path.replace(&format!("{{{name}}}"), &escape_segment(value));
        }
        Ok(path)
    }
}

/// Escapes everything but the characters that are never special in a URL.
fn escape_segment(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    static RETRIEVE: Operation = Operation::get("models.retrieve", "/v1/models/{model_id}");

    #[test]
    fn path_parameters_are_escaped_and_never_change_the_path() {
        let fill = |id| RETRIEVE.fill(&[("model_id", id)]);
        assert_eq!(
            fill("ft:a/b?c#d é").unwrap(),
            "/v1/models/ft%3Aa%2Fb%3Fc%23d%20%C3%A9"
        );
        assert_eq!(fill("a.b-c_d~e").unwrap(), "/v1/models/a.b-c_d~e");
        for id in ["", ".", ".."] {
            assert!(fill(id).unwrap_err().to_string().contains("model_id"));
        }
        assert_eq!(RETRIEVE.group(), "models");
    }
}
