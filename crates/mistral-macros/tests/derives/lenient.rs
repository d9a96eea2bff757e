//! Numbers, strings and booleans in more than one form, and fields marked `lenient`.

use std::collections::BTreeMap;
use std::fmt::Debug;

use mistral_core::json::{ApiEnum, ApiObject, ApiRequest, ApiUnion};
use serde_json::{Map, Value, json};

use crate::{read, round_trip};

#[derive(Debug, Clone, PartialEq, ApiObject)]
struct Numbers {
    #[api(required)]
    required: i64,
    #[api(default)]
    default: i64,
    optional: Option<i64>,
    #[api(default)]
    float: f64,
    small: Option<u8>,
    unsigned: Option<u64>,
    single: Option<f32>,
    size: Option<usize>,
    #[api(extra)]
    extra: Map<String, Value>,
}

/// Reads `{"required": 1, name: value}`.
fn numbers(name: &str, value: Value) -> Numbers {
    let mut json = json!({ "required": 1 });
    json[name] = value;
    read(&json).unwrap_or_else(|error| panic!("{json}: {error}"))
}

#[test]
fn integer_is_read_from_number_and_numeric_string() {
    for value in [json!(3), json!(3.0), json!("3"), json!("3.0")] {
        assert_eq!(numbers("required", value.clone()).required, 3);
        assert_eq!(numbers("default", value.clone()).default, 3);
        assert_eq!(numbers("optional", value.clone()).optional, Some(3));
        assert_eq!(numbers("small", value.clone()).small, Some(3));
        assert_eq!(numbers("unsigned", value.clone()).unsigned, Some(3));
        let numbers = numbers("size", value);
        assert_eq!(numbers.size, Some(3));
        assert_eq!(numbers.extra, Map::new());
    }
    assert_eq!(numbers("required", json!(-3.0)).required, -3);
    assert_eq!(numbers("required", json!("-3")).required, -3);
    assert_eq!(numbers("required", json!(i64::MIN)).required, i64::MIN);
    let max = numbers("unsigned", json!(u64::MAX)).unsigned;
    assert_eq!(max, Some(u64::MAX));
    assert_eq!(
        numbers("unsigned", json!(u64::MAX.to_string())).unsigned,
        max
    );
}

#[test]
fn float_is_read_from_number_and_numeric_string() {
    for (value, expected) in [
        (json!(3), 3.0),
        (json!(3.5), 3.5),
        (json!("3.5"), 3.5),
        (json!("3"), 3.0),
        (json!(-2), -2.0),
        (json!("1e3"), 1000.0),
    ] {
        assert_eq!(numbers("float", value.clone()).float, expected);
        assert_eq!(numbers("single", value).single, Some(expected as f32));
    }
}

#[test]
fn number_null_or_absent_is_default() {
    let json = json!({ "required": 1, "default": null, "optional": null, "float": null });
    let absent: Numbers = read(&json!({ "required": 1 })).unwrap();
    let null: Numbers = read(&json).unwrap();
    assert_eq!(null, absent);
    assert_eq!(
        (absent.default, absent.optional, absent.float),
        (0, None, 0.0)
    );
    assert_eq!(absent.extra, Map::new());
}

