//! The headers of every request of a client.

use http::header::{AUTHORIZATION, Entry, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::error::{Error, Result};
use crate::redact::names::is_secret_header;

const SDK_NAME: &str = concat!("mistral-sdk-rust/", env!("CARGO_PKG_VERSION"));

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
    pub(crate) fn set_application(&mut self, name: &str) -> Result<()> {
        let value = HeaderValue::try_from(format!("{} {SDK_NAME}", name.trim()));
        self.user_agent = Some(value.map_err(|_| {
            Error::config(
                "`user_agent` has characters that HTTP does not allow, for example a line break",
            )
        })?);
        Ok(())
    }

    /// Adds the headers that a request does not have yet. Returns whether its user agent is the
    /// SDK's own name.
    pub(super) fn add_to(&self, headers: &mut HeaderMap) -> bool {
        for (name, value) in &self.others {
            if !headers.contains_key(name) {
                headers.insert(name, value.clone());
            }
        }
        match headers.entry(USER_AGENT) {
            Entry::Occupied(_) => false,
            Entry::Vacant(user_agent) => {
                let own = self.user_agent.clone();
                let is_default = own.is_none();
                user_agent.insert(own.unwrap_or(HeaderValue::from_static(SDK_NAME)));
                is_default
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
