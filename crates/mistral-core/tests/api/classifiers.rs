//! Classifiers: moderations and classifications.

use mistral_core::classifiers::{
    ChatClassificationRequest, ChatClassificationRequestInputs, ChatModerationRequest,
    ChatModerationRequestInputs, ClassificationRequest, ClassificationResponse, InstructRequest,
    ModerationResponse,
};
use mistral_core::messages::Message;
use serde_json::{Value, json};

use super::sent;
use crate::common::{client_with, reply, scripted};

const MODERATED: &str = r#"{"id":"m1","model":"m","results":[
    {"categories":{"violence":true,"pii":false},"category_scores":{"violence":0.9,"pii":0.1},"new":1},
    {"categories":null}]}"#;

#[tokio::test]
async fn moderations_of_texts_and_chats_send_inputs() {
    let mock = scripted([reply(200, MODERATED)]);
    let request = ClassificationRequest::new("m", ["a", "b"]);
    let response = client_with(&mock)
        .classifiers()
        .moderate(&request)
        .await
        .unwrap();
    let flagged: Vec<_> = response.results[0].flagged().collect();
    assert_eq!(flagged, ["violence"]);
    assert_eq!(response.results[1].flagged().count(), 0);
    let body = json!({ "model": "m", "input": ["a", "b"] });
    assert_eq!(
        sent(&mock),
        ("POST /prefix/v1/moderations".to_owned(), body)
    );

    let messages = || vec![Message::user("a"), Message::assistant("b")];
    let written =
        json!([{ "role": "user", "content": "a" }, { "role": "assistant", "content": "b" }]);
    for (input, body) in [
        (
            ChatModerationRequestInputs::from(messages()),
            written.clone(),
        ),
        (vec![messages()].into(), json!([written])),
    ] {
        let mock = scripted([reply(200, MODERATED)]);
        let request = ChatModerationRequest::new("m", input);
        client_with(&mock)
            .classifiers()
            .moderate_chat(&request)
            .await
            .unwrap();
        let (target, sent) = sent(&mock);
        assert_eq!(target, "POST /prefix/v1/chat/moderations");
        assert_eq!(sent, json!({ "model": "m", "input": body }));
        let read: ChatModerationRequest = serde_json::from_value(sent).unwrap();
        assert_eq!(read, request);
    }
}

const CLASSIFIED: &str = r#"{"id":"c1","model":"m","results":[
    {"mood":{"scores":{"good":0.7,"bad":0.3},"new":null}},{}]}"#;

#[tokio::test]
async fn classifications_of_texts_and_chats_send_inputs() {
    let mock = scripted([reply(200, CLASSIFIED)]);
    let metadata = json!({ "a": 1 }).as_object().cloned().unwrap();
    let request = ClassificationRequest::new("m", "a").metadata(metadata);
    let response = client_with(&mock)
        .classifiers()
        .classify(&request)
        .await
        .unwrap();
    assert_eq!(response.results[0]["mood"].best(), Some("good"));
    let body = json!({ "model": "m", "input": "a", "metadata": { "a": 1 } });
    assert_eq!(
        sent(&mock),
        ("POST /prefix/v1/classifications".to_owned(), body)
    );

    let chat = || InstructRequest::new([Message::user("a")]);
    let written = json!({ "messages": [{ "role": "user", "content": "a" }] });
    for (input, body) in [
        (
            ChatClassificationRequestInputs::from(chat()),
            written.clone(),
        ),
        (vec![chat(), chat()].into(), json!([written, written])),
    ] {
        let mock = scripted([reply(200, CLASSIFIED)]);
        let request = ChatClassificationRequest::new("m", input);
        client_with(&mock)
            .classifiers()
            .classify_chat(&request)
            .await
            .unwrap();
        let (target, sent) = sent(&mock);
        assert_eq!(target, "POST /prefix/v1/chat/classifications");
        assert_eq!(sent, json!({ "model": "m", "input": body }));
        let read: ChatClassificationRequest = serde_json::from_value(sent).unwrap();
        assert_eq!(read, request);
    }
}

#[test]
fn classifier_responses_keep_unknown_fields() {
    let moderated: Value = serde_json::from_str(MODERATED).unwrap();
    let read: ModerationResponse = serde_json::from_str(MODERATED).unwrap();
    let mut expected = moderated;
    expected["results"][1]
        .as_object_mut()
        .unwrap()
        .remove("categories");
    assert_eq!(serde_json::to_value(read).unwrap(), expected);
    let classified: Value = serde_json::from_str(CLASSIFIED).unwrap();
    let read: ClassificationResponse = serde_json::from_str(CLASSIFIED).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), classified);
    let gone = serde_json::from_str::<ModerationResponse>(r#"{"id":"m1"}"#);
    assert!(gone.unwrap_err().to_string().contains("results"));
}

#[test]
fn scores_of_another_form_do_not_lose_the_moderation() {
    let json = r#"{"results":[{"categories":{"pii":true},"category_scores":{"pii":"0.75","law":null,"sex":1}}]}"#;
    let read: ModerationResponse = serde_json::from_str(json).unwrap();
    let result = &read.results[0];
    assert_eq!(result.flagged().collect::<Vec<_>>(), ["pii"]);
    let scores = result.category_scores.as_ref().unwrap();
    assert_eq!(
        (scores["pii"], scores["sex"], scores.get("law")),
        (0.75, 1.0, None)
    );
    let sent: Value = serde_json::from_str(json).unwrap();
    let written = serde_json::to_value(&read).unwrap();
    assert_eq!(written["results"], sent["results"]);

    let json = r#"{"results":[{"mood":{"scores":{"good":"0.75","bad":0}}}]}"#;
    let read: ClassificationResponse = serde_json::from_str(json).unwrap();
    assert_eq!(read.results[0]["mood"].scores["good"], 0.75);
    let json = r#"{"results":[{"mood":{"scores":{"good":null,"bad":0}}}]}"#;
    serde_json::from_str::<ClassificationResponse>(json).unwrap_err();
}
