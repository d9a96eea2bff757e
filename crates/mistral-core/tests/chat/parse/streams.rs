//! Partial values while a response is streamed.

use mistral_sdk::ErrorKind;
use mistral_sdk::chat::ChatCompletionResponse;
use mistral_sdk::testing::{MockReply, MockTransport};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Painting, ask, client};

#[derive(Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
struct Recipe {
    name: String,
    minutes: Option<u32>,
    steps: Vec<String>,
}

/// The partial values while the answer arrives in these pieces, and the final one.
async fn values(pieces: &[&str]) -> (Vec<Recipe>, mistral_sdk::Result<Recipe>) {
    let pieces: Vec<String> = pieces.iter().map(|piece| (*piece).to_owned()).collect();
    let mock = MockTransport::new().reply(MockReply::chat_stream(pieces));
    let mut stream = client(&mock).chat().parse_stream(&ask()).await.unwrap();
    let mut values = Vec::new();
    while let Some(event) = stream.next().await {
        values.extend(event.unwrap().value);
    }
    let last = stream.collect_parsed().await;
    (values, last.map(|parsed| parsed.value))
}

#[tokio::test]
async fn parse_stream_values_grow_with_the_text() {
    let pieces = [
        "{\"na",
        "me\": \"Om",
        "elet",
        "te\", \"min",
        "utes\": 1",
        "2, \"steps\": [\"Bre",
        "ak\"",
        ", \"Fr",
        "y\"]}",
    ];
    let (values, last) = values(&pieces).await;
    let value = |name: &str, minutes, steps: &[&str]| Recipe {
        name: name.to_owned(),
        minutes,
        steps: steps.iter().map(|step| (*step).to_owned()).collect(),
    };
    let whole = value("Omelette", Some(12), &["Break", "Fry"]);
    assert_eq!(
        values,
        [
            value("", None, &[]),
            value("Om", None, &[]),
            value("Omelet", None, &[]),
            value("Omelette", None, &[]),
            value("Omelette", Some(12), &["Bre"]),
            value("Omelette", Some(12), &["Break"]),
            value("Omelette", Some(12), &["Break", "Fr"]),
            value("Omelette", Some(12), &["Break", "Fry"]),
            value("Omelette", Some(12), &["Break", "Fry"]),
        ]
    );
    assert_eq!(last.unwrap(), whole);
}

#[tokio::test]
async fn parse_stream_reads_only_the_first_choice() {
    let event = |index: u8, delta: Value, finish_reason: Option<&str>| {
        let choice = json!({ "index": index, "delta": delta, "finish_reason": finish_reason });
        json!({ "choices": [choice] })
    };
    let mock = MockTransport::new().sse([
        event(1, json!({ "content": "{\"name\": \"Second" }), None),
        event(
            0,
            json!({ "role": "tool", "content": "{\"name\": \"Tool" }),
            None,
        ),
        event(
            0,
            json!({ "tool_call_id": "1", "content": "{\"name\": \"Tool" }),
            None,
        ),
        event(0, json!({ "content": "{\"name\": \"First" }), None),
        event(1, json!({ "content": "\"}" }), Some("stop")),
        event(0, json!({ "content": "\"}" }), Some("stop")),
    ]);
    let client = client(&mock);
    let stream = client.chat().parse_stream::<Recipe>(&ask()).await.unwrap();
    let mut names = Vec::new();
    let mut stream = stream;
    while let Some(event) = stream.next().await {
        names.extend(event.unwrap().value.map(|recipe| recipe.name));
    }
    assert_eq!(names, ["First", "First"]);
    let parsed = stream.collect_parsed().await.unwrap();
    assert_eq!(parsed.value.name, "First");
    assert_eq!(parsed.response.choices.len(), 2);
}

#[tokio::test]
async fn parse_stream_value_is_none_until_required_fields_arrive() {
    let pieces = ["{\"title\": \"Oly", "mpia\", \"ye", "ar\": 18", "63}"];
    let mock = MockTransport::new().reply(MockReply::chat_stream(pieces));
    let mut stream = client(&mock)
        .chat()
        .parse_stream::<Painting>(&ask())
        .await
        .unwrap();
    let mut texts = String::new();
    let mut values = Vec::new();
    while let Some(event) = stream.next().await {
        let event = event.unwrap();
        texts += &event.chunk.text();
        values.extend(event.value);
    }
    assert_eq!(texts, pieces.concat());
    assert_eq!(values.last().unwrap().year, Some(1863));
    assert_eq!(values[0].title, "Oly"); // `year` is optional, `title` is not
}

