//! The schema of a type accepts what the type can deserialize, and nothing else.

use boon::{Compiler, Draft, Schemas};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::schemas::sent;

/// Checks that the schema of a `T` accepts all `values`, that they round-trip through `T`, and that
/// it rejects each with a field more or one less.
async fn holds<T: JsonSchema + DeserializeOwned + Serialize + 'static>(values: &[Value]) {
    let schema = sent::<T>().await["json_schema"]["schema"].clone();
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.set_default_draft(Draft::V2020_12);
    compiler
        .add_resource("mem:///schema.json", schema.clone())
        .unwrap();
    let index = compiler
        .compile("mem:///schema.json", &mut schemas)
        .unwrap();
    let passes = |value: &Value| schemas.validate(value, index).is_ok();
    for value in values {
        let read: T = serde_json::from_value(value.clone()).unwrap();
        assert_eq!(&serde_json::to_value(&read).unwrap(), value);
        assert!(passes(value), "{value} does not pass {schema:#}");
        let fields = value.as_object().unwrap();
        let mut more = fields.clone();
        more.insert("more".to_owned(), json!(1));
        assert!(
            !passes(&more.into()),
            "{value} passes with more: {schema:#}"
        );
        for name in fields.keys() {
            let mut less = fields.clone();
            less.remove(name);
            assert!(
                !passes(&less.into()),
                "{value} passes without `{name}`: {schema:#}"
            );
        }
    }
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Node {
    name: String,
    next: Option<Box<Self>>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Shape {
    Empty,
    Circle { radius: f64 },
    Linked(Node),
    Group(Group),
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Group {
    shapes: Vec<Shape>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", content = "of")]
enum Adjacent {
    Nothing,
    Number(u8),
    Pair(i16, bool),
    Fields { a: char },
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Untagged {
    Node(Node),
    Range { from: u32, to: Option<u32> },
}

#[derive(Serialize, Deserialize, JsonSchema)]
enum Outside {
    Unit,
    New(Node),
    Tuple(u8, String),
    Fields { at: Option<Level> },
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Level {
    /// Not much.
    Low,
    High,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Flat {
    #[serde(flatten)]
    node: Node,
    #[serde(default)]
    level: Optional,
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
struct Optional(Option<u8>);

#[derive(Serialize, Deserialize, JsonSchema)]
struct All {
    adjacent: Vec<Adjacent>,
    untagged: Vec<Untagged>,
    outside: Vec<Outside>,
    set: std::collections::BTreeSet<i8>,
    array: [u8; 2],
    maybe: Option<(f32, Level)>,
    unit: (),
}

#[tokio::test]
async fn schema_validates_recursive_types() {
    let node = json!({ "name": "a", "next": { "name": "b", "next": null } });
    holds::<Node>(&[json!({ "name": "a", "next": null }), node]).await;
    let circle = json!({ "kind": "circle", "radius": 1.5 });
    let linked = json!({ "kind": "linked", "name": "a", "next": null });
    let group = json!({ "kind": "group", "shapes": [circle, linked, { "kind": "empty" }] });
    holds::<Group>(&[json!({ "shapes": [group, circle] })]).await;
    holds::<Shape>(&[circle, linked, group, json!({ "kind": "empty" })]).await;
}

#[tokio::test]
async fn schema_validates_flattened_structs() {
    let flat = json!({ "name": "a", "next": null, "level": 3 });
    holds::<Flat>(&[flat]).await;
}

#[tokio::test]
async fn schema_validates_enums_of_every_kind() {
    let all = json!({
        "adjacent": [
            { "kind": "Nothing" }, { "kind": "Number", "of": 7 },
            { "kind": "Pair", "of": [-3, true] }, { "kind": "Fields", "of": { "a": "x" } },
        ],
        "untagged": [{ "name": "a", "next": null }, { "from": 1, "to": null }],
        "outside": [
            "Unit", { "New": { "name": "a", "next": null } }, { "Tuple": [1, "b"] },
            { "Fields": { "at": "low" } }, { "Fields": { "at": null } },
        ],
        "set": [-1, 2],
        "array": [1, 2],
        "maybe": [0.5, "high"],
        "unit": null,
    });
    holds::<All>(&[all]).await;
}
