use mistral_sdk::beta::conversations::{
    ConversationAppendRequest, ConversationEntry, ConversationOutput, ConversationResponse,
};
use serde_json::{Value, json};

fn response(outputs: Value) -> ConversationResponse {
    let response = json!({"conversation_id": "conv_1", "outputs": outputs, "usage": {}});
    serde_json::from_value(response).unwrap()
}

fn call(arguments: Value) -> Value {
    json!({
        "type": "function.call", "tool_call_id": "call_1", "name": "now", "arguments": arguments,
        "confirmation_status": "pending"
    })
}

#[test]
fn text_joins_chunks_and_separates_messages() {
    let response = response(json!([
        {"type": "message.output", "content": [
            {"type": "text", "text": "It was "},
            {"type": "tool_reference", "tool": "web_search", "title": "Olympia"},
            {"type": "text", "text": "Manet."}
        ]},
        {"type": "tool.execution", "name": "image_generation", "arguments": "{}"},
        {"type": "message.output", "content": "Look:"}
    ]));
    assert_eq!(response.text(), "It was Manet.\nLook:");
    assert_eq!(response.messages().count(), 2);
    let references: Vec<_> = response.references().map(|it| it.title.as_str()).collect();
    assert_eq!(references, ["Olympia"]);
    assert_eq!(response.tool_executions().count(), 1);
}

#[test]
fn text_of_response_without_messages_is_empty() {
    assert_eq!(response(json!([call(json!("{}"))])).text(), "");
}

#[test]
fn outputs_of_each_kind_are_found() {
    let response = response(json!([
        {"type": "agent.handoff", "previous_agent_id": "a", "previous_agent_name": "A",
         "next_agent_id": "b", "next_agent_name": "B"},
        {"type": "message.output", "content": [
            {"type": "tool_file", "tool": "image_generation", "file_id": "file_1"}
        ]},
        call(json!("{}")),
        {"type": "later"}
    ]));
    let agents: Vec<_> = response
        .handoffs()
        .map(|it| it.next_agent_id.as_str())
        .collect();
    assert_eq!(agents, ["b"]);
    let files: Vec<_> = response.files().map(|it| it.file_id.as_str()).collect();
    assert_eq!(files, ["file_1"]);
    assert_eq!(response.function_calls().count(), 1);
    assert!(matches!(
        response.outputs[3],
        ConversationOutput::Unknown(_)
    ));
}

#[test]
fn arguments_are_parsed_from_text_and_object() {
    for arguments in [json!("{\"tz\": \"UTC\"}"), json!({"tz": "UTC"})] {
        let response = response(json!([call(arguments)]));
        let call = response.function_calls().next().unwrap();
        assert_eq!(
            call.arguments.parse::<Value>().unwrap(),
            json!({"tz": "UTC"})
        );
    }
    let response = response(json!([call(json!(""))]));
    let call = response.function_calls().next().unwrap();
    assert_eq!(call.arguments.parse::<Value>().unwrap(), json!({}));
}

#[test]
fn function_call_is_answered_with_its_id() {
    let response = response(json!([call(json!("{}"))]));
    let call = response.function_calls().next().unwrap();
    assert!(call.is_pending());
    let request = ConversationAppendRequest::new()
        .inputs(call.result("noon"))
        .tool_confirmations([call.allow(), call.deny()]);
    let expected = json!({
        "inputs": [{
            "type": "function.result", "object": "entry", "tool_call_id": "call_1", "result": "noon"
        }],
        "tool_confirmations": [
            {"tool_call_id": "call_1", "confirmation": "allow"},
            {"tool_call_id": "call_1", "confirmation": "deny"}
        ]
    });
    assert_eq!(serde_json::to_value(&request).unwrap(), expected);
}

#[test]
fn outputs_become_entries_unchanged() {
    let outputs = json!([
        {"type": "message.output", "content": "Manet.", "later": 1},
        call(json!("{}")),
        {"type": "later", "x": 1}
    ]);
    let entries: Vec<_> = response(outputs.clone())
        .outputs
        .into_iter()
        .map(ConversationEntry::from)
        .collect();
    assert_eq!(serde_json::to_value(entries).unwrap(), outputs);
}
