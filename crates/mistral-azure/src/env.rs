//! The environment variables of the provider, and the defaults where none is set.

use mistral_core::provider::{env_var, shown_value};
use mistral_core::{Error, Result};

use crate::endpoint::EndpointKind;

/// Environment variable that holds the endpoint, as the portal shows it.
pub const ENDPOINT_VARIABLE: &str = "AZURE_ENDPOINT";
/// Environment variable that holds the endpoint if [`ENDPOINT_VARIABLE`] is not set.
pub const AZUREAI_ENDPOINT_VARIABLE: &str = "AZUREAI_ENDPOINT";
/// Environment variable that holds the kind of an endpoint whose URL shows none: `openai-v1`,
/// `models`, `deployments` or `serverless`.
pub const ENDPOINT_KIND_VARIABLE: &str = "AZURE_ENDPOINT_KIND";
/// Environment variable that holds the API key.
pub const API_KEY_VARIABLE: &str = "AZURE_API_KEY";
/// Environment variable that holds the `api-version`. Takes precedence over the endpoint's.
pub const API_VERSION_VARIABLE: &str = "AZURE_API_VERSION";
/// Environment variable that holds the deployment for requests without a model.
pub const MODEL_VARIABLE: &str = "AZURE_MODEL";

/// The `api-version` that chat routes with one have if none is set.
pub const DEFAULT_API_VERSION: &str = "2024-05-01-preview";
/// The model that is sent if neither the request nor the provider sets one.
pub const DEFAULT_MODEL: &str = "azureai";

/// Returns the kind in [`ENDPOINT_KIND_VARIABLE`].
pub(crate) fn endpoint_kind() -> Result<Option<EndpointKind>> {
    let Some(value) = env_var(ENDPOINT_KIND_VARIABLE)? else {
        return Ok(None);
    };
    let named = |(name, _): &&(&str, _)| value.eq_ignore_ascii_case(name);
    match EndpointKind::NAMES.iter().find(named) {
        Some((_, kind)) => Ok(Some(*kind)),
        None => Err(Error::config(format!(
            "{ENDPOINT_KIND_VARIABLE} must be `openai-v1`, `models`, `deployments` or \
             `serverless`, not {}",
            shown_value(&value)
        ))),
    }
}
