//! Messages from texts and lists, and what a program reads from them.

use mistral_core::agents::AgentsCompletionRequest;
use mistral_core::chat::{ChatCompletionRequest, ChatCompletionResponse, FinishReason};
use mistral_core::classifiers::{
    ChatClassificationRequest, ChatModerationRequest, InstructRequest,
};
use mistral_core::embeddings::EmbeddingRequest;
use mistral_core::messages::{AssistantMessage, ContentChunk, Message, UserMessage};
use serde_json::json;

#[test]
fn messages_of_every_form_are_accepted() {
    let hello = [Message::user("Hello")];
    let history = vec![Message::user("Hello")];
    let text = "Hello".to_owned();
    let request = |request: ChatCompletionRequest| {
        assert_eq!(request.messages, hello);
    };
    request(ChatCompletionRequest::new("m", "Hello"));
    request(ChatCompletionRequest::new("m", &text));
    request(ChatCompletionRequest::new("m", text.clone()));
    request(ChatCompletionRequest::new("m", Message::user("Hello")));
    request(ChatCompletionRequest::new("m", UserMessage::new("Hello")));
    request(ChatCompletionRequest::new("m", ["Hello"]));
    request(ChatCompletionRequest::new("m", [UserMessage::new("Hello")]));
    request(ChatCompletionRequest::new("m", hello.clone()));
    request(ChatCompletionRequest::new("m", &hello));
    request(ChatCompletionRequest::new("m", &hello[..]));
    request(ChatCompletionRequest::new("m", &history));
    request(ChatCompletionRequest::new("m", history.clone()));
    request(ChatCompletionRequest::new("m", history.iter().take(1)));
    request(ChatCompletionRequest::new(
        "m",
        Some(Message::user("Hello")),
    ));
    assert_eq!(AgentsCompletionRequest::new("a", "Hello").messages, hello);
    assert_eq!(InstructRequest::new("Hello").messages, hello);

    let moderation = ChatModerationRequest::new("m", &history);
    for same in [
        ChatModerationRequest::new("m", "Hello"),
        ChatModerationRequest::new("m", history.clone()),
        ChatModerationRequest::new("m", hello.clone()),
    ] {
        assert_eq!(same, moderation);
    }
    let classification = ChatClassificationRequest::new("m", InstructRequest::new("Hello"));
    assert_eq!(
        ChatClassificationRequest::new("m", &history[..]),
        classification
    );
}

#[test]
#[expect(clippy::needless_borrows_for_generic_args)] // as programs write it
fn embedding_inputs_of_every_form_are_accepted() {
    let expected = EmbeddingRequest::new("m", vec!["a".to_owned(), "b".to_owned()]);
    let (owned, borrowed) = (vec!["a".to_owned(), "b".to_owned()], ["a", "b"]);
    for request in [
        EmbeddingRequest::new("m", &owned),
        EmbeddingRequest::new("m", &owned[..]),
        EmbeddingRequest::new("m", &borrowed),
        EmbeddingRequest::new("m", &borrowed[..]),
        EmbeddingRequest::new("m", vec!["a", "b"]),
        EmbeddingRequest::new("m", &vec!["a", "b"]),
        EmbeddingRequest::new("m", borrowed),
    ] {
        assert_eq!(request, expected);
    }
    assert_eq!(
        EmbeddingRequest::new("m", &owned[0]),
        EmbeddingRequest::new("m", "a")
    );
}

#[test]
fn content_of_a_borrowed_text_or_one_chunk_is_accepted() {
    let text = "a".to_owned();
    assert_eq!(Message::user(&text), Message::user("a"));
    let chunk = ContentChunk::image_url("u");
    assert_eq!(Message::user(chunk.clone()), Message::user([chunk]));
}

#[test]
fn message_text_and_role_of_every_kind() {
    let chunks = [
        ContentChunk::text("a"),
        ContentChunk::image_url("u"),
        ContentChunk::text("b"),
    ];
    let unknown: Message =
        serde_json::from_value(json!({ "role": "critic", "content": "a" })).unwrap();
    for (message, role, text) in [
        (Message::system("a"), "system", "a"),
        (Message::user(chunks), "user", "ab"),
        (Message::assistant("a"), "assistant", "a"),
        (AssistantMessage::new().into(), "assistant", ""),
        (Message::tool("D681PevKs", "a"), "tool", "a"),
        (unknown, "critic", ""),
        (Message::Unknown(json!(5)), "", ""),
    ] {
        assert_eq!((message.role(), &*message.text()), (role, text));
    }
}

#[test]
fn response_accessors_are_about_the_first_choice() {
    let choice = |text: &str, reason: &str| json!({ "message": { "role": "assistant", "content": text }, "finish_reason": reason });
    let response = json!({ "choices": [choice("a", "length"), choice("b", "stop")] });
    let response: ChatCompletionResponse = serde_json::from_value(response).unwrap();
    assert_eq!(response.message().unwrap().text(), "a");
    assert_eq!(response.finish_reason(), Some(&FinishReason::Length));
    assert_eq!(response.text(), "a");
    assert_eq!(response.into_message(), Some(Message::assistant("a")));

    let none: ChatCompletionResponse = serde_json::from_value(json!({ "choices": [] })).unwrap();
    assert_eq!((none.message(), none.finish_reason()), (None, None));
    assert_eq!(none.into_message(), None);
}
