//! Takes credentials out of what is printed.

use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderName};

/// What stands in the place of what was taken out.
pub(crate) const MASKED: &str = "***";

/// Headers, fields and parameters whose names end so are credentials.
const SECRET_ENDS: [&str; 8] = [
    "authorization",
    "credential",
    "key",
    "password",
    "secret",
    "sig",
    "signature",
    "token",
];

/// Shorter values are not looked for elsewhere: they may be words like any other.
const SHORTEST: usize = 8;

/// Whether the name of a header says that its value is a credential, as `authorization`,
/// `api-key` and the keys of gateways do.
pub(crate) fn is_secret_header(name: &HeaderName) -> bool {
    [COOKIE, SET_COOKIE].contains(name) || is_secret(name.as_str())
}

fn is_secret(name: &str) -> bool {
    SECRET_ENDS.iter().any(|end| name.ends_with(end))
}

/// Knows the credentials of one request, and the names that others have.
pub(crate) struct Mask {
    secrets: Vec<String>,
}

impl Mask {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let secret = headers
            .iter()
            .filter(|(name, value)| value.is_sensitive() || is_secret_header(name));
        let texts = secret.filter_map(|(_, value)| value.to_str().ok());
        let texts = texts.map(|text| text.rsplit(' ').next().unwrap_or(text)); // without its scheme
        Self {
            secrets: texts
                .filter(|text| text.len() >= SHORTEST)
                .map(str::to_owned)
                .collect(),
        }
    }

    /// The text without credentials: those of the request, those in fields of JSON, whole or
    /// cut, and those in the parameters of URLs.
    pub(crate) fn text(&self, text: &str) -> String {
        let mut masked = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find([':', '=']) {
            let (before, value) = rest.split_at(at);
            let (mark, value) = value.split_at(1);
            masked.push_str(before);
            masked.push_str(mark);
            let length = if !is_secret_name(before, mark) {
                0
            } else if mark == ":" {
                json_length(value)
            } else {
                value
                    .find(['&', '"', '\\', ' ', '\n'])
                    .unwrap_or(value.len())
            };
            if length > 0 {
                masked.push_str(MASKED);
            }
            rest = value.get(length..).unwrap_or_default();
        }
        masked.push_str(rest);
        for secret in &self.secrets {
            masked = masked.replace(secret, MASKED);
        }
        masked
    }
}

/// Whether a text ends in the name of a credential: a field of JSON, or a parameter.
fn is_secret_name(before: &str, mark: &str) -> bool {
    let name = match mark {
        ":" => match before.trim_end().strip_suffix('"') {
            Some(quoted) => quoted.trim_end_matches('\\'),
            None => return false,
        },
        _ => before,
    };
    is_secret(&name.to_ascii_lowercase())
}

/// The length of the JSON value that a text starts with, if it is a text, a list or an object.
/// What is cut goes to the end.
fn json_length(text: &str) -> usize {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            _ if quoted => continue,
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ if depth == 0 && !byte.is_ascii_whitespace() => return 0, // a number, or null
            _ => {}
        }
        if depth == 0 && !quoted && matches!(byte, b'"' | b']' | b'}') {
            return at + 1;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_masked_wherever_they_are() {
        let mask = Mask {
            secrets: vec!["0123456789".to_owned()],
        };
        for (text, masked) in [
            (r#"{"a": "b", "n": 1}"#, r#"{"a": "b", "n": 1}"#),
            (
                r#"{"api_key": "k\"1", "b": 2}"#,
                r#"{"api_key":***, "b": 2}"#,
            ),
            (
                r#"{"authorization":{"type":"api-key","value":"}k"},"b":"c"}"#,
                r#"{"authorization":***,"b":"c"}"#,
            ),
            (r#"{"access_token":"cut o"#, r#"{"access_token":***"#),
            (r#"{"max_token":100}"#, r#"{"max_token":100}"#),
            (r#"{"token":null,"b":1}"#, r#"{"token":null,"b":1}"#),
            ("https://h/f?sig=abc&b=c", "https://h/f?sig=***&b=c"),
            (
                r#"{"url":"https://h/?sv=1&sig=abc"}"#,
                r#"{"url":"https://h/?sv=1&sig=***"}"#,
            ),
            ("said: 0123456789!", "said: ***!"),
        ] {
            assert_eq!(mask.text(text), masked);
        }
    }
}
