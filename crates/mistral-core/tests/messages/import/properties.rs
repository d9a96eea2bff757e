//! Properties of the import of any history.

use mistral_core::messages::{MessageRule, import_openai, lint_messages};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::histories::histories;
use super::texts;

/// The items of all histories.
fn items() -> Vec<Value> {
    let histories = histories().into_iter();
    histories
        .flat_map(|(_, history, ..)| history.as_array().unwrap().clone())
        .collect()
}

fn values() -> [Value; 9] {
    [
        json!(null),
        json!(true),
        json!(5),
        json!(""),
        json!("odd"),
        json!([]),
        json!({}),
        json!([{ "type": "text", "text": "odd part" }, null, "odd text"]),
        json!({ "text": { "odd": ["deep"] } }),
    ]
}

/// Replaces the value at position `at` of all values within `value`, depth first.
fn replace(value: &mut Value, at: &mut usize, new: &Value) -> bool {
    if *at == 0 {
        *value = new.clone();
        return true;
    }
    *at -= 1;
    match value {
        Value::Array(items) => items.iter_mut().any(|item| replace(item, at, new)),
        Value::Object(fields) => fields.values_mut().any(|field| replace(field, at, new)),
        _ => false,
    }
}

fn any_history() -> impl Strategy<Value = Vec<Value>> {
    let item = prop::sample::select(items());
    let change = (1..30_usize, prop::sample::select(values().to_vec()));
    let changed = (item, prop::collection::vec(change, 0..3)).prop_map(|(mut item, changes)| {
        for (mut at, value) in changes {
            replace(&mut item, &mut at, &value);
        }
        item
    });
    prop::collection::vec(changed, 0..8)
}

proptest! {
    #[test]
    fn import_of_any_history_passes_lint_and_loses_no_text(history in any_history()) {
        let history = Value::Array(history);
        let Ok((messages, changes)) = import_openai(&history) else {
            return Ok(()); // an item has neither `role` nor `type`
        };
        for violation in lint_messages(&messages) {
            prop_assert_eq!(&violation.rule, &MessageRule::EndsWithInput, "{} {:?}", violation, messages);
        }
        let (mut before, mut after) = (Vec::new(), Vec::new());
        texts(&history, &mut before);
        texts(&serde_json::to_value(&messages).unwrap(), &mut after);
        for change in &changes {
            texts(change.before.as_ref().unwrap_or(&Value::Null), &mut after);
        }
        for text in before {
            let is_in = after.iter().any(|part| part.contains(&text));
            prop_assert!(is_in, "{text:?} of {history} is not in {after:?}");
        }
    }
}
