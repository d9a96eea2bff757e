//! A group of operations that the SDK does not have, built of public parts alone: operations,
//! requests, responses, pages, streams, uploads and downloads.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // helpers may panic as tests do

use async_trait::async_trait;
use bytes::Bytes;
use http::Method;
use mistral_sdk::files::FileSource;
use mistral_sdk::json::{ApiEnum, ApiObject, ApiRequest as Request, ApiUnion};
use mistral_sdk::mode::{Async, Mode};
use mistral_sdk::operation::{
    ApiRequest, Call, DownloadCall, MultipartForm, NextPage, Operation, Page, StreamCall,
    StreamEvent,
};
use mistral_sdk::testing::{MockReply, MockTransport};
use mistral_sdk::transport::{Body, Transport, TransportError};
use mistral_sdk::{Client, ErrorKind, MistralApi, RetryPolicy};
use serde_json::{Map, Value, json};

static LIST: Operation = Operation::get("prompts.list", "/v2/prompts");
static RENAME: Operation = Operation::put("prompts.rename", "/v1/prompts/{prompt_id}/names/{name}");
static DELETE: Operation = Operation::delete("prompts.delete", "/v1/prompts/{prompt_id}").nothing();
static IMPORT: Operation = Operation::post("prompts.import", "/v1/prompts/import");
static EXPORT: Operation =
    Operation::get("prompts.export", "/v1/prompts/{prompt_id}/export").bytes("text/markdown");
static WATCH: Operation = Operation::get("prompts.watch", "/v1/prompts/events").sse();
static TRY: Operation = Operation::inference("prompts.try", "/v1/prompts/try").sse();
static HISTORY: Operation = Operation::get("prompts.history", "/v1/prompts/history").json_lines();

/// The query of a list.
#[derive(Debug, Clone, PartialEq, Default, Request)]
#[api(crate = mistral_sdk)]
#[non_exhaustive]
pub struct ListPromptsRequest {
    /// The number of prompts per page.
    pub page_size: Option<u64>,
    /// Only prompts with all of these tags.
    #[api(list)]
    pub tags: Option<Vec<String>>,
    /// Fields that are not declared.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// Tries a prompt.
#[derive(Debug, Clone, PartialEq, Request)]
#[api(crate = mistral_sdk, keep_nulls)]
#[non_exhaustive]
pub struct TryPromptRequest {
    /// The model.
    #[api(required, into)]
    pub model: String,
    /// The values of the prompt's variables.
    #[api(required)]
    pub variables: Map<String, Value>,
    /// Fields that are not declared.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The state of a prompt.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[api(crate = mistral_sdk)]
#[non_exhaustive]
pub enum PromptState {
    /// In use.
    #[api("live")]
    Live,
    /// A state that is not declared.
    Unknown(String),
}

/// A prompt.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[api(crate = mistral_sdk)]
#[non_exhaustive]
pub struct Prompt {
    /// The id.
    #[api(required)]
    pub id: String,
    /// The state.
    pub state: Option<PromptState>,
    /// The number of uses.
    #[api(default)]
    pub uses: u64,
    /// Fields that are not declared.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A page of prompts.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[api(crate = mistral_sdk)]
#[non_exhaustive]
pub struct PromptPage {
    /// The prompts.
    #[api(required)]
    pub data: Vec<Prompt>,
    /// The token of the next page.
    pub next_page_token: Option<String>,
    /// Fields that are not declared.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl Page for PromptPage {
    type Item = Prompt;

    fn into_items(self) -> Vec<Prompt> {
        self.data
    }

    fn len(&self) -> usize {
        self.data.len()
    }

    fn next(&self) -> Option<NextPage> {
        NextPage::token("page_token", self.next_page_token.as_deref())
    }
}

/// Text of an answer.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[api(crate = mistral_sdk)]
#[non_exhaustive]
pub struct TextEvent {
    /// The text.
    #[api(required)]
    pub text: String,
    /// Fields that are not declared.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// An event of a stream.
#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(crate = mistral_sdk, tag = "type")]
#[non_exhaustive]
pub enum PromptEvent {
    /// A prompt has changed.
    #[api("prompt")]
    Prompt(Prompt),
    /// A part of an answer.
    #[api("text")]
    Text(TextEvent),
    /// An event that is not declared.
    Unknown(Value),
}

impl StreamEvent for PromptEvent {
    type State = ();
}

/// The group.
#[derive(Debug, Clone)]
pub struct Prompts<M: Mode = Async> {
    client: Client<M>,
}

impl<M: Mode> Prompts<M> {
    fn list(&self, request: &ListPromptsRequest) -> Call<PromptPage, M> {
        self.client.call(ApiRequest::new(&LIST).query(request))
    }