#[test]
fn number_that_does_not_fit_goes_to_extra() {
    let others = || {
        [
            json!({}),
            json!([]),
            json!({ "a": [1] }),
            json!("abc"),
            json!(true),
        ]
    };
    let of_integer = [
        json!(3.5),
        json!("3.5"),
        json!(1e300),
        json!(9_007_199_254_740_993.0), // 2⁵³ + 1, which is read as 2⁵³
        json!(u64::MAX),
        json!(""),
    ];
    for value in others().into_iter().chain(of_integer) {
        for name in ["default", "optional"] {
            let mut json = json!({ "required": 1, "default": 0, "float": 0.5 });
            json[name] = value.clone();
            let numbers: Numbers = round_trip(&json);
            assert_eq!((numbers.default, numbers.optional), (0, None));
            assert_eq!(numbers.extra[name], value);
        }
    }
    for value in others()
        .into_iter()
        .chain([json!("inf"), json!("NaN"), json!("1e999")])
    {
        let numbers = numbers("float", value.clone());
        assert_eq!((numbers.float, &numbers.extra["float"]), (0.0, &value));
    }
    for value in [json!(256), json!(-1), json!("300")] {
        let numbers = numbers("small", value.clone());
        assert_eq!((numbers.small, &numbers.extra["small"]), (None, &value));
    }
    assert_eq!(numbers("single", json!(1e39)).extra["single"], json!(1e39));
    assert_eq!(numbers("unsigned", json!(-1)).extra["unsigned"], json!(-1));
}

#[test]
fn number_required_that_does_not_fit_is_an_error() {
    for (value, unexpected) in [
        (json!({}), "map"),
        (json!({ "a": 1 }), "map"),
        (json!([]), "sequence"),
        (json!("abc"), "string \"abc\""),
        (json!(true), "boolean `true`"),
        (json!(null), "null"),
        (json!(3.5), "floating point `3.5`"),
        (json!(u64::MAX), "integer `18446744073709551615`"),
    ] {
        let json = json!({ "required": value });
        let error = read::<Numbers>(&json).unwrap_err();
        assert!(error.contains(unexpected), "{error}");
        assert!(error.contains("line 1 column"), "{error}");
    }
    let error = read::<Numbers>(&json!({})).unwrap_err();
    assert!(error.contains("missing field `required`"), "{error}");
}

#[derive(Debug, Clone, PartialEq, ApiObject)]
struct Texts {
    #[api(default)]
    text: String,
    name: Option<String>,
    #[api(default)]
    flag: bool,
    option: Option<bool>,
    #[api(extra)]
    extra: Map<String, Value>,
}

#[test]
fn text_and_bool_are_read() {
    let json = json!({ "text": "a\n", "name": "b", "flag": true, "option": false });
    let texts: Texts = round_trip(&json);
    assert_eq!((&*texts.text, texts.name.as_deref()), ("a\n", Some("b")));
    assert_eq!((texts.flag, texts.option), (true, Some(false)));
    assert_eq!(texts.extra, Map::new());
    let absent: Texts = read(&json!({})).unwrap();
    let null = json!({ "text": null, "name": null, "flag": null, "option": null });
    assert_eq!(read::<Texts>(&null).unwrap(), absent);
}

#[test]
fn text_and_bool_of_another_kind_go_to_extra() {
    for value in [json!(3), json!(3.5), json!([1]), json!({ "a": null })] {
        let json = json!({ "text": value, "name": value, "flag": value, "option": value });
        let texts: Texts = round_trip(&json);
        assert_eq!((&*texts.text, texts.name), ("", None));
        assert_eq!((texts.flag, texts.option), (false, None));
        assert_eq!(Value::Object(texts.extra), json);
    }
    let texts: Texts = round_trip(&json!({ "text": true, "flag": "true" }));
    assert_eq!((&*texts.text, texts.flag), ("", false));
}

#[derive(Debug, Clone, PartialEq, ApiObject)]
struct RequiredTexts {
    #[api(required)]
    text: String,
    #[api(required)]
    flag: bool,
    #[api(extra)]
    extra: Map<String, Value>,
}

#[test]
fn text_and_bool_required_are_strict() {
    assert!(read::<RequiredTexts>(&json!({ "text": "a", "flag": true })).is_ok());
    assert!(read::<RequiredTexts>(&json!({ "text": 3, "flag": true })).is_err());
    assert!(read::<RequiredTexts>(&json!({ "text": "a", "flag": 1 })).is_err());
}

