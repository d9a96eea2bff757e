//! Compares the sources with the facts of the newest official SDK, and prints a table of methods,
//! schemas and properties per area of the API.
//!
//! `spec/` has the facts. A type names the schemas that it mirrors in its documentation. Every object
//! has a type or is listed here. Unions and enums are compared on the wire, by the conformance suite.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// Properties without a field of their name, and the reason.
const EXCEPTIONS: &[(&str, &str)] = &[
    (".stream", "the method decides"),
    ("AudioTranscriptionRequest.file", "one field `source`"),
    ("AudioTranscriptionRequest.file_id", "one field `source`"),
    ("AudioTranscriptionRequest.file_url", "one field `source`"),
    (
        "ClassificationStatisticSpec.kind",
        "a member of the union each",
    ),
    (
        "SimpleNumericStatisticSpec.kind",
        "a member of the union each",
    ),
    (
        "DeploymentMistralCloudBackendSpec.type",
        "a member of the union each",
    ),
];

/// Schemas whose type names another one, with the same properties: variants of a request, or schemas
/// that the older OpenAPI document has under another name.
const RENAMED: &[(&str, &str)] = &[
    ("AgentsCompletionStreamRequest", "AgentsCompletionRequest"),
    ("ArchiveModelResponse", "ArchiveFTModelOut"),
    (
        "AudioTranscriptionRequestStream",
        "AudioTranscriptionRequest",
    ),
    ("BatchJob", "BatchJobOut"),
    ("ChatCompletionStreamRequest", "ChatCompletionRequest"),
    ("ClassifierFineTunedModel", "ClassifierFTModelOut"),
    ("ClassifierTargetResult", "ClassifierTargetOut"),
    ("CompletionFineTunedModel", "CompletionFTModelOut"),
    (
        "ConversationAppendStreamRequest",
        "ConversationAppendRequest",
    ),
    (
        "ConversationRestartStreamRequest",
        "ConversationRestartRequest",
    ),
    ("ConversationStreamRequest", "ConversationRequest"),
    (
        "CountResponseInputTokensRequestResponsesFormatTextJSONSchemaConfig",
        "CreateResponseRequestResponsesFormatTextJSONSchemaConfig",
    ),
    (
        "CountResponseInputTokensRequestResponsesSupportedReasoning",
        "CreateResponseRequestResponsesSupportedReasoning",
    ),
    (
        "CountResponseInputTokensRequestResponsesTextConfig",
        "CreateResponseRequestResponsesTextConfig",
    ),
    (
        "CountResponseInputTokensRequestResponsesToolChoiceFunction",
        "FunctionName",
    ),
    ("CreateBatchJobRequest", "BatchJobIn"),
    ("CreateFileResponse", "UploadFileOut"),
    (
        "CreateResponseResponseResponsesSupportedReasoning",
        "CreateResponseRequestResponsesSupportedReasoning",
    ),
    (
        "CreateResponseResponseResponsesTextConfig",
        "CreateResponseRequestResponsesTextConfig",
    ),
    ("CreateTriggerAction", "TriggerAction"),
    ("Dataset", "DatasetPreview"),
    ("DeleteFileResponse", "DeleteFileOut"),
    ("DeleteModelResponse", "DeleteModelOut"),
    ("ExecutionLogRecord", "DeploymentLogRecord"),
    ("FIMCompletionResponse", "ChatCompletionResponse"),
    ("FIMCompletionStreamRequest", "FIMCompletionRequest"),
    ("FineTunedModelCapabilities", "FTModelCapabilitiesOut"),
    ("FunctionTool", "Tool"),
    ("GetFileResponse", "RetrieveFileOut"),
    ("GetSignedURLResponse", "FileSignedURL"),
    ("JSONSchema", "JsonSchema"),
    ("ListBatchJobsResponse", "BatchJobsOut"),
    ("ListFilesResponse", "ListFilesOut"),
    ("MCPTool", "MCPServerCardTool"),
    (
        "ModerationLlmv1CategoryThresholds",
        "ModerationLLMV1CategoryThresholds",
    ),
    ("ModerationLlmv1Config", "ModerationLLMV1Config"),
    (
        "ModerationLlmv2CategoryThresholds",
        "ModerationLLMV2CategoryThresholds",
    ),
    ("ModerationLlmv2Config", "ModerationLLMV2Config"),
    (
        "ResponsesFunctionCallOutputCallerProgram",
        "ResponsesCallerProgram",
    ),
    ("ResponsesInputFileContent", "ResponsesInputFile"),
    ("ResponsesInputTextContent", "ResponsesInputText"),
    (
        "ResponsesTextConfigResponsesFormatTextJSONSchemaConfig",
        "CreateResponseRequestResponsesFormatTextJSONSchemaConfig",
    ),
    (
        "ResponsesTextDoneEventLogprob",
        "ResponsesTextDeltaEventLogprob",
    ),
    (
        "ResponsesTextDoneEventLogprobTopLogprob",
        "ResponsesTextDeltaEventLogprobTopLogprob",
    ),
    ("ResponsesToolChoiceFunction", "FunctionName"),
    (
        "SignalInvocationBodyNetworkEncodedInput",
        "NetworkEncodedInput",
    ),
    ("StreamError", "WorkflowStreamError"),
    ("UnarchiveModelResponse", "UnarchiveFTModelOut"),
    ("UpdateModelRequest", "UpdateFTModelIn"),
];

