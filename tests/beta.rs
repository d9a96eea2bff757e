//! Generated groups of the newer API: a call of each kind, and bad input.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // helpers may panic as tests do

use std::collections::BTreeMap;

use futures::StreamExt as _;
use mistral_sdk::beta::BetaExt as _;
use mistral_sdk::beta::agents::ListAgentVersionsRequest;
use mistral_sdk::beta::connectors::{
    CreateConnectorRequest, CreateMcpConnectorRequest, McpAuthMethod, OAuth2AuthMethod,
};
use mistral_sdk::beta::conversations::{ConversationEvent, ConversationRequest};
use mistral_sdk::beta::libraries::ListLibrariesRequest;
use mistral_sdk::beta::libraries::accesses::{SharingEntityType, UnshareLibraryRequest};
use mistral_sdk::beta::libraries::documents::{ListDocumentsRequest, UpdateDocumentRequest};
use mistral_sdk::beta::observability::datasets::ListDatasetsRequest;
use mistral_sdk::beta::observability::evaluations::runs::SearchAllEvaluationRunsQuery;
use mistral_sdk::beta::responses::{CreateResponseRequest, ResponseInputItem, ResponseStreamEvent};
use mistral_sdk::beta::service_accounts::ListServiceAccountsRequest;
use mistral_sdk::beta::webhooks::CreateWebhookRequest;
use mistral_sdk::beta::workflows::deployments::{
    CreateWorkflowDeploymentRequest, DeploymentWorkerSpec, MistralCloudBackend,
};
use mistral_sdk::beta::workflows::events::{StreamWorkflowEventsRequest, WorkflowEventScope};
use mistral_sdk::call::Page;
use mistral_sdk::files::FileSource;
use mistral_sdk::json::Patch;
use mistral_sdk::testing::{MockReply, MockTransport};
use mistral_sdk::{Call, Client, ErrorKind, MistralApi, MistralAzure, MistralGcp, RetryPolicy};
use serde_json::{Value, json};

fn client(mock: &MockTransport) -> Client {
    let api = MistralApi::new("test-key").unwrap();
    let builder = Client::builder(api).transport(mock.clone());
    builder.retry(RetryPolicy::none()).build().unwrap()
}

fn replies(bodies: impl IntoIterator<Item = Value>) -> MockTransport {
    MockTransport::new().replies(bodies.into_iter().map(MockReply::json))
}

/// Returns all elements of a list, and the query of each page.
async fn all<T: Page>(call: Call<T>, mock: &MockTransport) -> (Vec<T::Item>, Vec<String>) {
    let items = call.pages().items();
    let items: Vec<_> = items.map(Result::unwrap).collect().await;
    let queries = mock.requests().into_iter();
    let queries = queries.map(|it| it.uri.query().unwrap_or_default().to_owned());
    (items, queries.collect())
}

fn library(id: &str) -> Value {
    json!({
        "id": id, "name": "n", "created_at": "t", "updated_at": "t", "owner_id": null,
        "owner_type": "User", "total_size": 0, "nb_documents": 0, "chunk_size": null,
    })
}

fn document(id: &str) -> Value {
    json!({
        "id": id, "library_id": "l", "hash": null, "mime_type": null, "extension": null,
        "size": null, "name": "n", "created_at": "t", "process_status": "todo",
        "uploaded_by_id": null, "uploaded_by_type": "User", "processing_status": "Running",
        "tokens_processing_total": 0,
    })
}

#[tokio::test]
async fn json_call_of_a_group_escapes_ids_and_keeps_unknown_fields() {
    let mut body = library("a/b");
    body["new"] = json!({ "x": 1 });
    let mock = replies([body.clone()]);
    let library = client(&mock).beta().libraries().get("a/b").await.unwrap();
    assert_eq!(library.id, "a/b");
    assert_eq!(library.extra["new"], json!({ "x": 1 }));
    let sent = &mock.requests()[0];
    assert_eq!(sent.operation, "beta.libraries.get");
    assert_eq!(sent.uri.path(), "/v1/libraries/a%2Fb");
    assert_eq!(sent.headers["authorization"], "Bearer test-key");
}

#[tokio::test]
async fn update_sends_null_to_clear_a_field_and_nothing_for_one_that_is_left_out() {
    let mock = replies([document("d")]);
    let request = UpdateDocumentRequest::new()
        .name("report")
        .expires_at(Patch::Clear);
    let documents = client(&mock).beta().libraries().documents();
    documents.update("l", "d", &request).await.unwrap();
    let sent = &mock.requests()[0];
    assert_eq!(sent.method, "PATCH");
    assert_eq!(sent.json(), json!({ "name": "report", "expires_at": null }));
}