#[derive(Debug, Clone, Default, PartialEq, ApiObject)]
struct Usage {
    #[api(required)]
    total: u64,
    #[api(extra)]
    extra: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(tag = "type")]
enum Block {
    #[api("usage")]
    Usage(Usage),
    Unknown(Value),
}

#[derive(Debug, Clone, PartialEq, Eq, ApiEnum)]
enum Reason {
    #[api("stop")]
    Stop,
    Unknown(String),
}

#[derive(Debug, Clone, PartialEq, ApiObject)]
struct Answer {
    #[api(lenient)]
    usage: Option<Usage>,
    #[api(default, lenient)]
    usages: Vec<Usage>,
    #[api(lenient)]
    block: Option<Box<Block>>,
    #[api(lenient)]
    reason: Option<Reason>,
    #[api(lenient)]
    count: Option<u64>,
    #[api(extra)]
    extra: Map<String, Value>,
}

#[test]
fn lenient_field_is_read() {
    let json = json!({
        "usage": { "total": 3, "a": "\u{e9}" }, "usages": [{ "total": 4 }],
        "block": { "type": "usage", "total": 5 }, "reason": "stop", "count": 6,
    });
    let answer: Answer = round_trip(&json);
    assert_eq!(answer.usage.unwrap().total, 3);
    assert_eq!(answer.usages[0].total, 4);
    assert!(matches!(
        *answer.block.unwrap(),
        Block::Usage(Usage { total: 5, .. })
    ));
    assert_eq!((answer.reason, answer.count), (Some(Reason::Stop), Some(6)));
    assert_eq!(answer.extra, Map::new());
    let absent: Answer = read(&json!({})).unwrap();
    let null = json!({ "usage": null, "usages": null, "block": null, "reason": null });
    assert_eq!(read::<Answer>(&null).unwrap(), absent);
}

#[test]
fn lenient_field_that_cannot_be_read_goes_to_extra() {
    for json in [
        json!({ "usages": [], "usage": { "total": "x", "deep": [{ "a": 1.5 }] } }),
        json!({ "usages": [], "usage": {} }),
        json!({ "usages": [], "usage": [1] }),
        json!({ "usages": [], "usage": "none" }),
        json!({ "usages": [{ "total": {} }] }),
        json!({ "usages": 3 }),
    ] {
        let answer: Answer = round_trip(&json);
        assert_eq!((answer.usage, answer.block), (None, None));
        assert!(answer.usages.is_empty());
        assert_eq!(answer.extra.len(), 1);
    }
}

#[derive(Debug, Clone, PartialEq, ApiObject)]
struct Lists {
    #[api(default, lenient)]
    usages: Vec<Usage>,
    #[api(lenient)]
    names: Option<Vec<String>>,
    #[api(lenient)]
    bytes: Option<Vec<u8>>,
    #[api(default, lenient)]
    scores: BTreeMap<String, f64>,
    #[api(extra)]
    extra: Map<String, Value>,
}

#[test]
fn lenient_list_keeps_the_elements_that_can_be_read() {
    let json = json!({
        "usages": [{ "total": 1 }, { "total": {} }, null, { "total": 2 }],
        "names": ["a", 5, "b"],
        "bytes": [1, 300],
        "scores": { "a": 0.5, "b": null },
    });
    let lists: Lists = round_trip(&json);
    let totals: Vec<_> = lists.usages.iter().map(|usage| usage.total).collect();
    assert_eq!(totals, [1, 2]);
    assert_eq!(lists.names.unwrap(), ["a", "b"]);
    assert_eq!(lists.bytes, None);
    assert_eq!(lists.scores, BTreeMap::from([("a".to_owned(), 0.5)]));
    assert_eq!(Value::Object(lists.extra), json);
}