/// Objects without a type, and the reason.
const UNTYPED: &[(&str, &str)] = &[
    ("CompletionEvent", FRAME),
    ("ConversationEvents", FRAME),
    (
        "GetStreamEventsV1WorkflowsEventsStreamGetResponseBody",
        FRAME,
    ),
    ("ResponsesStreamFrame", FRAME),
    ("StreamDeploymentLogsResponseBody", FRAME),
    (
        "StreamV1WorkflowsExecutionsExecutionIDStreamGetResponseBody",
        FRAME,
    ),
    ("StreamWorkflowExecutionLogsResponseBody", FRAME),
    ("DocumentUpload", FORM),
    ("File", FORM),
    ("MultiPartBodyParams", FORM),
];
const FRAME: &str = "the fields of a server-sent event, whose data is typed";
const FORM: &str = "the parts of a form, which the upload writes from a `FileSource`";

/// The schemas that types mirror, each with the names of its fields on the wire.
#[derive(Default)]
struct Sources {
    fields: BTreeMap<String, BTreeSet<String>>,
    /// The schemas whose types are enums.
    enums: BTreeSet<String>,
    text: String,
}

impl Sources {
    fn read() -> Self {
        let mut sources = Self::default();
        for folder in ["crates/mistral-core/src", "crates/mistral-beta/src"] {
            sources.read_folder(&Path::new(ROOT).join(folder));
        }
        sources
    }

    fn read_folder(&mut self, folder: &Path) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.read_folder(&path);
            } else {
                let text = fs::read_to_string(path).unwrap();
                self.read_types(&text);
                self.text += &text;
            }
        }
    }

    fn read_types(&mut self, text: &str) {
        let (mut documentation, mut schemas) = (String::new(), Vec::new());
        for line in text.lines() {
            let code = line.trim();
            if line.starts_with('}') {
                schemas.clear();
            } else if !schemas.is_empty() {
                for schema in &schemas {
                    let fields = self.fields.entry(String::clone(schema)).or_default();
                    fields.extend(names(code).map(str::to_owned));
                }
            } else if let Some(words) = code.strip_prefix("///") {
                documentation += words;
            } else if line.starts_with("pub struct ") || line.starts_with("pub enum ") {
                schemas = mirrored(&documentation);
                documentation.clear();
                for schema in &schemas {
                    self.fields.entry(schema.clone()).or_default();
                }
                if line.starts_with("pub enum ") {
                    self.enums.extend(schemas.drain(..));
                }
                if !code.ends_with('{') {
                    schemas.clear();
                }
            } else if code.is_empty() || code.starts_with("fn ") || code.starts_with("pub fn ") {
                documentation.clear();
            }
        }
    }

    /// Returns the name under which a type mirrors the schema.
    fn mirror<'a>(&self, schema: &'a str) -> Option<&'a str> {
        let renamed = RENAMED.iter().find(|(name, _)| *name == schema);
        let name = renamed.map_or(schema, |(_, name)| name);
        self.fields.contains_key(name).then_some(name)
    }

    fn has(&self, schema: &str, property: &str) -> bool {
        let fields = self.fields.get(schema);
        self.enums.contains(schema) || fields.is_some_and(|fields| fields.contains(property))
    }
}

/// Returns the name of a field, and the one that an attribute gives it.
fn names(code: &str) -> impl Iterator<Item = &str> {
    let field = code
        .strip_prefix("pub ")
        .and_then(|rest| Some(rest.split_once(':')?.0.trim_start_matches("r#")));
    let renamed = code
        .split_once("rename = \"")
        .and_then(|(_, rest)| Some(rest.split_once('"')?.0));
    field.into_iter().chain(renamed)
}

