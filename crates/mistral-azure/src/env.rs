//! The environment variables of the provider, and the defaults where none is set.

/// Environment variable that holds the endpoint, as the portal shows it.
pub const ENDPOINT_VARIABLE: &str = "AZURE_ENDPOINT";
/// Environment variable that holds the endpoint if [`ENDPOINT_VARIABLE`] is not set.
pub const AZUREAI_ENDPOINT_VARIABLE: &str = "AZUREAI_ENDPOINT";
/// Environment variable that holds the API key.
pub const API_KEY_VARIABLE: &str = "AZURE_API_KEY";
/// Environment variable that holds the `api-version`. Takes precedence over the endpoint's.
pub const API_VERSION_VARIABLE: &str = "AZURE_API_VERSION";
/// Environment variable that holds the deployment for requests without a model.
pub const MODEL_VARIABLE: &str = "AZURE_MODEL";

/// The `api-version` that is sent if none is set.
pub const DEFAULT_API_VERSION: &str = "2024-05-01-preview";
/// The model that is sent if neither the request nor the provider sets one.
pub const DEFAULT_MODEL: &str = "azureai";
/// The scope that Entra ID tokens are requested for.
#[cfg(feature = "entra")]
pub const DEFAULT_SCOPE: &str = "https://cognitiveservices.azure.com/.default";
