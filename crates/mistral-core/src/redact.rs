//! Redaction of credentials in debug output, cassettes and errors.

mod content;
pub(crate) mod names;
mod pattern;

use base64_simd::STANDARD;
use http::HeaderMap;
use memchr::memmem;
use serde_json::Value;
use url::Url;
use url::form_urlencoded::byte_serialize;

pub(crate) use self::content::RedactContent;
pub use self::content::Redaction;
pub(crate) use self::names::is_secret_header;
use self::names::{is_secret_parameter, is_shown_header, is_shown_parameter};

/// The text that replaces a credential.
pub(crate) const MASK: &str = "***";

/// The length from which a credential is also replaced where it occurs in other text. A shorter
/// one may be an ordinary word.
pub(crate) const MIN_SECRET_LENGTH: usize = 8;

/// Replaces the credentials of one request, and everything that is named like a credential.
pub(crate) struct Redactor {
    secrets: Vec<String>,
}

impl Redactor {
    pub(crate) fn new(headers: &HeaderMap) -> Self {
        let secret = headers
            .iter()
            .filter(|(name, value)| value.is_sensitive() || !is_shown_header(name));
        let texts = secret.filter_map(|(_, value)| value.to_str().ok());
        let texts = texts.map(|text| text.rsplit(' ').next().unwrap_or(text)); // without its scheme
        Self {
            secrets: texts
                .filter(|text| text.len() >= MIN_SECRET_LENGTH)
                .map(str::to_owned)
                .collect(),
        }
    }

    /// Returns `text` without credentials: those of the request, those in fields of JSON,
    /// complete or cut off, and those in URLs.
    pub(crate) fn text(&self, text: &str) -> String {
        let mut masked = String::with_capacity(text.len());
        let mut rest = text;
        let mut in_query = false;
        while let Some(at) = rest.find([':', '=']) {
            let (before, value) = rest.split_at(at);
            let (mark, value) = value.split_at(1);
            masked.push_str(before);
            masked.push_str(mark);
            let length = if mark == ":" {
                in_query &= !before.contains(is_outside_query);
                match value.strip_prefix("//") {
                    Some(authority) => {
                        masked.push_str("//");
                        rest = authority;
                        let length = user_info_length(authority);
                        rest = mask(&mut masked, rest, length);
                        continue;
                    }
                    None if is_named_secret(before) => json_length(value),
                    None => 0,
                }
            } else {
                let (delimiter, name) = parameter_name(before);
                in_query = match delimiter {
                    Some('?') => true,
                    Some('&') => in_query && !before.contains(is_outside_query),
                    _ => false,
                };
                if is_secret_parameter(name) || (in_query && !is_shown_parameter(name)) {
                    let end = value.find(|letter| letter == '&' || is_outside_query(letter));
                    end.unwrap_or(value.len())
                } else {
                    0
                }
            };
            rest = value;
            rest = mask(&mut masked, rest, length);
        }
        masked.push_str(rest);
        for secret in &self.secrets {
            masked = masked.replace(secret, MASK);
        }
        masked
    }
}

/// The credentials of one request, in all forms that a server may quote them in.
#[derive(Clone, Default)]
pub(crate) struct Secrets(Vec<String>);

impl Secrets {
    /// Adds the credentials in `headers`.
    pub(crate) fn add_headers(&mut self, headers: &HeaderMap) {
        let secret = headers
            .iter()
            .filter(|(name, value)| value.is_sensitive() || is_secret_header(name));
        for text in secret.filter_map(|(_, value)| value.to_str().ok()) {
            let (scheme, credential) = text.split_once(' ').unwrap_or(("", text));
            self.add(credential);
            if scheme.eq_ignore_ascii_case("basic")
                && let Ok(pair) = STANDARD.decode_to_vec(credential)
                && let Ok(pair) = str::from_utf8(&pair)
            {
                self.add(pair);
                self.add(pair.split_once(':').map_or(pair, |(_, password)| password));
            }
            for part in credential.split([' ', ';', ',']) {
                self.add(part.split_once('=').map_or(part, |(_, value)| value));
            }
        }
    }

    /// Adds the credentials in `url`: its password, and its parameters that are named like one.
    pub(crate) fn add_url(&mut self, url: &Url) {
        self.add(url.password().unwrap_or_default());
        for (name, value) in url.query_pairs() {
            if is_secret_parameter(&name) {
                self.add(&value);
            }
        }
    }