#[test]
fn lenient_list_and_map_of_numbers_are_read_in_any_form() {
    let json = json!({ "bytes": [1, 2.0, "3"], "scores": { "a": "0.5", "b": 1 } });
    let lists: Lists = read(&json).unwrap();
    assert_eq!(lists.bytes.unwrap(), [1, 2, 3]);
    let scores = [("a".to_owned(), 0.5), ("b".to_owned(), 1.0)];
    assert_eq!(lists.scores, BTreeMap::from(scores));
    assert_eq!(lists.extra, Map::new());
    for value in [json!([]), json!(5), json!([{}])] {
        let json = json!({ "usages": [], "bytes": 0, "scores": value });
        let lists: Lists = round_trip(&json);
        assert_eq!((lists.bytes, lists.scores.len()), (None, 0));
    }
}

#[test]
fn lenient_field_that_no_value_can_hold_is_repaired() {
    for (text, repaired) in [
        (r#""\ud800""#, json!("\u{fffd}")),
        (r#"["a","\udc00"]"#, json!(["a", "\u{fffd}"])),
        ("1e999", json!("1e999")),
        (r#"{"a":-1e999}"#, json!({ "a": "-1e999" })),
    ] {
        let json = format!(r#"{{"usages":[],"usage":{text},"count":1}}"#);
        let answer: Answer = serde_json::from_str(&json).unwrap();
        assert_eq!((answer.usage, answer.count), (None, Some(1)));
        assert_eq!(answer.extra["usage"], repaired);
    }
}

#[test]
fn duplicate_field_that_is_read_at_last_wins() {
    let json = r#"{"usage":"x","count":"x","block":7,"usage":{"total":3},"count":4,"block":null}"#;
    let answer: Answer = serde_json::from_str(json).unwrap();
    assert_eq!(answer.usage.unwrap().total, 3);
    assert_eq!((answer.count, answer.block), (Some(4), None));
    assert_eq!(answer.extra, Map::new());
    let answer: Answer = serde_json::from_str(r#"{"usage":{"total":3},"usage":"x"}"#).unwrap();
    assert_eq!((answer.usage, &answer.extra["usage"]), (None, &json!("x")));
}

#[test]
fn lenient_field_does_not_hide_malformed_json() {
    for text in [
        r#"{"usage":{"total":}}"#,
        r#"{"usage":{"total":1"#,
        r#"{"usage":1e}"#,
    ] {
        assert!(serde_json::from_str::<Answer>(text).is_err(), "{text}");
    }
}

/// A type that serde buffers before it reads it.
#[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
enum Buffered {
    Answer(Answer),
}

#[test]
fn lenient_field_is_read_from_a_buffer_of_serde() {
    let json = json!({ "usage": { "total": 3 }, "usages": [{ "total": "4" }], "count": "7" });
    let Buffered::Answer(answer) = read(&json).unwrap();
    assert_eq!(
        (answer.usage.unwrap().total, answer.usages[0].total),
        (3, 4)
    );
    assert_eq!(answer.count, Some(7));
    round_trip::<Buffered>(&json!({ "usages": [], "usage": { "total": "x" } }));
}

#[derive(Debug, Clone, PartialEq, ApiRequest)]
struct Request {
    #[api(required)]
    limit: u32,
    temperature: Option<f64>,
    #[api(lenient)]
    usage: Option<Usage>,
    #[api(extra)]
    extra: Map<String, Value>,
}

#[test]
fn request_is_read_leniently_too() {
    let request: Request = read(&json!({ "limit": "3", "temperature": "0.5" })).unwrap();
    assert_eq!((request.limit, request.temperature), (3, Some(0.5)));
    let request: Request = round_trip(&json!({ "limit": 3, "temperature": "hot", "usage": 1 }));
    assert_eq!((request.temperature, &request.usage), (None, &None));
    let request = request.temperature(0.7).usage(Usage::default());
    let json = json!({ "limit": 3, "temperature": 0.7, "usage": { "total": 0 } });
    assert_eq!(serde_json::to_value(request).unwrap(), json);
}
