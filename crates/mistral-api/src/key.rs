//! Keys: where they come from, and what they may look like.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use http::HeaderValue;
use mistral_core::{Error, Result, Token, TokenSource};

#[derive(Clone)]
pub(crate) enum KeySource {
    /// A key that does not change, as the header that it goes into.
    Fixed(HeaderValue),
    Source(Arc<dyn TokenSource>),
}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(_) => f.write_str("[redacted]"),
            Self::Source(source) => source.fmt(f),
        }
    }
}

/// A file that somebody else keeps fresh.
#[derive(Debug)]
pub(crate) struct TokenFile(pub(crate) PathBuf);

#[async_trait]
impl TokenSource for TokenFile {
    async fn token(&self) -> Result<Token> {
        match tokio::fs::read_to_string(&self.0).await {
            Ok(token) if token.trim().is_empty() => Err(Error::credentials(format!(
                "the token file `{}` is empty",
                self.0.display()
            ))),
            Ok(token) => Ok(Token::new(token)),
            Err(error) => Err(Error::credentials(format!(
                "the token file `{}` cannot be read: {error}",
                self.0.display()
            ))),
        }
    }
}

/// A function that knows the key.
pub(crate) struct KeyFunction<F>(pub(crate) F);

#[async_trait]
impl<F: Fn() -> Result<Token> + Send + Sync + 'static> TokenSource for KeyFunction<F> {
    async fn token(&self) -> Result<Token> {
        (self.0)()
    }
}

impl<F> fmt::Debug for KeyFunction<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyFunction")
    }
}

/// The header for a key. The reason against it never shows the key.
pub(crate) fn bearer(key: &str) -> Result<HeaderValue, &'static str> {
    let key = key.trim();
    let key = match key.split_at_checked("Bearer".len()) {
        Some((scheme, rest))
            if scheme.eq_ignore_ascii_case("Bearer")
                && !rest.starts_with(|next: char| !next.is_whitespace()) =>
        {
            rest.trim_start()
        }
        _ => key,
    };
    if key.is_empty() {
        return Err("is empty: set it to a key from https://console.mistral.ai");
    }
    if key.chars().any(char::is_control) {
        return Err("has a control character inside, for example a line break: copy the key alone");
    }
    if !key.is_ascii() {
        return Err("has a character inside that no key has: copy the key alone");
    }
    let header = HeaderValue::try_from(format!("Bearer {key}"));
    let mut header = header.map_err(|_| "cannot be sent in a header: copy the key alone")?;
    header.set_sensitive(true);
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_and_scheme_around_a_key_are_dropped() {
        for key in [
            "abc",
            " abc\n",
            "\tabc\r\n",
            "Bearer abc",
            "bearer  abc ",
            "BEARER abc",
        ] {
            let header = bearer(key).unwrap();
            assert_eq!(header, "Bearer abc", "{key:?}");
            assert!(header.is_sensitive());
        }
    }

    #[test]
    fn keys_that_cannot_be_sent_are_refused_unseen() {
        for key in [
            "",
            "  ",
            "Bearer ",
            "s3cret\nx",
            "s3cret\0x",
            "s3cret\u{7f}x",
            "s3cretéx",
        ] {
            assert!(!bearer(key).unwrap_err().contains("s3cret"), "{key:?}");
        }
    }
}
