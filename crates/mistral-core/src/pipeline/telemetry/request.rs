//! The attributes of a span that come from the request.

use serde::Deserialize;
use serde_json::Value;

use super::content;
use super::hooks::CaptureContent;
use crate::error::decode;
use crate::pipeline::request::RequestParts;
use crate::pipeline::route_cache::ResolvedRoute;
use crate::transport::Payload;

/// The parameters in the body of a request of any operation. One that cannot be read is left
/// out.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RequestAttributes {
    pub(super) model: Option<String>,
    pub(super) agent_id: Option<String>,
    pub(super) frequency_penalty: Option<f64>,
    pub(super) max_tokens: Option<i64>,
    pub(super) n: Option<i64>,
    pub(super) output_dimension: Option<i64>,
    pub(super) presence_penalty: Option<f64>,
    pub(super) random_seed: Option<i64>,
    pub(super) temperature: Option<f64>,
    pub(super) top_k: Option<f64>,
    pub(super) top_p: Option<f64>,
    response_format: Option<Format>,
    stop: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Format {
    #[serde(rename = "type")]
    kind: Option<String>,
}

impl RequestAttributes {
    pub(super) fn output_type(&self) -> Option<&str> {
        match self.response_format.as_ref()?.kind.as_deref()? {
            "json_object" | "json_schema" => Some("json"),
            other => Some(other),
        }
    }

    /// Returns the stop sequences as a JSON list.
    pub(super) fn stop_sequences(&self) -> Option<String> {
        match self.stop.as_ref()? {
            Value::String(text) => Some(Value::from([text.as_str()].as_slice()).to_string()),
            Value::Array(texts) if !texts.is_empty() => self.stop.as_ref().map(Value::to_string),
            _ => None,
        }
    }
}

/// The attributes that are known before the request is sent.
#[derive(Debug)]
pub(super) struct Start<'a> {
    pub(super) name: String,
    pub(super) operation: &'a str,
    pub(super) model: Option<String>,
    pub(super) address: Option<String>,
    pub(super) port: Option<i64>,
    pub(super) attributes: RequestAttributes,
    pub(super) input: Option<String>,
}

impl<'a> Start<'a> {
    pub(super) fn new(
        request: &'a RequestParts,
        route: Option<&ResolvedRoute>,
        capture: &CaptureContent,
    ) -> Self {
        let body = request.outgoing_body(None).ok().flatten();
        let json = body.as_ref().and_then(Payload::bytes);
        let attributes = json.and_then(|json| decode(json).ok());
        let attributes: RequestAttributes = attributes.unwrap_or_default();
        let input = json
            .filter(|_| capture.is_on())
            .and_then(|json| decode(json).ok())
            .and_then(|body| capture.text(content::input(&body)));
        let model = request.model.as_deref().or(attributes.model.as_deref());
        let model = model.map(str::to_owned);
        let operation = operation(request);
        let subject = model.as_deref().or(attributes.agent_id.as_deref());
        let url = route.map(|route| &route.target.url);
        Self {
            name: match subject {
                Some(subject) => format!("{operation} {subject}"),
                None => operation.to_owned(),
            },
            operation,
            address: url.and_then(|url| url.host_str()).map(str::to_owned),
            port: url
                .and_then(|url| url.port_or_known_default())
                .map(i64::from),
            model,
            attributes,
            input,
        }
    }
}

/// Returns the name of an operation: the conventions' where they define one, otherwise the
/// SDK's.
fn operation(request: &RequestParts) -> &str {
    match request.operation.group() {
        "agents" => "invoke_agent",
        "chat" => "chat",
        "embeddings" => "embeddings",
        "fim" => "text_completion",
        "ocr" => "generate_content",
        _ => &request.operation.name,
    }
}
