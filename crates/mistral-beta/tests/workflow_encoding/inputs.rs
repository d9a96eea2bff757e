//! Inputs of requests.

use mistral_sdk::beta::BetaExt;
use mistral_sdk::beta::workflow_encoding::WorkflowEncoding;
use mistral_sdk::beta::workflows::ExecuteWorkflowRequest;
use mistral_sdk::beta::workflows::executions::SignalWorkflowExecutionRequest;
use mistral_sdk::beta::workflows::schedules::{
    CreateWorkflowScheduleRequest, ScheduleDefinition, ScheduleDefinitionUpdate,
    UpdateWorkflowScheduleRequest,
};
use serde_json::{Value, json};

use crate::common::{always, bytes, client, decode, execution, full, partial};

/// Returns the body that `execute` sends for a workflow with this name.
async fn execute(
    encoding: &WorkflowEncoding,
    workflow: &str,
    request: &ExecuteWorkflowRequest,
) -> Value {
    let mock = always(execution(Value::Null));
    let client = client(encoding, &mock);
    client.workflows().execute(workflow, request).await.unwrap();
    mock.requests()[0].json()
}

#[tokio::test]
async fn input_of_an_execution_is_encrypted_and_moved() {
    let request = ExecuteWorkflowRequest::new()
        .input(json!({"topic": "cheese"}))
        .execution_id("exec-1");
    let body = execute(&full(), "report", &request).await;
    assert_eq!(body["input"], Value::Null);
    assert!(body.as_object().unwrap().contains_key("input"));
    assert_eq!(body["execution_id"], "exec-1");
    assert!(body["traceparent"].is_string());
    let sent = &body["encoded_input"];
    assert_eq!(sent["encoding_options"], json!(["encrypted"]));
    assert_eq!(sent["empty"], false);
    // A nonce of 12 bytes, the text, and a tag of 16 bytes.
    let payload = bytes(&sent["b64payload"]);
    assert_eq!(payload.len(), 12 + r#"{"topic":"cheese"}"#.len() + 16);
    assert_eq!(decode(&full(), sent).await, json!({"topic": "cheese"}));

    let again = execute(&full(), "report", &request).await;
    let again = bytes(&again["encoded_input"]["b64payload"]);
    assert_ne!(
        payload[..12],
        again[..12],
        "each payload has a nonce of its own"
    );
}

#[tokio::test]
async fn execution_without_an_id_is_given_one_that_begins_with_the_hash_of_the_workflow() {
    let request = ExecuteWorkflowRequest::new().input(json!(1));
    // uuid.uuid5(uuid.NAMESPACE_DNS, …).hex of "my-workflow", and of "a%2Fb" as the URL has it.
    for (workflow, hash) in [
        ("my-workflow", "f332d40360e855878af643b709a85bff"),
        ("a/b", "67d5fd55e4585250a49db487910eb18f"),
    ] {
        let body = execute(&full(), workflow, &request).await;
        let id = body["execution_id"].as_str().unwrap();
        assert_eq!(id.len(), 64);
        assert!(id.starts_with(hash), "{id}");
        // The second half is a UUID of version 5, too, and another one each time.
        assert_eq!(
            (&id[44..45], id[48..49].find(['8', '9', 'a', 'b'])),
            ("5", Some(0))
        );
        let other = execute(&full(), workflow, &request).await;
        assert_ne!(other["execution_id"], id);
    }
}

#[tokio::test]
async fn execution_without_an_input_is_not_encoded() {
    let body = execute(&full(), "report", &ExecuteWorkflowRequest::new()).await;
    for name in ["encoded_input", "execution_id", "input"] {
        assert_eq!(body.get(name), None);
    }
}

#[tokio::test]
async fn input_without_encryption_is_sent_in_base64() {
    let request = ExecuteWorkflowRequest::new().input(json!({"topic": "cheese"}));
    let body = execute(&WorkflowEncoding::new(), "report", &request).await;
    let sent = &body["encoded_input"];
    assert_eq!(sent["encoding_options"], json!([]));
    assert_eq!(bytes(&sent["b64payload"]), br#"{"topic":"cheese"}"#);
}

#[tokio::test]
async fn input_with_partial_encryption_hides_the_marked_texts_only() {
    let secret = json!({"field_type": "__encrypted_str__", "data": "Crème brûlée"});
    let input = json!({"topic": "dessert", "of": [secret, 18446744073709551615_u64]});
    let request = ExecuteWorkflowRequest::new().input(input.clone());
    let body = execute(&partial(), "report", &request).await;
    let sent = &body["encoded_input"];
    assert_eq!(sent["encoding_options"], json!(["encrypted-partial"]));
    let readable: Value = serde_json::from_slice(&bytes(&sent["b64payload"])).unwrap();
    assert_eq!(
        (&readable["topic"], &readable["of"][1]),
        (&input["topic"], &input["of"][1])
    );
    assert_eq!(readable["of"][0]["field_type"], "__encrypted_str__");
    let hidden = bytes(&readable["of"][0]["data"]);
    assert_eq!(hidden.len(), 12 + "Crème brûlée".len() + 16);
    assert_eq!(decode(&partial(), sent).await, input);

    // Without a marked text there is nothing to encrypt.
    let request = ExecuteWorkflowRequest::new().input(json!({"data": "Crème brûlée"}));
    let body = execute(&partial(), "report", &request).await;
    assert_eq!(body["encoded_input"]["encoding_options"], json!([]));
}

#[tokio::test]
async fn inputs_of_queries_signals_and_updates_are_replaced() {
    let mock = always(json!({"query_name": "q", "update_name": "u", "result": null}));
    let client = client(&full(), &mock);
    let executions = client.workflows().executions();
    let input = json!({"chapter": 2});
    executions
        .query_as::<()>("exec-1", "q", &input)
        .await
        .unwrap();
    executions
        .update_as::<()>("exec-1", "u", &input)
        .await
        .unwrap();
    executions.signal_with("exec-1", "s", &input).await.unwrap();
    let requests = mock.requests();
    for request in &requests {
        let body = request.json();
        assert_eq!(body["input"]["encoding_options"], json!(["encrypted"]));
        assert_eq!(decode(&full(), &body["input"]).await, input);
        assert_eq!(body.as_object().unwrap().len(), 2);
    }
    // None, and one that is encoded already.
    executions.query_as::<()>("exec-1", "q", &()).await.unwrap();
    let request: SignalWorkflowExecutionRequest =
        serde_json::from_value(json!({"name": "s", "input": requests[0].json()["input"]})).unwrap();
    executions.signal("exec-1", &request).await.unwrap();
    let requests = mock.requests();
    assert_eq!(requests[3].json(), json!({"name": "q"}));
    assert_eq!(requests[4].json()["input"], requests[0].json()["input"]);
}

#[tokio::test]
async fn input_of_a_new_schedule_is_replaced_and_its_hash_added() {
    let input = json!({"topic": "cheese", "n": [1.0, 2], "é": null});
    let request = CreateWorkflowScheduleRequest::new(ScheduleDefinition::new(input.clone()));
    // Of `{"n":[1.0,2],"topic":"cheese","é":null}`: SHA-256, and HMAC-SHA-256 under
    // HMAC-SHA-256(KEY, "schedule-input-hash").
    for (encoding, hash) in [
        (
            WorkflowEncoding::new(),
            "d33094d64d35cd3fecfcc28acb50dc52f60272926011084dd38a20c37323dc11",
        ),
        (
            full(),
            "990060b6fbfa46b0b85a4a31872d070d1a7fae50971e28d6b0c46c180c13ca9b",
        ),
    ] {
        let mock = always(json!({"schedule_id": "s"}));
        let client = client(&encoding, &mock);
        client
            .workflows()
            .schedules()
            .create(&request)
            .await
            .unwrap();
        let schedule = mock.requests()[0].json()["schedule"].clone();
        assert_eq!(schedule["input_hash"], hash);
        assert_eq!(decode(&encoding, &schedule["input"]).await, input);
    }
}

#[tokio::test]
async fn input_of_a_changed_schedule_is_replaced_without_a_hash() {
    let mock = always(json!({"schedule_id": "s"}));
    let client = client(&full(), &mock);
    let changes = ScheduleDefinitionUpdate::new().input(json!({"topic": "wine"}));
    let request = UpdateWorkflowScheduleRequest::new(changes);
    client
        .workflows()
        .schedules()
        .update("s", &request)
        .await
        .unwrap();
    let schedule = mock.requests()[0].json()["schedule"].clone();
    assert_eq!(
        decode(&full(), &schedule["input"]).await,
        json!({"topic": "wine"})
    );
    assert_eq!(schedule.get("input_hash"), None);
}
