//! Environment variables: their values, and what an error may show of them.

use std::env::VarError;
use std::path::Path;

use crate::environment;
use crate::error::{Error, Result};

/// The longest value that an error shows, in characters. API keys are longer.
const MAX_SHOWN_VALUE: usize = 24;
/// The longest path that an error shows, in bytes.
const MAX_SHOWN_PATH: usize = 1024;

/// Returns the value of an environment variable, or `None` if it is unset or blank.
///
/// White space around the value is removed, and so is one pair of quotes, which files of variables
/// for containers keep. Intended for providers, so that all of them read variables alike.
///
/// # Errors
/// Fails with [`ErrorKind::Config`](crate::ErrorKind::Config) if the value is not valid UTF-8. The
/// message names the variable.
pub fn env_var(name: &str) -> Result<Option<String>> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(unquote(&value).to_owned()).filter(|value| !value.is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(Error::config(format!(
            "the environment variable {name} is not valid UTF-8"
        ))),
    }
}

/// Returns a value without white space and one pair of quotes around it, for values that do not come
/// from [`env_var`], such as a key in a file.
///
/// ```
/// use mistral_sdk::provider::unquote;
///
/// assert_eq!(unquote(" 'abc'\n"), "abc");
/// ```
pub fn unquote(value: &str) -> &str {
    environment::unquote(value)
}

/// Returns a value for an error message, between backquotes. A long value, or one of several lines,
/// may be a key that is set in the wrong variable and is replaced by its length.
///
/// ```
/// use mistral_sdk::provider::shown_value;
///
/// assert_eq!(shown_value("asia"), "`asia`");
/// assert!(!shown_value(&"k".repeat(32)).contains("kk"));
/// ```
pub fn shown_value(value: &str) -> String {
    let length = value.chars().count();
    if length > MAX_SHOWN_VALUE || value.contains(char::is_control) {
        return format!("a value of {length} characters, which is not shown");
    }
    format!("`{value}`")
}

/// Returns a path for an error message, between backquotes. What is not certainly a path may be a
/// key that is set in place of its path and is replaced by a placeholder.
///
/// ```
/// use mistral_sdk::provider::shown_path;
///
/// assert_eq!(shown_path("/run/secrets/key".as_ref()), "`/run/secrets/key`");
/// assert!(!shown_path("eyJhbGciOiJSUzI1NiJ9".as_ref()).contains("eyJ"));
/// ```
pub fn shown_path(path: &Path) -> String {
    let text = path.to_string_lossy();
    let is_json = path
        .extension()
        .is_some_and(|extension| extension == "json");
    let is_path = path.has_root() || text.starts_with("./") || text.starts_with("../") || is_json;
    let is_text = text.contains(['{', '"']) || text.contains(char::is_control);
    if !is_path || is_text || text.len() > MAX_SHOWN_PATH {
        return "that is set, which is not shown because it may be a secret,".to_owned();
    }
    format!("`{text}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn env_path_that_may_be_a_secret_is_not_shown() {
        for path in ["/run/key", "./key", "../key", "key.json", "/a b/key.json"] {
            assert_eq!(shown_path(path.as_ref()), format!("`{path}`"));
        }
        let long = format!("/{}", "s3cret".repeat(200));
        for secret in [
            "s3cret",
            "{\"private_key\": \"s3cret\"}",
            "-----BEGIN PRIVATE KEY-----\ns3cret",
            "/s3cret\n/x",
            "{s3cret}.json",
            "s3cret/abc+/=",
            &long,
        ] {
            let shown = shown_path(secret.as_ref());
            assert!(!shown.contains("s3cret"), "{shown}");
        }
    }

    #[test]
    fn env_value_that_may_be_a_secret_is_not_shown() {
        for secret in ["s3cret0123456789abcdef0123456789", "s3cret\nx"] {
            assert!(!shown_value(secret).contains("s3cret"), "{secret}");
        }
    }
}
