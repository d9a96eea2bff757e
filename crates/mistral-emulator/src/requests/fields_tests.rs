use serde_json::{Value, json};

use super::*;

static ITEM: Kind = Kind::Tagged {
    tag: "type",
    default: None,
    variants: &[("text", &[required("text", Kind::Text)]), ("empty", &[])],
};
static FIELDS: &[Field] = &[
    required("name", Kind::Text),
    optional("size", Kind::Integer(0, 10)),
    optional("share", Kind::Number(0.0, 1.5)),
    optional("color", Kind::Choice(&["red", "green", "blue"])),
    optional("content", Kind::AnyOf(&[Kind::Text, Kind::List(1, &ITEM)])),
    optional("open", Kind::OpenRecord(&[optional("on", Kind::Flag)])),
];

fn problems(value: &Value) -> Vec<Value> {
    match body(FIELDS, value) {
        Ok(()) => Vec::new(),
        Err(error) => error.body["message"]["detail"].as_array().unwrap().clone(),
    }
}

#[track_caller]
fn assert_problem(value: &Value, kind: &str, place: &Value, message: &str) {
    let problems = problems(value);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0]["type"], kind);
    assert_eq!(&problems[0]["loc"], place);
    assert_eq!(problems[0]["msg"], message);
}

#[test]
fn a_good_body_passes_and_null_stands_for_absent() {
    let good = json!({
        "name": "a", "size": 3.0, "share": 1, "color": null,
        "content": [{"type": "text", "text": "b"}, {"type": "empty"}],
        "open": {"on": true, "other": 1},
    });
    assert_eq!(problems(&good), Vec::<Value>::new());
}

#[test]
fn unknown_and_missing_members_are_named_where_they_are() {
    let place = json!(["body", "content", 0, "text", "extra"]);
    assert_problem(
        &json!({"name": "a", "content": [{"type": "text", "text": "b", "extra": 1}]}),
        "extra_forbidden",
        &place,
        "Extra inputs are not permitted",
    );
    assert_problem(
        &json!({}),
        "missing",
        &json!(["body", "name"]),
        "Field required",
    );
}

#[test]
fn bounds_and_choices_are_told() {
    assert_problem(
        &json!({"name": "a", "share": 2}),
        "less_than_equal",
        &json!(["body", "share"]),
        "Input should be less than or equal to 1.5",
    );
    assert_problem(
        &json!({"name": "a", "size": -1}),
        "greater_than_equal",
        &json!(["body", "size"]),
        "Input should be greater than or equal to 0",
    );
    assert_problem(
        &json!({"name": "a", "color": "pink"}),
        "enum",
        &json!(["body", "color"]),
        "Input should be 'red', 'green' or 'blue'",
    );
}

#[test]
fn wrong_types_are_refused_also_when_they_could_be_read() {
    assert_eq!(
        problems(&json!({"name": "a", "size": "3"}))[0]["type"],
        "int_type"
    );
    assert_eq!(
        problems(&json!({"name": "a", "size": 3.5}))[0]["type"],
        "int_from_float"
    );
    assert_eq!(problems(&json!({"name": 1}))[0]["type"], "string_type");
    assert_eq!(problems(&json!({"name": null}))[0]["type"], "string_type");
    assert_eq!(
        problems(&json!({"name": "a", "content": []}))[0]["type"],
        "too_short"
    );
    assert_eq!(problems(&json!([]))[0]["type"], "model_attributes_type");
    let neither = problems(&json!({"name": "a", "content": 5}));
    assert_eq!(
        neither.len(),
        2,
        "one problem for each kind it could have been"
    );
}

#[test]
fn unknown_tags_list_the_known_ones() {
    let found = problems(&json!({"name": "a", "content": [{"type": "sound"}]}));
    assert_eq!(found[0]["type"], "union_tag_invalid");
    assert_eq!(found[0]["ctx"]["expected_tags"], "'text', 'empty'");
    let found = problems(&json!({"name": "a", "content": [{}]}));
    assert_eq!(found[0]["type"], "union_tag_not_found");
}
