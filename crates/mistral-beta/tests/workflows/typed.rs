//! Queries, signals and updates with the types of an application.

use mistral_sdk::ErrorKind;
use mistral_sdk::beta::BetaExt;
use mistral_sdk::testing::MockReply;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::common::{client, scripted};

#[derive(Serialize)]
struct Filter {
    chapter: u32,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Progress {
    done: u32,
}

#[tokio::test]
async fn query_and_update_with_types_send_the_input_and_return_the_result() {
    let query = json!({"query_name": "progress", "result": {"done": 3}});
    let update = json!({"update_name": "skip", "result": {"done": 4}});
    let mock = scripted([MockReply::json(query), MockReply::json(update)]);
    let executions = client(&mock).workflows().executions();
    let progress: Progress = executions
        .query_as("exec-1", "progress", &Filter { chapter: 2 })
        .await
        .unwrap();
    assert_eq!(progress, Progress { done: 3 });
    let progress: Progress = executions.update_as("exec-1", "skip", &()).await.unwrap();
    assert_eq!(progress, Progress { done: 4 });
    let requests = mock.requests();
    assert_eq!(
        requests[0].uri.path(),
        "/v1/workflows/executions/exec-1/queries"
    );
    assert_eq!(
        requests[0].json(),
        json!({"name": "progress", "input": {"chapter": 2}})
    );
    assert_eq!(
        requests[1].uri.path(),
        "/v1/workflows/executions/exec-1/updates"
    );
    assert_eq!(requests[1].json(), json!({"name": "skip"}));
}

#[tokio::test]
async fn signal_with_a_type_sends_the_input() {
    let mock = scripted([MockReply::json(json!({"message": "Signal accepted"}))]);
    let executions = client(&mock).workflows().executions();
    let response = executions
        .signal_with("exec-1", "resume", &Filter { chapter: 2 })
        .await
        .unwrap();
    assert_eq!(response.message.as_deref(), Some("Signal accepted"));
    let request = &mock.requests()[0];
    assert_eq!(
        request.uri.path(),
        "/v1/workflows/executions/exec-1/signals"
    );
    assert_eq!(
        request.json(),
        json!({"name": "resume", "input": {"chapter": 2}})
    );
}

#[tokio::test]
async fn query_with_an_input_that_is_no_object_fails_before_it_is_sent() {
    let mock = scripted([MockReply::json(json!({}))]);
    let executions = client(&mock).workflows().executions();
    let error = executions
        .query_as::<u32>("exec-1", "progress", &[1])
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(
        error.to_string().contains("`input` must be an object"),
        "{error}"
    );
    let error = executions
        .query_as::<u32>("", "progress", &())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("`execution_id`"), "{error}");
    assert!(mock.requests().is_empty());
}

#[tokio::test]
async fn query_with_a_result_of_another_type_fails_with_its_path() {
    let reply = json!({"query_name": "progress", "result": {"done": "all"}});
    let mock = scripted([MockReply::json(reply)]);
    let executions = client(&mock).workflows().executions();
    let error = executions
        .query_as::<Progress>("exec-1", "progress", &())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("result.done"), "{error}");
}
