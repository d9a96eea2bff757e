use mistral_core::{Client, Error, FromEnv, Result};

/// Names the provider: `api`, `azure` or `gcp`.
pub const PROVIDER_VARIABLE: &str = "MISTRAL_PROVIDER";

/// The providers whose features are on: what [`Client::from_env`] chooses from.
#[derive(Debug)]
#[non_exhaustive]
pub enum Compiled {}

impl FromEnv<Compiled> for Client {
    fn from_env() -> Result<Self> {
        let name = std::env::var(PROVIDER_VARIABLE).unwrap_or_default();
        match name.trim().to_ascii_lowercase().as_str() {
            #[cfg(feature = "api")]
            "" | "api" => Self::new(mistral_api::MistralApi::from_env()?),
            #[cfg(not(feature = "api"))]
            "" | "api" => Err(Error::config(format!(
                "{PROVIDER_VARIABLE} is `api` or not set: enable the cargo feature `api`"
            ))),
            other => Err(Error::config(format!(
                "{PROVIDER_VARIABLE} is `{other}`, which is not a provider: use `api`"
            ))),
        }
    }
}
