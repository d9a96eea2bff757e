//! The attributes of a span that come from the request.

use serde_json::{Map, Value};

use super::fields::pick_fields;
use super::hooks::{CaptureContent, Content};
use crate::error::decode;
use crate::pipeline::request::RequestParts;
use crate::pipeline::route_cache::ResolvedRoute;
use crate::transport::Payload;

/// The parameters that a span shows.
const PARAMETERS: &[&str] = &[
    "model",
    "agent_id",
    "frequency_penalty",
    "max_tokens",
    "n",
    "output_dimension",
    "presence_penalty",
    "random_seed",
    "response_format",
    "stop",
    "temperature",
    "top_k",
    "top_p",
];

/// The parameters in the body of a request of any operation. One of another type than the API
/// documents is left out.
#[derive(Debug, Default)]
pub(super) struct RequestAttributes(Map<String, Value>);

impl RequestAttributes {
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    pub(super) fn integer(&self, name: &str) -> Option<i64> {
        self.0.get(name)?.as_i64()
    }

    pub(super) fn float(&self, name: &str) -> Option<f64> {
        self.0.get(name)?.as_f64()
    }

    pub(super) fn output_type(&self) -> Option<&str> {
        match self.0.get("response_format")?.get("type")?.as_str()? {
            "json_object" | "json_schema" => Some("json"),
            other => Some(other),
        }
    }

    /// Returns the stop sequences as a JSON list.
    pub(super) fn stop_sequences(&self) -> Option<String> {
        match self.0.get("stop")? {
            Value::String(text) => Some(Value::from([text.as_str()].as_slice()).to_string()),
            Value::Array(texts) if !texts.is_empty() => Some(Value::from(&**texts).to_string()),
            _ => None,
        }
    }
}

/// The attributes that are known before the request is sent.
#[derive(Debug)]
pub(super) struct SpanStart<'a> {
    pub(super) name: String,
    pub(super) operation: &'a str,
    pub(super) model: Option<String>,
    pub(super) address: Option<String>,
    pub(super) port: Option<i64>,
    pub(super) attributes: RequestAttributes,
    pub(super) input: Option<String>,
}

impl<'a> SpanStart<'a> {
    pub(super) fn new(
        request: &'a RequestParts,
        route: Option<&ResolvedRoute>,
        capture: &CaptureContent,
    ) -> Self {
        let body = request.outgoing_body(None).ok().flatten();
        let json = body.as_ref().and_then(Payload::bytes);
        let attributes = json.and_then(|json| pick_fields(json, PARAMETERS).ok());
        let attributes = RequestAttributes(attributes.unwrap_or_default());
        let input = json
            .filter(|_| capture.is_on())
            .and_then(|json| decode(json).ok())
            .and_then(|body| capture.text(Content::Request(&body)));
        let model = request.model.as_deref().or(attributes.text("model"));
        let model = model.map(str::to_owned);
        let operation = operation(request);
        let subject = model.as_deref().or(attributes.text("agent_id"));
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
    gen_ai_operation(request).unwrap_or(&request.operation.name)
}

/// Returns the name that the conventions define for an operation.
pub(super) fn gen_ai_operation(request: &RequestParts) -> Option<&'static str> {
    Some(match request.operation.group() {
        "agents" => "invoke_agent",
        "chat" => "chat",
        "embeddings" => "embeddings",
        "fim" => "text_completion",
        "ocr" => "generate_content",
        _ => return None,
    })
}

/// Returns the model in the body of a request.
pub(super) fn body_model(request: &RequestParts) -> Option<String> {
    let body = request.outgoing_body(None).ok().flatten()?;
    let fields = pick_fields(body.bytes()?, &["model"]).ok()?;
    Some(fields.get("model")?.as_str()?.to_owned())
}
