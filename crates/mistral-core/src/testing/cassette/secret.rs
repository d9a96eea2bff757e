//! The names of fields and headers whose values must not be written.

/// Names of credentials have one of these words.
const SECRET: &[&str] = &[
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
const SECRET_END: &[&str] = &["jwt", "key", "token"];
/// Names of accounts, and of people, have one of these words.
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
/// Names of people who did something, as they stand.
const ACTORS: &[&str] = &["created by", "owned by", "share with uuid", "updated by"];
/// Ids of requests are `id`s of these.
const REQUEST: &[&str] = &["activity", "correlation", "request", "session", "trace"];
/// Parameters of signed URLs end with one of these words.
const SIGNATURE: &[&str] = &["sig", "signature"];

/// Whether what has this name is a credential, names an account or a person, or is the id of
/// a request.
pub(super) fn is_secret(name: &str) -> bool {
    let words = words(name);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&singular(word)));
    let ends_with = |list: &[&str]| {
        words
            .last()
            .is_some_and(|word| list.contains(&word.as_str()))
    };
    has(SECRET)
        || has(ACCOUNT)
        || ends_with(SECRET_END)
        || ACTORS.contains(&words.join(" ").as_str())
        || (ends_with(&["id"]) && has(REQUEST))
}

/// Whether a parameter of a query must not be written: signatures neither.
pub(super) fn is_secret_parameter(name: &str) -> bool {
    let words = words(name);
    is_secret(name)
        || words
            .last()
            .is_some_and(|word| SIGNATURE.contains(&word.as_str()))
}

/// Whether what follows this segment of a path names an account.
pub(super) fn is_account(segment: &str) -> bool {
    ACCOUNT.contains(&singular(&segment.to_lowercase()))
}

fn singular(word: &str) -> &str {
    word.strip_suffix('s').unwrap_or(word)
}

/// The words of a name in whatever case: `api_key`, `api-key`, `apiKey`.
fn words(name: &str) -> Vec<String> {
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
    use super::{is_account, is_secret, is_secret_parameter};

    #[test]
    fn names_tell_secrets_from_the_rest() {
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
            assert!(is_secret(name), "{name}");
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
            assert!(!is_secret(name), "{name}");
        }
        assert!(is_secret_parameter("sig") && is_secret_parameter("X-Goog-Signature"));
        assert!(!is_secret_parameter("api-version") && !is_secret_parameter("page"));
        assert!(is_account("projects") && is_account("users"));
        assert!(!is_account("files") && !is_account("models"));
    }
}
