//! Completion of JSON that is still being received.

/// The beginning of a JSON text, with the closing characters that it lacks.
///
/// Strings, lists and objects are kept as far as they were received. Everything else is kept
/// once it is known to be complete: a key when its value has begun, a number or a literal when
/// another character follows it, an escape when all of it was received.
#[derive(Debug, Default)]
pub(crate) struct PartialJson {
    text: String,
    /// The length of the scanned text: all of it, except for an incomplete escape at the end.
    scanned: usize,
    /// The closing characters of the open lists and objects, outermost first.
    closers: Vec<char>,
    /// The length of the text that the closing characters can be appended to.
    closable_len: usize,
    string: Option<StringRole>,
    expects_key: bool,
    in_scalar: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum StringRole {
    Key,
    Value,
}

impl PartialJson {
    pub(crate) fn push(&mut self, text: &str) {
        self.text.push_str(text);
        while let Some(byte) = self.text.as_bytes().get(self.scanned).copied() {
            let Some(length) = self.scan(byte) else {
                return;
            };
            self.scanned += length;
        }
    }

    /// Returns the whole text as it was received.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the length of the text that [`complete`](Self::complete) keeps. It grows when
    /// the completed JSON has new content.
    pub(crate) fn complete_len(&self) -> usize {
        match self.string {
            Some(StringRole::Value) => self.scanned,
            _ => self.closable_len,
        }
    }

    /// Returns the text so far as complete JSON. `None` before the first value begins; not
    /// valid JSON if the text is not.
    pub(crate) fn complete(&self) -> Option<String> {
        let text = self.text.get(..self.complete_len())?;
        if text.is_empty() {
            return None;
        }
        let quote = (self.string == Some(StringRole::Value)).then_some('"');
        let closers = self.closers.iter().rev();
        Some(text.chars().chain(quote).chain(closers.copied()).collect())
    }

    /// Scans the token part that begins with `byte`. Returns its length, or `None` if it is
    /// incomplete.
    fn scan(&mut self, byte: u8) -> Option<usize> {
        match self.string {
            Some(role) => self.scan_string(role, byte),
            None => {
                self.scan_structure(byte);
                Some(1)
            }
        }
    }

    fn scan_string(&mut self, role: StringRole, byte: u8) -> Option<usize> {
        match byte {
            b'"' => {
                self.string = None;
                if role == StringRole::Value {
                    self.closable_len = self.scanned + 1;
                }
            }
            b'\\' => {
                let rest = self.text.as_bytes().get(self.scanned..).unwrap_or_default();
                return escape_length(rest);
            }
            _ => {}
        }
        Some(1)
    }

    fn scan_structure(&mut self, byte: u8) {
        let ends_scalar = byte.is_ascii_whitespace() || matches!(byte, b',' | b'}' | b']');
        if self.in_scalar && ends_scalar {
            self.in_scalar = false;
            self.closable_len = self.scanned;
        }
        match byte {
            b'"' if self.expects_key => self.string = Some(StringRole::Key),
            b'"' => self.string = Some(StringRole::Value),
            b'{' => self.open('}'),
            b'[' => self.open(']'),
            b'}' | b']' => {
                self.closers.pop();
                self.closable_len = self.scanned + 1;
            }
            b':' => self.expects_key = false,
            b',' => self.expects_key = self.closers.last() == Some(&'}'),
            byte => self.in_scalar = !byte.is_ascii_whitespace(),
        }
    }