#[tokio::test]
async fn paging_by_token_goes_on_with_that_of_the_page() {
    let page = |id: &str, token: Value| json!({ "data": [library(id)], "next_page_token": token });
    let mock = replies([page("a", "t1".into()), page("b", Value::Null)]);
    let request = ListLibrariesRequest::new().page_size(1);
    let call = client(&mock).beta().libraries().list(&request);
    let (libraries, queries) = all(call, &mock).await;
    assert_eq!(
        libraries.iter().map(|it| &*it.id).collect::<Vec<_>>(),
        ["a", "b"]
    );
    assert_eq!(queries, ["page_size=1", "page_size=1&page_token=t1"]);
}

#[tokio::test]
async fn paging_by_number_ends_where_the_page_says_so() {
    let page = |id: &str, current: u64, has_more: bool| {
        let pagination = json!({
            "total_items": 2, "total_pages": 2, "current_page": current, "page_size": 1,
            "has_more": has_more,
        });
        json!({ "data": [document(id)], "pagination": pagination })
    };
    let mock = replies([page("a", 0, true), page("b", 1, false)]);
    let call = client(&mock).beta().libraries().documents();
    let call = call.list("l", &ListDocumentsRequest::new());
    let (documents, queries) = all(call, &mock).await;
    assert_eq!(documents.len(), 2);
    assert_eq!(queries, ["", "page=1"]);
}

#[tokio::test]
async fn paging_by_number_from_1_requests_no_page_twice() {
    let page = |ids: &[&str], next: Value| {
        let datasets = ids.iter().map(|id| {
            json!({
                "id": id, "created_at": "t", "updated_at": "t", "deleted_at": null, "name": "n",
                "slug": "s", "description": "d", "owner_id": "o", "workspace_id": "w",
            })
        });
        json!({ "datasets": { "count": 3, "results": datasets.collect::<Vec<_>>(), "next": next } })
    };
    let mock = replies([page(&["a", "b"], "more".into()), page(&["c"], Value::Null)]);
    let datasets = client(&mock).beta().observability().datasets();
    let (datasets, queries) = all(datasets.list(&ListDatasetsRequest::new()), &mock).await;
    assert_eq!(
        datasets.iter().map(|it| &*it.id).collect::<Vec<_>>(),
        ["a", "b", "c"]
    );
    assert_eq!(queries, ["", "page=2"]);
}

#[tokio::test]
async fn paging_by_cursor_repeats_the_body() {
    let page = |cursor: Value| json!({ "spans": { "results": [], "cursor": cursor } });
    let mock = replies([page("c1".into()), page(Value::Null)]);
    let spans = client(&mock).beta().observability().spans();
    let query = mistral_sdk::beta::observability::spans::SearchSpansQuery::new();
    let request = json!({ "search_expression": { "field": "a" } });
    let request = serde_json::from_value(request).unwrap();
    let (_, queries) = all(spans.search(&query, &request), &mock).await;
    assert_eq!(queries, ["", "cursor=c1"]);
    let requests = mock.requests();
    assert_eq!(requests[0].body, requests[1].body);
    assert!(!requests[0].body.is_empty());
}

#[tokio::test]
async fn paging_by_offset_counts_the_elements() {
    let page = |ids: &[&str]| {
        let accounts = ids.iter().map(|id| {
            json!({
                "id": id, "name": "n", "customer_id": "c", "organization_id": "o",
                "workspace_id": "w", "description": null, "created_at": "t", "updated_at": "t",
                "deleted_at": null,
            })
        });
        json!({ "items": accounts.collect::<Vec<_>>() })
    };
    let mock = replies([page(&["a", "b"]), page(&["c"]), page(&[])]);
    let request: ListServiceAccountsRequest =
        serde_json::from_value(json!({ "offset": 0, "limit": 2 })).unwrap();
    let call = client(&mock).beta().service_accounts().list(&request);
    let (accounts, queries) = all(call, &mock).await;
    assert_eq!(accounts.len(), 3);
    assert_eq!(
        queries,
        ["limit=2&offset=0", "limit=2&offset=2", "limit=2&offset=3"]
    );
}

#[tokio::test]
async fn paging_of_a_bare_list_ends_with_an_empty_page() {
    let agent = json!({
        "model": "m", "name": "n", "id": "a", "version": 1, "versions": [1], "created_at": "t",
        "updated_at": "t", "deployment_chat": false, "source": "api",
    });
    let mock = replies([json!([agent]), json!([agent]), json!([])]);
    let request = ListAgentVersionsRequest::new();
    let agents = client(&mock).beta().agents();
    let call = agents.list_versions("a", &request);
    let (agents, queries) = all(call, &mock).await;
    assert_eq!(agents.len(), 2);
    assert_eq!(queries, ["", "page=1", "page=2"]);
}

