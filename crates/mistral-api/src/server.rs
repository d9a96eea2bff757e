use std::fmt;
use std::str::FromStr;

use mistral_core::provider::shown_value;
use mistral_core::{Error, Result};

use url::Url;

use crate::SERVER_VARIABLE;

/// The domain of the accounts of Snowflake.
const SNOWFLAKE_DOMAIN: &str = ".snowflakecomputing.com";

/// A server of Mistral's API, or another server or service that speaks this API.
///
/// All accept a key as `Authorization: Bearer …`. To reach one at another address, set
/// [`base_url`](crate::MistralApiBuilder::base_url) after
/// [`server`](crate::MistralApiBuilder::server).
///
/// | server | name | base URL | key |
/// |---|---|---|---|
/// | [`Global`](Self::Global) | `global` | `https://api.mistral.ai` | required |
/// | [`Eu`](Self::Eu) | `eu` | `https://api.eu.mistral.ai` | required |
/// | [`Us`](Self::Us) | `us` | `https://api.us.mistral.ai` | required |
/// | [`Vllm`](Self::Vllm) | `vllm` | `http://localhost:8000` | optional |
/// | [`Sglang`](Self::Sglang) | `sglang` | `http://localhost:30000` | optional |
/// | [`LlamaCpp`](Self::LlamaCpp) | `llama.cpp` | `http://localhost:8080` | optional |
/// | [`Ollama`](Self::Ollama) | `ollama` | `http://localhost:11434` | optional |
/// | [`Outscale`](Self::Outscale) | `outscale` | that of your virtual machine | optional |
/// | [`Scaleway`](Self::Scaleway) | `scaleway` | `https://api.scaleway.ai` | required |
/// | [`Ovh`](Self::Ovh) | `ovh` | `https://oai.endpoints.kepler.ai.cloud.ovh.net` | optional |
/// | [`Nim`](Self::Nim) | `nim` | `https://integrate.api.nvidia.com` | required |
/// | [`Snowflake`](Self::Snowflake) | `snowflake` | that of your account | required |
///
/// ```
/// use mistral_sdk::{MistralApi, Server};
///
/// # fn main() -> mistral_sdk::Result<()> {
/// let local = MistralApi::builder().server(Server::Ollama).build()?;
/// let remote = MistralApi::builder().server(Server::Vllm).base_url("https://gpu.example").build()?;
/// let scaleway = MistralApi::builder().server(Server::Scaleway).api_key("my-key").build()?;
/// let snowflake = MistralApi::builder()
///     .server(Server::Snowflake)
///     .base_url("https://my-account.snowflakecomputing.com") // `/api/v2/cortex` is added
///     .api_key("my-token")
///     .build()?;
/// # let _ = (local, remote, scaleway, snowflake);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Server {
    /// Mistral's server at `https://api.mistral.ai`: the default. Versions 1 and 2 of the official
    /// SDK call it `eu`.
    #[default]
    Global,
    /// Mistral's server in the European Union.
    Eu,
    /// Mistral's server in the United States.
    Us,
    /// `vllm serve` on this machine.
    Vllm,
    /// SGLang on this machine.
    Sglang,
    /// `llama-server` of llama.cpp on this machine.
    LlamaCpp,
    /// Ollama on this machine.
    Ollama,
    /// A virtual machine of Outscale with a Mistral model. Set its address with
    /// [`base_url`](crate::MistralApiBuilder::base_url).
    Outscale,
    /// Scaleway's Generative APIs. The key is a secret key of Scaleway.
    Scaleway,
    /// OVHcloud's AI Endpoints. Without a key, only a few requests per minute are accepted.
    Ovh,
    /// NVIDIA's hosted NIM. For a container of your own, set its address with
    /// [`base_url`](crate::MistralApiBuilder::base_url).
    Nim,
    /// Snowflake Cortex. The key is a programmatic access token or another token of Snowflake. Set
    /// the address of the account with [`base_url`](crate::MistralApiBuilder::base_url).
    Snowflake,
}

impl Server {
    pub(crate) const ALL: [Self; 12] = [
        Self::Global,
        Self::Eu,
        Self::Us,
        Self::Vllm,
        Self::Sglang,
        Self::LlamaCpp,
        Self::Ollama,
        Self::Outscale,
        Self::Scaleway,
        Self::Ovh,
        Self::Nim,
        Self::Snowflake,
    ];

