//! Secrets as headers.

use std::fmt;

use http::HeaderValue;

/// Makes the value of a header of a secret: `scheme` in front of it (`Bearer`), or the
/// secret alone for an empty one. The value is marked as sensitive.
///
/// White space around the secret is dropped, and so is the scheme if it is there already:
/// files, shells and copied headers bring both. Meant for providers, so that all of them
/// take and refuse the same, in the same words.
///
/// ```
/// use mistral_core::provider::secret_header;
///
/// assert_eq!(secret_header("Bearer", " abc\n").unwrap(), "Bearer abc");
/// assert_eq!(secret_header("", "abc").unwrap(), "abc");
/// ```
///
/// # Errors
/// Fails when the secret is empty or has characters that no secret has. The error never shows
/// the secret.
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

/// The reason why a secret cannot be sent. It reads as the end of a sentence about the secret:
/// `the key is empty`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvalidSecret {
    /// Nothing is left once white space and the scheme are removed.
    Empty,
    /// There is a control character, such as a line break, inside.
    ControlCharacter,
    /// There is a character that no key has inside.
    NotAscii,
}

impl fmt::Display for InvalidSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "is empty",
            Self::ControlCharacter => {
                "has a control character inside, for example a line break: copy the key alone"
            }
            Self::NotAscii => "has a character inside that no key has: copy the key alone",
        })
    }
}

impl std::error::Error for InvalidSecret {}

#[cfg(test)]
mod tests {
    use super::secret_header;

    #[test]
    fn white_space_and_scheme_around_a_secret_are_dropped() {
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
        assert_eq!(
            secret_header("Bearer", "Bearerabc").unwrap(),
            "Bearer Bearerabc"
        );
    }

    #[test]
    fn secrets_that_cannot_be_sent_are_refused_unseen() {
        for secret in [
            "",
            "  ",
            "Bearer ",
            "s3cret\nx",
            "s3cret\0x",
            "s3cret\u{7f}x",
            "s3cretéx",
        ] {
            let why = secret_header("Bearer", secret).unwrap_err();
            assert!(!why.to_string().contains("s3cret"), "{secret:?}");
        }
    }
}
