use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::PartialJson;

fn completed(text: &str) -> Option<String> {
    let mut partial = PartialJson::default();
    partial.push(text);
    partial.complete()
}

#[test]
fn partial_json_cut_anywhere_is_completed() {
    for (cut, whole) in [
        ("", None),
        (" ", None),
        ("{", Some("{}")),
        (r#"{"ti"#, Some("{}")),
        (r#"{"title""#, Some("{}")),
        (r#"{"title":"#, Some("{}")),
        (r#"{"title": ""#, Some(r#"{"title": ""}"#)),
        (r#"{"title": "Oly"#, Some(r#"{"title": "Oly"}"#)),
        (
            r#"{"title": "Olympia", "ye"#,
            Some(r#"{"title": "Olympia"}"#),
        ),
        (r#"{"year": 18"#, Some("{}")),
        (r#"{"year": 1863,"#, Some(r#"{"year": 1863}"#)),
        (r#"{"year": 1863 "#, Some(r#"{"year": 1863}"#)),
        (r#"{"sold": tru"#, Some("{}")),
        (r#"{"a": [[1, 2], [3"#, Some(r#"{"a": [[1, 2], []]}"#)),
        (
            r#"{"a": {"b": ["x", {"c": "y"#,
            Some(r#"{"a": {"b": ["x", {"c": "y"}]}}"#),
        ),
        (r#"["a\"#, Some(r#"["a"]"#)),
        (r#"["a\n"#, Some(r#"["a\n"]"#)),
        (r#"["a\u00e"#, Some(r#"["a"]"#)),
        (r#"["a\ud83d"#, Some(r#"["a"]"#)),
        (r#"["a\ud83d\ude0"#, Some(r#"["a"]"#)),
        (r#"["a\ud83d\ude00"#, Some(r#"["a\ud83d\ude00"]"#)),
        (r#"["a\\"#, Some(r#"["a\\"]"#)),
        (r#""text, with {"#, Some(r#""text, with {""#)),
        ("[]", Some("[]")),
    ] {
        assert_eq!(completed(cut).as_deref(), whole, "{cut}");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9).prop_map(|number: f64| json!(number)),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..4)
                .prop_map(|entries| Value::Object(entries.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// Whether `part` is a valid intermediate state of `whole`.
fn is_beginning(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::String(part), Value::String(whole)) => whole.starts_with(part.as_str()),
        (Value::Array(part), Value::Array(whole)) => {
            let complete = part.len().saturating_sub(1);
            part.len() <= whole.len()
                && part.iter().zip(whole).take(complete).all(|(a, b)| a == b)
                && part.iter().zip(whole).all(|(a, b)| is_beginning(a, b))
        }
        (Value::Object(part), Value::Object(whole)) => {
            let differing = part
                .iter()
                .filter(|(key, value)| whole.get(*key) != Some(value));
            let known = |(key, value): (&String, &Value)| {
                whole
                    .get(key)
                    .is_some_and(|whole| is_beginning(value, whole))
            };
            part.iter().all(known) && differing.count() <= 1
        }
        (part, whole) => part == whole,
    }
}

/// Returns the same JSON with every non-ASCII character escaped.
fn escaped(json: &str) -> String {
    let mut units = [0; 2];
    let escape = |letter: char| match letter {
        letter if letter.is_ascii() => letter.to_string(),
        letter => letter
            .encode_utf16(&mut units)
            .iter()
            .map(|unit| format!("\\u{unit:04x}"))
            .collect(),
    };
    json.chars().map(escape).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn partial_json_every_prefix_completes_to_intermediate_state(value in any_json(), form in 0..3) {
        let text = match form {
            0 => value.to_string(),
            1 => serde_json::to_string_pretty(&value).unwrap(),
            _ => escaped(&value.to_string()),
        };
        let value: Value = serde_json::from_str(&text).unwrap(); // floats may lose precision
        let mut partial = PartialJson::default();
        for letter in text.chars() {
            partial.push(&letter.to_string());
            match partial.complete() {
                Some(json) => {
                    let part: Value = serde_json::from_str(&json).unwrap();
                    prop_assert!(is_beginning(&part, &value), "{json} of {text}");
                }
                // There is no value before the first bracket or quote.
                None => {
                    let has_begun = partial.text().contains(['[', '{', '"']);
                    prop_assert!(!has_begun);
                }
            }
        }
        partial.push(" ");
        let all: Value = serde_json::from_str(&partial.complete().unwrap()).unwrap();
        prop_assert_eq!(all, value);
    }

    #[test]
    fn partial_json_chunk_size_does_not_change_result(value in any_json(), piece in 1..9_usize) {
        let text = value.to_string();
        let letters: Vec<char> = text.chars().collect();
        let mut partial = PartialJson::default();
        for piece in letters.chunks(piece) {
            partial.push(&piece.iter().collect::<String>());
        }
        prop_assert_eq!(partial.complete(), completed(&text));
    }

    #[test]
    fn partial_json_invalid_text_does_not_panic(text in "[\\[\\]{}:,\"\\\\ud8a1 é-]{0,40}") {
        let _ = completed(&text);
    }
}
