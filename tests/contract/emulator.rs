//! Compares the emulator's responses with the OpenAPI document.

use std::collections::{BTreeMap, BTreeSet};

use mistral_emulator::Emulator;
use serde_json::{Map, Value};

use crate::checks::Checks;
use crate::document::{Document, DocumentOperation};
use crate::exceptions::EMULATOR_BEYOND;
use crate::sample_requests::{Body, DEFAULTS, SampleRequest};
use crate::undocumented_fields::strip;
use crate::validators::Validators;

struct EmulatorResponse {
    status: u16,
    kind: String,
    body: Vec<u8>,
}

impl EmulatorResponse {
    fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Checks that the emulator's response to each sample request matches the OpenAPI document.
pub(crate) async fn check(checks: &mut Checks<'_>, samples: &[SampleRequest]) {
    let emulator = Emulator::start().expect("the emulator starts");
    let client = reqwest::Client::new();
    let (document, validators) = (checks.document, checks.validators);
    let mut known = BTreeMap::from_iter(DEFAULTS.iter().map(|(k, v)| (*k, v.to_string())));
    for sample in samples {
        let key = sample.operation;
        let mut wrong = wrong_with_request(document, validators, sample, &known);
        let response = send(&client, &emulator, sample, &known).await;
        let (errors, beyond) = wrong_with_response(document, validators, key, &response);
        wrong.extend(errors);
        let beyond = beyond.into_iter();
        let beyond = beyond.filter(|name| !checks.excuses(EMULATOR_BEYOND, name));
        wrong.extend(beyond.map(|name| format!("the OpenAPI document has no `{name}`")));
        if let Some((name, pointer)) = sample.keep
            && let Ok(body) = serde_json::from_slice::<Value>(&response.body)
            && let Some(kept) = body.pointer(pointer).and_then(Value::as_str)
        {
            known.insert(name, kept.to_owned());
        }
        checks.count(&format!("emulator {key}"), &wrong);
    }
    let sampled: BTreeSet<_> = samples.iter().map(|sample| sample.operation).collect();
    let keys: BTreeSet<_> = document
        .operations
        .iter()
        .map(DocumentOperation::key)
        .collect();
    let never = keys.iter().filter(|key| !sampled.contains(key.as_str()));
    let never: Vec<_> = never.map(|key| format!("no sample for {key}")).collect();
    checks.count("samples", &never);
}

fn fill(text: &str, known: &BTreeMap<&str, String>) -> String {
    let fill =
        |text: String, (name, value): (&&str, &String)| text.replace(&format!("{{{name}}}"), value);
    known.iter().fold(text.to_owned(), fill)
}

async fn send(
    client: &reqwest::Client,
    emulator: &Emulator,
    sample: &SampleRequest,
    known: &BTreeMap<&str, String>,
) -> EmulatorResponse {
    let (method, path) = sample.operation.split_once(' ').expect("METHOD /path");
    let path = fill(path, known);
    let url = format!("{}{path}{}", emulator.url(), sample.query);
    let request = client
        .request(method.parse().expect("a method"), url)
        .bearer_auth(emulator.api_key());
    let request = match &sample.body {
        Body::Empty => request,
        Body::Json(body) => request
            .header("content-type", "application/json")
            .body(fill(&body.to_string(), known)),
        Body::Form(fields, file) => request
            .header("content-type", "multipart/form-data; boundary=contract")
            .body(multipart(fields, file)),
    };
    let response = request.send().await.expect("the emulator answers");
    let kind = response.headers().get("content-type");
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    EmulatorResponse {
        status: response.status().as_u16(),
        kind: kind.split(';').next().unwrap_or_default().to_owned(),
        body: response.bytes().await.expect("a body").to_vec(),
    }
}

fn multipart(fields: &[(&str, &str)], file: &str) -> String {
    let mut text = String::new();
    for (name, value) in fields {
        text.push_str(&format!(
            "--contract\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        ));
    }
    let messages =
        r#"{"messages":[{"role":"user","content":"Hello."},{"role":"assistant","content":"Hi."}]}"#;
    let line = match fields {
        [("purpose", "batch")] => format!(r#"{{"custom_id":"1","body":{messages}}}"#),
        _ => messages.to_owned(),
    };
    text.push_str(&format!(
        "--contract\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{file}\"\r\n\
         content-type: application/octet-stream\r\n\r\n{line}\r\n--contract--\r\n"
    ));
    text
}

/// Returns the reasons why a request is invalid. The response to an invalid request proves nothing.
fn wrong_with_request(
    document: &Document,
    validators: &Validators,
    sample: &SampleRequest,
    known: &BTreeMap<&str, String>,
) -> Vec<String> {
    let Body::Json(body) = &sample.body else {
        return Vec::new();
    };
    let body: Value = serde_json::from_str(&fill(&body.to_string(), known)).expect("JSON");
    let operations = document.operations.iter();
    let mut operations = operations.filter(|operation| operation.key() == sample.operation);
    match operations.find_map(|operation| operation.request.as_ref()) {
        Some(address) => validators.errors(document.schema(address), &body),
        None => vec!["the OpenAPI document has no body for this request".into()],
    }
}

/// Returns the differences to the OpenAPI document, and the fields that it does not have.
fn wrong_with_response(
    document: &Document,
    validators: &Validators,
    key: &str,
    response: &EmulatorResponse,
) -> (Vec<String>, BTreeSet<String>) {
    let mut beyond = BTreeSet::new();
    let mut errors = |address: &str, value: &Value| {
        let stripped = strip(document, validators, address, value);
        beyond.extend(stripped.beyond);
        validators.errors(document.schema(address), &stripped.value)
    };
    let text = String::from_utf8_lossy(&response.body);
    let operations = document.operations.iter();
    let operation = operations
        .filter(|operation| operation.key() == key)
        .find(|operation| operation.kinds.contains(&response.kind));
    let wrong = match (response.is_success(), operation) {
        (false, _) => vec![format!("status {}: {text}", response.status)],
        (_, None) => vec![format!(
            "`{}` is not a content type of this response",
            response.kind
        )],
        (_, Some(_)) if text.is_empty() => vec!["the response is empty".into()],
        (_, Some(operation)) => {
            let (address, values) = match response.kind.as_str() {
                "application/json" => {
                    let value = serde_json::from_str(&text);
                    (&operation.response, value.map(|value| vec![value]))
                }
                "text/event-stream" => (&operation.event, events(&text)),
                _ => (&None, Ok(Vec::new())), // files and audio
            };
            match (address, values) {
                (None, Ok(_)) => Vec::new(),
                (_, Err(error)) => vec![format!("{error}: {text}")],
                (Some(_), Ok(values)) if values.is_empty() => vec!["there are no events".into()],
                (Some(address), Ok(values)) => {
                    let values = values.iter();
                    values.flat_map(|value| errors(address, value)).collect()
                }
            }
        }
    };
    (wrong, beyond)
}

/// Returns the events of a stream as objects, without the end marker.
fn events(text: &str) -> serde_json::Result<Vec<Value>> {
    let mut events = Vec::new();
    for event in text.replace("\r\n", "\n").split("\n\n") {
        let field = |name: &str| {
            let mut lines = event.lines();
            lines.find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned()))
        };
        let Some(data) = field("data:").filter(|data| data != "[DONE]") else {
            continue;
        };
        let mut object = Map::new();
        object.insert("data".into(), serde_json::from_str(&data)?);
        if let Some(name) = field("event:") {
            object.insert("event".into(), name.into());
        }
        events.push(object.into());
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CATS: &str = "
paths:
  /v1/cats:
    get:
      tags: [chat]
      responses:
        '200':
          content:
            application/json: { schema: { $ref: '#/components/schemas/Cat' } }
            text/event-stream: { schema: { $ref: '#/components/schemas/Event' } }
            audio/wav: {}
components:
  schemas:
    Cat: { type: object, properties: { name: { type: string } }, required: [name] }
    Event: { type: object, properties: { event: { type: string }, data: { $ref: '#/components/schemas/Cat' } }, required: [data] }
";

    #[test]
    fn contract_emulator_invalid_responses_are_detected() {
        let document = Document::parse(CATS);
        let validators = Validators::new(&document);
        let wrong = |status, kind: &str, body: &str| {
            let response = EmulatorResponse {
                status,
                kind: kind.into(),
                body: body.into(),
            };
            let wrong = wrong_with_response(&document, &validators, "GET /v1/cats", &response);
            wrong.0.len() + wrong.1.len()
        };
        let stream =
            "event: cat\r\ndata: {\"name\":\"a\"}\r\n\r\ndata: {\"name\":1}\n\ndata: [DONE]\n\n";
        for (status, kind, body, expected) in [
            (200, "application/json", r#"{"name":"a"}"#, 0),
            (200, "application/json", r#"{"name":1}"#, 1),
            (200, "application/json", r#"{"name":"a","age":2}"#, 1),
            (200, "application/json", "{", 1),
            (500, "application/json", r#"{"name":"a"}"#, 1),
            (200, "text/event-stream", stream, 1),
            (200, "text/event-stream", &stream.replace('1', "\"b\""), 0),
            (200, "text/event-stream", "data: [DONE]\n\n", 1),
            (200, "text/html", r#"{"name":"a"}"#, 1),
            (200, "audio/wav", "RIFF", 0),
            (200, "audio/wav", "", 1),
        ] {
            assert_eq!(
                wrong(status, kind, body),
                expected,
                "{status} {kind} {body}"
            );
        }
    }
}
