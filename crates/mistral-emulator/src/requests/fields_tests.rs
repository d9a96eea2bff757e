use serde_json::{Value, json};

use super::*;

static ITEM: Type = Type::Union {
    tag: "type",
    default: None,
    variants: &[("text", &[required("text", Type::String)]), ("empty", &[])],
};
static FIELDS: &[Field] = &[
    required("name", Type::String),
    optional("size", Type::Integer(0, 10)),
    optional("share", Type::Number(0.0, 1.5)),
    optional("color", Type::Enum(&["red", "green", "blue"])),
    optional(
        "content",
        Type::AnyOf(&[Type::String, Type::Array(1, &ITEM)]),
    ),
    optional("open", Type::OpenObject(&[optional("on", Type::Boolean)])),
];

fn errors(value: &Value) -> Vec<Value> {
    match validate(FIELDS, value) {
        Ok(()) => Vec::new(),
        Err(error) => error.body["detail"].as_array().unwrap().clone(),
    }
}

#[track_caller]
fn assert_error(value: &Value, error_type: &str, location: &Value, message: &str) {
    let errors = errors(value);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0]["type"], error_type);
    assert_eq!(&errors[0]["loc"], location);
    assert_eq!(errors[0]["msg"], message);
}

#[test]
fn validation_accepts_valid_body_and_null_for_absent() {
    let good = json!({
        "name": "a", "size": 3.0, "share": 1, "color": null,
        "content": [{"type": "text", "text": "b"}, {"type": "empty"}],
        "open": {"on": true, "other": 1},
    });
    assert_eq!(errors(&good), Vec::<Value>::new());
}

#[test]
fn validation_unknown_and_missing_fields_have_location() {
    let location = json!(["body", "content", 0, "text", "extra"]);
    assert_error(
        &json!({"name": "a", "content": [{"type": "text", "text": "b", "extra": 1}]}),
        "extra_forbidden",
        &location,
        "Extra inputs are not permitted",
    );
    assert_error(
        &json!({}),
        "missing",
        &json!(["body", "name"]),
        "Field required",
    );
}

#[test]
fn validation_error_names_bounds_and_choices() {
    assert_error(
        &json!({"name": "a", "share": 2}),
        "less_than_equal",
        &json!(["body", "share"]),
        "Input should be less than or equal to 1.5",
    );
    assert_error(
        &json!({"name": "a", "size": -1}),
        "greater_than_equal",
        &json!(["body", "size"]),
        "Input should be greater than or equal to 0",
    );
    assert_error(
        &json!({"name": "a", "color": "pink"}),
        "enum",
        &json!(["body", "color"]),
        "Input should be 'red', 'green' or 'blue'",
    );
}

#[test]
fn validation_wrong_type_is_rejected_without_coercion() {
    assert_eq!(
        errors(&json!({"name": "a", "size": "3"}))[0]["type"],
        "int_type"
    );
    assert_eq!(
        errors(&json!({"name": "a", "size": 3.5}))[0]["type"],
        "int_from_float"
    );
    assert_eq!(errors(&json!({"name": 1}))[0]["type"], "string_type");
    assert_eq!(errors(&json!({"name": null}))[0]["type"], "string_type");
    assert_eq!(
        errors(&json!({"name": "a", "content": []}))[0]["type"],
        "too_short"
    );
    assert_eq!(errors(&json!([]))[0]["type"], "model_attributes_type");
    let neither = errors(&json!({"name": "a", "content": 5}));
    assert_eq!(neither.len(), 2, "one error for each type of the union");
}

#[test]
fn validation_unknown_tag_lists_known_tags() {
    let found = errors(&json!({"name": "a", "content": [{"type": "sound"}]}));
    assert_eq!(found[0]["type"], "union_tag_invalid");
    assert_eq!(found[0]["ctx"]["expected_tags"], "'text', 'empty'");
    let found = errors(&json!({"name": "a", "content": [{}]}));
    assert_eq!(found[0]["type"], "union_tag_not_found");
}
