//! The file of a tape: readable JSON, in the form of the SDK's cassettes.

use std::io;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{Content, Exchange, RecordedRequest, RecordedResponse};

const VERSION: u64 = 1;

pub(super) fn read(path: &Path) -> io::Result<Vec<Exchange>> {
    let invalid = |reason: String| {
        let message = format!("{} is not a recording: {reason}", path.display());
        io::Error::new(io::ErrorKind::InvalidData, message)
    };
    let bytes = std::fs::read(path).map_err(|error| {
        io::Error::new(
            error.kind(),
            format!("{} cannot be read: {error}", path.display()),
        )
    })?;
    let tape: Value = serde_json::from_slice(&bytes).map_err(|error| invalid(error.to_string()))?;
    if tape.get("version").and_then(Value::as_u64) != Some(VERSION) {
        return Err(invalid(format!("its `version` is not {VERSION}")));
    }
    let exchanges = tape.get("exchanges").and_then(Value::as_array);
    let exchanges = exchanges.ok_or_else(|| invalid("it has no array `exchanges`".to_owned()))?;
    exchanges
        .iter()
        .enumerate()
        .map(|(index, value)| {
            exchange(value).ok_or_else(|| invalid(format!("exchange {} is incomplete", index + 1)))
        })
        .collect()
}

pub(super) fn write(path: &Path, exchanges: &[Exchange]) -> io::Result<()> {
    let exchanges: Vec<Value> = exchanges.iter().map(exchange_to_json).collect();
    let tape = json!({ "version": VERSION, "exchanges": exchanges });
    std::fs::write(path, format!("{tape:#}\n"))
}

fn exchange(value: &Value) -> Option<Exchange> {
    let (request, response) = (value.get("request")?, value.get("response")?);
    let text = |value: &Value, name: &str| Some(value.get(name)?.as_str()?.to_owned());
    let headers = response.get("headers").and_then(Value::as_object);
    let headers = headers.into_iter().flatten();
    Some(Exchange {
        request: RecordedRequest {
            method: text(request, "method")?,
            url: text(request, "url")?,
            content_type: request
                .pointer("/headers/content-type")
                .and_then(|value| Some(value.as_str()?.to_owned())),
            body: content(request.get("body"))?,
        },
        response: RecordedResponse {
            status: u16::try_from(response.get("status")?.as_u64()?).ok()?,
            headers: headers
                .map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
                .collect::<Option<_>>()?,
            body: content(response.get("body"))?,
        },
        is_used: false,
    })
}

fn content(value: Option<&Value>) -> Option<Content> {
    let Some(value) = value else {
        return Some(Content::Chunks(Vec::new()));
    };
    if let Some(json) = value.get("json") {
        return Some(Content::Json(json.clone()));
    }
    let chunks = value.get("chunks")?.as_array()?;
    let bytes = |chunk: &Value| match (chunk.as_str(), chunk.get("base64")) {
        (Some(text), _) => Some(Bytes::from(text.to_owned())),
        (None, base64) => Some(STANDARD.decode(base64?.as_str()?).ok()?.into()),
    };
    let chunks = chunks.iter().map(bytes).collect::<Option<_>>()?;
    Some(Content::Chunks(chunks))
}

fn exchange_to_json(exchange: &Exchange) -> Value {
    let (request, response) = (&exchange.request, &exchange.response);
    let mut sent = json!({ "method": request.method, "url": request.url });
    let mut received = json!({ "status": response.status });
    let put = |value: &mut Value, name: &str, member: Option<Value>| {
        if let (Some(members), Some(member)) = (value.as_object_mut(), member) {
            members.insert(name.to_owned(), member);
        }
    };
    let content_type = request.content_type.as_deref();
    put(
        &mut sent,
        "headers",
        content_type.map(|value| json!({ "content-type": value })),
    );
    put(&mut sent, "body", content_to_json(&request.body));
    let headers: Map<String, Value> = response
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().into()))
        .collect();
    put(
        &mut received,
        "headers",
        (!headers.is_empty()).then(|| headers.into()),
    );
    put(&mut received, "body", content_to_json(&response.body));
    json!({ "operation": request.operation(), "request": sent, "response": received })
}

fn content_to_json(content: &Content) -> Option<Value> {
    let chunks = match content {
        Content::Json(value) => return Some(json!({ "json": value })),
        Content::Chunks(chunks) if chunks.is_empty() => return None,
        Content::Chunks(chunks) => chunks,
    };
    let chunks: Vec<Value> = chunks
        .iter()
        .map(|chunk| match std::str::from_utf8(chunk) {
            Ok(text) => text.into(),
            Err(_) => json!({ "base64": STANDARD.encode(chunk) }),
        })
        .collect();
    Some(json!({ "chunks": chunks }))
}
