//! Servers that speak the API: each preset of `Server`, with the shapes of its responses.
//!
//! The recordings have the shapes of the servers' sources, documentation and public reports. One
//! row of the table in `docs/local-servers.md` names each test.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // helpers outside of test functions may panic as tests do

use mistral_sdk::chat::{ChatCompletionRequest, ChatCompletionResponse, FinishReason, Message};
use mistral_sdk::messages::normalize_tool_call_ids;
use mistral_sdk::testing::{MockReply, MockRequest, MockTransport};
use mistral_sdk::{Client, Error, ErrorKind, MistralApi, RetryPolicy, Server};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Recording {
    #[serde(rename = "source")]
    _source: String,
    model: String,
    response: Value,
    text: String,
    thinking: String,
    total_tokens: i64,
    chunks: Vec<Value>,
    stream_text: String,
    stream_thinking: String,
    tool_call: RecordedCall,
    errors: Vec<RecordedError>,
}

#[derive(Deserialize)]
struct RecordedCall {
    id: String,
    name: String,
    arguments: String,
}

/// An error. Its status is 200 where it is an event of a stream.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordedError {
    status: u16,
    body: Value,
    kind: String,
    is_retryable: bool,
    #[serde(default)]
    is_context_length_exceeded: bool,
    hint: Option<String>,
}

macro_rules! recording {
    ($name:literal) => {
        serde_json::from_str::<Recording>(include_str!(concat!("recordings/", $name, ".json")))
            .unwrap()
    };
}

/// A preset, with the address of the account where it has none of its own.
struct Preset {
    server: Server,
    base_url: Option<&'static str>,
    /// The expected URL of chat completions.
    url: &'static str,
}

impl Preset {
    /// Creates a client without a key where the server needs none.
    fn client(&self, mock: &MockTransport) -> Client {
        let mut builder = MistralApi::builder().server(self.server);
        if let Some(url) = self.base_url {
            builder = builder.base_url(url);
        }
        if self.server.needs_key() {
            builder = builder.api_key("s3cret-key");
        }
        let builder = Client::builder(builder.build().unwrap()).retry(RetryPolicy::none());
        builder.transport(mock.clone()).build().unwrap()
    }

    fn check_request(&self, request: &MockRequest) {
        assert_eq!(request.uri.to_string(), self.url);
        let expected = self.server.needs_key().then_some("Bearer s3cret-key");
        assert_eq!(request.header("authorization"), expected);
    }

    async fn check(&self, recording: &Recording) {
        self.check_response(recording).await;
        let response = self.check_stream(recording).await;
        self.check_history(recording, response).await;
        for error in &recording.errors {
            self.check_error(recording, error).await;
        }
    }

    async fn check_response(&self, recording: &Recording) {
        let mock = MockTransport::new().json(&recording.response);
        let call = self.client(&mock).chat().complete(&question(recording));
        let response = call.await.unwrap();
        assert_eq!(response.text(), recording.text);
        assert_eq!(response.thinking(), recording.thinking);
        assert_eq!(response.finish_reason(), Some(&FinishReason::Stop));
        assert_eq!(response.usage.unwrap().total_tokens, recording.total_tokens);
        self.check_request(&mock.requests()[0]);
    }