#[tokio::test]
async fn multipart_upload_sends_the_file_with_its_name() {
    let mock = replies([document("d")]);
    let file = FileSource::from_bytes("notes.txt", "a text");
    let documents = client(&mock).beta().libraries().documents();
    documents.upload("l", file).await.unwrap();
    let sent = &mock.requests()[0];
    let content_type = sent.headers["content-type"].to_str().unwrap();
    assert!(content_type.starts_with("multipart/form-data; boundary="));
    let body = String::from_utf8_lossy(&sent.body);
    assert!(
        body.contains("name=\"file\"; filename=\"notes.txt\""),
        "{body}"
    );
    assert!(body.contains("a text"), "{body}");
}

#[tokio::test]
async fn json_lines_stream_reads_each_kind_of_line() {
    use mistral_sdk::beta::context::search_indexes::{
        GenerateIndexSummaryRequest, SummaryStreamItem,
    };

    let lines = "{\"content\":\"a\"}\n{\"error\":\"late\"}\n{\"newer\":1}\n";
    let reply = MockReply::bytes("application/x-ndjson", [lines]);
    let mock = MockTransport::new().reply(reply);
    let indexes = client(&mock).beta().context().search_indexes();
    let request = GenerateIndexSummaryRequest::new();
    let call = indexes.generate_index_summary("index", &"en".into(), &request);
    let items: Vec<_> = call.await.unwrap().map(Result::unwrap).collect().await;
    assert!(matches!(&items[0], SummaryStreamItem::SummaryChunk(it) if it.content == "a"));
    assert!(matches!(&items[1], SummaryStreamItem::SummaryError(_)));
    assert!(matches!(&items[2], SummaryStreamItem::Unknown(it) if it["newer"] == 1));
    assert_eq!(mock.requests()[0].headers["accept"], "application/x-ndjson");
}

#[tokio::test]
async fn sse_stream_of_a_conversation_sets_stream_and_reads_typed_events() {
    let events = [
        json!({ "type": "conversation.response.started", "conversation_id": "c" }),
        json!({ "type": "message.output.delta", "id": "m", "content": "Hi" }),
        json!({ "type": "newer", "x": 1 }),
    ];
    let mock = MockTransport::new().reply(MockReply::sse(&events));
    let request = ConversationRequest::new("Hi").model("mistral-small-latest");
    let call = client(&mock).beta().conversations().start_stream(&request);
    let events: Vec<_> = call.await.unwrap().map(Result::unwrap).collect().await;
    assert!(matches!(
        &events[0],
        ConversationEvent::ConversationResponseStarted(it) if it.conversation_id == "c"
    ));
    assert!(matches!(&events[1], ConversationEvent::MessageOutputDelta(it) if it.id == "m"));
    assert!(matches!(&events[2], ConversationEvent::Unknown(it) if it["type"] == "newer"));
    let sent = mock.requests()[0].json();
    assert_eq!(sent["stream"], true);
    assert_eq!(sent["inputs"], "Hi");
}

#[tokio::test]
async fn error_event_of_responses_is_an_event_and_one_of_workflows_an_error() {
    let error =
        "event: error\ndata: {\"type\":\"error\",\"message\":\"m\",\"sequence_number\":1}\n\n";
    let other = "event: error\ndata: {\"error\":\"gone\"}\n\n";
    let body = |text: &str| MockReply::bytes("text/event-stream", [text.to_owned()]);
    let mock = MockTransport::new().replies([body(error), body(other), body(other)]);
    let responses = client(&mock).responses();
    let request = CreateResponseRequest::new("m", "Hi");
    let mut stream = responses.stream(&request).await.unwrap();
    let event = stream.next().await.unwrap().unwrap();
    assert!(
        matches!(&event, ResponseStreamEvent::Error(it) if it.message == "m"),
        "{event:?}"
    );
    assert!(stream.next().await.is_none());

    let mut stream = responses.stream(&request).await.unwrap();
    assert!(stream.next().await.unwrap().is_err());

    let events = client(&mock).workflows().events();
    let mut stream = events
        .stream(&StreamWorkflowEventsRequest::new())
        .await
        .unwrap();
    let error = stream.next().await.unwrap().unwrap_err();
    assert!(format!("{error:#}").contains("gone"), "{error:#}");
}

