//! The provider for Mistral's own API (La Plateforme), and for servers that speak the same API.
//!
//! ```no_run
//! # fn main() -> mistral_sdk::Result<()> {
//! use mistral_sdk::{Client, MistralApi, Server};
//!
//! let client = Client::new(MistralApi::from_env()?)?; // MISTRAL_API_KEY
//! let in_europe = MistralApi::builder().server(Server::Eu).or_env()?.build()?;
//! let in_europe = Client::new(in_europe)?;
//! # let _ = (client, in_europe);
//! # Ok(()) }
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]

mod builder;
mod credentials;
mod private_host;
mod provider;
mod resolve;
mod server;

pub use self::builder::MistralApiBuilder;
pub use self::provider::MistralApi;
pub use self::server::{Server, UnknownServer};

/// Environment variable that holds the API key.
pub const API_KEY_VARIABLE: &str = "MISTRAL_API_KEY";
/// Environment variable that holds the path of a file with a service account's token. Takes
/// precedence over [`API_KEY_VARIABLE`].
pub const TOKEN_PATH_VARIABLE: &str = "MISTRAL_SA_TOKEN_PATH";
/// Environment variable that holds a [`Server`]'s name or a base URL.
pub const SERVER_VARIABLE: &str = "MISTRAL_SERVER";
