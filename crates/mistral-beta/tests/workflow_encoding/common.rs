//! Keys, clients that encode, and what they sent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mistral_sdk::beta::workflow_encoding::{PayloadEncryption, WorkflowEncoding};
use mistral_sdk::testing::{MockReply, MockTransport};
use mistral_sdk::{Client, MistralApi};
use serde_json::{Value, json};

/// The bytes 0 to 31.
pub(crate) const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
/// The bytes 0 to 23.
pub(crate) const KEY_192: &str = "000102030405060708090a0b0c0d0e0f1011121314151617";
/// The bytes 100 to 115.
pub(crate) const KEY_128: &str = "6465666768696a6b6c6d6e6f70717273";
/// `{"pages":12}` under `KEY`, `KEY_192` and `KEY_128`.
pub(crate) const PAGES: &str = "oKGio6SlpqeoqaqrnToMTCKucZ1YVLWunIqx8htdVayLKDvvEPWyhA==";
pub(crate) const PAGES_192: &str = "oKGio6SlpqeoqaqrQEDOA542a1HEBI28rstTXEuLMF7xKqWtlShC4A==";
pub(crate) const PAGES_128: &str = "oKGio6Slpqeoqaqr31mNH3CVNN2WnF67XTOu7EJ//7xm96J8ulAzXQ==";
/// `Crème brûlée` under `KEY`.
pub(crate) const DESSERT: &str = "oKGio6SlpqeoqaqrpWq/hSiuIt0Qpjy/xNOlGJEOMbnDYHlrUwmFr9gxvQ==";

pub(crate) fn full() -> WorkflowEncoding {
    WorkflowEncoding::new().encryption(PayloadEncryption::full(KEY).unwrap())
}

pub(crate) fn partial() -> WorkflowEncoding {
    WorkflowEncoding::new().encryption(PayloadEncryption::partial(KEY).unwrap())
}

pub(crate) fn client(encoding: &WorkflowEncoding, mock: &MockTransport) -> Client {
    let api = MistralApi::new("key").unwrap();
    let builder = Client::builder(api).transport(encoding.around(mock.clone()));
    builder.build().unwrap()
}

pub(crate) fn execution(result: Value) -> Value {
    json!({
        "workflow_name": "report", "execution_id": "exec-1", "root_execution_id": "exec-1",
        "status": "COMPLETED", "start_time": "2026-01-01T00:00:00Z",
        "end_time": "2026-01-01T00:01:00Z", "result": result
    })
}

pub(crate) fn encoded(payload: &str, options: &[&str]) -> Value {
    json!({"b64payload": payload, "encoding_options": options, "empty": false})
}

/// A mock that always answers with this.
pub(crate) fn always(body: Value) -> MockTransport {
    MockTransport::new().reply(MockReply::json(body).always())
}

pub(crate) fn base64(text: impl AsRef<[u8]>) -> String {
    STANDARD.encode(text)
}

pub(crate) fn bytes(base64: &Value) -> Vec<u8> {
    STANDARD.decode(base64.as_str().unwrap()).unwrap()
}

/// The JSON of the payload that was encoded into `sent`, as a client with the same encoding reads
/// it from a result.
pub(crate) async fn decode(encoding: &WorkflowEncoding, sent: &Value) -> Value {
    use mistral_sdk::beta::BetaExt;

    let mock = always(execution(sent.clone()));
    let client = client(encoding, &mock);
    let wait = client.workflows().executions().wait("exec-1");
    wait.await.unwrap().result.unwrap()
}
