use serde_json::{Value, json};

use super::instance;

#[track_caller]
fn assert_instance(schema: &Value, expected: &Value) {
    assert_eq!(&instance(schema), expected);
}

#[test]
fn schema_object_has_all_properties() {
    assert_instance(
        &json!({
            "type": "object",
            "properties": {
                "title": {"type": "string"},
                "year": {"type": "integer", "minimum": 1800, "maximum": 1900},
                "share": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
                "open": {"type": "boolean"},
                "nothing": {"type": "null"},
                "maybe": {"type": ["null", "string"]},
            },
            "required": ["title", "unlisted"],
        }),
        &json!({
            "title": "title", "year": 1800, "share": 0.5, "open": true,
            "nothing": null, "maybe": "maybe", "unlisted": "unlisted",
        }),
    );
}

#[test]
fn schema_const_and_enum_are_used() {
    assert_instance(&json!({"const": {"a": [1]}}), &json!({"a": [1]}));
    assert_instance(&json!({"enum": ["b", "c"]}), &json!("b"));
}

#[test]
fn schema_combinators_are_merged() {
    assert_instance(
        &json!({
            "allOf": [
                {"properties": {"a": {"type": "integer"}}, "required": ["a"]},
                {"$ref": "#/$defs/b"},
            ],
            "properties": {"c": {"const": 3}},
            "$defs": {"b": {"properties": {"b": {"anyOf": [{"type": "boolean"}, {"type": "null"}]}}}},
        }),
        &json!({"a": 1, "b": true, "c": 3}),
    );
    assert_instance(
        &json!({
            "type": "object",
            "properties": {"kind": {"type": "string"}},
            "oneOf": [{"properties": {"kind": {"const": "circle"}}, "required": ["radius"]}],
        }),
        &json!({"kind": "circle", "radius": "radius"}),
    );
}

#[test]
fn schema_format_is_respected() {
    let format = |name: &str| instance(&json!({"type": "string", "format": name}));
    assert_eq!(format("date"), "2025-01-01");
    assert_eq!(format("date-time"), "2025-01-01T00:00:00Z");
    assert_eq!(format("email"), "ada@example.com");
    assert_eq!(format("uuid"), "00000000-0000-4000-8000-000000000001");
    assert_eq!(format("uri"), "https://example.com/0");
}

#[test]
fn schema_length_bounds_are_respected() {
    assert_instance(&json!({"type": "string", "minLength": 6}), &json!("textxx"));
    assert_eq!(
        instance(&json!({"type": "string", "maxLength": 2}))
            .as_str()
            .unwrap()
            .len(),
        2
    );
    assert_instance(
        &json!({"type": "array", "minItems": 2, "items": {"const": 1}}),
        &json!([1, 1]),
    );
    assert_instance(&json!({"type": "array", "maxItems": 0}), &json!([]));
    let object = instance(&json!({"type": "object", "minProperties": 2}));
    assert_eq!(object.as_object().unwrap().len(), 2);
}

#[test]
fn schema_unique_items_differ() {
    for item in [
        json!({"type": "string"}),
        json!({"type": "integer"}),
        json!({"type": "number"}),
        json!({"enum": ["a", "b", "c"]}),
        json!({"type": "string", "maxLength": 2}),
    ] {
        let schema = json!({"type": "array", "minItems": 3, "uniqueItems": true, "items": item});
        let items = instance(&schema);
        let mut seen: Vec<String> = items
            .as_array()
            .unwrap()
            .iter()
            .map(Value::to_string)
            .collect();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 3, "{items}");
    }
}

#[test]
fn schema_number_bounds_are_respected() {
    for (schema, expected) in [
        (json!({"type": "integer"}), json!(1)),
        (json!({"type": "integer", "maximum": -3}), json!(-3)),
        (
            json!({"type": "integer", "minimum": -5, "maximum": -1}),
            json!(-1),
        ),
        (json!({"type": "integer", "exclusiveMinimum": 7}), json!(8)),
        (
            json!({"type": "integer", "minimum": 7, "exclusiveMinimum": true}),
            json!(8),
        ),
        (
            json!({"type": "integer", "minimum": 7, "multipleOf": 5}),
            json!(10),
        ),
        (json!({"type": "number"}), json!(1.5)),
        (json!({"type": "number", "minimum": 2}), json!(2.5)),
        (json!({"type": "number", "maximum": -1}), json!(-1.5)),
        (
            json!({"type": "number", "minimum": 0.1, "maximum": 0.3}),
            json!(0.2),
        ),
    ] {
        assert_instance(&schema, &expected);
    }
}

#[test]
fn schema_recursion_ends_at_optional_member() {
    let node = json!({
        "type": "object",
        "properties": {
            "value": {"type": "integer"},
            "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
            "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
            "again": {"$ref": "#/$defs/node"},
        },
        "required": ["value", "children", "next"],
    });
    assert_instance(
        &json!({"$ref": "#/$defs/node", "$defs": {"node": node}}),
        &json!({"value": 1, "children": [], "next": null}),
    );
}

#[test]
fn schema_unsatisfiable_is_null() {
    let circle = json!({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}});
    assert_instance(&circle, &Value::Null);
    assert_instance(&json!({"$ref": "#/nowhere"}), &Value::Null);
    assert_instance(&json!(false), &Value::Null);
    assert_instance(
        &json!({"type": "array", "minItems": 1_000_000_000}),
        &Value::Null,
    );
}

#[test]
fn schema_type_is_inferred_from_keywords() {
    assert_instance(&json!({"items": {"const": 1}}), &json!([1]));
    assert_instance(&json!({"minimum": 3}), &json!(3.5));
    assert_instance(&json!({}), &json!("text"));
}
