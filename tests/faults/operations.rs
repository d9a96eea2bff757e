//! One operation of each kind that differs in its retry rules or response.

use std::time::Duration;

use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::files::{FilePurpose, FileSource, UploadFileRequest};
use mistral_sdk::messages::Message;
use mistral_sdk::transport::HyperTransport;
use mistral_sdk::{Client, ClientBuilder, MistralApi, Result, RetryPolicy};

/// The kinds of operations, in the order of the fault matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationKind {
    /// `models.list`: idempotent.
    List,
    /// `chat.complete`: a retry may be billed twice.
    Complete,
    /// `chat.stream`: a retry may be billed twice; streams its response.
    Stream,
    /// `files.upload`: not idempotent.
    Upload,
}

pub const OPERATIONS: [OperationKind; 4] = [
    OperationKind::List,
    OperationKind::Complete,
    OperationKind::Stream,
    OperationKind::Upload,
];

pub const EVENTS: [&str; 3] = [
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"Hé\"}}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"llo\"},\"finish_reason\":\"stop\"}]}\n\n",
    "data: [DONE]\n\n",
];
pub const TEXT: &str = "Héllo";

impl OperationKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::List => "models.list",
            Self::Complete => "chat.complete",
            Self::Stream => "chat.stream",
            Self::Upload => "files.upload",
        }
    }

    pub fn content_type(self) -> &'static str {
        match self {
            Self::Stream => "text/event-stream; charset=utf-8",
            _ => "application/json",
        }
    }

    /// Returns the body of a successful response.
    pub fn body(self) -> String {
        match self {
            Self::List => r#"{"object":"list","data":[{"id":"m","type":"base"}]}"#.to_owned(),
            Self::Complete => {
                format!(r#"{{"choices":[{{"index":0,"message":{{"content":"{TEXT}"}}}}]}}"#)
            }
            Self::Stream => EVENTS.concat(),
            Self::Upload => r#"{"id":"f1","object":"file","filename":"a.txt"}"#.to_owned(),
        }
    }

    /// Calls the operation and reads its response to the end.
    pub async fn call(self, client: &Client, settings: &Settings) -> Result<()> {
        macro_rules! set {
            ($call:expr) => {{
                let mut call = $call;
                for (name, value) in &settings.headers {
                    call = call.header(*name, value.as_str());
                }
                if let Some(time) = settings.first_byte {
                    call = call.first_byte_timeout(time);
                }
                if let Some(time) = settings.idle {
                    call = call.idle_timeout(time);
                }
                if let Some(time) = settings.total {
                    call = call.timeout(time);
                }
                call
            }};
        }
        match self {
            Self::List => {
                let models = set!(client.models().list()).await?;
                assert_eq!(models.data.len(), 1);
            }
            Self::Complete => {
                let response = set!(client.chat().complete(&chat_request())).await?;
                assert_eq!(response.text(), TEXT);
            }
            Self::Stream => {
                let stream = set!(client.chat().stream(&chat_request())).await?;
                assert_eq!(stream.collect_response().await?.text(), TEXT);
            }
            Self::Upload => {
                let file = FileSource::from_bytes("a.txt", "text");
                let request = UploadFileRequest::new(FilePurpose::Ocr, file);
                let file = set!(client.files().upload(&request)).await?;
                assert_eq!(file.id, "f1");
            }
        }
        Ok(())
    }
}

/// The options of one call.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    pub headers: Vec<(&'static str, String)>,
    pub first_byte: Option<Duration>,
    pub idle: Option<Duration>,
    pub total: Option<Duration>,
}

pub fn chat_request() -> ChatCompletionRequest {
    ChatCompletionRequest::new("m", [Message::user("hi")])
}

/// Returns a transport with a pool of its own.
pub fn transport() -> HyperTransport {
    HyperTransport::new(Duration::from_secs(10)).unwrap()
}

/// Returns the default policy without backoff.
pub fn retry_without_delay() -> RetryPolicy {
    let mut policy = RetryPolicy::default();
    policy.initial_delay = Duration::ZERO;
    policy
}

/// Returns the builder of a client that retries without backoff.
pub fn client(url: &str) -> ClientBuilder {
    let api = MistralApi::new("key").unwrap().base_url(url).unwrap();
    Client::builder(api).retry(retry_without_delay())
}
