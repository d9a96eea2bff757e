//! Finds the data that a type loses when it reads a value and writes it again.

use serde_json::Value;

/// Returns the differences, each with its location.
pub(crate) fn lost(sent: &Value, returned: &Value) -> Vec<String> {
    let mut differences = Vec::new();
    compare("", sent, Some(returned), &mut differences);
    differences
}

fn compare(location: &str, sent: &Value, returned: Option<&Value>, differences: &mut Vec<String>) {
    let mut differ = |what: String| differences.push(format!("`{location}`: {what}"));
    match (sent, returned) {
        // An optional field that is null may be omitted. A field with a default is written back
        // as the default.
        (Value::Null, None) => {}
        (Value::Null, Some(returned)) if is_empty(returned) => {}
        (sent, None) => differ(format!("{sent} is lost")),
        (Value::Number(sent), Some(Value::Number(returned))) => {
            if sent != returned && (sent.as_f64() != returned.as_f64() || is_large(sent)) {
                differ(format!("{sent} became {returned}"));
            }
        }
        (Value::Array(sent), Some(Value::Array(returned))) => {
            if sent.len() != returned.len() {
                differ(format!("{} elements became {}", sent.len(), returned.len()));
            }
            for (index, (sent, returned)) in sent.iter().zip(returned).enumerate() {
                compare(
                    &format!("{location}/{index}"),
                    sent,
                    Some(returned),
                    differences,
                );
            }
        }
        (Value::Object(sent), Some(Value::Object(returned))) => {
            for (name, value) in sent {
                let location = format!("{location}/{name}");
                compare(&location, value, returned.get(name), differences);
            }
        }
        (sent, Some(returned)) if sent == returned => {}
        (sent, Some(returned)) => differ(format!("{sent} became {returned}")),
    }
}

/// Whether the integer is too large to be represented exactly as a float.
fn is_large(number: &serde_json::Number) -> bool {
    number
        .as_i64()
        .is_some_and(|number| number.unsigned_abs() > 1 << 53)
}

/// Whether the value is the default of its type.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(elements) => elements.is_empty(),
        Value::Object(object) => object.values().all(is_empty),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn contract_compare_ignores_permitted_differences() {
        for (sent, returned) in [
            (json!({ "a": null, "b": 1 }), json!({ "b": 1.0, "c": 2 })),
            (
                json!({ "a": null }),
                json!({ "a": { "b": [], "c": "", "d": 0, "e": false } }),
            ),
            (
                json!([1, { "a": "b" }]),
                json!([1, { "a": "b", "c": null }]),
            ),
        ] {
            assert_eq!(lost(&sent, &returned), [""; 0], "{sent} {returned}");
        }
    }

    #[test]
    fn contract_compare_reports_loss_and_change_with_path() {
        for (sent, returned, location) in [
            (json!({ "a": { "b": 1 } }), json!({ "a": {} }), "/a/b"),
            (json!({ "a": [1, 2] }), json!({ "a": [1] }), "/a"),
            (json!({ "a": [1, 2] }), json!({ "a": [1, 3] }), "/a/1"),
            (json!({ "a": "b" }), json!({ "a": "c" }), "/a"),
            (json!({ "a": null }), json!({ "a": "c" }), "/a"),
            (json!({ "a": [null, 1] }), json!({ "a": [1] }), "/a"),
            (json!({ "a": 0.25 }), json!({ "a": 0.5 }), "/a"),
            (
                json!({ "a": 9_007_199_254_740_993_i64 }),
                json!({ "a": 9_007_199_254_740_992.0 }),
                "/a",
            ),
            (json!({ "a": 1 }), json!({ "a": "1" }), "/a"),
            (json!({ "a": false }), json!({ "a": null }), "/a"),
        ] {
            let lost = lost(&sent, &returned);
            assert!(!lost.is_empty(), "{sent} {returned}");
            assert!(lost[0].starts_with(&format!("`{location}`")), "{lost:?}");
        }
    }
}
