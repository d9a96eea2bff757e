//! The headers of every request of a client.

use http::header::{AUTHORIZATION, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::error::{Error, Result};
use crate::redact::names::is_secret_header;

/// The SDK's own name.
const NAME: &str = concat!("mistral-sdk-rust/", env!("CARGO_PKG_VERSION"));
const SDK_NAME: HeaderValue = HeaderValue::from_static(NAME);

/// The headers that the application sets for a client, and the user agent.
#[derive(Debug, Default)]
pub(crate) struct ClientHeaders {
    /// `None`: the SDK's own name.
    user_agent: Option<HeaderValue>,
    others: HeaderMap,
}

impl ClientHeaders {
    /// Sets a header.
    ///
    /// # Errors
    /// Fails when HTTP does not allow the name or the value, and for `authorization`.
    pub(crate) fn set<N, V>(&mut self, name: N, value: V) -> Result<()>
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        let (name, value) = parse_header(name, value)?;
        if name == AUTHORIZATION {
            return Err(Error::config(
                "`header`: the provider sets `authorization`: configure its key or implement \
                 `Provider`, or set the header on a single call",
            ));
        }
        if name == USER_AGENT {
            self.user_agent = Some(value);
        } else {
            self.others.insert(name, value);
        }
        Ok(())
    }

    /// Sets the name of the application, which is sent before the SDK's.
    ///
    /// # Errors
    /// Fails when HTTP does not allow the name.
    #[inline]
    pub(crate) fn set_application(&mut self, name: &str) -> Result<()> {
        let value = HeaderValue::try_from(format!("{} {NAME}", name.trim()));
        self.user_agent = Some(value.map_err(|_| {
            Error::config(
                "`user_agent` has characters that HTTP does not allow, for example a line break",
            )
        })?);
        Ok(())
    }

    /// Returns the user agent, which is the SDK's own name if the application sets none.
    pub(super) fn user_agent(&self) -> HeaderValue {
        match &self.user_agent {
            None => SDK_NAME,
            Some(user_agent) => user_agent.clone(),
        }
    }

    pub(super) fn has_default_user_agent(&self) -> bool {
        self.user_agent.is_none()
    }

    /// Adds the headers that a request does not have yet.
    #[inline]
    pub(super) fn add_to(&self, headers: &mut HeaderMap) {
        if !self.others.is_empty() {
            self.add_others(headers);
        }
    }

    #[cold]
    fn add_others(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.others {
            if !headers.contains_key(name) {
                headers.insert(name, value.clone());
            }
        }
    }

    /// Returns the headers other than the user agent, which may be secret.
    pub(super) fn others(&self) -> &HeaderMap {
        &self.others
    }
}

/// Parses a header that the caller names, and marks a credential as sensitive.
pub(super) fn parse_header<N, V>(name: N, value: V) -> Result<(HeaderName, HeaderValue)>
where
    N: TryInto<HeaderName>,
    V: TryInto<HeaderValue>,
{
    let name = name.try_into().map_err(|_| {
        Error::config("`header`: the name is not one that HTTP allows (letters, digits, `-`)")
    })?;
    // The value may be a secret, so the message does not show it.
    let mut value = value.try_into().map_err(|_| {
        Error::config(format!(
            "`header`: the value of `{name}` has characters that HTTP does not allow, for example \
             a line break"
        ))
    })?;
    if is_secret_header(&name) {
        value.set_sensitive(true);
    }
    Ok((name, value))
}
