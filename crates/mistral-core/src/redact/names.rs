//! Names of credentials, and of headers and parameters that are none.

use http::HeaderName;

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
const SECRET_LAST_WORDS: &[&str] = &["assertion", "auth", "jwt", "key", "token"];
/// The last word of a credential's name may also be one with these endings, as in `authtoken`.
const SECRET_ENDINGS: &[&str] = &["accesskey", "authkey", "secretkey", "token"];
/// Names of query parameters and headers that are a credential or sign a request have one of
/// these endings. The list is wide, because they are masked only where they are printed.
const PARAMETER_ENDINGS: &[&str] = &["key", "sig", "signature", "token"];
/// Names of the sessions of a protocol end with these words. Who knows one can join it.
const SESSION: [&str; 2] = ["session", "id"];

/// Headers whose values are printed. The value of any other one may be a credential.
const SHOWN_HEADERS: &[&str] = &[
    "accept",
    "accept-encoding",
    "age",
    "allow",
    "apim-request-id",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "date",
    "expires",
    "host",
    "keep-alive",
    "last-modified",
    "location",
    "mistral-correlation-id",
    "range",
    "request-id",
    "retry-after",
    "retry-after-ms",
    "server",
    "server-timing",
    "traceparent",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "vary",
    "via",
    "x-kong-request-id",
    "x-ms-region",
    "x-ms-request-id",
    "x-request-id",
];
const SHOWN_HEADER_PREFIXES: [&str; 2] = ["x-ratelimit-", "ratelimit"];
/// Query parameters whose values are printed and written to cassettes: those of the API.
const SHOWN_PARAMETERS: &[&str] = &[
    "agent_id",
    "api-version",
    "created_after",
    "created_before",
    "created_by_me",
    "dry_run",
    "expiry",
    "filter",
    "include_total",
    "inline",
    "limit",
    "metadata",
    "mimetypes",
    "model",
    "offset",
    "order_by",
    "page",
    "page_size",
    "provider",
    "purpose",
    "sample_type",
    "search",
    "source",
    "status",
    "suffix",
    "wandb_name",
    "wandb_project",
];

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
    let words = words(name);
    is_secret_name(name)
        || words.ends_with(&SESSION.map(str::to_owned))
        || words.last().is_some_and(|word| {
            PARAMETER_ENDINGS
                .iter()
                .any(|ending| word.ends_with(ending))
        })
}

/// Whether the value of a header is printed.
pub(crate) fn is_shown_header(name: &HeaderName) -> bool {
    let name = name.as_str();
    SHOWN_HEADERS.contains(&name)
        || SHOWN_HEADER_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix))
}

/// Whether the value of a query parameter is printed and written to cassettes.
pub(crate) fn is_shown_parameter(name: &str) -> bool {
    SHOWN_PARAMETERS.contains(&name)
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

#[cfg(test)]
mod tests {
    use super::*;

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
            "x-auth",
            "x-goog-iap-jwt-assertion",
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
        for name in [
            "sig",
            "X-Goog-Signature",
            "subscriptionkey",
            "signature",
            "mcp-session-id",
        ] {
            assert!(is_secret_parameter(name), "{name}");
        }
        assert!(!is_secret_parameter("api-version") && !is_secret_parameter("page"));
        for (name, is_shown) in [
            ("content-type", true),
            ("x-ratelimit-limit-requests", true),
            ("mistral-correlation-id", true),
            ("authorization", false),
            ("cookie", false),
            ("x-auth", false),
            ("x-team", false),
        ] {
            let name = HeaderName::from_static(name);
            assert_eq!(is_shown_header(&name), is_shown, "{name}");
        }
    }
}
