//! Canonical JSON, as Python's `json` writes it with sorted keys and without spaces.

use std::fmt::Write as _;

use serde_json::Value;

pub(super) fn canonical_json(value: &Value) -> String {
    let mut text = String::new();
    push(&mut text, value);
    text
}

fn push(text: &mut String, value: &Value) {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            // By bytes of UTF-8, which is the order of code points.
            members.sort_by_key(|(name, _)| *name);
            text.push('{');
            for (position, (name, member)) in members.into_iter().enumerate() {
                if position > 0 {
                    text.push(',');
                }
                push(text, &Value::from(name.as_str()));
                text.push(':');
                push(text, member);
            }
            text.push('}');
        }
        Value::Array(elements) => {
            text.push('[');
            for (position, element) in elements.iter().enumerate() {
                if position > 0 {
                    text.push(',');
                }
                push(text, element);
            }
            text.push(']');
        }
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => push_float(text, float),
            _ => text.push_str(&number.to_string()),
        },
        other => text.push_str(&other.to_string()),
    }
}

/// Writes the shortest digits that are read as the same number, as Python's `repr` does.
fn push_float(text: &mut String, float: f64) {
    let scientific = format!("{float:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..16).contains(&exponent) {
        let plain = float.to_string();
        text.push_str(&plain);
        if !plain.contains('.') {
            text.push_str(".0");
        }
        return;
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    // Writing to a string does not fail.
    let _ = write!(text, "{digits}e{sign}{:02}", exponent.unsigned_abs());
}

#[cfg(test)]
mod tests {
    use super::*;

    // The texts are what Python's json.dumps(…, sort_keys=True, separators=(",", ":"),
    // ensure_ascii=False) writes, and its documentation of `repr` of floats says.
    #[test]
    fn canonical_json_has_sorted_keys_and_floats_as_python_writes_them() {
        let value = serde_json::json!({
            "b": [1, -2, 1.0, 0.1, 1e16, 1.5e-5, 123456789012345.6, 1e15, 0.0001],
            "a": {"é": null, "z": true, "\u{1f600}": "\u{1}\"\\\n/\u{7f}é"},
            "B": {}
        });
        let expected = concat!(
            r#"{"B":{},"a":{"z":true,"é":null,"😀":"\u0001\"\\\n/"#,
            "\u{7f}",
            r#"é"},"b":[1,-2,1.0,0.1,1e+16,1.5e-05,123456789012345.6,1000000000000000.0,0.0001]}"#
        );
        assert_eq!(canonical_json(&value), expected);
    }
}
