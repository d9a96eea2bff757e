//! The fields of a multipart form, parsed from the request as sent.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use http::{Request, Response};
use mistral_sdk::transport::{Body, Transport, TransportError, TransportErrorKind};
use mistral_sdk::{Client, MistralApi, RetryPolicy};
use serde_json::{Map, Value};

/// Captures the body of the request, then fails.
#[derive(Debug, Clone, Default)]
struct CapturingTransport(Arc<Mutex<Option<(String, String)>>>);

#[async_trait]
impl Transport for CapturingTransport {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        let (head, body) = request.into_parts();
        let content_type = head.headers["content-type"].to_str().unwrap().to_owned();
        let body = String::from_utf8(body.collect().await?.to_vec()).unwrap();
        *self.0.lock().unwrap() = Some((content_type, body));
        Err(TransportError::new(
            TransportErrorKind::Other,
            "the request was captured",
        ))
    }
}

/// Returns the fields of the form that `send` sends. Numbers and booleans are parsed. A repeated
/// field, and any field in `lists`, becomes a list.
pub(super) fn sent_fields(lists: &[&str], send: impl AsyncFnOnce(Client) + Send) -> Value {
    let transport = CapturingTransport::default();
    let client = Client::builder(MistralApi::new("key").unwrap())
        .transport(transport.clone())
        .retry(RetryPolicy::none())
        .build()
        .unwrap();
    // A separate thread and runtime, because a runtime may already be running on this thread.
    std::thread::scope(|scope| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        scope
            .spawn(move || runtime.unwrap().block_on(send(client)))
            .join()
            .unwrap();
    });
    let (content_type, body) = transport.0.lock().unwrap().take().unwrap();
    let mut fields = Map::new();
    for (name, text) in read(&content_type, &body) {
        let value = match serde_json::from_str(&text) {
            Ok(value @ (Value::Number(_) | Value::Bool(_) | Value::Object(_))) => value,
            _ => Value::String(text),
        };
        match fields.get_mut(&name) {
            Some(Value::Array(list)) => list.push(value),
            _ if lists.contains(&&*name) => {
                fields.insert(name, Value::Array(vec![value]));
            }
            _ => {
                fields.insert(name, value);
            }
        }
    }
    Value::Object(fields)
}

fn read(content_type: &str, body: &str) -> Vec<(String, String)> {
    let Some((_, boundary)) = content_type.split_once("boundary=") else {
        let url = url::Url::parse(&format!("http://form?{body}")).unwrap();
        return url.query_pairs().into_owned().collect();
    };
    let separator = format!("--{boundary}");
    let parts = body
        .split(&separator)
        .filter(|part| part.contains("name=\""));
    parts
        .map(|part| {
            let (head, content) = part.split_once("\r\n\r\n").unwrap();
            let name = head
                .split("name=\"")
                .nth(1)
                .unwrap()
                .split('"')
                .next()
                .unwrap();
            (name.to_owned(), content.trim_end_matches("\r\n").to_owned())
        })
        .collect()
}
