//! Tool calls merged from streams in the spellings of many hosts, and their arguments.

use mistral_core::ErrorKind;
use mistral_core::chat::{ChatCompletionResponse, FinishReason};
use mistral_core::messages::ToolCall;
use serde_json::{Value, json};

use super::chunks::{choice, chunk, first, last, new, whole};

/// A piece of a tool call, from `id index name arguments`. A `-` leaves a part out, `''` is an
/// empty string, and arguments after `@` are JSON.
fn piece(text: &str) -> Value {
    let mut words = text.splitn(4, ' ');
    let mut word = || words.next().unwrap();
    let (id, index, name, arguments) = (word(), word(), word(), word());
    let mut piece = json!({ "function": {} });
    if id != "-" {
        piece["id"] = json!(id.trim_matches('\''));
    }
    if index != "-" {
        piece["index"] = json!(index.parse::<i64>().unwrap());
    }
    if name != "-" {
        piece["function"]["name"] = json!(name.trim_matches('\''));
    }
    if let Some(arguments) = arguments.strip_prefix('@') {
        piece["function"]["arguments"] = serde_json::from_str(arguments).unwrap();
    } else if arguments != "-" {
        piece["function"]["arguments"] = json!(arguments);
    }
    piece
}

fn delta(pieces: &[Value]) -> Value {
    json!({ "content": null, "tool_calls": pieces })
}

/// `id name arguments` of each call.
fn facts(calls: &[ToolCall]) -> Vec<String> {
    let facts = |call: &ToolCall| {
        let (id, function) = (call.call_id().unwrap_or("none"), &call.function);
        format!("{id} {} {}", function.name, function.arguments)
    };
    calls.iter().map(facts).collect()
}

const F: &str = r#"a f {"x":1}"#;
const G: &str = r#"b g {"y":2}"#;

