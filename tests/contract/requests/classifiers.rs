use mistral_sdk::classifiers::{
    ChatClassificationRequest, ChatModerationRequest, ClassificationRequest, InstructRequest,
};

use super::{BuiltRequest, chat, full, metadata, part};

pub(super) fn rows() -> Vec<BuiltRequest> {
    let texts = ClassificationRequest::new("m", ["a cat", "a dog"]).metadata(metadata());
    let messages = || chat::conversation().messages;
    let chats = ChatModerationRequest::new("m", vec![messages()]);
    let chat = InstructRequest::new(messages());
    let instructions = ChatClassificationRequest::new("m", vec![chat.clone()]);
    vec![
        full("ClassificationRequest", &texts),
        part(
            "ClassificationRequest",
            &ClassificationRequest::new("m", "a cat"),
        ),
        full("ChatModerationRequest", &chats),
        part(
            "ChatModerationRequest",
            &ChatModerationRequest::new("m", messages()),
        ),
        full("ChatClassificationRequest", &instructions),
        part(
            "ChatClassificationRequest",
            &ChatClassificationRequest::new("m", chat),
        ),
    ]
}