    async fn check_stream(&self, recording: &Recording) -> ChatCompletionResponse {
        let mock = MockTransport::new().sse(&recording.chunks);
        let call = self.client(&mock).chat().stream(&question(recording));
        let mut stream = call.await.unwrap();
        let (mut text, mut thinking) = (String::new(), String::new());
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.unwrap();
            text.push_str(&chunk.text());
            thinking.push_str(&chunk.thinking());
        }
        assert_eq!(text, recording.stream_text);
        assert_eq!(thinking, recording.stream_thinking);
        let response = stream.collect_response().await.unwrap();
        assert_eq!(response.text(), recording.stream_text);
        assert_eq!(response.thinking(), recording.stream_thinking);
        assert_eq!(response.finish_reason(), Some(&FinishReason::ToolCalls));
        assert_eq!(response.usage.as_ref().unwrap().total_tokens, 30);
        self.check_request(&mock.requests()[0]);
        response
    }

    /// Sends the history of a tool call, unchanged and with ids that Mistral accepts.
    async fn check_history(&self, recording: &Recording, response: ChatCompletionResponse) {
        let [call] = response.tool_calls() else {
            unreachable!("{:?}", response.tool_calls())
        };
        let expected = &recording.tool_call;
        assert_eq!(call.call_id(), Some(&*expected.id));
        assert_eq!(call.function.name, expected.name);
        let arguments: Value = call.arguments().unwrap();
        let expected_arguments: Value = serde_json::from_str(&expected.arguments).unwrap();
        assert_eq!(arguments, expected_arguments);

        let result = call.answer("no rain");
        let mut request = question(recording);
        request.messages.extend(response.into_message());
        request.messages.push(result);
        let ids = self.sent_ids(&request, recording).await;
        assert_eq!(ids, [&*expected.id, &*expected.id], "nothing is changed");
        normalize_tool_call_ids(&mut request.messages);
        let ids = self.sent_ids(&request, recording).await;
        assert_eq!(ids[0], ids[1]);
        assert!(ids[0].len() == 9 && ids[0].chars().all(|it| it.is_ascii_alphanumeric()));
    }

    /// The ids of the tool call and of its result in the body that is sent.
    async fn sent_ids(
        &self,
        request: &ChatCompletionRequest,
        recording: &Recording,
    ) -> [String; 2] {
        let mock = MockTransport::new().json(&recording.response);
        self.client(&mock).chat().complete(request).await.unwrap();
        let body = mock.requests()[0].json();
        let id = |pointer| body.pointer(pointer).and_then(Value::as_str);
        ["/messages/1/tool_calls/0/id", "/messages/2/tool_call_id"]
            .map(|pointer| id(pointer).unwrap_or_default().to_owned())
    }

    async fn check_error(&self, recording: &Recording, expected: &RecordedError) {
        let body = &expected.body;
        let error = match expected.status {
            200 => {
                let mock = MockTransport::new().sse([body]);
                let call = self.client(&mock).chat().stream(&question(recording));
                let stream = call.await.unwrap();
                outcome(stream.collect_response().await.map(drop), body)
            }
            status => {
                let reply = MockReply::json(body).with_status(status);
                let mock = MockTransport::new().reply(reply);
                let call = self.client(&mock).chat().complete(&question(recording));
                outcome(call.await.map(drop), body)
            }
        };
        assert_eq!(format!("{:?}", error.kind()), expected.kind, "{body}");
        assert_eq!(error.is_retryable(), expected.is_retryable, "{body}");
        let is_too_long = error.is_context_length_exceeded();
        assert_eq!(is_too_long, expected.is_context_length_exceeded, "{body}");
        let message = ["/error/message", "/message", "/detail", "/error"];
        let message = message
            .into_iter()
            .find_map(|it| body.pointer(it)?.as_str());
        let shown = error.to_string();
        let words: Vec<_> = message.unwrap().split_whitespace().collect();
        assert!(shown.contains(&words.join(" ")), "{shown}");
        let hint = error.hint().unwrap_or_default();
        let expected_hint = expected.hint.as_deref().unwrap_or_default();
        assert!(hint.contains(expected_hint), "{body}: {hint}");
        let is_told = hint.contains("no key was sent") && hint.contains("MISTRAL_API_KEY");
        let is_expected = error.kind() == ErrorKind::Authentication && !self.server.needs_key();
        assert_eq!(is_told, is_expected, "{body}: {hint}");
    }
}

fn outcome(result: Result<(), Error>, body: &Value) -> Error {
    let Err(error) = result else {
        unreachable!("{body} is no error");
    };
    error
}

fn question(recording: &Recording) -> ChatCompletionRequest {
    ChatCompletionRequest::new(&*recording.model, [Message::user("Who painted Olympia?")])
}

#[tokio::test]
async fn vllm_shapes_are_read() {
    let preset = Preset {
        server: Server::Vllm,
        base_url: None,
        url: "http://localhost:8000/v1/chat/completions",
    };
    preset.check(&recording!("vllm")).await;
}

#[tokio::test]
async fn sglang_shapes_are_read() {
    let preset = Preset {
        server: Server::Sglang,
        base_url: None,
        url: "http://localhost:30000/v1/chat/completions",
    };
    preset.check(&recording!("sglang")).await;
}

