//! Large payloads: compressed, and stored outside of the server.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use mistral_sdk::ErrorKind;
use mistral_sdk::async_trait;
use mistral_sdk::beta::BetaExt;
use mistral_sdk::beta::workflow_encoding::{
    PayloadCompression, PayloadOffloading, PayloadStorage, StorageError, WorkflowEncoding,
};
use mistral_sdk::beta::workflows::ExecuteWorkflowRequest;
use mistral_sdk::beta::workflows::schedules::{CreateWorkflowScheduleRequest, ScheduleDefinition};
use mistral_sdk::bytes::Bytes;
use serde_json::{Value, json};

use crate::common::{always, base64, bytes, client, decode, encoded, execution, full};

/// A storage in memory, with the number of payloads that were stored.
#[derive(Debug, Clone, Default)]
struct Memory(Arc<Mutex<(BTreeMap<String, Bytes>, usize)>>);

impl Memory {
    fn keys(&self) -> Vec<String> {
        self.0.lock().unwrap().0.keys().cloned().collect()
    }
}

#[async_trait]
impl PayloadStorage for Memory {
    async fn contains(&self, key: &str) -> Result<bool, StorageError> {
        if key.contains("broken") {
            return Err("the bucket is gone".into());
        }
        Ok(self.0.lock().unwrap().0.contains_key(key))
    }

    async fn put(&self, key: &str, payload: Bytes) -> Result<(), StorageError> {
        let mut stored = self.0.lock().unwrap();
        stored.0.insert(key.to_owned(), payload);
        stored.1 += 1;
        Ok(())
    }

    async fn get(&self, key: &str) -> Result<Bytes, StorageError> {
        let payload = self.0.lock().unwrap().0.get(key).cloned();
        payload.ok_or_else(|| "no such key".into())
    }
}

async fn execute(encoding: &WorkflowEncoding, id: &str, input: Value) -> Value {
    let mock = always(execution(Value::Null));
    let request = ExecuteWorkflowRequest::new().input(input).execution_id(id);
    let client = client(encoding, &mock);
    client
        .workflows()
        .execute("report", &request)
        .await
        .unwrap();
    mock.requests()[0].json()["encoded_input"].clone()
}

#[tokio::test]
async fn large_payload_is_stored_once_and_read_again() {
    let memory = Memory::default();
    let offloading = PayloadOffloading::new(memory.clone(), "name space").min_size(18);
    let encoding = WorkflowEncoding::new().offloading(offloading);
    let input = json!({"topic": "cheese"}); // 18 bytes as JSON
    let sent = execute(&encoding, "exec/1", input.clone()).await;
    assert_eq!(sent["encoding_options"], json!(["offloaded"]));
    // hashlib.sha256(b'{"topic":"cheese"}')
    let key = "temporal-payload/name%20space/exec%2F1/sha256%3A\
               3172ce03ca52fe972b519fee8c160c5c9cf4184c627b65e8a6f0de400102299d";
    let reference: Value = serde_json::from_slice(&bytes(&sent["b64payload"])).unwrap();
    assert_eq!(reference, json!({"key": key}));
    assert_eq!(memory.keys(), [key]);
    assert_eq!(decode(&encoding, &sent).await, input);

    execute(&encoding, "exec/1", input).await;
    assert_eq!(memory.0.lock().unwrap().1, 1, "it is there already");
    let small = execute(&encoding, "exec/1", json!("a small one")).await;
    assert_eq!(small["encoding_options"], json!([]));
}

#[tokio::test]
async fn payload_is_compressed_then_stored_then_encrypted() {
    let memory = Memory::default();
    let offloading = PayloadOffloading::new(memory.clone(), "n").min_size(1);
    let compression = PayloadCompression::new().min_size(1000);
    let encoding = full().offloading(offloading).compression(compression);
    let input = json!({"text": "ab".repeat(5000)});
    let sent = execute(&encoding, "exec-1", input.clone()).await;
    assert_eq!(
        sent["encoding_options"],
        json!(["compressed", "offloaded", "encrypted"])
    );
    assert_eq!(memory.keys().len(), 1);
    let stored = memory.0.lock().unwrap().0.values().next().unwrap().clone();
    // {"compression": {"algorithm": "zstd", "level": 3}, "payload": …} in MessagePack.
    let start = b"\x82\xabcompression\x82\xa9algorithm\xa4zstd\xa5level\x03\xa7payload\xc4";
    assert!(stored.starts_with(start), "{stored:?}");
    assert!(stored.len() < 200);
    assert_eq!(decode(&encoding, &sent).await, input);
}

#[tokio::test]
async fn payload_that_is_small_or_does_not_shrink_is_not_compressed() {
    let encoding = WorkflowEncoding::new().compression(PayloadCompression::new().min_size(10));
    for input in [json!("short"), json!("0f1e2d3c4b5a69788796a5b4c3d2e1f0")] {
        let sent = execute(&encoding, "exec-1", input.clone()).await;
        assert_eq!(sent["encoding_options"], json!([]));
        assert_eq!(bytes(&sent["b64payload"]), input.to_string().into_bytes());
    }
}

#[tokio::test]
async fn schedule_is_never_stored() {
    let memory = Memory::default();
    let encoding = full().offloading(PayloadOffloading::new(memory.clone(), "n").min_size(1));
    let mock = always(json!({"schedule_id": "s"}));
    let schedule = ScheduleDefinition::new(json!({"topic": "cheese"}));
    let request = CreateWorkflowScheduleRequest::new(schedule);
    client(&encoding, &mock)
        .workflows()
        .schedules()
        .create(&request)
        .await
        .unwrap();
    let options = &mock.requests()[0].json()["schedule"]["input"]["encoding_options"];
    assert_eq!(*options, json!(["encrypted"]));
    assert!(memory.keys().is_empty());
}

#[tokio::test]
async fn storage_that_fails_fails_the_call() {
    let encoding = WorkflowEncoding::new()
        .offloading(PayloadOffloading::new(Memory::default(), "broken").min_size(1));
    let mock = always(execution(Value::Null));
    let workflows = client(&encoding, &mock).workflows();
    let request = ExecuteWorkflowRequest::new().input(json!("text"));
    let error = workflows.execute("report", &request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(
        format!("{error:#}").contains("the bucket is gone"),
        "{error:#}"
    );
    assert!(mock.requests().is_empty());

    let reference = base64(r#"{"key":"missing"}"#);
    let mock = always(execution(encoded(&reference, &["offloaded"])));
    let executions = client(&encoding, &mock).workflows().executions();
    let error = executions.wait("exec-1").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(
        error.to_string().contains("`missing` cannot be read"),
        "{error}"
    );
}
