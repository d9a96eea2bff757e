//! Fields that are required, have a default, or are optional.

use mistral_core::json::{ApiObject, ApiRequest};
use serde_json::{Map, Value, json};

use crate::{read, round_trip};

/// An object with fields of each kind.
#[derive(Debug, Clone, PartialEq, ApiObject)]
struct Card {
    #[api(required)]
    id: String,
    #[api(default)]
    tags: Vec<String>,
    owner: Option<Owner>,
    #[api(rename = "type")]
    kind: Option<String>,
    r#ref: Option<String>,
    #[api(extra)]
    extra: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, ApiObject)]
struct Owner {
    #[api(required)]
    name: String,
    #[api(extra)]
    extra: Map<String, Value>,
}

#[test]
fn object_with_all_fields_round_trips() {
    let json = json!({
        "id": "a", "tags": ["x"], "owner": { "name": "o", "since": 3 }, "type": "t", "ref": "r",
        "new": [1, { "b": null }],
    });
    let card: Card = round_trip(&json);
    assert_eq!(card.id, "a");
    assert_eq!(card.tags, ["x"]);
    let owner = card.owner.unwrap();
    assert_eq!((&*owner.name, &owner.extra["since"]), ("o", &json!(3)));
    assert_eq!(card.kind.as_deref(), Some("t"));
    assert_eq!(card.r#ref.as_deref(), Some("r"));
    assert_eq!(card.extra.len(), 1);
    assert_eq!(card.extra["new"], json["new"]);
}

#[test]
fn fields_absent_or_null_are_default() {
    for json in [
        json!({ "id": "a" }),
        json!({ "id": "a", "tags": null, "owner": null, "type": null, "ref": null }),
    ] {
        let card: Card = read(&json).unwrap();
        assert!(card.tags.is_empty());
        assert_eq!((card.owner, card.kind, card.r#ref), (None, None, None));
        assert_eq!(card.extra, Map::new());
    }
}

#[test]
fn field_required_absent_is_an_error_that_names_it() {
    let error = read::<Card>(&json!({ "tags": [] })).unwrap_err();
    assert!(error.contains("missing field `id`"), "{error}");
    assert!(read::<Card>(&json!({ "id": null })).is_err());
    assert!(read::<Card>(&json!({ "id": 3 })).is_err());
    assert!(read::<Card>(&json!("id")).is_err());
}

#[test]
fn field_of_another_type_is_strict() {
    assert!(read::<Card>(&json!({ "id": "a", "owner": [] })).is_err());
    assert!(read::<Card>(&json!({ "id": "a", "tags": "x" })).is_err());
    assert!(read::<Card>(&json!({ "id": "a", "tags": [1] })).is_err());
}

#[test]
fn field_that_comes_twice_is_read_last() {
    let card: Card = serde_json::from_str(r#"{"id":"a","type":"x","id":"b","type":"y"}"#).unwrap();
    assert_eq!((&*card.id, card.kind.as_deref()), ("b", Some("y")));
}

#[test]
fn extra_wins_over_declared_field() {
    let mut card: Card = read(&json!({ "id": "a", "type": "t" })).unwrap();
    card.extra.insert("type".to_owned(), json!(null));
    card.extra.insert("id".to_owned(), json!(5));
    let text = serde_json::to_string(&card).unwrap();
    assert_eq!(text.matches("\"type\"").count(), 1);
    assert_eq!(
        serde_json::to_value(&card).unwrap(),
        json!({ "id": 5, "tags": [], "type": null })
    );
}

#[test]
fn fields_are_written_in_their_order() {
    let json = r#"{"new":1,"ref":"r","type":"t","tags":[],"id":"a"}"#;
    let card: Card = serde_json::from_str(json).unwrap();
    let text = serde_json::to_string(&card).unwrap();
    assert_eq!(text, r#"{"id":"a","tags":[],"type":"t","ref":"r","new":1}"#);
}

/// A field that is read, and written, in a way of its own.
#[derive(Debug, Clone, PartialEq, ApiObject)]
struct Custom {
    #[api(required, read_with = read_doubled)]
    required: i64,
    #[api(default, read_with = read_if_any, write_with = Halved)]
    default: i64,
    #[api(read_with = read_if_any, write_with = Halved)]
    optional: Option<i64>,
    #[api(nullable)]
    nullable: Option<Nullable>,
    #[api(default, nullable)]
    nullable_default: Nullable,
    #[api(extra)]
    extra: Map<String, Value>,
}

#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
struct Nullable(Option<i64>);

fn read_doubled<'de, A: serde::de::MapAccess<'de>>(map: &mut A) -> Result<i64, A::Error> {
    map.next_value().map(|value: i64| value * 2)
}

fn read_if_any<'de, A: serde::de::MapAccess<'de>>(map: &mut A) -> Result<Option<i64>, A::Error> {
    Ok(map.next_value::<Option<i64>>()?.map(|value| value * 2))
}

struct Halved<'a>(&'a i64);

impl serde::Serialize for Halved<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0 / 2)
    }
}

#[test]
fn field_with_functions_of_its_own_uses_them() {
    let json = json!({
        "required": 1, "default": 2, "optional": 3, "nullable": null, "nullable_default": null,
    });
    let custom: Custom = read(&json).unwrap();
    assert_eq!((custom.required, custom.default), (2, 4));
    assert_eq!(custom.optional, Some(6));
    assert_eq!(custom.nullable, Some(Nullable(None)));
    assert_eq!(custom.nullable_default, Nullable(None));
    let written = json!({
        "required": 2, "default": 2, "optional": 3, "nullable": null, "nullable_default": null,
    });
    assert_eq!(serde_json::to_value(&custom).unwrap(), written);
    let custom: Custom = read(&json!({ "required": 1 })).unwrap();
    assert_eq!(
        (custom.default, custom.optional, custom.nullable),
        (0, None, None)
    );
}

/// An object in which the `null` of an optional field is not its absence.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[api(keep_nulls)]
struct Nulls {
    #[api(default)]
    count: u64,
    text: Option<String>,
    list: Option<Vec<u64>>,
    #[api(lenient)]
    owner: Option<Owner>,
    #[api(extra)]
    extra: Map<String, Value>,
}

#[test]
fn null_is_kept_by_keep_nulls() {
    let json = json!({ "count": 1, "text": null, "list": null, "owner": null });
    let nulls: Nulls = round_trip(&json);
    assert_eq!(
        (&nulls.text, &nulls.list, &nulls.owner),
        (&None, &None, &None)
    );
    assert_eq!(nulls.extra.len(), 3);
    let nulls: Nulls = read(&json!({ "count": null })).unwrap();
    assert_eq!(nulls.extra, Map::new());
    round_trip::<Nulls>(&json!({ "count": 1, "text": 5, "owner": "me" }));
}

#[derive(Debug, Clone, PartialEq, ApiRequest)]
struct NamedRequest {
    #[api(required, nullable, into)]
    model: String,
    #[api(list)]
    tags: Option<Vec<String>>,
    #[api(extra)]
    extra: Map<String, Value>,
}

#[test]
fn required_text_that_may_be_null_is_written_again() {
    let json = json!({ "model": null });
    let read: NamedRequest = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(
        (read.model.as_str(), &read.extra["model"]),
        ("", &Value::Null)
    );
    assert_eq!(serde_json::to_value(&read).unwrap(), json);
    let twice = r#"{"model":null,"model":"m"}"#;
    let read: NamedRequest = serde_json::from_str(twice).unwrap();
    assert_eq!(read, NamedRequest::new("m"));
    let absent = serde_json::from_str::<NamedRequest>("{}").unwrap_err();
    assert!(absent.to_string().contains("`model`"), "{absent}");
    assert!(serde_json::from_str::<NamedRequest>(r#"{"model":5}"#).is_err());
}

#[test]
fn list_that_is_written_as_empty_text_or_object_is_unset() {
    for tags in [json!(null), json!(""), json!({})] {
        let read: NamedRequest =
            serde_json::from_value(json!({ "model": "m", "tags": tags })).unwrap();
        assert_eq!(read, NamedRequest::new("m"), "{tags}");
    }
    let wrong = serde_json::from_value::<NamedRequest>(json!({ "model": "m", "tags": "a" }));
    assert!(wrong.unwrap_err().to_string().contains("a list"));
}
