//! Values that some servers write in place of `null`.

use mistral_core::ErrorKind;
use mistral_core::chat::{ChatCompletionResponse, FinishReason};
use mistral_core::files::FileSchema;
use mistral_core::testing::MockChunk;
use serde_json::{Value, json};

use super::chunks::{cut, new, open, whole};
use crate::common::{DONE, answer, bytes, client_with, question, reply, scripted};

fn unfinished(text: &str, reason: &str) -> Value {
    new(0, json!({ "content": text }), Some(reason))
}

#[tokio::test]
async fn finish_reason_that_says_nothing_in_any_spelling_is_none() {
    for reason in [
        json!(" "),
        json!("None"),
        json!("NULL"),
        json!("nil"),
        json!("undefined"),
        json!(false),
        json!(0),
        json!({}),
        json!([]),
    ] {
        let mut chunk = unfinished("Hel", "");
        chunk["choices"][0]["finish_reason"] = reason.clone();
        let error = cut(&[chunk], vec![]).await;
        assert_eq!(error.kind(), ErrorKind::Truncated, "{reason}");
    }
    let mut chunk = unfinished("Hel", "");
    chunk["choices"][0]["finish_reason"] = json!("eos");
    let response = whole(&[chunk]).await;
    let reason = response.choices[0].finish_reason.clone();
    assert_eq!(reason, Some(FinishReason::Unknown("eos".to_owned())));
}

#[test]
fn list_of_nulls_is_empty() {
    let json =
        r#"{"choices":[{"message":{"content":"a","tool_calls":[null]},"finish_reason":"stop"}]}"#;
    let response: ChatCompletionResponse = serde_json::from_str(json).unwrap();
    assert_eq!(response.tool_calls(), []);
}

#[tokio::test]
async fn stream_with_empty_finish_reasons_is_truncated_when_it_is_cut() {
    for reason in ["", "null"] {
        let chunks = [unfinished("Hel", reason), unfinished("lo", reason)];
        for end in [vec![], vec![MockChunk::Break]] {
            let error = cut(&chunks, end).await;
            assert_eq!(error.kind(), ErrorKind::Truncated, "{reason:?}");
            let partial = error.partial::<ChatCompletionResponse>().unwrap();
            assert_eq!(partial.text(), "Hello");
            assert_eq!(partial.choices[0].finish_reason, None);
        }
        let end = new(0, json!({ "content": "!" }), Some("stop"));
        let response = whole(&[&chunks[..], &[end]].concat()).await;
        assert_eq!(response.text(), "Hello!");
        assert_eq!(response.choices[0].finish_reason, Some(FinishReason::Stop));
    }
}

#[tokio::test]
async fn stream_empty_finish_reason_does_not_replace_an_earlier_one() {
    let finished = new(0, json!({ "content": "a" }), Some("length"));
    let response = whole(&[finished, unfinished("", "")]).await;
    assert_eq!(
        response.choices[0].finish_reason,
        Some(FinishReason::Length)
    );
}

#[tokio::test]
async fn response_with_empty_finish_reason_has_none() {
    let body = answer("hi").replace(r#""stop""#, r#""""#);
    let client = client_with(&scripted([reply(200, &body)]));
    let response = client.chat().complete(&question()).await.unwrap();
    assert_eq!(response.text(), "hi");
    assert_eq!(response.choices[0].finish_reason, None);
}

#[tokio::test]
async fn stream_delta_with_empty_tool_call_id_is_the_models_message() {
    for id in ["", "null"] {
        let delta = json!({ "content": "a", "tool_call_id": id, "tool_calls": "" });
        let pieces = vec![
            bytes(format!("data: {}\n\n", new(0, delta, Some("stop")))),
            bytes(DONE),
        ];
        let response = open(pieces).await.collect_response().await.unwrap();
        assert_eq!(response.text(), "a", "{id:?}");
        assert_eq!(response.choices[0].messages, None);
        assert_eq!(response.tool_calls(), []);
    }
}

#[test]
fn list_written_as_empty_text_or_object_is_empty() {
    for list in [r#""""#, "{}", "null", "[]"] {
        let json = format!(
            r#"{{"choices":[{{"message":{{"content":"a","tool_calls":{list}}},"finish_reason":"stop"}}]}}"#
        );
        let response: ChatCompletionResponse = serde_json::from_str(&json).unwrap();
        assert_eq!(response.text(), "a", "{list}");
        assert_eq!(response.tool_calls(), [], "{list}");
    }
    for list in [r#""none""#, r#"{"id":"a"}"#, "1"] {
        let json = format!(r#"{{"choices":[{{"message":{{"tool_calls":{list}}}}}]}}"#);
        let error = serde_json::from_str::<ChatCompletionResponse>(&json).unwrap_err();
        assert!(error.to_string().contains("a list"), "{list}: {error}");
    }
}

#[test]
fn optional_enum_of_a_file_written_as_empty_text_is_none() {
    let file: FileSchema = serde_json::from_value(json!({
        "id": "f", "purpose": "", "sample_type": "null", "source": "", "visibility": "user",
    }))
    .unwrap();
    assert_eq!(
        (file.purpose, file.sample_type, file.source),
        (None, None, None)
    );
    assert!(file.visibility.is_some());
}

/// A gateway in PHP writes the empty delta of the last chunk as a list.
#[tokio::test]
async fn stream_delta_written_as_an_empty_list_is_empty() {
    for delta in [json!([]), json!(""), json!(null), json!({})] {
        let end = new(0, delta.clone(), Some("stop"));
        let response = whole(&[new(0, json!({ "content": "a" }), None), end]).await;
        assert_eq!(response.text(), "a", "{delta}");
        assert_eq!(response.choices[0].finish_reason, Some(FinishReason::Stop));
    }
}

#[tokio::test]
async fn stream_error_that_says_nothing_is_none() {
    for error in [
        json!(""),
        json!({}),
        json!([]),
        json!(null),
        json!(false),
        json!(0),
    ] {
        let start = json!({ "choices": [], "error": error });
        let mut end = new(0, json!({ "content": "a" }), Some("stop"));
        end["error"] = error.clone();
        let response = whole(&[start, end]).await;
        assert_eq!(response.text(), "a", "{error}");
    }
}
