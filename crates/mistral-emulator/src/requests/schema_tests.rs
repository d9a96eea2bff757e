use serde_json::{Value, json};

use super::errors;
use crate::spec::spec;

/// Returns the type and the location of each error.
fn found(schema: &Value, value: &Value) -> Vec<(String, Value)> {
    let errors = errors(spec(), schema, &["body".into()], value);
    let pair = |error: &Value| {
        assert!(
            error["msg"].is_string() && error.get("input").is_some(),
            "{error}"
        );
        (
            error["type"].as_str().unwrap().to_owned(),
            error["loc"].clone(),
        )
    };
    errors.iter().map(pair).collect()
}

fn error(kind: &str, location: Value) -> Vec<(String, Value)> {
    vec![(kind.to_owned(), location)]
}

fn check(cases: &[(Value, Value, &str)]) {
    for (schema, value, expected) in cases {
        assert_eq!(
            found(schema, value),
            error(expected, json!(["body"])),
            "{schema}"
        );
    }
}

#[test]
fn schema_types_and_choices_are_checked() {
    let is = |name: &str| json!({ "type": name });
    check(&[
        (is("string"), json!(1), "string_type"),
        (is("integer"), json!("1"), "int_type"),
        (is("integer"), json!(1.5), "int_from_float"),
        (is("number"), json!("1"), "float_type"),
        (is("boolean"), json!("true"), "bool_type"),
        (is("array"), json!({}), "list_type"),
        (is("object"), json!([]), "model_attributes_type"),
        (json!({"const": "a"}), json!("b"), "literal_error"),
        (json!({"enum": ["a", "b"]}), json!("c"), "enum"),
    ]);
}

#[test]
fn schema_bounds_are_checked() {
    let time = json!({"type": "string", "format": "date-time"});
    let uuid = json!({"type": "string", "format": "uuid"});
    let min = |name: &str, limit: i64| json!({ "type": name, "minimum": limit });
    check(&[
        (
            json!({"type": "string", "minLength": 2}),
            json!("a"),
            "string_too_short",
        ),
        (
            json!({"type": "string", "maxLength": 1}),
            json!("ab"),
            "string_too_long",
        ),
        (uuid, json!("judge-1"), "uuid_parsing"),
        (time, json!("soon"), "datetime_from_date_parsing"),
        (min("integer", 1), json!(0), "greater_than_equal"),
        (
            json!({"type": "number", "exclusiveMinimum": 0}),
            json!(0),
            "greater_than",
        ),
        (
            json!({"type": "number", "maximum": 1}),
            json!(2),
            "less_than_equal",
        ),
        (
            json!({"type": "number", "exclusiveMaximum": 1}),
            json!(1),
            "less_than",
        ),
        (
            json!({"type": "array", "minItems": 1}),
            json!([]),
            "too_short",
        ),
        (
            json!({"type": "array", "maxItems": 1}),
            json!([1, 2]),
            "too_long",
        ),
    ]);
}

#[test]
fn schema_members_are_located() {
    let schema = json!({
        "type": "object",
        "properties": {"list": {"type": "array", "items": {"type": "integer"}}},
        "required": ["list"],
        "additionalProperties": false,
    });
    assert_eq!(found(&schema, &json!({"list": [1]})), []);
    assert_eq!(
        found(&schema, &json!({})),
        error("missing", json!(["body", "list"]))
    );
    let items = found(&schema, &json!({"list": [1, "a"]}));
    assert_eq!(items, error("int_type", json!(["body", "list", 1])));
    let further = found(&schema, &json!({"list": [], "liszt": []}));
    assert_eq!(further, error("extra_forbidden", json!(["body", "liszt"])));
}

#[test]
fn schema_null_of_optional_member_is_absent() {
    let schema = json!({
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
        "required": ["b"],
    });
    assert_eq!(found(&schema, &json!({"a": null, "b": ""})), []);
    let required = found(&schema, &json!({"b": null}));
    assert_eq!(required, error("string_type", json!(["body", "b"])));
}

#[test]
fn schema_nullable_value_keeps_its_bounds() {
    let schema = json!({"anyOf": [{"type": "integer"}, {"type": "null"}], "minimum": 1});
    assert_eq!(found(&schema, &json!(null)), []);
    assert_eq!(found(&schema, &json!(1)), []);
    assert_eq!(
        found(&schema, &json!(0)),
        error("greater_than_equal", json!(["body"]))
    );
    assert_eq!(
        found(&schema, &json!("a")),
        error("int_type", json!(["body"]))
    );
}

#[test]
fn schema_open_enum_accepts_unknown_value() {
    let schema = json!({"anyOf": [{"enum": ["a"]}, {"type": "string"}], "x-open-enum": true});
    assert_eq!(found(&schema, &json!("new")), []);
    assert_ne!(found(&schema, &json!(1)), []);
}

#[test]
fn schema_union_is_selected_by_tag() {
    let mapping = json!({
        "function": "#/$defs/FunctionTool", "web_search": "#/$defs/WebSearchTool",
    });
    let members = mapping.as_object().unwrap().values();
    let members: Vec<Value> = members.map(|name| json!({ "$ref": name })).collect();
    let mut schema = json!({
        "anyOf": members, "discriminator": { "propertyName": "type", "mapping": mapping },
    });
    assert_eq!(found(&schema, &json!({"type": "web_search"})), []);
    let member = found(&schema, &json!({"type": "function"}));
    assert_eq!(
        member,
        error("missing", json!(["body", "function", "function"]))
    );
    let unknown = found(&schema, &json!({"type": "teleport"}));
    assert_eq!(unknown, error("union_tag_invalid", json!(["body"])));
    schema["x-unknown-member"] = "kept".into();
    assert_eq!(found(&schema, &json!({"type": "teleport"})), []);
}

#[test]
fn schema_untagged_union_reports_closest_member() {
    let schema = json!({"anyOf": [
        {"type": "string"},
        {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
    ]});
    assert_eq!(found(&schema, &json!("text")), []);
    assert_eq!(found(&schema, &json!({"a": 1})), []);
    let closest = found(&schema, &json!({"a": "1"}));
    assert_eq!(closest, error("int_type", json!(["body", "a"])));
}