    fn rename(&self, prompt_id: &str, name: &str) -> Call<Prompt, M> {
        let values = [("prompt_id", prompt_id), ("name", name)];
        self.client.call(ApiRequest::new(&RENAME).path(&values))
    }

    fn delete(&self, prompt_id: &str) -> Call<(), M> {
        let request = ApiRequest::new(&DELETE).path(&[("prompt_id", prompt_id)]);
        self.client.call(request)
    }

    fn import(&self, file: FileSource) -> Call<Prompt, M> {
        let form = MultipartForm::default()
            .text("format", "markdown")
            .file("file", file);
        self.client.call(ApiRequest::new(&IMPORT).multipart(form))
    }

    fn export(&self, prompt_id: &str) -> DownloadCall<M> {
        let request = ApiRequest::new(&EXPORT).path(&[("prompt_id", prompt_id)]);
        self.client.call_download(request)
    }

    fn watch(&self) -> StreamCall<PromptEvent, M> {
        self.client.call_stream(ApiRequest::new(&WATCH))
    }

    fn try_it(&self, request: &TryPromptRequest) -> StreamCall<PromptEvent, M> {
        let request = ApiRequest::new(&TRY).model(&*request.model).json(request);
        self.client.call_stream(request)
    }

    fn history(&self) -> StreamCall<PromptEvent, M> {
        self.client.call_stream(ApiRequest::new(&HISTORY))
    }
}

/// Reaches the group from a client.
pub trait PromptsExt<M: Mode> {
    /// Returns the group.
    fn prompts(&self) -> Prompts<M>;
}

impl<M: Mode> PromptsExt<M> for Client<M> {
    fn prompts(&self) -> Prompts<M> {
        Prompts {
            client: self.clone(),
        }
    }
}

fn client(mock: &MockTransport) -> Client {
    let api = MistralApi::new("test-key").unwrap();
    let api = api.base_url("https://gate.test/mistral/v1").unwrap();
    let builder = Client::builder(api).transport(mock.clone());
    builder.retry(RetryPolicy::none()).build().unwrap()
}

fn prompt(id: &str) -> Value {
    json!({ "id": id, "state": "live", "uses": "3", "owner": "me" })
}

#[tokio::test]
async fn paging_by_token_goes_through_all_pages_of_an_own_group() {
    let mock = MockTransport::new().replies([
        MockReply::json(json!({ "data": [prompt("a")], "next_page_token": "t/1" })),
        MockReply::json(json!({ "data": [], "next_page_token": "t/2" })),
        MockReply::json(json!({ "data": [prompt("b")], "next_page_token": "" })),
    ]);
    let request = ListPromptsRequest::new().page_size(1).tags(["x", "y"]);
    let mut prompts = client(&mock).prompts().list(&request).pages().items();
    let mut ids = Vec::new();
    while let Some(prompt) = prompts.next().await {
        let prompt = prompt.unwrap();
        assert_eq!(prompt.uses, 3);
        assert_eq!(prompt.state, Some(PromptState::Live));
        assert_eq!(prompt.extra["owner"], "me");
        ids.push(prompt.id);
    }
    assert_eq!(ids, ["a", "b"]);
    let uris: Vec<_> = mock
        .requests()
        .iter()
        .map(|it| it.uri.to_string())
        .collect();
    let first = "https://gate.test/mistral/v2/prompts?page_size=1&tags=x&tags=y";
    assert_eq!(
        uris,
        [
            first.to_owned(),
            format!("{first}&page_token=t%2F1"),
            format!("{first}&page_token=t%2F2"),
        ]
    );
}

#[tokio::test]
async fn put_fills_every_path_parameter_of_an_own_group() {
    let mock = MockTransport::new().reply(MockReply::json(prompt("a")));
    client(&mock)
        .prompts()
        .rename("a/b", "new name")
        .await
        .unwrap();
    let sent = &mock.requests()[0];
    assert_eq!(sent.method, Method::PUT);
    assert_eq!(
        sent.uri.path(),
        "/mistral/v1/prompts/a%2Fb/names/new%20name"
    );

    for (values, message) in [
        (&[("prompt_id", "a")][..], "needs the parameter `name`"),
        (&[("prompt_id", "a"), ("name", "")], "`name` must not be ``"),
        (&[("prompt_id", "a"), ("nam", "b")], "no parameter `nam`"),
    ] {
        let request = ApiRequest::new(&RENAME).path(values);
        let error = client(&mock).call::<Prompt>(request).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert_eq!(error.operation(), "prompts.rename");
        assert!(error.to_string().contains(message), "{error}");
    }
    let error = client(&mock).call::<Prompt>(ApiRequest::new(&RENAME)).await;
    let error = error.unwrap_err().to_string();
    assert!(error.contains("needs the parameter `prompt_id`"), "{error}");
    assert_eq!(mock.requests().len(), 1);
}

#[tokio::test]
async fn response_of_nothing_ignores_the_body_of_an_own_group() {
    let mock = MockTransport::new().replies([
        MockReply::bytes("text/plain", ["gone"]),
        MockReply::bytes("text/plain", [""]).with_status(204),
    ]);
    for _ in 0..2 {
        client(&mock).prompts().delete("a").await.unwrap();
    }
}

#[tokio::test]
async fn multipart_upload_and_download_of_an_own_group() {
    let mock = MockTransport::new().replies([
        MockReply::json(prompt("a")),
        MockReply::bytes("text/markdown", ["# A ", "prompt"]),
    ]);
    let prompts = client(&mock).prompts();
    let file = FileSource::from_bytes("prompt.md", "# A prompt");
    assert_eq!(prompts.import(file).await.unwrap().id, "a");
    let exported = prompts.export("a").await.unwrap();
    assert_eq!(exported.bytes().await.unwrap(), "# A prompt");
    let requests = mock.requests();
    let body = String::from_utf8_lossy(&requests[0].body);
    assert!(body.contains("name=\"format\"\r\n\r\nmarkdown"), "{body}");
    assert!(body.contains("filename=\"prompt.md\""), "{body}");
    assert_eq!(requests[1].headers["accept"], "text/markdown");
}

#[tokio::test]
async fn sse_stream_of_an_own_group_adds_stream_to_a_body_only() {
    let events = || {
        MockReply::sse([
            json!({ "type": "text", "text": "hi" }),
            json!({ "type": "new", "a": 1 }),
        ])
    };
    let mock = MockTransport::new().replies([events(), events()]);
    let prompts = client(&mock).prompts();
    let request = TryPromptRequest::new("mistral-small-latest", Map::new());
    for stream in [prompts.try_it(&request), prompts.watch()] {
        let mut stream = stream.await.unwrap();
        let Some(Ok(PromptEvent::Text(event))) = stream.next().await else {
            panic!("a text comes first");
        };
        assert_eq!(event.text, "hi");
        let unknown = PromptEvent::Unknown(json!({ "type": "new", "a": 1 }));
        assert_eq!(stream.next().await.unwrap().unwrap(), unknown);
        assert!(stream.next().await.is_none());
    }
    let requests = mock.requests();
    assert_eq!(requests[0].json()["stream"], true);
    assert_eq!(requests[0].model.as_deref(), Some("mistral-small-latest"));
    assert!(requests[1].body.is_empty());
}

#[tokio::test]
async fn json_lines_stream_of_an_own_group_reads_lines_cut_anywhere() {
    let lines = "{\"type\":\"text\",\"text\":\"é\"}\r\n\n{\"type\":\"prompt\",\"id\":\"a\"}";
    for media_type in ["application/x-ndjson", "text/plain"] {
        for size in 1..lines.len() {
            let chunks: Vec<_> = lines.as_bytes().chunks(size).map(<[u8]>::to_vec).collect();
            let mock = MockTransport::new().reply(MockReply::bytes(media_type, chunks));
            let mut stream = client(&mock).prompts().history().await.unwrap();
            let Some(Ok(PromptEvent::Text(event))) = stream.next().await else {
                panic!("a text comes first");
            };
            assert_eq!(event.text, "é");
            let Some(Ok(PromptEvent::Prompt(prompt))) = stream.next().await else {
                panic!("a prompt comes second");
            };
            assert_eq!(prompt.id, "a");
            assert!(stream.next().await.is_none());
            assert_eq!(mock.requests()[0].headers["accept"], "application/x-ndjson");
        }
    }
}

#[tokio::test]
async fn json_lines_stream_cut_within_a_line_is_an_error_and_no_half_event() {
    let lines = ["{\"type\":\"text\",\"text\":\"a\"}\n{\"type\":\"te"];
    let mock = MockTransport::new().reply(MockReply::bytes("application/x-ndjson", lines));
    let mut stream = client(&mock).prompts().history().await.unwrap();
    assert!(matches!(
        stream.next().await,
        Some(Ok(PromptEvent::Text(_)))
    ));
    let error = stream.next().await.unwrap().unwrap_err();
    assert_eq!(error.operation(), "prompts.history");
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn call_of_another_framing_fails_before_anything_is_sent() {
    static SOCKET: Operation = Operation::get("prompts.talk", "/v1/prompts/talk").websocket();
    let mock = MockTransport::new();
    let client = client(&mock);
    let request = |operation| ApiRequest::new(operation);
    for (error, method) in [
        (
            client.call::<Value>(request(&WATCH)).await.unwrap_err(),
            "`Client::call_stream`",
        ),
        (
            client.call::<Value>(request(&HISTORY)).await.unwrap_err(),
            "`Client::call_stream`",
        ),
        (
            client.call::<()>(request(&EXPORT)).await.unwrap_err(),
            "`Client::call_download`",
        ),
        (
            client.call::<Value>(request(&SOCKET)).await.unwrap_err(),
            "`Transport::upgrade`",
        ),
        (
            client
                .call_stream::<Value>(request(&LIST))
                .await
                .unwrap_err(),
            "`Client::call`",
        ),
        (
            client.call_download(request(&LIST)).await.unwrap_err(),
            "`Client::call`",
        ),
    ] {
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.message().contains(method), "{error}");
        assert!(error.operation().starts_with("prompts."), "{error}");
    }
    assert!(mock.requests().is_empty());
}

#[tokio::test]
async fn path_parameter_missing_from_an_operation_by_value_fails() {
    let mock = MockTransport::new();
    let operation = Operation::get("prompts.get", "/v1/prompts/{prompt_id}");
    let call = client(&mock).call::<Prompt>(ApiRequest::new(operation));
    let error = call.await.unwrap_err();
    assert!(
        error.message().contains("needs the parameter `prompt_id`"),
        "{error}"
    );
    assert!(mock.requests().is_empty());
}

#[tokio::test]
async fn routes_of_operations_with_one_name_are_separate() {
    static FIRST: Operation = Operation::get("prompts.newest", "/v1/prompts/newest");
    static SECOND: Operation = Operation::get("prompts.newest", "/v2/prompts/newest");
    let mock = MockTransport::new().json(prompt("a")).json(prompt("b"));
    let client = client(&mock);
    for operation in [&FIRST, &SECOND] {
        client
            .call::<Prompt>(ApiRequest::new(operation))
            .await
            .unwrap();
    }
    let paths: Vec<_> = mock
        .requests()
        .iter()
        .map(|it| it.uri.path().to_owned())
        .collect();
    assert_eq!(
        paths,
        ["/mistral/v1/prompts/newest", "/mistral/v2/prompts/newest"]
    );
}

#[tokio::test]
async fn paging_by_token_ends_when_the_server_repeats_the_token() {
    let page = |ids: &[&str]| {
        let data: Vec<_> = ids.iter().map(|id| prompt(id)).collect();
        MockReply::json(json!({ "data": data, "next_page_token": "t" }))
    };
    let mock = MockTransport::new().replies([page(&["a"]), page(&[])]);
    let mut prompts = client(&mock)
        .prompts()
        .list(&ListPromptsRequest::new())
        .pages()
        .items();
    assert_eq!(prompts.next().await.unwrap().unwrap().id, "a");
    assert!(prompts.next().await.is_none());
    assert_eq!(mock.requests().len(), 2);
}

/// Replies with a body that panics if it is polled after its end.
#[derive(Debug)]
struct Unfused;

#[async_trait]
impl Transport for Unfused {
    async fn send(&self, _: http::Request<Body>) -> Result<http::Response<Body>, TransportError> {
        let line = r#"{"type":"text","text":"a"}"#;
        let body = futures::stream::unfold(Some(line), |line| async move {
            line.map(|line| (Ok(Bytes::from(line)), None))
        });
        let response = http::Response::builder().header("content-type", "application/jsonl");
        Ok(response.body(Body::from_stream(body)).unwrap())
    }
}

#[tokio::test]
async fn json_lines_stream_does_not_poll_a_body_after_its_end() {
    let api = MistralApi::new("test-key").unwrap();
    let client = Client::builder(api).transport(Unfused).build().unwrap();
    let mut stream = client.prompts().history().await.unwrap();
    assert!(matches!(
        stream.next().await,
        Some(Ok(PromptEvent::Text(_)))
    ));
    assert!(stream.next().await.is_none());
}
