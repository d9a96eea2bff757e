//! Removes credentials, accounts and request ids before anything is compared or stored.

use http::HeaderMap;
use serde_json::Value;

const MASK: &str = "***";

/// The shortest credential that is looked for in texts. Shorter ones would hit ordinary words.
const MIN_SECRET_LENGTH: usize = 8;

/// The last words of the names of credentials.
const SECRET_WORDS: &[&str] = &[
    "authorization",
    "cookie",
    "credential",
    "credentials",
    "key",
    "password",
    "secret",
    "sig",
    "signature",
    "token",
];

/// The words of the names of accounts and people.
const ACCOUNT_WORDS: &[&str] = &[
    "account",
    "customer",
    "email",
    "org",
    "organization",
    "owned",
    "owner",
    "project",
    "subscription",
    "tenant",
    "user",
    "username",
    "workspace",
];

/// The words of the names of ids of requests.
const REQUEST_WORDS: &[&str] = &["correlation", "request", "session", "trace"];

/// The response headers that are stored, beside those of rate limits.
const STORED_HEADERS: &[&str] = &[
    "content-disposition",
    "content-type",
    "retry-after",
    "retry-after-ms",
];

/// Splits a name at underscores, hyphens and capital letters.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for character in name.chars() {
        let starts_word = character.is_uppercase() && was_lower;
        if starts_word || !character.is_alphanumeric() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| character.is_alphanumeric()) {
            word.extend(character.to_lowercase());
        }
        was_lower = character.is_lowercase();
    }
    words
}

/// Whether the value of a member, parameter or header with this name is a credential.
pub(crate) fn is_secret(name: &str) -> bool {
    let words = words(name);
    let last = words.last().map(String::as_str).unwrap_or_default();
    SECRET_WORDS.contains(&last) && name != "prompt_cache_key"
}

/// Whether the value of a member or parameter with this name is not to be stored.
fn is_private(name: &str) -> bool {
    let words = words(name);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let is_request_id = words.last().is_some_and(|last| last == "id") && has(REQUEST_WORDS);
    is_secret(name) || has(ACCOUNT_WORDS) || is_request_id
}

/// Returns the credentials that a request carries.
pub(super) fn credentials(headers: &HeaderMap) -> Vec<String> {
    let secrets = headers
        .iter()
        .filter(|(name, _)| is_secret(name.as_str()))
        .filter_map(|(_, value)| value.to_str().ok());
    let secrets = secrets.map(|value| value.rsplit(' ').next().unwrap_or(value).to_owned());
    secrets
        .filter(|secret| secret.len() >= MIN_SECRET_LENGTH)
        .collect()
}

/// Masks the secrets wherever they occur.
pub(super) fn text(text: &str, secrets: &[String]) -> String {
    secrets.iter().fold(text.to_owned(), |text, secret| {
        text.replace(secret.as_str(), MASK)
    })
}

/// Masks the values of parameters that are credentials or accounts.
pub(crate) fn url(target: &str, secrets: &[String]) -> String {
    let Some((path, query)) = target.split_once('?') else {
        return text(target, secrets);
    };
    let parameters = query
        .split('&')
        .map(|parameter| match parameter.split_once('=') {
            Some((name, _)) if is_private(name) => format!("{name}={MASK}"),
            _ => parameter.to_owned(),
        });
    let query: Vec<String> = parameters.collect();
    text(&format!("{path}?{}", query.join("&")), secrets)
}

/// Masks the values of members that are credentials or accounts, and the secrets in all others.
pub(super) fn json(value: &mut Value, secrets: &[String]) {
    match value {
        Value::String(string) => *string = text(string, secrets),
        Value::Array(items) => items.iter_mut().for_each(|item| json(item, secrets)),
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                match member {
                    Value::String(string) if is_private(name) => MASK.clone_into(string),
                    other => json(other, secrets),
                }
            }
        }
        _ => {}
    }
}

/// Returns the headers of a response that are stored.
pub(super) fn response_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let is_stored = |name: &str| {
        STORED_HEADERS.contains(&name) || (name.starts_with("x-ratelimit-") && !is_private(name))
    };
    let stored = headers.iter().filter(|(name, _)| is_stored(name.as_str()));
    let texts = stored.filter_map(|(name, value)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    });
    texts.collect()
}

/// Returns the headers of a request, with the values of credentials masked.
pub(crate) fn masked_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let masked = headers.iter().map(|(name, value)| {
        let value = match value.to_str() {
            Ok(_) if is_secret(name.as_str()) => MASK,
            Ok(text) => text,
            Err(_) => "(not text)",
        };
        (name.as_str().to_owned(), value.to_owned())
    });
    masked.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn scrub_private_names_are_told_from_others() {
        for name in [
            "api-key",
            "authorization",
            "access_token",
            "clientSecret",
            "owned_by",
        ] {
            assert!(is_private(name), "{name}");
        }
        for name in [
            "request_id",
            "mistral-correlation-id",
            "user",
            "x-ms-client-session-id",
        ] {
            assert!(is_private(name), "{name}");
        }
        for name in [
            "max_tokens",
            "prompt_tokens",
            "id",
            "role",
            "keys",
            "prompt_cache_key",
        ] {
            assert!(!is_private(name), "{name}");
        }
    }

    #[test]
    fn scrub_masks_members_parameters_and_texts() {
        let secrets = ["the-caller-key".to_owned()];
        let mut value = json!({"token": "t", "a": ["of the-caller-key"], "tokens": 3});
        json(&mut value, &secrets);
        assert_eq!(value, json!({"token": "***", "a": ["of ***"], "tokens": 3}));
        let masked = url("/a?signature=s&page=2&q=the-caller-key", &secrets);
        assert_eq!(masked, "/a?signature=***&page=2&q=***");
    }

    #[test]
    fn scrub_credentials_are_read_from_headers() {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", "Bearer long-enough".parse().unwrap());
        headers.insert("api-key", "short".parse().unwrap());
        headers.insert("user-agent", "agent-of-user".parse().unwrap());
        assert_eq!(credentials(&headers), ["long-enough"]);
        let masked = masked_headers(&headers);
        let value = |name: &str| {
            let found = masked.iter().find(|(found, _)| found == name);
            found.map(|(_, value)| value.as_str())
        };
        assert_eq!(value("authorization"), Some("***"));
        assert_eq!(value("api-key"), Some("***"));
        assert_eq!(value("user-agent"), Some("agent-of-user"));
    }
}
