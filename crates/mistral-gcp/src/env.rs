//! The environment variables of the provider, and the defaults where none is set.

use mistral_core::Result;
use mistral_core::provider::env_var;

/// Environment variable that holds the project's id. Takes precedence over
/// [`GOOGLE_CLOUD_PROJECT_VARIABLE`].
pub const PROJECT_VARIABLE: &str = "GCP_PROJECT_ID";
/// Environment variable that holds the project's id, shared with Google's own libraries.
pub const GOOGLE_CLOUD_PROJECT_VARIABLE: &str = "GOOGLE_CLOUD_PROJECT";
/// Environment variable that holds the location, for example `us-central1`. Takes precedence
/// over [`GOOGLE_CLOUD_LOCATION_VARIABLE`].
pub const REGION_VARIABLE: &str = "GCP_REGION";
/// Environment variable that holds the location, shared with Google's own libraries.
pub const GOOGLE_CLOUD_LOCATION_VARIABLE: &str = "GOOGLE_CLOUD_LOCATION";
/// Environment variable that holds the endpoint, for a gateway or a test server; see
/// [`MistralGcpBuilder::endpoint`](crate::MistralGcpBuilder::endpoint).
pub const ENDPOINT_VARIABLE: &str = "GCP_ENDPOINT";
/// Environment variable that holds the model for requests without one.
pub const MODEL_VARIABLE: &str = "GCP_MODEL";
/// Environment variable that holds the project that calls are billed and rate-limited to.
pub const QUOTA_PROJECT_VARIABLE: &str = "GOOGLE_CLOUD_QUOTA_PROJECT";
/// Environment variable that holds the path of the Application Default Credentials file, or its
/// content.
pub const CREDENTIALS_VARIABLE: &str = "GOOGLE_APPLICATION_CREDENTIALS";
/// Environment variable that holds the host, optionally with a port, of the metadata server.
pub const METADATA_HOST_VARIABLE: &str = "GCE_METADATA_HOST";

/// The location that is used if none is set.
pub const DEFAULT_LOCATION: &str = "europe-west4";

/// Returns the value of the first of these environment variables that is set and not blank.
pub(crate) fn first_env_var(names: &[&str]) -> Result<Option<String>> {
    for name in names {
        if let Some(value) = env_var(name)? {
            return Ok(Some(value));
        }
    }
    Ok(None)
}
