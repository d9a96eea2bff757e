//! Names of fields that a cassette must not keep: of credentials, accounts, people and requests.

use crate::redact::names::{ends_with_word, is_secret_name, is_secret_parameter, singular, words};

/// Names of accounts and of people contain one of these words.
const ACCOUNT: &[&str] = &[
    "account",
    "customer",
    "email",
    "org",
    "organisation",
    "organization",
    "owner",
    "project",
    "subscription",
    "tenant",
    "user",
    "username",
    "workspace",
];
/// Names of people who did something.
const ACTORS: &[&str] = &["created by", "owned by", "share with uuid", "updated by"];
/// Names of request ids contain one of these words and end with `id`.
const REQUEST: &[&str] = &["activity", "correlation", "request", "session", "trace"];
/// Whether the value of a field with this name is a credential, an account, a person or the id
/// of a request.
pub(super) fn is_private_name(name: &str) -> bool {
    let words = words(name);
    is_secret_name(name)
        || has_word(&words, ACCOUNT)
        || ACTORS.contains(&words.join(" ").as_str())
        || (ends_with_word(&words, &["id"]) && has_word(&words, REQUEST))
}

/// Whether one of `words` is in `list`, in the singular or the plural.
fn has_word(words: &[String], list: &[&str]) -> bool {
    words.iter().any(|word| list.contains(&singular(word)))
}

/// As [`is_private_name`], for query parameters, which include signatures.
pub(super) fn is_private_parameter(name: &str) -> bool {
    is_private_name(name) || is_secret_parameter(name)
}

/// Whether the segment after this one in a path is the name of an account.
pub(super) fn is_account(segment: &str) -> bool {
    ACCOUNT.contains(&singular(&segment.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::{is_account, is_private_name, is_private_parameter};

    #[test]
    fn private_names_are_told_from_others() {
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
            "organization_id",
            "orgId",
            "project",
            "user_email",
            "owned_by",
            "request_id",
            "requestId",
            "correlation-id",
        ] {
            assert!(is_private_name(name), "{name}");
        }
        for name in [
            "id",
            "max_tokens",
            "prompt_tokens",
            "keys",
            "model",
            "custom_id",
            "tool_call_id",
            "content",
            "signature",
            "order_by",
            "",
        ] {
            assert!(!is_private_name(name), "{name}");
        }
        assert!(is_private_parameter("sig") && is_private_parameter("X-Goog-Signature"));
        assert!(!is_private_parameter("api-version") && !is_private_parameter("page"));
        assert!(is_account("projects") && is_account("users"));
        assert!(!is_account("files") && !is_account("models"));
    }
}
