//! The environment variables of the provider.

use mistral_core::Result;
use mistral_core::provider::env_var;

/// Environment variable that holds an API key of Bedrock, which is sent as a bearer token. Takes
/// precedence over all other credentials of the environment.
pub const BEARER_TOKEN_VARIABLE: &str = "AWS_BEARER_TOKEN_BEDROCK";
/// Environment variable that holds the region, for example `us-east-1`. Takes precedence over
/// [`DEFAULT_REGION_VARIABLE`].
pub const REGION_VARIABLE: &str = "AWS_REGION";
/// Environment variable that holds the region if [`REGION_VARIABLE`] is not set.
pub const DEFAULT_REGION_VARIABLE: &str = "AWS_DEFAULT_REGION";
/// Environment variable that holds the URL of the endpoint, shared with OpenAI's SDKs; see
/// [`MistralBedrockBuilder::endpoint`](crate::MistralBedrockBuilder::endpoint).
pub const ENDPOINT_VARIABLE: &str = "AWS_BEDROCK_BASE_URL";
/// Environment variable that holds the model for requests without one.
pub const MODEL_VARIABLE: &str = "AWS_BEDROCK_MODEL";
/// Environment variable that holds the id of an access key.
#[cfg(feature = "sigv4")]
pub const ACCESS_KEY_ID_VARIABLE: &str = "AWS_ACCESS_KEY_ID";
/// Environment variable that holds the secret of an access key.
#[cfg(feature = "sigv4")]
pub const SECRET_ACCESS_KEY_VARIABLE: &str = "AWS_SECRET_ACCESS_KEY";
/// Environment variable that holds the session token of a temporary access key.
#[cfg(feature = "sigv4")]
pub const SESSION_TOKEN_VARIABLE: &str = "AWS_SESSION_TOKEN";

/// Returns the region from the environment.
pub(crate) fn region() -> Result<Option<String>> {
    match env_var(REGION_VARIABLE)? {
        Some(region) => Ok(Some(region)),
        None => env_var(DEFAULT_REGION_VARIABLE),
    }
}