#[tokio::test]
async fn llama_cpp_shapes_are_read() {
    let preset = Preset {
        server: Server::LlamaCpp,
        base_url: None,
        url: "http://localhost:8080/v1/chat/completions",
    };
    preset.check(&recording!("llama-cpp")).await;
}

#[tokio::test]
async fn ollama_shapes_are_read() {
    let preset = Preset {
        server: Server::Ollama,
        base_url: None,
        url: "http://localhost:11434/v1/chat/completions",
    };
    preset.check(&recording!("ollama")).await;
}

/// Outscale documents `/v1/chat/completions` and `/v1/fim/completions`. The shapes are those of vLLM.
#[tokio::test]
async fn outscale_shapes_are_read() {
    let preset = Preset {
        server: Server::Outscale,
        base_url: Some("https://vm.example/"),
        url: "https://vm.example/v1/chat/completions",
    };
    preset.check(&recording!("vllm")).await;

    let body = json!({ "choices": [{ "index": 0, "message": { "content": "b" } }] });
    let mock = MockTransport::new().json(body);
    let request = mistral_sdk::fim::FimCompletionRequest::new("codestral", "a");
    let response = preset.client(&mock).fim().complete(&request).await.unwrap();
    assert_eq!(response.text(), "b");
    let url = mock.requests()[0].uri.to_string();
    assert_eq!(url, "https://vm.example/v1/fim/completions");
}

/// Scaleway documents `/v1`. The shapes are those of vLLM.
#[tokio::test]
async fn scaleway_shapes_are_read() {
    let preset = Preset {
        server: Server::Scaleway,
        base_url: None,
        url: "https://api.scaleway.ai/v1/chat/completions",
    };
    preset.check(&recording!("vllm")).await;
}

/// OVHcloud documents `/v1`, also without a key. The shapes are those of vLLM.
#[tokio::test]
async fn ovh_shapes_are_read() {
    let preset = Preset {
        server: Server::Ovh,
        base_url: None,
        url: "https://oai.endpoints.kepler.ai.cloud.ovh.net/v1/chat/completions",
    };
    preset.check(&recording!("vllm")).await;
}

#[tokio::test]
async fn nim_shapes_are_read() {
    let preset = Preset {
        server: Server::Nim,
        base_url: None,
        url: "https://integrate.api.nvidia.com/v1/chat/completions",
    };
    preset.check(&recording!("nim")).await;
}

#[tokio::test]
async fn snowflake_shapes_are_read() {
    let preset = Preset {
        server: Server::Snowflake,
        base_url: Some("https://acme.snowflakecomputing.com"),
        url: "https://acme.snowflakecomputing.com/api/v2/cortex/v1/chat/completions",
    };
    preset.check(&recording!("snowflake")).await;
}

/// The table says what the code does, and names the test of each server.
#[test]
fn page_lists_the_address_and_the_key_of_every_server() {
    let page = include_str!("../../docs/local-servers.md");
    let head = page
        .lines()
        .position(|line| line.starts_with("| server | `Server::…` |"));
    let rows = page.lines().skip(head.unwrap() + 2);
    let rows: Vec<Vec<&str>> = rows
        .take_while(|line| line.starts_with("| "))
        .map(|line| line.split(" | ").collect())
        .collect();
    let tests = include_str!("main.rs");
    let mut servers = Vec::new();
    for row in &rows {
        let [_, variant, name, url, key, _, test] = row.as_slice() else {
            unreachable!("{row:?}")
        };
        let server: Server = variant.trim_matches('`').parse().unwrap();
        match server.url() {
            Some(expected) => {
                assert_eq!(name.trim_matches('`'), server.name());
                assert_eq!(url.trim_matches('`'), expected);
            }
            None => assert_eq!(*name, "a URL"),
        }
        let word = if server.needs_key() {
            "required"
        } else {
            "optional"
        };
        assert!(key.starts_with(word), "{server:?}: {key}");
        let test = test.split('`').nth(3).unwrap();
        assert!(
            tests.contains(&format!("#[tokio::test]\nasync fn {test}()")),
            "{test}"
        );
        servers.push(server);
    }
    let expected = [
        Server::Vllm,
        Server::Sglang,
        Server::LlamaCpp,
        Server::Ollama,
        Server::Outscale,
        Server::Scaleway,
        Server::Ovh,
        Server::Nim,
        Server::Snowflake,
    ];
    assert_eq!(servers, expected);
}
