//! Payloads in the attributes of events.

use serde_json::{Map, Value};

use super::responses::not_json;
use super::{ENCRYPTED_PARTIAL, EncodedPayload, EncodingError, WorkflowEncoding};

/// The type of a value in a JSON Patch that is encrypted.
const ENCRYPTED_VALUE: &str = "__encrypted__";

impl WorkflowEncoding {
    /// Decodes the payloads in JSON with events. `None` if it has none.
    pub(super) async fn decode_events(
        &self,
        json: &[u8],
    ) -> Result<Option<Vec<u8>>, EncodingError> {
        let Ok(mut events) = serde_json::from_slice::<Value>(json) else {
            return Ok(None);
        };
        let mut pointers = Vec::new();
        find_payloads(&events, &mut String::new(), &mut pointers);
        for pointer in &pointers {
            if let Some(Value::Object(payload)) = events.pointer_mut(pointer) {
                self.decode_payload(payload).await?;
            }
        }
        if pointers.is_empty() {
            return Ok(None);
        }
        serde_json::to_vec(&events).map(Some).map_err(not_json)
    }

    async fn decode_payload(&self, payload: &mut Map<String, Value>) -> Result<(), EncodingError> {
        let options = payload.remove("encoding_options").unwrap_or_default();
        let options: Vec<String> = serde_json::from_value(options).map_err(not_json)?;
        let Some(value) = payload.get_mut("value") else {
            return Ok(());
        };
        if let Value::String(text) = value {
            let json = self
                .decode(&EncodedPayload {
                    b64payload: std::mem::take(text),
                    encoding_options: options,
                    empty: false,
                })
                .await?;
            *value = serde_json::from_str(&json).map_err(not_json)?;
            return Ok(());
        }
        if let Value::Array(operations) = value {
            for operation in operations {
                self.decrypt_operation(operation)?;
            }
        }
        if options.iter().any(|option| option == ENCRYPTED_PARTIAL) {
            self.key(ENCRYPTED_PARTIAL)?.decrypt_marked(value)?;
        }
        Ok(())
    }

    /// Decrypts the value of an operation of a JSON Patch, if it is encrypted.
    fn decrypt_operation(&self, operation: &mut Value) -> Result<(), EncodingError> {
        let is_append = operation.get("op").is_some_and(|op| op == "append");
        let Some(value) = operation.get_mut("value") else {
            return Ok(());
        };
        let encrypted = match value.get("type") {
            Some(kind) if kind == ENCRYPTED_VALUE => value.get("value").and_then(Value::as_str),
            _ => None,
        };
        let Some(encrypted) = encrypted else {
            return Ok(());
        };
        let text = self.key(super::ENCRYPTED)?.decrypt_text(encrypted)?;
        *value = match serde_json::from_str(&text) {
            Ok(json @ Value::String(_)) => json,
            Ok(json) if !is_append => json,
            _ => Value::String(text), // an appended text need not be JSON
        };
        Ok(())
    }
}

/// Collects the JSON Pointers to payloads that are encoded.
fn find_payloads(value: &Value, pointer: &mut String, found: &mut Vec<String>) {
    let length = pointer.len();
    match value {
        Value::Array(elements) => {
            for (position, element) in elements.iter().enumerate() {
                pointer.push_str(&format!("/{position}"));
                find_payloads(element, pointer, found);
                pointer.truncate(length);
            }
        }
        Value::Object(members) if is_payload(members) => found.push(pointer.clone()),
        Value::Object(members) => {
            for (name, member) in members {
                pointer.push('/');
                pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
                find_payloads(member, pointer, found);
                pointer.truncate(length);
            }
        }
        _ => {}
    }
}

fn is_payload(members: &Map<String, Value>) -> bool {
    let kind = members.get("type").and_then(Value::as_str);
    let options = members.get("encoding_options").and_then(Value::as_array);
    matches!(kind, Some("json" | "json_patch"))
        && members.contains_key("value")
        && options.is_some_and(|options| !options.is_empty())
}
