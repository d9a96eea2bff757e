//! Unions that are told apart by the kind of JSON value.

use mistral_core::json::{ApiEnum, ApiObject, ApiUnion};
use serde_json::{Map, Value, json};

use crate::{read, round_trip};

#[derive(Debug, Clone, PartialEq, ApiObject)]
struct Named {
    #[api(required)]
    name: String,
    #[api(extra)]
    extra: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Eq, ApiEnum)]
enum Mode {
    #[api("auto")]
    Auto,
    Unknown(String),
}

#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(untagged)]
enum Choice {
    #[api(string)]
    Mode(Mode),
    #[api(object)]
    Named(Box<Named>),
}

#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(untagged)]
enum Texts {
    #[api(string)]
    One(String),
    #[api(array)]
    Many(Vec<String>),
}

#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(untagged)]
enum Pages {
    #[api(string)]
    Ranges(String),
    #[api(array)]
    List(Vec<u64>),
    Unknown(Value),
}

#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(untagged)]
enum Any {
    #[api(string)]
    String(String),
    #[api(array)]
    Array(Vec<Named>),
    #[api(object)]
    Object(Map<String, Value>),
    #[api(number)]
    Number(f64),
    #[api(bool)]
    Bool(bool),
    #[api(null)]
    Null,
}

#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(untagged)]
enum Rest {
    #[api(number)]
    Number(i64),
    Unknown(Value),
}

#[test]
fn union_each_kind_round_trips() {
    assert_eq!(round_trip::<Any>(&json!("a")), Any::from("a"));
    let named = json!({ "name": "a", "b": 1 });
    let any = round_trip::<Any>(&json!([named]));
    assert!(matches!(any, Any::Array(list) if list[0].extra["b"] == json!(1)));
    let any = round_trip::<Any>(&named);
    assert!(matches!(any, Any::Object(map) if map.len() == 2));
    assert_eq!(round_trip::<Any>(&json!(1.5)), Any::from(1.5));
    assert_eq!(read::<Any>(&json!(3)).unwrap(), Any::Number(3.0));
    assert_eq!(round_trip::<Any>(&json!(false)), Any::from(false));
    assert_eq!(round_trip::<Any>(&json!(null)), Any::Null);
}

#[test]
fn union_of_string_and_object_round_trips() {
    assert_eq!(
        round_trip::<Choice>(&json!("auto")),
        Choice::Mode(Mode::Auto)
    );
    assert_eq!(Choice::from("auto"), Choice::Mode(Mode::Auto));
    assert_eq!(Choice::from("x".to_owned()), round_trip(&json!("x")));
    let choice: Choice = round_trip(&json!({ "name": "a", "b": 1 }));
    let Choice::Named(named) = &choice else {
        panic!("{choice:?}");
    };
    assert_eq!(Choice::from((**named).clone()), choice);
}

#[test]
fn union_of_another_kind_is_an_error_that_lists_the_kinds() {
    for json in [json!(3), json!(null), json!([]), json!(true), json!(0.5)] {
        let error = read::<Choice>(&json).unwrap_err();
        assert!(error.contains("expected a string or an object"), "{error}");
    }
    let error = read::<Texts>(&json!({})).unwrap_err();
    assert!(error.contains("expected a string or an array"), "{error}");
    assert!(read::<Texts>(&json!([1])).is_err());
    assert!(read::<Choice>(&json!({ "name": 1 })).is_err());
}

#[test]
fn union_of_another_kind_is_unknown() {
    for json in [
        json!("a"),
        json!([1]),
        json!({ "a": 1 }),
        json!(null),
        json!(true),
    ] {
        assert_eq!(round_trip::<Rest>(&json), Rest::Unknown(json));
    }
    assert_eq!(round_trip::<Rest>(&json!(-3)), Rest::from(-3));
    for json in [
        json!({ "a": 1 }),
        json!(null),
        json!(3),
        json!(-3),
        json!(1.5),
    ] {
        assert_eq!(round_trip::<Pages>(&json), Pages::Unknown(json));
    }
}

#[test]
fn union_is_converted_from_lists() {
    let many = Texts::Many(vec!["a".to_owned(), "b".to_owned()]);
    assert_eq!(Texts::from(["a", "b"]), many);
    assert_eq!(Texts::from(vec!["a", "b"]), many);
    assert_eq!(Texts::from(&["a".to_owned(), "b".to_owned()][..]), many);
    assert_eq!(Texts::from("a"), round_trip(&json!("a")));
    assert_eq!(round_trip::<Texts>(&json!(["a", "b"])), many);
    let list = Pages::List(vec![1, 2]);
    assert_eq!(Pages::from([1, 2]), list);
    assert_eq!(Pages::from(vec![1, 2]), list);
    assert_eq!(round_trip::<Pages>(&json!([1, 2])), list);
}

#[derive(Debug, Clone, PartialEq, ApiObject)]
struct Numbered {
    #[api(required)]
    number: i64,
    #[api(extra)]
    extra: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(untagged)]
enum Member {
    #[api(object, with = "name")]
    Named(Named),
    #[api(object, with = "number")]
    Numbered(Box<Numbered>),
    #[api(string)]
    Text(String),
    Unknown(Value),
}

#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(untagged)]
enum Fallback {
    #[api(object, with = "number")]
    Numbered(Numbered),
    #[api(object)]
    Other(Map<String, Value>),
}

#[test]
fn union_of_objects_is_told_apart_by_field() {
    let named: Member = round_trip(&json!({ "name": "a", "new": 1 }));
    assert!(matches!(named, Member::Named(it) if it.name == "a"));
    let numbered: Member = round_trip(&json!({ "number": 3 }));
    assert!(matches!(numbered, Member::Numbered(it) if it.number == 3));
    let text: Member = round_trip(&json!("a"));
    assert_eq!(text, Member::Text("a".to_owned()));
}

#[test]
fn union_of_objects_with_several_fields_takes_the_first_declared() {
    let both: Member = round_trip(&json!({ "number": 3, "name": "a" }));
    assert!(matches!(both, Member::Named(it) if it.extra["number"] == 3));
}

#[test]
fn union_of_objects_keeps_what_it_cannot_read() {
    for json in [json!({ "new": 1 }), json!({ "name": { "first": "a" } })] {
        let member: Member = round_trip(&json);
        assert_eq!(member, Member::Unknown(json));
    }
}

#[test]
fn union_of_objects_without_field_reads_the_last_as_fallback() {
    let other: Fallback = round_trip(&json!({ "new": 1 }));
    assert!(matches!(other, Fallback::Other(it) if it["new"] == 1));
    let number = serde_json::from_value::<Fallback>(json!({ "number": [] }));
    assert!(number.is_err());
}
