//! Redaction of credentials in debug output, cassettes and errors.

use http::{HeaderMap, HeaderName};

/// The text that replaces a credential.
pub(crate) const MASK: &str = "***";

/// The length from which a credential is also replaced where it occurs in other text. A shorter
/// one may be an ordinary word.
pub(crate) const MIN_SECRET_LENGTH: usize = 8;

/// Names of credentials contain a word with one of these endings, as in `clientsecret`.
const SECRET_WORDS: &[&str] = &[
    "apikey",
    "authorization",
    "cookie",
    "credential",
    "passphrase",
    "passwd",
    "password",
    "secret",
];
/// Names of credentials end with one of these words.
const SECRET_LAST_WORDS: &[&str] = &["jwt", "key", "token"];
/// The last word of a credential's name may also be one with these endings, as in `authtoken`.
const SECRET_ENDINGS: &[&str] = &["accesskey", "authkey", "secretkey", "token"];
/// Names of query parameters and headers that are a credential or sign a request have one of
/// these endings. The list is wide, because they are masked only where they are printed.
const PARAMETER_ENDINGS: &[&str] = &["key", "sig", "signature", "token"];

/// Whether the value of a field with this name is a credential.
pub(crate) fn is_secret_name(name: &str) -> bool {
    let words = words(name);
    let has_ending = |word: &String, endings: &[&str]| {
        let word = singular(word);
        endings.iter().any(|ending| word.ends_with(ending))
    };
    words.iter().any(|word| has_ending(word, SECRET_WORDS))
        || ends_with_word(&words, SECRET_LAST_WORDS)
        || words
            .last()
            .is_some_and(|word| SECRET_ENDINGS.iter().any(|ending| word.ends_with(ending)))
}

/// Whether the value of a query parameter, a header or a printed field with this name is a
/// credential or a signature.
pub(crate) fn is_secret_parameter(name: &str) -> bool {
    is_secret_name(name)
        || words(name).last().is_some_and(|word| {
            PARAMETER_ENDINGS
                .iter()
                .any(|ending| word.ends_with(ending))
        })
}

/// Whether the value of a header is a credential, as with `authorization`, `api-key` and the
/// keys of gateways.
pub(crate) fn is_secret_header(name: &HeaderName) -> bool {
    is_secret_parameter(name.as_str())
}

/// Whether the last of `words` is in `list`.
pub(crate) fn ends_with_word(words: &[String], list: &[&str]) -> bool {
    words
        .last()
        .is_some_and(|word| list.contains(&word.as_str()))
}

pub(crate) fn singular(word: &str) -> &str {
    word.strip_suffix('s').unwrap_or(word)
}

/// Returns the words of a name in any case: `api_key`, `api-key`, `apiKey`.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut after_lower = false;
    for letter in name.chars() {
        if !letter.is_alphanumeric() || (letter.is_uppercase() && after_lower) {
            words.push(std::mem::take(&mut word));
        }
        if letter.is_alphanumeric() {
            word.extend(letter.to_lowercase());
        }
        after_lower = letter.is_lowercase();
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

/// Replaces the credentials of one request, and everything that is named like a credential.
pub(crate) struct Redactor {
    secrets: Vec<String>,
}

impl Redactor {
    pub(crate) fn new(headers: &HeaderMap) -> Self {
        let secret = headers
            .iter()
            .filter(|(name, value)| value.is_sensitive() || is_secret_header(name));
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
    /// complete or cut off, and those in parameters of URLs.
    pub(crate) fn text(&self, text: &str) -> String {
        let mut masked = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find([':', '=']) {
            let (before, value) = rest.split_at(at);
            let (mark, value) = value.split_at(1);
            masked.push_str(before);
            masked.push_str(mark);
            let length = if !is_named_secret(before, mark) {
                0
            } else if mark == ":" {
                json_length(value)
            } else {
                value
                    .find(['&', '"', '\\', ' ', '\n'])
                    .unwrap_or(value.len())
            };
            if length > 0 {
                masked.push_str(MASK);
            }
            rest = value.get(length..).unwrap_or_default();
        }
        masked.push_str(rest);
        for secret in &self.secrets {
            masked = masked.replace(secret, MASK);
        }
        masked
    }
}

/// Returns a URL without the credentials in its parameters.
pub(crate) fn redact_url(url: &str) -> String {
    let redactor = Redactor {
        secrets: Vec::new(),
    };
    redactor.text(url)
}

/// Whether a text ends in the name of a credential: a field of JSON, or a parameter.
fn is_named_secret(before: &str, mark: &str) -> bool {
    if mark != ":" {
        let is_delimiter = |letter: char| !letter.is_alphanumeric() && !"-_.".contains(letter);
        return is_secret_parameter(before.rsplit(is_delimiter).next().unwrap_or_default());
    }
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
            ("https://h/f?sig=abc&b=c", "https://h/f?sig=***&b=c"),
            (
                r#"{"url":"https://h/?sv=1&sig=abc"}"#,
                r#"{"url":"https://h/?sv=1&sig=***"}"#,
            ),
            (r#"{"signature":"abc","n":1}"#, r#"{"signature":***,"n":1}"#),
            ("said: 0123456789!", "said: ***!"),
        ] {
            assert_eq!(mask.text(text), masked);
        }
    }

    #[test]
    fn redact_names_of_credentials_only() {
        for name in [
            "authorization",
            "api_key",
            "api-key",
            "apiKey",
            "key",
            "Ocp-Apim-Subscription-Key",
            "access_token",
            "clientSecret",
            "credentials",
            "passphrase",
            "passwd",
            "jwt",
            "set-cookie",
            "accesstoken",
            "clientsecret",
            "mistralapikey",
            "x-authtoken",
            "x-secretkey",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "id",
            "max_tokens",
            "prompt_tokens",
            "keys",
            "monkey",
            "model",
            "custom_id",
            "content",
            "signature",
            "",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
        for name in ["sig", "X-Goog-Signature", "subscriptionkey", "signature"] {
            assert!(is_secret_parameter(name), "{name}");
        }
        assert!(!is_secret_parameter("api-version") && !is_secret_parameter("page"));
    }
}
