//! The schemas that are sent, and types without a strict schema.

use std::collections::{BTreeMap, HashMap};

use mistral_sdk::ErrorKind;
use mistral_sdk::messages::ResponseFormat;
use mistral_sdk::testing::MockTransport;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Painting, ask, client};

/// The response format that is sent for a `T`.
pub(super) async fn sent<T: JsonSchema + DeserializeOwned + 'static>() -> Value {
    let mock = MockTransport::new().json(json!({ "choices": [] }));
    let _ = client(&mock).chat().parse::<T>(&ask()).await;
    mock.requests()[0].json()["response_format"].clone()
}

/// The error of a call for a `T` without a strict schema.
async fn refusal<T: JsonSchema + DeserializeOwned + 'static>() -> String {
    let mock = MockTransport::new();
    let error = client(&mock).chat().parse::<T>(&ask()).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    assert!(mock.requests().is_empty());
    error.to_string()
}

#[tokio::test]
async fn schema_is_strict_and_documented() {
    let expected = json!({
        "type": "json_schema",
        "json_schema": {
            "name": "Painting",
            "strict": true,
            "schema": {
                "title": "Painting",
                "description": "A painting in a museum.",
                "type": "object",
                "properties": {
                    "title": { "type": "string", "description": "As it is written on the frame." },
                    "year": { "type": ["integer", "null"] },
                },
                "required": ["title", "year"],
                "additionalProperties": false,
            },
        },
    });
    assert_eq!(sent::<Painting>().await, expected);
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code)]
struct Museum {
    name: String,
    rooms: Vec<Room>,
    best: Option<Room>,
    #[serde(default)]
    floors: u8,
    size: (f64, f64),
    style: Style,
    entry: Entry,
    nothing: Nothing,
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code)]
struct Room {
    #[schemars(range(min = 1, max = 40))]
    number: u16,
    behind: Option<Box<Self>>,
}

#[derive(Deserialize, JsonSchema)]
enum Style {
    /// Much light.
    Impressionism,
    Realism,
}

#[derive(Deserialize, JsonSchema)]
#[serde(tag = "kind")]
#[expect(dead_code)]
enum Entry {
    Ticket(Ticket),
    Pass { id: String },
    Free,
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code)]
struct Ticket {
    price: u32,
}

#[derive(Deserialize, JsonSchema)]
struct Nothing {}

/// Every object in `schema`.
fn objects<'a>(schema: &'a Value, found: &mut Vec<&'a Value>) {
    if schema["type"] == "object" || schema["properties"].is_object() {
        found.push(schema);
    }
    match schema {
        Value::Object(members) => members.values().for_each(|member| objects(member, found)),
        Value::Array(members) => members.iter().for_each(|member| objects(member, found)),
        _ => {}
    }
}

#[tokio::test]
async fn schema_objects_are_closed_and_fully_required() {
    let format = sent::<Museum>().await;
    let schema = &format["json_schema"]["schema"];
    let mut found = Vec::new();
    objects(schema, &mut found);
    assert_eq!(found.len(), 7); // museum, room, three entries, ticket, nothing
    for object in found {
        assert_eq!(object["additionalProperties"], false, "{object}");
        let properties = object["properties"].as_object().unwrap().keys();
        let required = object["required"].as_array().unwrap().iter();
        let required: Vec<_> = required.map(|name| name.as_str().unwrap()).collect();
        assert_eq!(properties.collect::<Vec<_>>(), required, "{object}");
    }
}

#[tokio::test]
async fn schema_keeps_references_bounds_and_enums() {
    let format = sent::<Museum>().await;
    let schema = &format["json_schema"]["schema"];
    let room = json!({ "$ref": "#/$defs/Room" });
    assert_eq!(schema["properties"]["rooms"]["items"], room);
    let nullable = json!([room, { "type": "null" }]);
    assert_eq!(schema["properties"]["best"]["anyOf"], nullable);
    let room = &schema["$defs"]["Room"]["properties"];
    assert_eq!(
        room["number"],
        json!({ "type": "integer", "minimum": 1, "maximum": 40 })
    );
    assert_eq!(room["behind"]["anyOf"], nullable);
    assert_eq!(schema["properties"]["floors"].get("default"), None);
    assert_eq!(
        schema["$defs"]["Style"]["oneOf"].as_array().unwrap().len(),
        2
    );
    assert_eq!(
        schema["properties"]["size"]["prefixItems"][1],
        json!({ "type": "number" })
    );
}