    /// Returns the server's name, which `MISTRAL_SERVER` accepts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Eu => "eu",
            Self::Us => "us",
            Self::Vllm => "vllm",
            Self::Sglang => "sglang",
            Self::LlamaCpp => "llama.cpp",
            Self::Ollama => "ollama",
            Self::Outscale => "outscale",
            Self::Scaleway => "scaleway",
            Self::Ovh => "ovh",
            Self::Nim => "nim",
            Self::Snowflake => "snowflake",
        }
    }

    /// Returns the server's base URL. `None` for a server whose address differs by account:
    /// [`Outscale`](Self::Outscale) and [`Snowflake`](Self::Snowflake).
    pub fn url(self) -> Option<&'static str> {
        Some(match self {
            Self::Global => "https://api.mistral.ai",
            Self::Eu => "https://api.eu.mistral.ai",
            Self::Us => "https://api.us.mistral.ai",
            Self::Vllm => "http://localhost:8000",
            Self::Sglang => "http://localhost:30000",
            Self::LlamaCpp => "http://localhost:8080",
            Self::Ollama => "http://localhost:11434",
            Self::Scaleway => "https://api.scaleway.ai",
            Self::Ovh => "https://oai.endpoints.kepler.ai.cloud.ovh.net",
            Self::Nim => "https://integrate.api.nvidia.com",
            Self::Outscale | Self::Snowflake => return None,
        })
    }

    /// Whether the server rejects requests without a key.
    pub fn needs_key(self) -> bool {
        self.key_source().is_some()
    }

    /// Whether this is one of Mistral's own servers.
    pub(crate) fn is_mistral(self) -> bool {
        matches!(self, Self::Global | Self::Eu | Self::Us)
    }

    /// Returns the server that a base URL belongs to. `None` for a host of a private network, and
    /// for any other.
    pub(crate) fn at(url: &Url) -> Option<Self> {
        let host = url.domain()?;
        if host == "mistral.ai" || host.ends_with(".mistral.ai") {
            return Some(Self::Global);
        }
        if host.ends_with(SNOWFLAKE_DOMAIN) {
            return Some(Self::Snowflake);
        }
        [Self::Scaleway, Self::Ovh, Self::Nim]
            .into_iter()
            .find(|server| server.url().and_then(|url| url.strip_prefix("https://")) == Some(host))
    }

    /// Returns the origin of the server's keys, for error messages. `None` if it needs none.
    pub(crate) fn key_source(self) -> Option<&'static str> {
        match self {
            Self::Global | Self::Eu | Self::Us => Some("a key from https://console.mistral.ai"),
            Self::Scaleway => Some("a secret key from https://console.scaleway.com"),
            Self::Nim => Some("a key from https://build.nvidia.com"),
            Self::Snowflake => Some("a programmatic access token of your Snowflake account"),
            Self::Vllm | Self::Sglang | Self::LlamaCpp | Self::Ollama => None,
            Self::Outscale | Self::Ovh => None,
        }
    }

    /// Returns the server's base URL.
    ///
    /// # Errors
    /// Fails for a server whose address differs by account.
    pub(crate) fn known_url(self) -> Result<&'static str> {
        self.url().ok_or_else(|| {
            let example = match self {
                Self::Snowflake => "of your account, `https://ACCOUNT.snowflakecomputing.com`",
                _ => "of your virtual machine, such as `https://my-vm.example`",
            };
            Error::config(format!(
                "the server `{}` has no common address: set `MistralApiBuilder::base_url` or \
                 {SERVER_VARIABLE} to that {example}",
                self.name()
            ))
        })
    }
}

/// Parses a server's name, ignoring case and punctuation: `llamacpp` is `llama.cpp`.
impl FromStr for Server {
    type Err = UnknownServer;

    fn from_str(name: &str) -> std::result::Result<Self, UnknownServer> {
        let letters = |name: &str| -> String {
            let letters = name
                .chars()
                .filter(|it| !matches!(it, '.' | '-' | '_' | ' '));
            letters.map(|it| it.to_ascii_lowercase()).collect()
        };
        let wanted = letters(name);
        Self::ALL
            .into_iter()
            .find(|server| letters(server.name()) == wanted)
            .ok_or_else(|| UnknownServer(name.trim().to_owned()))
    }
}

/// The error for a server name that does not exist. It shows the name unless that may be a key.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownServer(String);

impl fmt::Display for UnknownServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Server::ALL.map(|server| format!("`{}`", server.name()));
        write!(
            f,
            "there is no server {}: use {}, or a URL like `https://api.mistral.ai` or \
             `http://localhost:8000`",
            shown_value(&self.0),
            names.join(", ")
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
            match server.url() {
                Some(url) => {
                    assert!(mistral_core::provider::parse_base_url("server", url).is_ok());
                    assert_eq!(server.known_url().unwrap(), url);
                }
                None => {
                    let error = server.known_url().unwrap_err().to_string();
                    assert!(error.contains("base_url") && error.contains("MISTRAL_SERVER"));
                }
            }
        }
        for name in ["LlamaCpp", "llama-cpp", " llama.cpp "] {
            assert_eq!(name.parse(), Ok(Server::LlamaCpp));
        }
        let error = "asia".parse::<Server>().unwrap_err();
        assert!(error.to_string().contains("`asia`"));
    }
}
