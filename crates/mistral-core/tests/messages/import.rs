//! Import of histories in OpenAI's form.

mod histories;
mod properties;

use histories::histories;
use mistral_core::ErrorKind;
use mistral_core::chat::ChatCompletionRequest;
use mistral_core::messages::{
    Change, ChangeKind, Message, MessageRule, import_openai, lint_messages,
};
use mistral_sdk::{Client, MistralApi};
use serde_json::{Value, json};

fn import(history: &Value) -> (Value, Vec<Change>) {
    let (messages, changes) = import_openai(history).unwrap();
    (serde_json::to_value(messages).unwrap(), changes)
}

/// The changes as index, kind and field.
fn short(changes: &[Change]) -> Vec<(usize, ChangeKind, &str)> {
    let mut short = Vec::new();
    for change in changes {
        short.push((change.at, change.kind, change.field.as_str()));
    }
    short
}

#[test]
fn import_of_each_form_yields_mistral_form_and_changes() {
    for (name, history, messages, changes) in histories() {
        let (imported, log) = import(&history);
        assert_eq!(imported, messages, "{name}");
        assert_eq!(short(&log), changes, "{name}: {log:?}");
    }
}

#[tokio::test]
async fn import_of_each_form_is_accepted_by_lint_and_emulator() {
    let emulator = mistral_emulator::Emulator::start().unwrap();
    let api = MistralApi::new(emulator.api_key()).unwrap();
    let client = Client::new(api.base_url(emulator.url()).unwrap()).unwrap();
    let mut refused = 0;
    for (name, history, ..) in histories() {
        let (mut messages, _) = import_openai(&history).unwrap();
        for violation in lint_messages(&messages) {
            assert_eq!(violation.rule, MessageRule::EndsWithInput, "{name}");
        }
        messages.push(Message::assistant("Go on."));
        messages.push(Message::user("Continue."));
        let model = match name.contains("audio") {
            true => "voxtral-small-latest",
            false => "mistral-small-latest",
        };
        let request = ChatCompletionRequest::new(model, messages);
        let response = client.chat().complete(&request).await;
        assert!(response.is_ok(), "{name}: {response:?}");

        let as_it_is = json!({ "model": model, "messages": history });
        refused += usize::from(client.chat().complete_raw(as_it_is).await.is_err());
    }
    assert_eq!(refused, histories().len()); // each has something that the API refuses
}

/// All texts in a value, but for tags.
fn texts(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| self::texts(item, texts)),
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .filter(|(name, _)| !["type", "role"].contains(&&***name));
            fields.for_each(|(_, value)| self::texts(value, texts));
        }
        _ => {}
    }
}

#[test]
fn import_loses_no_text_silently() {
    for (name, history, ..) in histories() {
        let (mut imported, mut before) = (Vec::new(), Vec::new());
        let (messages, changes) = import(&history);
        texts(&history, &mut before);
        texts(&messages, &mut imported);
        for change in changes {
            texts(&change.before.unwrap_or_default(), &mut imported);
        }
        for text in before {
            let is_part = |part: &String| part.contains(&text);
            assert!(imported.iter().any(is_part), "{name}: {text} {imported:?}");
        }
    }
}

#[test]
fn import_of_mistral_form_changes_nothing() {
    let history = json!([
        { "role": "system", "content": "Be brief." },
        { "role": "user", "content": [
            { "type": "text", "text": "Read this." },
            { "type": "document_url", "document_url": "https://x.test/a.pdf" },
            { "type": "image_url", "image_url": { "url": "https://x.test/a.png", "detail": "low" } },
        ] },
        { "role": "assistant", "content": [
            { "type": "thinking", "thinking": [{ "type": "text", "text": "hm" }] },
            { "type": "text", "text": "Done." },
        ], "tool_calls": [
            { "id": "D681PevKs", "function": { "name": "f", "arguments": "{}" } },
        ] },
        { "role": "tool", "content": "1", "tool_call_id": "D681PevKs", "name": "f" },
    ]);
    let (messages, changes) = import(&history);
    assert_eq!((messages, changes.len()), (history, 0));
}

#[test]
fn import_repairs_the_order_and_records_it() {
    let call = |id: &str| json!({ "id": id, "function": { "name": "f", "arguments": "{}" } });
    let (messages, changes) = import(&json!([
        { "role": "user", "content": "a" },
        { "role": "system", "content": "s" },
        { "role": "assistant", "content": "", "tool_calls": [call("aaaaaaaa1"), call("bbbbbbbb2")] },
        { "role": "user", "content": "b" },
        { "role": "tool", "tool_call_id": "aaaaaaaa1", "content": "1" },
        { "role": "tool", "tool_call_id": "ccccccccc", "content": "lost" },
        { "role": "user", "content": "" },
    ]));
    let roles: Vec<_> = messages
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["role"])
        .collect();
    let expected = [
        "system",
        "user",
        "assistant",
        "tool",
        "tool",
        "assistant",
        "user",
    ];
    assert_eq!(roles, expected);
    assert_eq!(
        short(&changes),
        [
            (1, ChangeKind::Moved, ""),
            (2, ChangeKind::Added, ""),
            (3, ChangeKind::Added, ""),
            (4, ChangeKind::Moved, ""),
            (5, ChangeKind::Removed, ""),
            (6, ChangeKind::Removed, ""),
        ]
    );
    assert_eq!(changes[4].before.as_ref().unwrap()["content"], "lost");
}

#[test]
fn import_of_what_is_no_history_fails_by_place() {
    for (history, words) in [
        (json!({ "messages": [] }), "pass the value of `messages`"),
        (
            json!([{ "role": "user", "content": "a" }, "b"]),
            "[1] is not an object",
        ),
        (json!([{ "content": "a" }]), "[0] has no field `role`"),
    ] {
        let error = import_openai(&history).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(error.to_string().contains(words), "{error}");
    }
    assert!(
        import_openai("[{")
            .unwrap_err()
            .to_string()
            .contains("line 1")
    );
}

#[test]
fn change_display_names_place_and_reason_but_not_the_value() {
    let history = json!([{ "role": "user", "content": "a", "name": "Ada" }]);
    let (_, changes) = import(&history);
    let expected =
        "message 0: `name` removed: the API does not know the field, or not with this value";
    assert_eq!(changes[0].to_string(), expected);
}
