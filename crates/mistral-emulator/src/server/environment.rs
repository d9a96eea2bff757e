//! The environment in which programs talk to an emulator.

use super::Emulator;
use crate::clouds::ACCESS_KEY_ID;

impl Emulator {
    /// Returns the environment variables that lead clients to this emulator.
    ///
    /// They are those of this SDK and of Mistral's own, on all clouds; of LangChain and LiteLLM; and
    /// of clients that speak to OpenAI. `MISTRAL_PROVIDER` is not among them: it chooses the cloud
    /// that `Client::from_env` of `mistral-sdk` uses. Remove `GOOGLE_APPLICATION_CREDENTIALS`,
    /// `AWS_BEARER_TOKEN_BEDROCK` and `AWS_SESSION_TOKEN`, which do not go with the credentials of the
    /// emulator. The command `mistral-emulator exec` does all that.
    ///
    /// ```no_run
    /// use std::process::Command;
    ///
    /// let emulator = mistral_emulator::Emulator::start()?;
    /// let status = Command::new("my-program")
    ///     .envs(emulator.environment())
    ///     .env("MISTRAL_PROVIDER", "api")
    ///     .status()?;
    /// assert!(status.success());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let (url, key) = (self.url().to_owned(), self.api_key().to_owned());
        let with_v1 = format!("{url}/v1");
        let host = url.trim_start_matches("http://").to_owned();
        // A directory without a login of gcloud, which would precede the metadata server.
        let no_login = std::env::temp_dir().join("mistral-emulator-no-gcloud");
        vec![
            ("MISTRAL_EMULATOR_URL", url.clone()),
            ("MISTRAL_API_KEY", key.clone()),
            ("MISTRAL_SERVER", url.clone()),
            ("MISTRAL_BASE_URL", with_v1.clone()), // langchain-mistralai
            ("MISTRAL_API_BASE", with_v1.clone()), // LiteLLM
            ("AZURE_ENDPOINT", url.clone()),       // official SDKs append the path themselves
            ("AZURE_API_KEY", key.clone()),
            ("AWS_BEDROCK_BASE_URL", format!("{url}/bedrock/v1")),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", key.clone()),
            ("AWS_EC2_METADATA_SERVICE_ENDPOINT", url.clone()),
            ("GCP_ENDPOINT", url),
            ("GCP_PROJECT_ID", "emulator".to_owned()),
            ("GOOGLE_CLOUD_PROJECT", "emulator".to_owned()),
            ("GCP_REGION", "europe-west4".to_owned()),
            ("GCE_METADATA_HOST", host),
            ("CLOUDSDK_CONFIG", no_login.to_string_lossy().into_owned()),
            ("OPENAI_BASE_URL", with_v1),
            ("OPENAI_API_KEY", key),
        ]
    }
}