    fn open(&mut self, closer: char) {
        self.closers.push(closer);
        self.closable_len = self.scanned + 1;
        self.expects_key = closer == '}';
    }
}

/// Returns the length of the escape at the start of `text`. A surrogate pair counts as one
/// escape. `None` if the escape may be incomplete.
fn escape_length(text: &[u8]) -> Option<usize> {
    const UNIT: usize = 6; // \u0041
    if text.get(1)? != &b'u' {
        return Some(2);
    }
    let unit = text.get(..UNIT)?;
    let is_high_surrogate = matches!(
        unit,
        [
            _,
            _,
            b'd' | b'D',
            b'8' | b'9' | b'a' | b'b' | b'A' | b'B',
            ..
        ]
    );
    if !is_high_surrogate || text.get(UNIT)? != &b'\\' {
        return Some(UNIT);
    }
    text.get(..2 * UNIT).map(<[u8]>::len)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    use super::PartialJson;

    fn completed(text: &str) -> Option<String> {
        let mut partial = PartialJson::default();
        partial.push(text);
        partial.complete()
    }

    #[test]
    fn partial_json_cut_anywhere_is_completed() {
        for (cut, whole) in [
            ("", None),
            (" ", None),
            ("{", Some("{}")),
            (r#"{"ti"#, Some("{}")),
            (r#"{"title""#, Some("{}")),
            (r#"{"title":"#, Some("{}")),
            (r#"{"title": ""#, Some(r#"{"title": ""}"#)),
            (r#"{"title": "Oly"#, Some(r#"{"title": "Oly"}"#)),
            (
                r#"{"title": "Olympia", "ye"#,
                Some(r#"{"title": "Olympia"}"#),
            ),
            (r#"{"year": 18"#, Some("{}")),
            (r#"{"year": 1863,"#, Some(r#"{"year": 1863}"#)),
            (r#"{"year": 1863 "#, Some(r#"{"year": 1863}"#)),
            (r#"{"sold": tru"#, Some("{}")),
            (r#"{"a": [[1, 2], [3"#, Some(r#"{"a": [[1, 2], []]}"#)),
            (
                r#"{"a": {"b": ["x", {"c": "y"#,
                Some(r#"{"a": {"b": ["x", {"c": "y"}]}}"#),
            ),
            (r#"["a\"#, Some(r#"["a"]"#)),
            (r#"["a\n"#, Some(r#"["a\n"]"#)),
            (r#"["a\u00e"#, Some(r#"["a"]"#)),
            (r#"["a\ud83d"#, Some(r#"["a"]"#)),
            (r#"["a\ud83d\ude0"#, Some(r#"["a"]"#)),
            (r#"["a\ud83d\ude00"#, Some(r#"["a\ud83d\ude00"]"#)),
            (r#"["a\\"#, Some(r#"["a\\"]"#)),
            (r#""text, with {"#, Some(r#""text, with {""#)),
            ("[]", Some("[]")),
        ] {
            assert_eq!(completed(cut).as_deref(), whole, "{cut}");
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (-1e9..1e9).prop_map(|number: f64| json!(number)),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((any::<String>(), inner), 0..4)
                    .prop_map(|entries| Value::Object(entries.into_iter().collect::<Map<_, _>>())),
            ]
        })
    }

    /// Whether `part` is a valid intermediate state of `whole`.
    fn is_beginning(part: &Value, whole: &Value) -> bool {
        match (part, whole) {
            (Value::String(part), Value::String(whole)) => whole.starts_with(part.as_str()),
            (Value::Array(part), Value::Array(whole)) => {
                let complete = part.len().saturating_sub(1);
                part.len() <= whole.len()
                    && part.iter().zip(whole).take(complete).all(|(a, b)| a == b)
                    && part.iter().zip(whole).all(|(a, b)| is_beginning(a, b))
            }
            (Value::Object(part), Value::Object(whole)) => {
                let differing = part
                    .iter()
                    .filter(|(key, value)| whole.get(*key) != Some(value));
                let known = |(key, value): (&String, &Value)| {
                    whole
                        .get(key)
                        .is_some_and(|whole| is_beginning(value, whole))
                };
                part.iter().all(known) && differing.count() <= 1
            }
            (part, whole) => part == whole,
        }
    }

    /// Returns the same JSON with every non-ASCII character escaped.
    fn escaped(json: &str) -> String {
        let mut units = [0; 2];
        let escape = |letter: char| match letter {
            letter if letter.is_ascii() => letter.to_string(),
            letter => letter
                .encode_utf16(&mut units)
                .iter()
                .map(|unit| format!("\\u{unit:04x}"))
                .collect(),
        };
        json.chars().map(escape).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn partial_json_every_prefix_completes_to_intermediate_state(
            value in any_json(),
            form in 0..3,
        ) {
            let text = match form {
                0 => value.to_string(),
                1 => serde_json::to_string_pretty(&value).unwrap(),
                _ => escaped(&value.to_string()),
            };
            let value: Value = serde_json::from_str(&text).unwrap(); // floats may lose precision
            let mut partial = PartialJson::default();
            for letter in text.chars() {
                partial.push(&letter.to_string());
                match partial.complete() {
                    Some(json) => {
                        let part: Value = serde_json::from_str(&json).unwrap();
                        prop_assert!(is_beginning(&part, &value), "{json} of {text}");
                    }
                    // There is no value before the first bracket or quote.
                    None => {
                        let has_begun = partial.text().contains(['[', '{', '"']);
                        prop_assert!(!has_begun);
                    }
                }
            }
            partial.push(" ");
            let all: Value = serde_json::from_str(&partial.complete().unwrap()).unwrap();
            prop_assert_eq!(all, value);
        }

        #[test]
        fn partial_json_chunk_size_does_not_change_result(
            value in any_json(),
            size in 1..9_usize,
        ) {
            let text = value.to_string();
            let letters: Vec<char> = text.chars().collect();
            let mut partial = PartialJson::default();
            for chunk in letters.chunks(size) {
                partial.push(&chunk.iter().collect::<String>());
            }
            prop_assert_eq!(partial.complete(), completed(&text));
        }

        #[test]
        fn partial_json_invalid_text_does_not_panic(text in "[\\[\\]{}:,\"\\\\ud8a1 é-]{0,40}") {
            let _ = completed(&text);
        }
    }
}
