use mistral_sdk::beta::BetaExt as _;
use mistral_sdk::beta::conversations::{
    ConversationAppendRequest, ConversationEntry, ConversationInputs, ConversationRequest,
    ConversationRestartRequest, FunctionResultEntry, MessageInputEntry,
};
use mistral_sdk::testing::MockTransport;
use serde_json::{Value, json};

use crate::client;

/// Returns the inputs that `start`, `append` and `restart` send, after checking that all three send
/// the same.
async fn sent(inputs: impl Into<ConversationInputs> + Clone) -> Value {
    let response = json!({"conversation_id": "conv_1", "outputs": [], "usage": {}});
    let mock = MockTransport::new()
        .json(&response)
        .json(&response)
        .json(&response);
    let client = client(&mock);
    let conversations = client.beta().conversations();
    let request = ConversationRequest::new(inputs.clone()).model("m");
    conversations.start(&request).await.unwrap();
    let request = ConversationAppendRequest::new().inputs(inputs.clone());
    conversations.append("conv_1", &request).await.unwrap();
    let request = ConversationRestartRequest::new("msg_1").inputs(inputs);
    conversations.restart("conv_1", &request).await.unwrap();
    let sent: Vec<_> = mock
        .requests()
        .iter()
        .map(|it| it.json()["inputs"].clone())
        .collect();
    assert!(sent.iter().all(|inputs| *inputs == sent[0]), "{sent:?}");
    sent[0].clone()
}

fn user(content: &str) -> Value {
    json!({"type": "message.input", "object": "entry", "role": "user", "content": content})
}

fn result() -> Value {
    json!({"type": "function.result", "object": "entry", "tool_call_id": "call_1", "result": "noon"})
}

#[tokio::test]
async fn inputs_of_text_are_sent_as_text() {
    assert_eq!(sent("Hi").await, "Hi");
    assert_eq!(sent("Hi".to_owned()).await, "Hi");
}

#[tokio::test]
async fn inputs_of_messages_are_sent_as_entries() {
    let message = MessageInputEntry::user("Hi");
    assert_eq!(sent(message.clone()).await, json!([user("Hi")]));
    assert_eq!(sent([message.clone()]).await, json!([user("Hi")]));
    assert_eq!(sent(vec![message]).await, json!([user("Hi")]));
    assert_eq!(
        sent(["Hi", "there"]).await,
        json!([user("Hi"), user("there")])
    );
}

#[tokio::test]
async fn inputs_of_function_results_are_sent_as_entries() {
    let entry = FunctionResultEntry::new("call_1", "noon");
    assert_eq!(sent(entry.clone()).await, json!([result()]));
    assert_eq!(sent([entry.clone()]).await, json!([result()]));
    assert_eq!(sent(vec![entry.clone()]).await, json!([result()]));
    let inputs: ConversationInputs = std::iter::once(entry).collect();
    assert_eq!(sent(inputs).await, json!([result()]));
}

#[tokio::test]
async fn inputs_of_several_kinds_are_sent_in_order() {
    let entries = [
        ConversationEntry::from(FunctionResultEntry::new("call_1", "noon")),
        MessageInputEntry::user("And now?").into(),
    ];
    assert_eq!(sent(entries).await, json!([result(), user("And now?")]));
}