#[tokio::test]
async fn parse_stream_without_value_states_reason_and_keeps_text() {
    let (seen, last) = values(&["{\"name\": \"Om", "elette"]).await;
    assert_eq!(seen.last().unwrap().name, "Omelette");
    let error = last.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(
        error
            .to_string()
            .starts_with("chat.stream: the response is not JSON"),
        "{error}"
    );
    let kept: &ChatCompletionResponse = error.partial().unwrap();
    assert_eq!(kept.text(), "{\"name\": \"Omelette");

    let (seen, last) = values(&["Here is your ", "recipe: {\"name\": \"Omelette\"}"]).await;
    assert_eq!(seen, []);
    assert!(
        last.unwrap_err()
            .to_string()
            .contains("the response is not JSON")
    );
}

#[tokio::test]
async fn parse_stream_cut_is_truncated_with_partial() {
    let reply = MockReply::chat_stream(["{\"name\": \"Om", "elette\"}"]).with_break_after(2);
    let mock = MockTransport::new().reply(reply);
    let stream = client(&mock)
        .chat()
        .parse_stream::<Recipe>(&ask())
        .await
        .unwrap();
    let error = stream.collect_parsed().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated);
    let kept: &ChatCompletionResponse = error.partial().unwrap();
    assert!(kept.text().starts_with("{\"name\""), "{}", kept.text());
}

fn chunk(delta: &Value, finish_reason: Option<&str>) -> Value {
    json!({
        "id": "s1",
        "model": "m",
        "choices": [{ "index": 0, "delta": delta, "finish_reason": finish_reason }],
    })
}

#[tokio::test]
async fn parse_stream_honors_finish_reason_and_thinking() {
    let thought = json!([{ "type": "thinking", "thinking": [{ "type": "text", "text": "[1" }] }]);
    let mock = MockTransport::new().sse([
        chunk(&json!({ "role": "assistant", "content": thought }), None),
        chunk(
            &json!({ "content": [{ "type": "text", "text": "{\"name\": \"Om" }] }),
            None,
        ),
        chunk(&json!({ "content": "" }), Some("length")),
    ]);
    let mut stream = client(&mock)
        .chat()
        .parse_stream::<Recipe>(&ask())
        .await
        .unwrap();
    let mut names = Vec::new();
    while let Some(event) = stream.next().await {
        names.extend(event.unwrap().value.map(|recipe| recipe.name));
    }
    assert_eq!(names, ["Om"]);
    let error = stream.collect_parsed().await.unwrap_err();
    assert!(
        error.to_string().contains("the response is cut off"),
        "{error}"
    );
}

#[tokio::test]
async fn parse_stream_of_long_answer_takes_linear_time() {
    let step = "\"stir, and then stir again until it is done\",";
    let mut pieces = vec!["{\"steps\": [".to_owned()];
    pieces.extend(std::iter::repeat_n(step.to_owned(), 5_000));
    pieces.push("\"serve\"]}".to_owned());
    let mock = MockTransport::new().reply(MockReply::chat_stream(pieces));
    let mut stream = client(&mock)
        .chat()
        .parse_stream::<Recipe>(&ask())
        .await
        .unwrap();
    let (mut count, mut longest) = (0, 0);
    while let Some(event) = stream.next().await {
        if let Some(recipe) = event.unwrap().value {
            count += 1;
            longest = recipe.steps.len();
        }
    }
    assert_eq!(longest, 5_001);
    assert!(count < 1_000, "{count} values"); // one for each growth by a 128th, not for each chunk
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Course {
    Starter,
    Main,
}

/// A type without defaults: there is no value before its last field.
#[derive(Debug, Deserialize, JsonSchema)]
struct Dish {
    name: String,
    course: Course,
}

#[tokio::test]
async fn parse_stream_json_shows_every_chunk_of_a_type_without_defaults() {
    let pieces = ["{\"name\": \"Om", "elette", "\", \"course\": \"ma", "in\"}"];
    let mock = MockTransport::new().reply(MockReply::chat_stream(pieces));
    let call = client(&mock).chat().parse_stream::<Dish>(&ask());
    let mut stream = call.await.unwrap();
    let (mut shown, mut values) = (Vec::new(), Vec::new());
    while let Some(event) = stream.next().await {
        let event = event.unwrap();
        shown.extend(event.json());
        values.extend(event.value);
    }
    assert_eq!(
        shown,
        [
            json!({ "name": "Om" }),
            json!({ "name": "Omelette" }),
            json!({ "name": "Omelette", "course": "ma" }),
            json!({ "name": "Omelette", "course": "main" }),
            json!({ "name": "Omelette", "course": "main" }), // with the finish reason
        ]
    );
    assert!(
        values
            .iter()
            .all(|dish| dish.name == "Omelette" && matches!(dish.course, Course::Main))
    );
    assert_eq!(values.len(), 2);
    assert_eq!(stream.so_far().text(), pieces.concat());
}
