//! The scheduler that workers connect to.

use mistral_core::mode::Mode;
use mistral_core::operation::{ApiRequest, Call, Envelope, Operation};
use serde::Deserialize;

use super::Workflows;

static WHOAMI: Operation =
    Operation::get("workflows.workers.whoami", "/v1/workflows/workers/whoami");

#[derive(Deserialize)]
struct Worker {
    namespace: String,
}

impl Envelope for Worker {
    type Content = String;

    fn into_content(self) -> String {
        self.namespace
    }
}

impl<M: Mode> Workflows<M> {
    /// Retrieves the namespace of the scheduler that the workers of this key connect to.
    ///
    /// Payloads that are stored outside of the server are stored under its name.
    ///
    /// Mirrors `GET /v1/workflows/workers/whoami`.
    ///
    /// ```
    /// # use mistral_sdk::beta::BetaExt;
    /// # use mistral_sdk::testing::MockTransport;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let worker = serde_json::json!({"scheduler_url": "s", "namespace": "workspace-1"});
    /// # let client = mistral_sdk::Client::builder(mistral_sdk::MistralApi::new("key")?)
    /// #     .transport(MockTransport::new().json(worker))
    /// #     .build()?;
    /// let namespace = client.workflows().scheduler_namespace().await?;
    /// println!("{namespace}");
    /// # assert_eq!(namespace, "workspace-1");
    /// # Ok(()) }
    /// ```
    pub fn scheduler_namespace(&self) -> Call<String, M> {
        self.client
            .call_enveloped::<Worker>(ApiRequest::new(&WHOAMI))
    }
}
