//! Queries, signals and updates with the types of an application.

use mistral_core::Error;
use mistral_core::mode::Mode;
use mistral_core::operation::{ApiRequest, Call, Envelope, Operation};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{QUERY, SIGNAL, SignalWorkflowExecutionResponse, UPDATE, WorkflowExecutions};

/// The response to a query or an update.
#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct HandlerResult<T> {
    result: T,
}

impl<T: DeserializeOwned> Envelope for HandlerResult<T> {
    type Content = T;

    fn into_content(self) -> T {
        self.result
    }
}

impl<M: Mode> WorkflowExecutions<M> {
    /// Queries the state of an execution, with an input and a result of the application's types.
    ///
    /// `name` is that of the query handler. `input` must be an object, or `()` for none. The same as
    /// [`query`](Self::query) otherwise.
    ///
    /// ```
    /// # use mistral_sdk::beta::BetaExt;
    /// # use mistral_sdk::testing::MockTransport;
    /// # use serde_json::json;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mock = MockTransport::new()
    /// #     .json(json!({"query_name": "progress", "result": {"done": 3}}));
    /// # let client = mistral_sdk::Client::builder(mistral_sdk::MistralApi::new("key")?)
    /// #     .transport(mock)
    /// #     .build()?;
    /// #[derive(serde::Deserialize)]
    /// struct Progress { done: u32 }
    ///
    /// let executions = client.workflows().executions();
    /// let progress: Progress = executions.query_as("exec-1", "progress", &()).await?;
    /// assert_eq!(progress.done, 3);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// In addition to the errors of every call, fails with
    /// [`ErrorKind::Config`](mistral_core::ErrorKind::Config) if the input is not an object, and
    /// with [`ErrorKind::Decode`](mistral_core::ErrorKind::Decode) if the result does not fit `T`.
    pub fn query_as<T: DeserializeOwned>(
        &self,
        execution_id: &str,
        name: &str,
        input: &impl Serialize,
    ) -> Call<T, M> {
        let request = request(&QUERY, execution_id, name, input);
        self.client.call_enveloped::<HandlerResult<T>>(request)
    }

    /// Sends an update to an execution, and returns its result, with an input and a result of the
    /// application's types.
    ///
    /// As [`query_as`](Self::query_as) otherwise. The execution may have changed even if the call
    /// fails because of its result.
    pub fn update_as<T: DeserializeOwned>(
        &self,
        execution_id: &str,
        name: &str,
        input: &impl Serialize,
    ) -> Call<T, M> {
        let request = request(&UPDATE, execution_id, name, input);
        self.client.call_enveloped::<HandlerResult<T>>(request)
    }

    /// Sends a signal to an execution, with an input of the application's type.
    ///
    /// `name` is that of the signal handler. `input` must be an object, or `()` for none. The same
    /// as [`signal`](Self::signal) otherwise.
    pub fn signal_with(
        &self,
        execution_id: &str,
        name: &str,
        input: &impl Serialize,
    ) -> Call<SignalWorkflowExecutionResponse, M> {
        self.client
            .call(request(&SIGNAL, execution_id, name, input))
    }
}

fn request(
    operation: &'static Operation,
    execution_id: &str,
    name: &str,
    input: &impl Serialize,
) -> ApiRequest {
    #[derive(Serialize)]
    struct Invocation<'a> {
        name: &'a str,
        #[serde(skip_serializing_if = "Value::is_null")]
        input: Value,
    }

    let input = match serde_json::to_value(input) {
        Ok(input @ (Value::Object(_) | Value::Null)) => input,
        Ok(_) => {
            let error = Error::config("`input` must be an object, or `()` for none");
            return ApiRequest::invalid(operation, error);
        }
        Err(cause) => {
            let error = Error::config("`input` cannot be written as JSON").with_source(cause);
            return ApiRequest::invalid(operation, error);
        }
    };
    ApiRequest::new(operation)
        .path(&[("execution_id", execution_id)])
        .json_value(&Invocation { name, input })
}
