//! Parsed responses, and responses that are no value of the type.

use mistral_sdk::agents::AgentsCompletionRequest;
use mistral_sdk::chat::{ChatCompletionResponse, Parsed};
use mistral_sdk::messages::{Message, ResponseFormat};
use mistral_sdk::testing::{MockReply, MockTransport};
use mistral_sdk::{ErrorKind, RetryPolicy};
use serde_json::{Value, json};

use super::{Painting, ask, client, saying};

#[tokio::test]
async fn parse_returns_value_with_response() {
    let mock = MockTransport::new().json(json!({
        "id": "r1",
        "choices": [{
            "index": 0,
            "message": { "role": "assistant", "content": [
                { "type": "thinking", "thinking": [{ "type": "text", "text": "Manet?" }] },
                { "type": "text", "text": " {\"title\": \"Olym" },
                { "type": "text", "text": "pia\", \"year\": 1863}\n" },
            ] },
            "finish_reason": "stop",
        }],
        "usage": { "prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3 },
    }));
    let call = client(&mock).chat().parse::<Painting>(&ask());
    let response = call.header("x-team", "art").with_response().await.unwrap();
    let parsed: Parsed<Painting> = response.body;
    assert_eq!(parsed.value.title, "Olympia");
    assert_eq!(parsed.value.year, Some(1863));
    assert_eq!(parsed.response.id, "r1");
    assert_eq!(parsed.response.choices[0].message.thinking(), "Manet?");
    assert_eq!(parsed.response.usage.unwrap().total_tokens, 3);
    assert_eq!(mock.requests()[0].header("x-team"), Some("art"));
}

#[tokio::test]
async fn parse_works_for_agents() {
    let mock = MockTransport::new()
        .reply(MockReply::chat(r#"{"title": "Olympia", "year": null}"#))
        .reply(MockReply::chat_stream([
            r#"{"title": "Nana", "#,
            r#""year": 1877}"#,
        ]));
    let client = client(&mock);
    let request = AgentsCompletionRequest::new("ag:1", [Message::user("Name a painting.")]);
    let parsed = client.agents().parse::<Painting>(&request).await.unwrap();
    assert_eq!(parsed.value.year, None);
    let stream = client
        .agents()
        .parse_stream::<Painting>(&request)
        .await
        .unwrap();
    assert_eq!(stream.collect_parsed().await.unwrap().value.title, "Nana");
    for sent in mock.requests() {
        assert_eq!(sent.json()["agent_id"], "ag:1");
        assert_eq!(
            sent.json()["response_format"]["json_schema"]["name"],
            "Painting"
        );
    }
}

fn answer(message: &Value, finish_reason: &str) -> Value {
    json!({
        "id": "r1",
        "choices": [{ "index": 0, "message": message, "finish_reason": finish_reason }],
    })
}

#[tokio::test]
async fn parse_failure_states_reason_and_keeps_response() {
    let call = json!({ "id": "D681PevKs", "function": { "name": "search", "arguments": "{}" } });
    for (message, finish_reason, why) in [
        (
            json!({ "content": "{\"title\": \"Olym" }),
            "length",
            "the response is cut off (finish reason `length`): raise `max_tokens`",
        ),
        (
            json!({ "content": "Olympia, 1863" }),
            "stop",
            "the response is not JSON: ",
        ),
        (
            json!({ "content": "{\"title\": \"Olym" }),
            "stop",
            "the response is not JSON: at `title`: EOF",
        ),
        (
            json!({ "content": "{\"title\": \"Olympia\", \"year\": \"1863\"}" }),
            "stop",
            "the response does not match the requested type: at `year`: invalid type",
        ),
        (
            json!({ "content": "{\"year\": 1863}" }),
            "stop",
            "the response does not match the requested type: missing field `title`",
        ),
        (
            json!({ "content": null, "refusal": "I would rather not." }),
            "stop",
            "the model refused to respond: I would rather not.",
        ),
        (
            json!({ "content": "", "tool_calls": [call] }),
            "tool_calls",
            "the model calls tools instead of responding (search)",
        ),
        (json!({ "content": "" }), "stop", "the response has no text"),
        (
            json!({ "content": "{" }),
            "error",
            "the server failed during generation",
        ),
    ] {
        let mock = MockTransport::new().reply(
            MockReply::json(answer(&message, finish_reason)).with_header("x-request-id", "q7"),
        );
        let error = client(&mock)
            .chat()
            .parse::<Painting>(&ask())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
        let line = error.to_string();
        assert!(line.starts_with(&format!("chat.complete: {why}")), "{line}");
        assert_eq!(error.request_id(), Some("q7"));
        let kept: &ChatCompletionResponse = error.partial().unwrap();
        assert_eq!(kept.text(), message["content"].as_str().unwrap_or_default());
        assert_eq!(mock.requests().len(), 1, "requested again: {line}");
    }
}

#[tokio::test]
async fn parse_accepts_whole_value_despite_finish_reason() {
    let text = json!({ "content": r#"{"title": "Olympia", "year": 1863}"# });
    let mock = MockTransport::new().json(answer(&text, "length"));
    let parsed = client(&mock)
        .chat()
        .parse::<Painting>(&ask())
        .await
        .unwrap();
    assert_eq!(parsed.value.year, Some(1863));
}

#[tokio::test]
async fn parse_without_choices_is_an_error() {
    let mock = MockTransport::new().json(json!({ "choices": [] }));
    let error = client(&mock)
        .chat()
        .parse::<Painting>(&ask())
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "chat.complete: the response is empty");
}

#[tokio::test]
async fn parse_passes_on_errors_of_the_call() {
    let mock = MockTransport::new().reply(MockReply::status(429).always());
    let call = client(&mock).chat().parse::<Painting>(&ask());
    let error = call.retry(RetryPolicy::none()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    let mock = MockTransport::new().json(json!({ "object": "surprise" }));
    let error = client(&mock)
        .chat()
        .parse::<Painting>(&ask())
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("not what the API documents"),
        "{error}"
    );
}

#[tokio::test]
async fn parse_accepts_types_other_than_structs() {
    let numbers = saying("[1, 2, 3]")
        .chat()
        .parse::<Vec<u8>>(&ask())
        .await
        .unwrap();
    assert_eq!(numbers.value, [1, 2, 3]);
}

#[test]
fn parsed_deserializes_from_stored_response() {
    let text = json!({ "content": r#"{"title": "Olympia", "year": 1863}"# });
    let parsed: Parsed<Painting> = serde_json::from_value(answer(&text, "stop")).unwrap();
    assert_eq!(parsed.value.title, "Olympia");
    let text = json!({ "content": "no" });
    let error = serde_json::from_value::<Parsed<Painting>>(answer(&text, "stop")).unwrap_err();
    assert!(
        error.to_string().contains("the response is not JSON"),
        "{error}"
    );
}

#[test]
fn blocking_client_parses() {
    let mock = MockTransport::new()
        .reply(MockReply::chat(r#"{"title": "Olympia", "year": 1863}"#))
        .reply(MockReply::chat_stream([
            r#"{"title": "Na"#,
            r#"na", "year": 1877}"#,
        ]));
    let api = mistral_sdk::MistralApi::new("key").unwrap();
    let builder = mistral_sdk::Client::builder(api).transport(mock);
    let client = builder.build_blocking().unwrap();
    let parsed = client.chat().parse::<Painting>(&ask()).send().unwrap();
    assert_eq!(parsed.value.title, "Olympia");
    let stream = client
        .chat()
        .parse_stream::<Painting>(&ask())
        .send()
        .unwrap();
    assert_eq!(stream.collect_parsed().unwrap().value.year, Some(1877));
}

/// serde buffers tagged and untagged values, whose errors have no position of their own.
#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(tag = "by", rename_all = "lowercase")]
#[allow(dead_code)] // read by serde alone
enum Leg {
    Train { number: u32 },
    Foot { minutes: u32 },
}

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[allow(dead_code)] // read by serde alone
struct Trip {
    legs: Vec<Leg>,
    way: Way,
    days: Vec<u32>,
}

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
#[allow(dead_code)] // read by serde alone
enum Way {
    Name(String),
    Stops(Vec<u32>),
}

#[tokio::test]
async fn parse_error_names_innermost_path() {
    let good = json!({ "by": "foot", "minutes": 5 });
    let bad = json!({ "by": "train", "number": "IC 1" });
    let trip = |legs: Vec<&Value>, way: Value, days: Value| json!({ "legs": legs, "way": way, "days": days });
    for (trip, path) in [
        (trip(vec![&good, &bad], json!("r"), json!([])), "legs[1]"),
        (trip(vec![&bad, &good], json!("r"), json!([])), "legs[0]"),
        (
            trip(vec![&good, &good, &bad, &good], json!("r"), json!([])),
            "legs[2]",
        ),
        (
            trip(vec![&json!({ "by": "car" })], json!("r"), json!([])),
            "legs[0].by",
        ),
        (trip(vec![&good], json!({}), json!([])), "way"),
        (trip(vec![&good], json!("r"), json!([1, "2"])), "days[1]"),
    ] {
        for text in [
            trip.to_string(),
            serde_json::to_string_pretty(&trip).unwrap(),
        ] {
            let error = saying(&text)
                .chat()
                .parse::<Trip>(&ask())
                .await
                .unwrap_err();
            let expected = format!("does not match the requested type: at `{path}`: ");
            assert!(error.to_string().contains(&expected), "{path}: {error}");
        }
    }
}

#[tokio::test]
async fn response_of_hand_made_format_can_be_parsed() {
    let mock = MockTransport::new()
        .reply(MockReply::chat(r#"{"title": "Olympia", "year": 1863}"#))
        .reply(MockReply::chat("Olympia"));
    let client = client(&mock);
    let request = ask().response_format(ResponseFormat::of::<Painting>().unwrap());
    let response = client.chat().complete(&request).await.unwrap();
    assert_eq!(response.parse::<Painting>().unwrap().year, Some(1863));
    let response = client.chat().complete(&request).await.unwrap();
    let error = response.parse::<Painting>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(
        error.to_string().starts_with("the response is not JSON"),
        "{error}"
    );

    let sent = mock.requests()[0].json()["response_format"].clone();
    let parsing = MockTransport::new().reply(MockReply::chat("{}"));
    let call = super::client(&parsing).chat().parse::<Painting>(&ask());
    call.await.unwrap_err();
    assert_eq!(parsing.requests()[0].json()["response_format"], sent);
    assert_eq!(
        sent["json_schema"]["schema"],
        mistral_sdk::json::strict_schema::<Painting>().unwrap()
    );
}