#[tokio::test]
async fn schema_of_tagged_enum_inlines_struct_fields() {
    let format = sent::<Entry>().await;
    let ticket = &format["json_schema"]["schema"]["oneOf"][0];
    assert_eq!(ticket["required"], json!(["kind", "price"]));
    assert_eq!(ticket["properties"]["kind"]["const"], "Ticket");
    assert_eq!(ticket.get("$ref"), None);
}

#[tokio::test]
async fn schema_is_accepted_by_the_emulator() {
    let emulator = mistral_emulator::Emulator::start().unwrap();
    let api = mistral_sdk::MistralApi::new(emulator.api_key()).unwrap();
    let client = mistral_sdk::Client::new(api.base_url(emulator.url()).unwrap()).unwrap();
    let mut request = ask();
    request.model = "mistral-small-latest".to_owned();
    let parsed = client.chat().parse::<Museum>(&request).await.unwrap();
    assert_eq!(parsed.value.rooms.len(), 1);
    assert!(parsed.response.usage.unwrap().total_tokens > 0);
    let stream = client
        .chat()
        .parse_stream::<Museum>(&request)
        .await
        .unwrap();
    assert_eq!(
        stream.collect_parsed().await.unwrap().value.name,
        parsed.value.name
    );
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code)]
struct WithMap {
    rooms: Vec<Prices>,
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code)]
struct Prices {
    by_day: HashMap<String, u32>,
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code)]
struct ByNumber {
    rooms: BTreeMap<u8, String>,
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code)]
struct Rest {
    name: String,
    #[serde(flatten)]
    rest: HashMap<String, String>,
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code)]
struct Anything {
    /// Whatever.
    facts: Vec<Value>,
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code)]
struct Flattened {
    name: String,
    #[serde(flatten)]
    entry: Entry,
}

#[tokio::test]
async fn schema_that_cannot_be_strict_is_refused_with_reason() {
    let refused = refusal::<WithMap>().await;
    let begin = "chat.complete: `WithMap` has no strict schema: `Prices.by_day` is a map";
    assert!(refused.starts_with(begin), "{refused}");
    let refused = refusal::<ByNumber>().await;
    assert!(refused.contains("`rooms` is a map"), "{refused}");
    let refused = refusal::<Rest>().await;
    assert!(refused.contains("it is a map"), "{refused}");
    let refused = refusal::<HashMap<String, u8>>().await;
    assert!(refused.contains("it is a map"), "{refused}");
    let refused = refusal::<Anything>().await;
    assert!(refused.contains("`facts[]` accepts any JSON"), "{refused}");
    let refused = refusal::<Flattened>().await;
    assert!(
        refused.contains("move the enum into a field of its own"),
        "{refused}"
    );
}

#[tokio::test]
async fn response_format_of_the_request_is_refused() {
    let mock = MockTransport::new();
    let request = ask().response_format(ResponseFormat::json_object());
    let error = client(&mock)
        .chat()
        .parse::<Painting>(&request)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("`response_format`"), "{error}");
    let error = client(&mock)
        .chat()
        .parse_stream::<Painting>(&request)
        .await
        .unwrap_err();
    assert!(error.to_string().starts_with("chat.stream: "), "{error}");
    assert!(mock.requests().is_empty());
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code)]
struct Folder {
    files: Vec<Item>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(tag = "kind")]
#[expect(dead_code)]
enum Item {
    Folder(Folder),
    File { name: String },
}

#[tokio::test]
async fn schema_of_recursive_type_keeps_its_fields() {
    for schema in [sent::<Folder>().await, sent::<Item>().await] {
        let schema = &schema["json_schema"]["schema"];
        let mut found = Vec::new();
        objects(schema, &mut found);
        let tagged = found
            .iter()
            .filter(|object| object["properties"].get("kind").is_some());
        let fields = tagged.map(|object| object["properties"].as_object().unwrap().len());
        assert!(fields.eq([2, 2]), "{schema:#}");
    }
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code)]
struct Described {
    /// Whatever there is to say.
    notes: Value,
}

#[tokio::test]
async fn schema_of_documented_any_field_is_refused() {
    let why = refusal::<Described>().await;
    assert!(why.contains("`notes` accepts any JSON"), "{why}");
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code)]
struct AnAnswerWhoseNameIsLongerThanTheSixtyFourCharactersThatTheApiTakesForIt {
    text: String,
}

#[tokio::test]
async fn schema_name_is_truncated_to_64_characters() {
    type Long = AnAnswerWhoseNameIsLongerThanTheSixtyFourCharactersThatTheApiTakesForIt;
    let name = sent::<Long>().await["json_schema"]["name"].clone();
    assert_eq!(name.as_str().map(str::len), Some(64));
}
