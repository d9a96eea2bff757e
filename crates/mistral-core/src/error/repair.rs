//! Repair of JSON that the parser rejects, although its meaning is clear.
//!
//! A response is read a second time where the first reading has failed. Nothing is repaired, or
//! searched for, in a response that can be read.

use memchr::memchr2;

pub(super) const BYTE_ORDER_MARK: char = '\u{feff}';
const REPLACEMENT: &str = "\\ufffd";
/// The length of an escaped UTF-16 unit: `\u0041`.
const UNIT_LENGTH: usize = 6;

/// Returns `json` with these repairs, or `None` if none applies:
///
/// * A byte order mark at the start is removed.
/// * Half of a surrogate pair becomes U+FFFD. A text that is cut may end within a pair.
/// * A number that is too large for a float, and `NaN`, `Infinity` and `-Infinity`, which Python
///   writes, become strings.
#[cold]
pub(crate) fn repaired(json: &str) -> Option<String> {
    let rest = json.strip_prefix(BYTE_ORDER_MARK).unwrap_or(json);
    let mut repair = Repair {
        output: String::with_capacity(rest.len()),
        is_changed: rest.len() != json.len(),
    };
    repair.document(rest);
    repair.is_changed.then_some(repair.output)
}

struct Repair {
    output: String,
    is_changed: bool,
}

impl Repair {
    fn document(&mut self, json: &str) {
        let mut rest = json;
        while let Some(first) = rest.as_bytes().first() {
            let length = match first {
                b'"' => string_length(rest.as_bytes()),
                byte if is_in_literal(*byte) => {
                    let mut bytes = rest.bytes();
                    bytes
                        .position(|it| !is_in_literal(it))
                        .unwrap_or(rest.len())
                }
                _ => {
                    let mut bytes = rest.bytes();
                    let starts = |byte: u8| byte == b'"' || is_in_literal(byte);
                    bytes.position(starts).unwrap_or(rest.len())
                }
            };
            // Tokens end at ASCII characters, or with the text.
            let (token, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
            match first {
                b'"' => self.string(token),
                _ if is_unrepresentable(token) => {
                    self.is_changed = true;
                    self.output.extend(["\"", token, "\""]);
                }
                _ => self.output.push_str(token),
            }
            rest = after;
        }
    }

    /// Copies a string, and replaces halves of surrogate pairs.
    fn string(&mut self, string: &str) {
        let mut rest = string;
        while let Some((before, escape)) = rest.find('\\').and_then(|at| rest.split_at_checked(at))
        {
            self.output.push_str(before);
            let (length, replacement) = match unit(escape) {
                Some(0xD800..=0xDBFF) => match escape.get(UNIT_LENGTH..).and_then(unit) {
                    Some(0xDC00..=0xDFFF) => (2 * UNIT_LENGTH, None),
                    _ => (UNIT_LENGTH, Some(REPLACEMENT)),
                },
                Some(0xDC00..=0xDFFF) => (UNIT_LENGTH, Some(REPLACEMENT)),
                Some(_) => (UNIT_LENGTH, None),
                None => (escape.chars().take(2).map(char::len_utf8).sum(), None),
            };
            let (escape, after) = escape.split_at_checked(length).unwrap_or((escape, ""));
            self.is_changed |= replacement.is_some();
            self.output.push_str(replacement.unwrap_or(escape));
            rest = after;
        }
        self.output.push_str(rest);
    }
}

/// Returns the length of the string that `json` starts with, quotes included.
fn string_length(json: &[u8]) -> usize {
    let mut at = 1;
    loop {
        let rest = json.get(at..).unwrap_or_default();
        match memchr2(b'"', b'\\', rest) {
            Some(found) if rest.get(found) == Some(&b'"') => return at + found + 1,
            Some(found) => at += found + 2,
            None => return json.len(),
        }
    }
}

/// Returns the UTF-16 unit whose escape `text` starts with.
fn unit(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u32::from_str_radix(digits, 16).ok())?
}

fn is_in_literal(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
}

/// Whether a literal is a number that neither an integer nor a float can hold.
fn is_unrepresentable(literal: &str) -> bool {
    if matches!(literal, "NaN" | "Infinity" | "-Infinity") {
        return true;
    }
    let digits = literal.strip_prefix('-').unwrap_or(literal);
    digits.starts_with(|first: char| first.is_ascii_digit())
        && literal.parse().is_ok_and(f64::is_infinite)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::repaired;

    #[test]
    fn json_with_halves_of_pairs_and_unrepresentable_numbers_is_repaired() {
        for (json, expected) in [
            ("\u{feff}{}", "{}"),
            (r#""a\ud83d""#, r#""a\ufffd""#),
            (
                r#""\ud83d\ud83d\ude42\ude42""#,
                r#""\ufffd\ud83d\ude42\ufffd""#,
            ),
            (
                r#""\uDE42\\ud83d\"\uD83D\n""#,
                r#""\ufffd\\ud83d\"\ufffd\n""#,
            ),
            (
                r#"{"\ud83d":[1e400,-1e999]}"#,
                r#"{"\ufffd":["1e400","-1e999"]}"#,
            ),
            (
                r#"[NaN,Infinity,-Infinity,1]"#,
                r#"["NaN","Infinity","-Infinity",1]"#,
            ),
        ] {
            assert_eq!(repaired(json).as_deref(), Some(expected), "{json}");
            serde_json::from_str::<Value>(expected).unwrap();
        }
    }

    #[test]
    fn json_without_anything_to_repair_is_not_copied() {
        for json in [
            r#"{"a":"\ud83d\ude42 NaN 1e400 \\ud83d","b":[1e300,-0.5,true]}"#,
            r#"{"a":"#,
            r#""a\"#,
            r#""a\é"#,
            "<html>",
            "",
        ] {
            assert_eq!(repaired(json), None, "{json}");
        }
    }

    proptest! {
        #[test]
        fn text_of_any_form_is_repaired_once(parts in proptest::collection::vec(
            prop_oneof![
                Just("\""), Just("\\"), Just("\\ud83d"), Just("\\ude42"), Just("\\u00e9"),
                Just("é"), Just("🙂"), Just("1e999"), Just("NaN"), Just("{"), Just(","), Just("u"),
            ], 0..20))
        {
            let json = parts.concat();
            if let Some(once) = repaired(&json) {
                prop_assert_eq!(repaired(&once), None);
            }
        }
    }
}