/// Returns the schemas that a type mirrors by its documentation.
fn mirrored(documentation: &str) -> Vec<String> {
    let sentence = documentation.split_once("Mirrors ").map(|(_, rest)| rest);
    let sentence = sentence.and_then(|rest| rest.split('.').next());
    let parts = sentence.unwrap_or_default().split('`').skip(1).step_by(2);
    parts.map(str::to_owned).collect()
}

/// Adds the schemas that `value` refers to, directly or through others.
fn referred(value: &Value, schemas: &Map<String, Value>, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            if let Some(Value::String(target)) = object.get("$ref") {
                let name = target.rsplit('/').next().unwrap().to_owned();
                if found.insert(name.clone()) {
                    referred(&schemas[&name], schemas, found);
                }
            }
            object
                .values()
                .for_each(|value| referred(value, schemas, found));
        }
        Value::Array(items) => items.iter().for_each(|item| referred(item, schemas, found)),
        _ => {}
    }
}

/// Whether a property has a single value, which the type of a union's member stands for.
fn is_constant(property: &Value, schemas: &Map<String, Value>) -> bool {
    if let Some(target) = property.get("$ref").and_then(Value::as_str) {
        let name = target.rsplit('/').next().unwrap();
        return is_constant(&schemas[name], schemas);
    }
    let values = property.get("enum").and_then(Value::as_array);
    property.get("const").is_some() || values.is_some_and(|values| values.len() == 1)
}

/// Whether a schema is an object with other properties than constants, so that it needs a type.
fn holds_values(schema: &Value, schemas: &Map<String, Value>) -> bool {
    let properties = schema.get("properties").and_then(Value::as_object);
    let mut properties = properties.into_iter().flatten();
    properties.any(|(_, property)| !is_constant(property, schemas))
}

fn is_listed(list: &[(&str, &str)], name: &str) -> bool {
    list.iter().any(|(listed, _)| *listed == name)
}

#[derive(Default)]
struct Row {
    methods: usize,
    schemas: BTreeSet<String>,
}

#[test]
fn contract_sources_have_methods_and_properties_of_newest_sdk() {
    let read = |file: &str| -> Value {
        let text = fs::read_to_string(Path::new(ROOT).join("spec").join(file)).unwrap();
        serde_json::from_str(&text).unwrap()
    };
    let (surface, schemas) = (read("surface.json"), read("schemas.json"));
    let schemas = schemas["$defs"].as_object().unwrap();
    let sources = Sources::read();
    let (mut rows, mut missing) = (BTreeMap::<String, Row>::new(), BTreeSet::new());
    for method in surface["methods"].as_array().unwrap() {
        let name = method["call"].as_str().unwrap();
        let mut parts = name.split('.');
        let area = match (parts.next().unwrap(), parts.next().unwrap()) {
            ("beta", group) => format!("beta.{group}"),
            (group, _) => group.to_owned(),
        };
        let row = rows.entry(area).or_default();
        row.methods += 1;
        referred(method, schemas, &mut row.schemas);
        if !sources.text.contains(&format!("\"{name}\"")) {
            missing.insert(format!("the method {name}"));
        }
    }
    println!("| area | methods | schemas with a type | properties of these |");
    println!("| --- | --- | --- | --- |");
    for (area, row) in &rows {
        let (mut types, mut properties) = (0, 0);
        for schema in &row.schemas {
            let Some(mirror) = sources.mirror(schema) else {
                if holds_values(&schemas[schema], schemas) && !is_listed(UNTYPED, schema) {
                    missing.insert(format!("the schema {schema}"));
                }
                continue;
            };
            types += 1;
            let declared = schemas[schema].get("properties").and_then(Value::as_object);
            for (name, property) in declared.into_iter().flatten() {
                properties += 1;
                let path = format!("{mirror}.{name}");
                let is_exception = EXCEPTIONS.iter().any(|(end, _)| path.ends_with(end));
                if !is_exception && !is_constant(property, schemas) && !sources.has(mirror, name) {
                    missing.insert(path);
                }
            }
        }
        let (methods, all) = (row.methods, row.schemas.len());
        println!("| `{area}` | {methods} | {types} of {all} | {properties} |");
    }
    for (property, reason) in EXCEPTIONS.iter().chain(UNTYPED) {
        println!("exception: {property}: {reason}");
    }
    let methods: usize = rows.values().map(|row| row.methods).sum();
    println!("{methods} methods");
    assert_eq!(missing, BTreeSet::new());
}
