use std::fmt;
use std::str::FromStr;

use mistral_core::provider::shown_value;

/// A server of Mistral's API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Server {
    /// `https://api.mistral.ai`: the default. Versions 1 and 2 of the official SDK call it
    /// `eu`.
    #[default]
    Global,
    /// `https://api.eu.mistral.ai`: in the European Union.
    Eu,
    /// `https://api.us.mistral.ai`: in the United States.
    Us,
}

impl Server {
    const ALL: [Self; 3] = [Self::Global, Self::Eu, Self::Us];

    /// Returns the server's name: `global`, `eu` or `us`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Eu => "eu",
            Self::Us => "us",
        }
    }

    /// Returns the server's base URL.
    pub fn url(self) -> &'static str {
        match self {
            Self::Global => "https://api.mistral.ai",
            Self::Eu => "https://api.eu.mistral.ai",
            Self::Us => "https://api.us.mistral.ai",
        }
    }
}

/// Parses a server's name, ignoring case.
impl FromStr for Server {
    type Err = UnknownServer;

    fn from_str(name: &str) -> Result<Self, UnknownServer> {
        let wanted = name.trim();
        Self::ALL
            .into_iter()
            .find(|server| server.name().eq_ignore_ascii_case(wanted))
            .ok_or_else(|| UnknownServer(wanted.to_owned()))
    }
}

/// The error for a server name that does not exist. It shows the name unless that may be a key.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownServer(String);

impl fmt::Display for UnknownServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "there is no server {}: use `global`, `eu` or `us`, or a URL like `{}`",
            shown_value(&self.0),
            Server::Global.url()
        )
    }
}

impl fmt::Debug for UnknownServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = shown_value(&self.0);
        f.debug_tuple("UnknownServer").field(&shown).finish()
    }
}

impl std::error::Error for UnknownServer {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_every_variant_has_a_name_and_a_valid_url() {
        for server in Server::ALL {
            assert_eq!(server.name().parse(), Ok(server));
            assert!(mistral_core::provider::parse_base_url("server", server.url()).is_ok());
        }
        let error = "asia".parse::<Server>().unwrap_err();
        assert!(error.to_string().contains("`asia`"));
    }
}