#[tokio::test]
async fn query_object_spreads_and_unknown_enum_value_is_sent() {
    let mock = MockTransport::new().reply(MockReply::sse(&[] as &[Value]));
    let filters = json!({ "tenant": "a", "region": "eu" });
    let request = StreamWorkflowEventsRequest::new()
        .scope(WorkflowEventScope::from("newer"))
        .metadata_filters(filters.as_object().unwrap().clone());
    let events = client(&mock).workflows().events();
    let call = events.stream(&request).last_event_id("7");
    assert_eq!(call.await.unwrap().count().await, 0);
    let sent = &mock.requests()[0];
    let query = sent.uri.query().unwrap();
    let mut pairs: Vec<_> = query.split('&').collect();
    pairs.sort_unstable();
    assert_eq!(pairs, ["region=eu", "scope=newer", "tenant=a"]);
    assert_eq!(sent.headers["last-event-id"], "7");
}

#[tokio::test]
async fn delete_with_a_body_sends_it_and_no_content_is_none() {
    let mock = MockTransport::new().replies([MockReply::status(204), MockReply::status(204)]);
    let libraries = client(&mock).beta().libraries();
    let request = UnshareLibraryRequest::new("user", SharingEntityType::from("Robot"));
    assert_eq!(
        libraries.accesses().delete("l", &request).await.unwrap(),
        None
    );
    let sent = &mock.requests()[0];
    assert_eq!(sent.method, "DELETE");
    let json = json!({ "share_with_uuid": "user", "share_with_type": "Robot" });
    assert_eq!(sent.json(), json);
    libraries.documents().delete("l", "d").await.unwrap();
    assert!(mock.requests()[1].body.is_empty());
}

#[tokio::test]
async fn optional_body_left_out_sends_none() {
    let page = json!({ "runs": { "count": 0, "results": [] } });
    let mock = replies([page.clone(), page]);
    let runs = client(&mock).beta().observability().evaluations().runs();
    let query = SearchAllEvaluationRunsQuery::new();
    runs.search_all(&query, None).await.unwrap();
    let filter = Default::default();
    runs.search_all(&query, Some(&filter)).await.unwrap();
    let requests = mock.requests();
    assert!(requests[0].body.is_empty() && !requests[0].headers.contains_key("content-type"));
    assert_eq!(requests[1].json(), json!({}));
}

#[tokio::test]
async fn own_credential_of_a_call_replaces_the_clients_key() {
    let body = json!({ "principal": { "type": "newer" } });
    let mock = replies([body.clone(), body]);
    let users = client(&mock).beta().users();
    users
        .whoami()
        .credential("x-api-key", "own-key")
        .await
        .unwrap();
    users.whoami().await.unwrap();
    let requests = mock.requests();
    assert_eq!(requests[0].headers["x-api-key"], "own-key");
    assert!(requests[0].headers["x-api-key"].is_sensitive());
    assert!(!requests[0].headers.contains_key("authorization"));
    assert_eq!(requests[1].headers["authorization"], "Bearer test-key");
}

#[tokio::test]
async fn stream_field_that_contradicts_the_method_fails() {
    let mock = replies([json!({})]);
    let responses = client(&mock).responses();
    let request = |stream: bool| CreateResponseRequest::new("m", "Hi").extra("stream", stream);
    for error in [
        responses.create(&request(true)).await.unwrap_err(),
        responses.stream(&request(false)).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    }
    assert!(mock.requests().is_empty());
    let _ = responses.create(&request(false)).await;
    assert_eq!(mock.requests()[0].json()["stream"], false);
}

#[test]
fn tag_of_a_union_member_is_sent_where_it_stands_alone() {
    let backend = MistralCloudBackend::new().build_directory("app");
    let spec = DeploymentWorkerSpec::new().backend_spec(backend);
    let request = CreateWorkflowDeploymentRequest::new("worker", spec);
    let json = serde_json::to_value(&request).unwrap();
    let backend = json!({ "type": "mistral_cloud", "build_directory": "app" });
    assert_eq!(json["spec"]["backend_spec"], backend);
}

#[test]
fn union_in_a_union_has_the_tags_of_both() {
    let method = json!({
        "method_type": "oauth2", "grant_type": "client_credentials",
        "token_endpoint_auth_method": "client_secret_post", "oauth2_server_metadata": {
            "issuer": "https://id.test", "authorization_endpoint": "https://id.test/a",
            "token_endpoint": "https://id.test/t", "response_types_supported": ["code"],
        },
    });
    let read: McpAuthMethod = serde_json::from_value(method.clone()).unwrap();
    assert!(
        matches!(
            &read,
            McpAuthMethod::Oauth2(OAuth2AuthMethod::ClientCredentials(it)) if it.extra.is_empty()
        ),
        "{read:?}"
    );
    let request = CreateMcpConnectorRequest::new("c", "d", "https://mcp.test").auth_methods([read]);
    let request = CreateConnectorRequest::from(request);
    let json = serde_json::to_value(&request).unwrap();
    assert_eq!(json["protocol"], "mcp");
    assert_eq!(json["auth_methods"], json!([method]));
}