/// The pieces that hosts send, and the calls that they stand for.
#[rustfmt::skip]
const SPELLINGS: &[(&str, &[&str])] = &[
    // Whole calls.
    (r#"a 0 f {"x":1} | b 1 g {"y":2}"#, &[F, G]),
    (r#"a 0 f {"x":1} | b 0 g {"y":2}"#, &[F, G]),
    (r#"a - f {"x":1} | b - g {"y":2}"#, &[F, G]),
    (r#"a 0 f {"x":1} | b 0 f {"x":1}"#, &[F, r#"b f {"x":1}"#]),
    (r#"a 0 f {"x":1} | a 1 f {"x":2}"#, &[F, r#"a f {"x":2}"#]),
    (r#"a 0 f {"x":1} | a 0 f {"x":2}"#, &[F, r#"a f {"x":2}"#]),
    (r#"a 0 f {"x":1} | a 0 f {"x":1}"#, &[F]),
    (r#"a 0 f {"x":1} | null 0 f @{"x":3}"#, &[F, r#"none f {"x":3}"#]),
    (r#"null 0 f {"x":1} | null 0 f {"x":1}"#, &[r#"none f {"x":1}"#; 2]),
    (r#"'' 0 f {"x":1} | '' 0 g {}"#, &[r#"none f {"x":1}"#, "none g {}"]),
    (r#"- - f {"x":1} | - - f {"x":1}"#, &[r#"none f {"x":1}"#; 2]),
    (r#"- - f {"x":1} | - - f "#, &[r#"none f {"x":1}"#, "none f "]),
    (r#"- 0 f {} | - 0 f {"x":1}"#, &["none f {}", r#"none f {"x":1}"#]),
    // Arguments that are an object, or none.
    (r#"a 0 f @{"x":1} | b 1 g @{"y":2}"#, &[F, G]),
    (r#"a 0 f @{} | - 0 - {"x" | - 0 - :1}"#, &[F]),
    (r#"a 0 f @{} | a 0 f {"x":1}"#, &[F]),
    (r#"a 0 f  | a 0 f @{"x":1}"#, &[F]),
    (r#"a 0 f @{"x":1} | a 0 - "#, &[F]),
    (r#"a 0 f {"x":1} | a 0 - @{}"#, &[F]),
    ("a 0 f  | b 0 f ", &["a f ", "b f "]),
    ("a 0 f @null | b 1 g -", &["a f ", "b g "]),
    // Cut off.
    (r#"a 0 f {"x":1} | b 1 g {"y""#, &[F, r#"b g {"y""#]),
    (r#"a 0 f {"x" | b 0 g {"y":2}"#, &[r#"a f {"x""#, G]),
    (r#"a 0 f {"x" | - 1 - "y":2}"#, &[r#"a f {"x""#, r#"none  "y":2}"#]),
    (r#"a 0 f {"x":1} | b 1 g {"y":2} | - 2 - {"z":3}"#, &[F, G, r#"none  {"z":3}"#]),
    // In pieces.
    (r#"a 0 f {"x" | - 0 - :1 | - 0 - } | b 1 g  | - 1 - {"y":2}"#, &[F, G]),
    (r#"a 0 f  | - 0 - {"x":1} | b 0 g  | - 0 - {"y":2}"#, &[F, G]),
    (r#"a - f  | - - - {"x":1} | b - g  | - - - {"y":2}"#, &[F, G]),
    (r#"a - f {"x" | - 0 - :1} | b - g {"y" | - 1 - :2}"#, &[F, G]),
    (r#"a 0 f  | '' 0 '' {"x":1} | b 1 g  | '' 1 '' {"y":2}"#, &[F, G]),
    (r#"a 0 f  | b 1 g {"y" | - 0 - {"x" | - 1 - :2} | - 0 - :1}"#, &[F, G]),
    (r#"a 0 f {"x" | null 0 - :1} | b 1 g {"y" | null 1 - :2}"#, &[F, G]),
    (r#"a - f {"x" | a - - :1} | b - g  | b - - {"y":2}"#, &[F, G]),
    (r#"a - f {"x" | b - g  | a - - :1} | b - - {"y":2}"#, &[F, G]),
    (r#"b 1 g {"y" | a 0 f {"x":1} | - 1 - :2}"#, &[G, F]),
    (r#"- - f {"x" | - - - :1} | - - f {"x" | - - - :2"#, &[r#"none f {"x":1}"#, r#"none f {"x":2"#]),
    // The id comes late, or is another one for every piece, or the same one for all calls.
    (r#"- 0 f {"x" | a 0 - :1} | a 0 f {"x":1}"#, &[F]),
    (r#"- 0 f {"x" | a 0 f :1}"#, &[F]),
    (r#"a 0 f {"x" | r1 0 - :1} | r2 0 -  | b 1 g  | r3 1 - {"y":2}"#, &[F, G]),
    (r#"x 0 f  | x 1 g  | x 0 - {"x":1} | x 1 - {"y":2}"#, &[r#"x f {"x":1}"#, r#"x g {"y":2}"#]),
    (r#"x 0 f  | - 0 - {"x":1} | x 1 f  | - 1 - {"x":2}"#, &[r#"x f {"x":1}"#, r#"x f {"x":2}"#]),
    // The index is right in the first piece only.
    (r#"a 0 f {"x":1} | b 1 g {"y" | b 0 - :2}"#, &[F, G]),
    // The name is repeated, comes in pieces, or late.
    (r#"a 0 f {"x" | a 0 f :1} | b 1 g {"y" | b 1 g :2}"#, &[F, G]),
    (r#"a 0 f {"x" | - 0 f :1} | - 0 f "#, &[F]),
    (r#"a 0 f {"x":1} | a 0 f "#, &[F]),
    (r#"a 0 get_ | a 0 weather {"x" | - 0 - :1}"#, &[r#"a get_weather {"x":1}"#]),
    (r#"a 0 get_ | - 0 weather  | - 0 - {} | b 1 g {}"#, &["a get_weather {}", "b g {}"]),
    (r#"a - get_ | - - weather {} | b - g {}"#, &["a get_weather {}", "b g {}"]),
    (r#"- 0 f  | - 0 g {}"#, &["none f ", "none g {}"]),
    (r#"a 0 -  | - 0 f {"x":1}"#, &[F]),
    (r#"a 0 - {"x":1} | a 0 f  | b 1 - {"y" | - 1 - :2} | b 1 g "#, &[F, G]),
];

#[tokio::test]
async fn tool_call_deltas_are_merged_and_kept_apart() {
    for (spelling, expected) in SPELLINGS {
        // An empty last word is lost when what is in front of it has no space.
        let pad = |text: &str| {
            format!(
                "{text}{}",
                " ".repeat(3_usize.saturating_sub(text.matches(' ').count()))
            )
        };
        let pieces: Vec<_> = spelling
            .split(" | ")
            .map(|text| piece(&pad(text)))
            .collect();
        let one_by_one = pieces.chunks(1).map(delta);
        let at_once = pieces.chunks(pieces.len()).map(delta);
        for deltas in [one_by_one.collect::<Vec<_>>(), at_once.collect()] {
            let response = whole(&choice(deltas)).await;
            assert_eq!(facts(response.tool_calls()), *expected, "{spelling}");
            assert_eq!(response.text(), "", "{spelling}");
        }
    }
}

#[tokio::test]
async fn tool_call_cut_anywhere_is_reassembled() {
    let arguments = r#"{"city":"Zürich 🙂 \" \\ }{","days":[1,2],"no":{}}"#;
    let cuts: Vec<_> = arguments.char_indices().map(|(at, _)| at).collect();
    for (head, tail) in [
        ("a 0 f", "- 0 -"),
        ("a 0 f", "a 0 f"),
        ("a 0 f", "null 0 ''"),
        ("a - f", "- - -"),
        ("- 0 f", "- 0 -"),
        ("- 0 f", "- 0 f"),
        ("- - f", "- - -"),
        ("a 0 f", "other 0 -"),
    ] {
        let expected = format!(
            "{} f {arguments}",
            if head.starts_with('a') { "a" } else { "none" }
        );
        let cut = |at: usize| {
            let (before, after) = arguments.split_at(at);
            vec![format!("{head} {before}"), format!("{tail} {after}")]
        };
        let single = arguments.chars().map(|char| format!("{tail} {char}"));
        let single = std::iter::once(format!("{head} ")).chain(single).collect();
        for pieces in cuts.iter().map(|at| cut(*at)).chain([single]) {
            let deltas = pieces.iter().map(|text| delta(&[piece(text)]));
            let response = whole(&choice(deltas)).await;
            assert_eq!(facts(response.tool_calls()), [&*expected], "{pieces:?}");
        }
    }
}

#[tokio::test]
async fn tool_calls_of_several_choices_stay_apart() {
    let of = |index: i64, text: &str| new(index, delta(&[piece(text)]), None);
    let both = json!([
        { "index": 1, "delta": delta(&[piece("- 0 - :2}")]), "finish_reason": "tool_calls" },
        { "index": 0, "delta": delta(&[piece("- 0 - :1}")]), "finish_reason": "tool_calls" },
    ]);
    let response = whole(&[of(0, r#"a 0 f {"x""#), of(1, r#"b 0 g {"y""#), chunk(both)]).await;
    let calls: Vec<_> = response
        .choices
        .iter()
        .map(|choice| facts(choice.message.tool_calls.as_deref().unwrap()))
        .collect();
    assert_eq!(calls, [[F], [G]]);
}

async fn stopped(arguments: Value) -> ChatCompletionResponse {
    let call =
        json!([{ "id": "a", "index": 0, "function": { "name": "f", "arguments": arguments } }]);
    whole(&[
        first(),
        new(0, json!({ "tool_calls": call }), None),
        last("length"),
    ])
    .await
}

#[derive(Debug, PartialEq, serde::Deserialize)]
struct Weather {
    city: String,
    #[serde(default)]
    days: Vec<u8>,
}

#[tokio::test]
async fn tool_call_arguments_cut_off_are_a_decode_error() {
    let text = r#"{"city":"Zürich \"","days":[12,3]}"#;
    for (at, _) in text.char_indices().skip(1) {
        let response = stopped(json!(text[..at])).await;
        assert_eq!(
            response.choices[0].finish_reason,
            Some(FinishReason::Length)
        );
        let error = response.tool_calls()[0].arguments::<Weather>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        let start = "the arguments of `f` seem to be cut off (if the finish reason is `length`";
        assert!(error.to_string().starts_with(start), "{error}");
    }
    let weather = stopped(json!(text)).await.tool_calls()[0].arguments::<Weather>();
    assert_eq!(weather.unwrap().days, [12, 3]);
}

#[test]
fn tool_call_argument_errors_name_the_path() {
    let error = |arguments: Value| {
        let call = json!({ "function": { "name": "f", "arguments": arguments } });
        let call: ToolCall = serde_json::from_value(call).unwrap();
        call.arguments::<Weather>().unwrap_err().to_string()
    };
    for (arguments, expected) in [
        (
            json!(r#"{"city":"P","days":[1,"x"]}"#),
            "do not match the type: at `days[1]`: invalid type: string \"x\"",
        ),
        (
            json!({ "city": "P", "days": [1, 300] }),
            "do not match the type: at `days[1]`: invalid value: integer `300`",
        ),
        (
            json!({ "city": 1 }),
            "do not match the type: at `city`: invalid type",
        ),
        (json!(""), "do not match the type: missing field `city`"),
        (json!("null"), "do not match the type: missing field `city`"),
        (json!(null), "do not match the type: missing field `city`"),
        (json!("Paris, please"), "are not JSON: expected value"),
        (json!("{'city': 'P'}"), "are not JSON: key must be a string"),
        (
            json!(r#"{"city":"P"}{"city":"Q"}"#),
            "are not JSON: trailing characters",
        ),
        // The mismatch comes first, but the missing end is the cause.
        (json!(r#"{"city":7,"da"#), "seem to be cut off"),
    ] {
        let error = error(arguments);
        let expected = format!("the arguments of `f` {expected}");
        assert!(error.starts_with(&expected), "{error}");
    }
}

#[test]
fn tool_call_without_arguments_is_an_empty_object() {
    for arguments in [
        json!(""),
        json!(" \n"),
        json!("null"),
        json!(null),
        json!({}),
        json!("{}"),
    ] {
        let call = json!({ "function": { "name": "f", "arguments": arguments } });
        let call: ToolCall = serde_json::from_value(call).unwrap();
        assert_eq!(call.arguments::<Value>().unwrap(), json!({}), "{arguments}");
        assert_eq!(call.function.arguments.parse::<Value>().unwrap(), json!({}));
    }
}
