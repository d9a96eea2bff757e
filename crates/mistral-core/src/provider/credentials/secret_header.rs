//! Secrets as headers.

use std::fmt;

use http::HeaderValue;

/// Creates a header value from an authentication `scheme`, such as `Bearer`, and a secret, and marks
/// it as sensitive. With an empty scheme, the value is the secret alone.
///
/// White space around the secret is removed, and so is a scheme that precedes it already: secrets
/// that are read from files or copied from headers often have both. Intended for providers, so that
/// all of them validate secrets alike.
///
/// ```
/// use mistral_sdk::provider::secret_header;
///
/// assert_eq!(secret_header("Bearer", " abc\n").unwrap(), "Bearer abc");
/// assert_eq!(secret_header("", "abc").unwrap(), "abc");
/// ```
///
/// # Errors
/// Fails when the secret is empty, has a quotation mark around it, or contains control or non-ASCII
/// characters. The error never contains the secret.
pub fn secret_header(scheme: &str, secret: &str) -> Result<HeaderValue, InvalidSecret> {
    let secret = secret.trim();
    let secret = match secret.split_at_checked(scheme.len()) {
        Some((start, rest))
            if !scheme.is_empty()
                && start.eq_ignore_ascii_case(scheme)
                && !rest.starts_with(|next: char| !next.is_whitespace()) =>
        {
            rest.trim_start()
        }
        _ => secret,
    };
    if secret.is_empty() {
        return Err(InvalidSecret::Empty);
    }
    if is_quoted(secret) {
        return Err(InvalidSecret::Quoted);
    }
    if secret.chars().any(char::is_control) {
        return Err(InvalidSecret::ControlCharacter);
    }
    if !secret.is_ascii() {
        return Err(InvalidSecret::NotAscii);
    }
    let value = if scheme.is_empty() {
        secret.to_owned()
    } else {
        format!("{scheme} {secret}")
    };
    let mut value = HeaderValue::try_from(value).map_err(|_| InvalidSecret::NotAscii)?;
    value.set_sensitive(true);
    Ok(value)
}

/// Whether a quotation mark that is not a part of the secret is at one end of it. A parameter such
/// as `token="abc"` ends with a quotation mark, too.
fn is_quoted(secret: &str) -> bool {
    ['"', '\''].into_iter().any(|quote| {
        secret.starts_with(quote)
            || (secret.ends_with(quote) && secret.matches(quote).count() % 2 == 1)
    })
}

/// The reason why [`secret_header`] rejects a secret. Its message completes a sentence whose subject
/// is the secret, for example `the key` + `is empty`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvalidSecret {
    /// The secret is empty without white space and the scheme.
    Empty,
    /// The secret has a quotation mark around it.
    Quoted,
    /// The secret contains a control character, such as a line break.
    ControlCharacter,
    /// The secret contains a non-ASCII character.
    NotAscii,
}

impl fmt::Display for InvalidSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "is empty",
            Self::Quoted => "has a quotation mark around it: remove it",
            Self::ControlCharacter => {
                "has a control character inside, for example a line break: copy the key alone"
            }
            Self::NotAscii => "has a non-ASCII character inside: copy the key alone",
        })
    }
}

impl std::error::Error for InvalidSecret {}

#[cfg(test)]
mod tests {
    use super::secret_header;

    #[test]
    fn secret_with_white_space_or_scheme_is_trimmed() {
        for secret in [
            "abc",
            " abc\n",
            "\tabc\r\n",
            "Bearer abc",
            "bearer  abc ",
            "BEARER abc",
        ] {
            let header = secret_header("Bearer", secret).unwrap();
            assert_eq!(header, "Bearer abc", "{secret:?}");
            assert!(header.is_sensitive());
        }
        assert_eq!(secret_header("", "Bearer abc").unwrap(), "Bearer abc");
        let parameter = secret_header("Token", "token=\"abc\"").unwrap();
        assert_eq!(parameter, "Token token=\"abc\"");
        assert_eq!(
            secret_header("Bearer", "Bearerabc").unwrap(),
            "Bearer Bearerabc"
        );
    }

    #[test]
    fn secret_invalid_is_refused_and_not_shown() {
        for secret in [
            "",
            "  ",
            "Bearer ",
            "s3cret\nx",
            "s3cret\0x",
            "s3cret\u{7f}x",
            "s3cretéx",
            "\"s3cret\"",
            "'s3cret'",
            "Bearer \"s3cret\"",
            "\"s3cret",
            "s3cret'",
        ] {
            let error = secret_header("Bearer", secret).unwrap_err();
            assert!(!error.to_string().contains("s3cret"), "{secret:?}");
        }
    }
}