#[tokio::test]
async fn id_that_is_empty_or_dots_fails_before_any_request() {
    let mock = MockTransport::new();
    let client = client(&mock);
    for id in ["", ".", ".."] {
        let errors = [
            client.beta().libraries().get(id).await.unwrap_err(),
            client.beta().conversations().delete(id).await.unwrap_err(),
            client
                .workflows()
                .executions()
                .terminate(id)
                .await
                .unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Config, "{error}");
            assert!(error.to_string().contains("_id` must not be"), "{error}");
        }
    }
    assert!(mock.requests().is_empty());
}

#[tokio::test]
async fn group_that_a_cloud_lacks_is_unsupported_before_any_request() {
    let mock = MockTransport::new();
    let azure = MistralAzure::builder()
        .endpoint("https://models.test")
        .api_key("key");
    let gcp = MistralGcp::builder().project("p").access_token("token");
    let clients = [
        Client::builder(azure.build().unwrap()),
        Client::builder(gcp.build().unwrap()),
    ];
    let clients = clients.map(|builder| builder.transport(mock.clone()).build().unwrap());
    for client in clients {
        let request = ConversationRequest::new("Hi");
        let errors = [
            client.beta().libraries().get("l").await.err(),
            client
                .beta()
                .conversations()
                .start_stream(&request)
                .await
                .err(),
            client
                .responses()
                .create(&CreateResponseRequest::new("m", "Hi"))
                .await
                .err(),
        ];
        for error in errors {
            let error = error.unwrap();
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        }
    }
    assert!(mock.requests().is_empty());
}

#[tokio::test]
async fn event_that_is_no_object_is_an_error() {
    let body = MockReply::bytes("text/event-stream", ["data: 7\n\n"]);
    let mock = MockTransport::new().replies([body.clone(), body]);
    let client = client(&mock);
    let request = ConversationRequest::new("Hi");
    let mut stream = client
        .beta()
        .conversations()
        .start_stream(&request)
        .await
        .unwrap();
    assert!(stream.next().await.unwrap().is_err());
    let events = client.workflows().events();
    let mut stream = events
        .stream(&StreamWorkflowEventsRequest::new())
        .await
        .unwrap();
    assert!(stream.next().await.unwrap().is_err());
}

#[test]
fn secret_of_a_request_is_sent_and_never_shown() {
    let request = CreateWebhookRequest::new("github", "w").secret("whsec-1");
    let shown = format!("{request:?}");
    assert!(!shown.contains("whsec-1"), "{shown}");
    assert_eq!(serde_json::to_value(&request).unwrap()["secret"], "whsec-1");
}

#[test]
fn secret_headers_of_a_connector_are_sent_and_never_shown() {
    let headers = BTreeMap::from([("authorization".to_owned(), "Basic c2VjcmV0".into())]);
    let request = CreateMcpConnectorRequest::new("museum", "Paintings", "https://mcp.example")
        .headers(headers);
    assert!(!format!("{request:?}").contains("c2VjcmV0"));
    let sent = serde_json::to_value(&request).unwrap();
    assert_eq!(sent["headers"]["authorization"], "Basic c2VjcmV0");
}

#[test]
fn input_items_of_a_response_are_told_apart_by_their_fields() {
    let call = json!({ "type": "function_call", "call_id": "c", "name": "n", "arguments": "{}" });
    let output = json!({ "type": "function_call_output", "call_id": "c", "output": "3" });
    let message = json!({ "role": "user", "content": "Hi" });
    let newer = json!({ "type": "newer" });
    let items = [&call, &output, &message, &newer];
    let read: Vec<ResponseInputItem> = serde_json::from_value(json!(items)).unwrap();
    assert!(matches!(
        &read[0],
        ResponseInputItem::ResponsesFunctionToolCall(_)
    ));
    assert!(matches!(
        &read[1],
        ResponseInputItem::ResponsesFunctionCallOutput(_)
    ));
    assert!(matches!(
        &read[2],
        ResponseInputItem::ResponseInputMessage(_)
    ));
    assert!(matches!(&read[3], ResponseInputItem::Unknown(_)));
    assert_eq!(serde_json::to_value(&read).unwrap(), json!(items));
}
