//! Open enums.

use mistral_core::json::ApiEnum;
use serde_json::{Value, json};

use crate::{read, round_trip};

/// An enum with values of each kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub(crate) enum Reason {
    /// A natural end.
    #[api("stop")]
    Stop,
    /// The limit.
    #[api("length", alias = "model_length", alias = "max_tokens")]
    Length,
    /// Another value.
    #[deprecated(note = "use `Stop`")]
    #[api("end")]
    End,
    /// A value that this version of the SDK does not know.
    Unknown(String),
}

#[test]
fn enum_known_values_round_trip() {
    assert_eq!(round_trip::<Reason>(&json!("stop")), Reason::Stop);
    assert_eq!(round_trip::<Reason>(&json!("length")), Reason::Length);
    #[expect(deprecated)]
    let end = Reason::End;
    assert_eq!(round_trip::<Reason>(&json!("end")), end);
}

#[test]
fn enum_unknown_value_is_kept() {
    let unknown = Reason::Unknown("n\u{e9}w\n".to_owned());
    assert_eq!(round_trip::<Reason>(&json!("n\u{e9}w\n")), unknown);
    assert_eq!(unknown.as_str(), "n\u{e9}w\n");
    assert_eq!(unknown.to_string(), "n\u{e9}w\n");
}

#[test]
fn enum_alias_is_read_and_not_written() {
    for alias in ["model_length", "max_tokens"] {
        let reason: Reason = read(&json!(alias)).unwrap();
        assert_eq!(reason, Reason::Length);
        assert_eq!(serde_json::to_value(reason).unwrap(), json!("length"));
    }
}

#[test]
fn enum_value_of_another_kind_is_unknown() {
    for value in [
        json!(3),
        json!(-3),
        json!(3.5),
        json!(true),
        json!([1, "a"]),
        json!({ "a": { "b": null } }),
    ] {
        let reason: Reason = read(&value).unwrap();
        assert_eq!(reason, Reason::Unknown(value.to_string()));
    }
    assert!(read::<Reason>(&Value::Null).is_err());
    assert_eq!(read::<Option<Reason>>(&Value::Null).unwrap(), None);
}

#[test]
fn enum_is_converted_from_text() {
    assert_eq!(Reason::from("stop"), Reason::Stop);
    assert_eq!(Reason::from("max_tokens".to_owned()), Reason::Length);
    assert_eq!(Reason::from("x"), Reason::Unknown("x".to_owned()));
    assert_eq!(Reason::from("x".to_owned()), Reason::from("x"));
    assert_eq!(Reason::Stop.as_str(), "stop");
    assert_eq!(Reason::Length.to_string(), "length");
}
