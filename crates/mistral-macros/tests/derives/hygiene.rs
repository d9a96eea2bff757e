//! Names of the program that the derives' code must not run into.

#![allow(dead_code)]

use serde_json::json;

use crate::round_trip;

type Result<T> = std::result::Result<T, ()>;
struct Option;
struct Some;
struct None;
struct Ok;
struct String;
struct Vec;
struct Box;
struct Object;
struct A;
trait Default {}
trait From<T> {}
trait Into<T> {}

/// Fields that are called as the locals of the derived code are.
#[derive(Debug, Clone, PartialEq, mistral_core::json::ApiRequest)]
struct Names {
    #[api(required)]
    map: std::string::String,
    #[api(default)]
    key: std::string::String,
    skipped: std::option::Option<i64>,
    value: std::option::Option<i64>,
    name: std::option::Option<i64>,
    field: std::option::Option<std::vec::Vec<i64>>,
    #[api(rename = "more")]
    others: std::option::Option<i64>,
    #[api(rename = "self")]
    this: std::option::Option<i64>,
    #[api(extra)]
    rest: serde_json::Map<std::string::String, serde_json::Value>,
}

#[derive(Debug, Clone, PartialEq, mistral_core::json::ApiEnum)]
enum Values {
    #[api("none")]
    None,
    #[api("some")]
    Some,
    #[api("ok")]
    Ok,
    Unknown(std::string::String),
}

#[derive(Debug, Clone, PartialEq, mistral_core::json::ApiUnion)]
#[api(untagged)]
enum Members {
    #[api(string)]
    String(std::string::String),
    #[api(array)]
    List(std::vec::Vec<Names>),
    #[api(object)]
    Names(std::boxed::Box<Names>),
    #[api(null)]
    None,
}

#[derive(Debug, Clone, PartialEq, mistral_core::json::ApiUnion)]
#[api(tag = "type")]
enum Tagged {
    #[api("names")]
    Some(Names),
    Unknown(serde_json::Value),
}

/// A type whose fields' types come through a macro.
macro_rules! declare {
    ($name:ident, $ty:ty, $optional:ty) => {
        #[derive(Debug, Clone, PartialEq, mistral_core::json::ApiRequest)]
        struct $name {
            #[api(required)]
            required: $ty,
            optional: $optional,
            #[api(extra)]
            extra: serde_json::Map<std::string::String, serde_json::Value>,
        }
    };
}

declare!(Declared, i64, std::option::Option<i64>);

#[test]
fn names_of_the_program_do_not_matter() {
    let json = json!({
        "map": "m", "key": "k", "skipped": 1, "value": 2, "name": 3, "field": [4], "more": 5,
        "self": 6, "rest": 7,
    });
    let names: Names = round_trip(&json);
    let built = Names::new("m".to_owned())
        .key("k".to_owned())
        .skipped(1)
        .value(2)
        .name(3)
        .field(vec![4])
        .others(5)
        .this(6)
        .extra("rest", 7);
    assert_eq!(names, built);
    assert_eq!(round_trip::<Values>(&json!("none")), Values::None);
    round_trip::<Members>(&json!([json]));
    assert_eq!(round_trip::<Members>(&json!(null)), Members::None);
    let mut tagged = json.clone();
    tagged["type"] = json!("names");
    assert_eq!(round_trip::<Tagged>(&tagged), Tagged::Some(names));
}

#[test]
fn types_from_a_macro_are_recognised() {
    let declared: Declared = round_trip(&json!({ "required": 1, "optional": {} }));
    assert_eq!((declared.required, declared.optional.is_none()), (1, true));
    let declared: Declared = serde_json::from_value(json!({ "required": "1" })).unwrap();
    assert_eq!(declared, Declared::new(1));
}
