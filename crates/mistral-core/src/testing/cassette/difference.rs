//! The differences between two bodies, for error messages.

use serde_json::{Map, Number, Value};

use super::tape::RecordedContent;

/// The number of characters of a value in a message.
const SHOWN: usize = 80;

/// The relative difference up to which numbers are equal: parsing may lose the last bit.
const PRECISION: f64 = 1e-12;

/// Returns the differences between the `recorded` body and that of `now`.
pub(super) fn differences(recorded: &RecordedContent, now: &RecordedContent) -> Vec<String> {
    let mut found = Vec::new();
    match (recorded, now) {
        (RecordedContent::Json(recorded), RecordedContent::Json(now)) => {
            compare("", recorded, now, &mut found)
        }
        _ => found.extend(compare_bytes(recorded, now)),
    }
    found
}

fn compare_bytes(recorded: &RecordedContent, now: &RecordedContent) -> Option<String> {
    let (recorded, now) = match (recorded.chunks(), now.chunks()) {
        (Ok(recorded), Ok(now)) => (recorded.concat(), now.concat()),
        _ => return Some("a body is not base64".to_owned()),
    };
    (recorded != now).then(|| {
        let recorded = String::from_utf8_lossy(&recorded);
        describe("", &recorded, &String::from_utf8_lossy(&now))
    })
}

/// Describes the difference of two texts, from where it starts.
fn describe(at: &str, recorded: &str, now: &str) -> String {
    let same = recorded
        .chars()
        .zip(now.chars())
        .take_while(|(a, b)| a == b)
        .count();
    let start = if same > SHOWN / 2 {
        same - SHOWN / 4
    } else {
        0
    };
    let shown = |text: &str| {
        let rest = text.chars().skip(start).take(SHOWN);
        let before = if start > 0 { "…" } else { "" };
        let after = if text.chars().nth(start + SHOWN).is_some() {
            "…"
        } else {
            ""
        };
        format!("{before}{}{after}", rest.collect::<String>())
    };
    format!(
        "{} is {}, and now {}",
        place(at),
        shown(recorded),
        shown(now)
    )
}

fn compare(at: &str, recorded: &Value, now: &Value, found: &mut Vec<String>) {
    match (recorded, now) {
        (Value::Object(recorded), Value::Object(now)) => compare_objects(at, recorded, now, found),
        (Value::Array(recorded), Value::Array(now)) => {
            for index in 0..recorded.len().max(now.len()) {
                let at = format!("{at}[{index}]");
                compare_items(&at, recorded.get(index), now.get(index), found);
            }
        }
        (Value::Number(a), Value::Number(b)) if same_number(a, b) => {}
        (recorded, now) if recorded == now => {}
        (recorded, now) => found.push(describe(at, &recorded.to_string(), &now.to_string())),
    }
}

fn compare_objects(
    at: &str,
    recorded: &Map<String, Value>,
    now: &Map<String, Value>,
    found: &mut Vec<String>,
) {
    let added = now.keys().filter(|name| !recorded.contains_key(*name));
    for name in recorded.keys().chain(added) {
        let at = if at.is_empty() {
            name.clone()
        } else {
            format!("{at}.{name}")
        };
        compare_items(&at, recorded.get(name), now.get(name), found);
    }
}

fn compare_items(at: &str, recorded: Option<&Value>, now: Option<&Value>, found: &mut Vec<String>) {
    match (recorded, now) {
        (Some(recorded), Some(now)) => compare(at, recorded, now, found),
        (Some(recorded), None) => found.push(describe(at, &recorded.to_string(), "missing")),
        (None, Some(now)) => found.push(describe(at, "missing", &now.to_string())),
        (None, None) => {}
    }
}

fn same_number(a: &Number, b: &Number) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(x), Some(y)) if a.is_f64() && b.is_f64() => {
            (x - y).abs() <= PRECISION * x.abs().max(y.abs())
        }
        _ => a == b,
    }
}

fn place(at: &str) -> String {
    if at.is_empty() {
        "the body".to_owned()
    } else {
        format!("`{at}`")
    }
}