    /// Adds a credential, unless it is so short that it may be an ordinary word.
    fn add(&mut self, secret: &str) {
        if secret.len() < MIN_SECRET_LENGTH || self.0.iter().any(|known| known == secret) {
            return;
        }
        let json = Value::from(secret).to_string();
        let json = json.trim_matches('"');
        let percent: String = byte_serialize(secret.as_bytes()).collect();
        let forms = [
            secret.to_owned(),
            json.to_owned(),
            json.replace('/', "\\/"),
            percent.replace('+', "%20"),
            percent.to_ascii_lowercase(),
            percent,
            STANDARD.encode_to_string(secret),
        ];
        // A server may quote JSON within JSON.
        let nested = forms.iter().filter(|form| form.contains('\\'));
        let nested = nested.map(|form| Value::from(form.as_str()).to_string());
        let nested: Vec<_> = nested
            .map(|text| text.trim_matches('"').to_owned())
            .collect();
        for form in nested.into_iter().chain(forms) {
            self.insert(form);
        }
    }

    /// Inserts a form before shorter ones, which it may contain.
    fn insert(&mut self, form: String) {
        if !self.0.contains(&form) {
            let shorter = self.0.iter().position(|other| other.len() < form.len());
            self.0.insert(shorter.unwrap_or(self.0.len()), form);
        }
    }

    /// Replaces the credentials in `text`.
    pub(crate) fn mask(&self, text: &mut String) {
        for secret in &self.0 {
            if memmem::find(text.as_bytes(), secret.as_bytes()).is_some() {
                *text = text.replace(secret, MASK);
            }
        }
    }
}

/// Returns a URL without its user and the values of its parameters.
pub(crate) fn redact_url(url: &str) -> String {
    let redactor = Redactor {
        secrets: Vec::new(),
    };
    redactor.text(url)
}

/// Replaces the first `length` bytes of `rest` if there are any, and returns what follows them.
fn mask<'a>(masked: &mut String, rest: &'a str, length: usize) -> &'a str {
    if length > 0 {
        masked.push_str(MASK);
    }
    rest.get(length..).unwrap_or_default()
}

/// Whether a character ends the query of a URL in a text or in JSON.
fn is_outside_query(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '"' | '\\' | '<' | '>' | '#')
}

/// Returns the length of the user and the password at the start of the authority of a URL.
fn user_info_length(authority: &str) -> usize {
    let is_end = |letter| is_outside_query(letter) || matches!(letter, '/' | '?');
    let authority = authority.split(is_end).next().unwrap_or_default();
    authority.rfind('@').unwrap_or(0)
}

/// Returns the name of a parameter at the end of a text, and the character before it.
fn parameter_name(before: &str) -> (Option<char>, &str) {
    let is_delimiter = |letter: char| !letter.is_alphanumeric() && !"-_.".contains(letter);
    match before.rfind(is_delimiter) {
        Some(at) => {
            let (_, from) = before.split_at(at);
            let mut letters = from.chars();
            let delimiter = letters.next();
            (delimiter, letters.as_str())
        }
        None => (None, before),
    }
}

/// Whether a text ends in the name of a field of JSON that is a credential.
fn is_named_secret(before: &str) -> bool {
    let Some(quoted) = before.trim_end().strip_suffix('"') else {
        return false;
    };
    let name = quoted.trim_end_matches('\\').rsplit('"').next();
    is_secret_parameter(name.unwrap_or_default())
}

/// Returns the length of the JSON string, array or object at the start of `text`, and zero for any
/// other value. A truncated value extends to the end of `text`.
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
    fn redact_credentials_in_json_urls_and_echoes() {
        let mask = Redactor {
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
            (
                "https://h/f?sig=abc&page=c&auth=d",
                "https://h/f?sig=***&page=c&auth=***",
            ),
            ("https://h/f?code=abc#x=1", "https://h/f?code=***#x=1"),
            (
                r#"{"url":"https://h/?sv=1&sig=abc","a":"b&c=d"}"#,
                r#"{"url":"https://h/?sv=***&sig=***","a":"b&c=d"}"#,
            ),
            ("x=1&client_assertion=a&b=2", "x=1&client_assertion=***&b=2"),
            ("https://u:p@h:80/a@b:1", "https://***@h:80/a@b:1"),
            (
                "to https://u@h, or http://h",
                "to https://***@h, or http://h",
            ),
            ("wss://h/?limit=2 a=b", "wss://h/?limit=2 a=b"),
            (r#"{"signature":"abc","n":1}"#, r#"{"signature":***,"n":1}"#),
            ("said: 0123456789!", "said: ***!"),
        ] {
            assert_eq!(mask.text(text), masked);
        }
    }
}
