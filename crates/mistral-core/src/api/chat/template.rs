//! Decoding of chunks that differ from the previous one only in their text.
//!
//! Nearly all chunks of a stream do, and comparing costs a fraction of parsing. The result is
//! the same as the parser's: a pattern is verified with the parser when the first chunk matches it,
//! and a chunk that does not match it byte by byte is parsed.

use memchr::{memchr2, memmem};

use super::chunk::CompletionChunk;
use crate::messages::Content;

/// The key of the text. It cannot occur within a JSON string, where the quotes would be
/// escaped.
const TEXT_KEY: &str = "\"content\":\"";
/// The key of the random padding that the server adds to some chunks to hide their length. The parser
/// ignores it, so that a pattern is verified without.
const PADDING_KEY: &str = ",\"p\":\"";
/// The text that a pattern is verified with.
const PROBE: &str = "probe";
/// The number of consecutive parsed chunks after which the stream is assumed not to repeat.
const MAX_MISSES: u8 = 8;

/// The template of a stream's chunks: everything but the text.
#[derive(Debug, Default)]
pub(super) struct ChunkTemplate {
    pattern: Option<Box<Pattern>>,
    misses: u8,
}

#[derive(Debug)]
struct Pattern {
    /// The JSON before the text, including the opening quote.
    head: String,
    /// The JSON from the closing quote to the end of the object, without the padding and the
    /// last brace.
    tail: String,
    /// The chunk without its text.
    chunk: CompletionChunk,
    /// Whether the parser decodes the same chunk. `None` until a chunk matches the pattern: those of
    /// the first and the last chunk of a stream match no other.
    is_verified: Option<bool>,
}

impl ChunkTemplate {
    /// Decodes a chunk that matches the template. Returns `None` if it has to be parsed.
    pub(super) fn decode(&mut self, data: &str) -> Option<CompletionChunk> {
        let pattern = self.pattern.as_mut()?;
        let text = pattern.extract_text(data)?;
        if pattern.is_verified.is_none() {
            pattern.is_verified = Some(pattern.verify());
        }
        if pattern.is_verified == Some(false) {
            return None;
        }
        self.misses = 0;
        pattern.chunk(text)
    }

    /// Replaces the template with that of a chunk that had to be parsed.
    pub(super) fn update(&mut self, data: &str, chunk: &CompletionChunk) {
        if self.misses < MAX_MISSES {
            self.misses += 1;
            self.pattern = Pattern::from_chunk(data, chunk).map(Box::new);
        } else {
            self.pattern = None;
        }
    }
}

impl Pattern {
    fn from_chunk(data: &str, chunk: &CompletionChunk) -> Option<Self> {
        let [choice] = chunk.choices.as_slice() else {
            return None;
        };
        let Some(Content::Text(_)) = choice.delta.content else {
            return None;
        };
        let start = memmem::find(data.as_bytes(), TEXT_KEY.as_bytes())? + TEXT_KEY.len();
        let (head, rest) = data.split_at_checked(start)?;
        let (_, rest) = rest.split_at_checked(end_of_string(rest)?.0)?;
        let tail = rest.strip_suffix('}')?;
        let tail = match tail.rsplit_once(PADDING_KEY) {
            Some((before, padding)) if is_padding(padding.strip_suffix('"')?) => before,
            _ => tail,
        };
        let mut chunk = chunk.clone();
        chunk.choices.first_mut()?.delta.content = None;
        Some(Self {
            head: head.to_owned(),
            tail: tail.to_owned(),
            chunk,
            is_verified: None,
        })
    }

    /// Returns the chunk with `text`.
    #[inline]
    fn chunk(&self, text: String) -> Option<CompletionChunk> {
        let mut chunk = self.chunk.clone();
        chunk.choices.first_mut()?.delta.content = Some(Content::Text(text));
        Some(chunk)
    }

    /// Whether the parser decodes the same chunk.
    #[cold]
    fn verify(&self) -> bool {
        let (head, tail) = (&self.head, &self.tail);
        let parsed = serde_json::from_str(&format!("{head}{PROBE}{tail}}}")).ok();
        parsed.is_some() && parsed == self.chunk(PROBE.to_owned())
    }

    /// Returns the text of a chunk that matches the pattern.
    fn extract_text(&self, data: &str) -> Option<String> {
        let rest = data.strip_prefix(self.head.as_str())?;
        let (end, escaped) = end_of_string(rest)?;
        let (text, after) = rest.split_at_checked(end)?;
        let after = after.strip_prefix(self.tail.as_str())?.strip_suffix('}')?;
        if !after.is_empty() && !is_padding(after.strip_prefix(PADDING_KEY)?.strip_suffix('"')?) {
            return None;
        }
        if escaped {
            let quoted = data.get(self.head.len() - 1..=self.head.len() + end)?;
            return serde_json::from_str(quoted).ok();
        }
        is_plain(text).then(|| text.to_owned())
    }
}

/// Returns the end of the JSON string that `rest` starts within, and whether the string has
/// escapes.
fn end_of_string(rest: &str) -> Option<(usize, bool)> {
    let bytes = rest.as_bytes();
    let (mut at, mut escaped) = (0, false);
    loop {
        at += memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes.get(at) == Some(&b'"') {
            return Some((at, escaped));
        }
        escaped = true;
        at += 2;
    }
}

/// Whether the parser accepts these characters in a string, apart from quotes and escapes.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte >= 0x20)
}

fn is_padding(text: &str) -> bool {
    is_plain(text) && memchr2(b'"', b'\\', text.as_bytes()).is_none()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    /// Generates texts in their JSON form, some of them invalid.
    fn raw_text() -> impl Strategy<Value = String> {
        let part = select(vec![
            "a",
            "é",
            "🙂",
            "\\n",
            "\\\"",
            "\\\\",
            "\\u00e9",
            "\\ud83d\\ude42",
            "\\ud83d",
            "\\x",
            "\n",
            "\u{7f}",
            "\"",
            "\",\"p\":\"",
            "}",
            "\"content\":\"",
            "\\",
            "",
        ]);
        proptest::collection::vec(part, 0..4).prop_map(|parts| parts.concat())
    }

    /// Generates chunks with variants of each part, so that some match the previous one and
    /// others nearly do.
    fn raw_chunk() -> impl Strategy<Value = String> {
        let start = select(vec![
            r#"{"id":"1","object":"o","created":1,"model":"m","choices":[{"index":0,"delta":{"#,
            r#"{"id":"1","object":"o","created":1,"model":"m","choices":[{"index":1,"delta":{"#,
            r#"{"p":"x","id":"2","choices":[{"index":0,"delta":{"role":"assistant","#,
            r#"{"p":{"content":"y"},"choices":[{"index":0,"new":{"content":"z"},"delta":{"#,
            r#"{"choices":[{"delta":{"content":"first"}},{"index":1,"delta":{"#,
        ]);
        let key = select(vec![
            r#""content":""#,
            r#""content": ""#,
            r#""c\u006fntent":""#,
        ]);
        let end = select(vec![
            r#""},"finish_reason":null}]"#,
            r#""},"finish_reason":"stop"}]"#,
            r#""},"finish_reason":null}],"usage":{"total_tokens":3}"#,
            r#""},"finish_reason":null}],"new":"content""#,
        ]);
        let padding = prop_oneof![
            3 => Just(String::new()),
            3 => "[a-z]{0,9}".prop_map(|text| format!("{PADDING_KEY}{text}\"")),
            1 => raw_text().prop_map(|text| format!("{PADDING_KEY}{text}\"")),
        ];
        let close = select(vec!["}", "}", "}", "} ", "", "}}"]);
        (start, key, raw_text(), end, padding, close).prop_map(
            |(start, key, text, end, padding, close)| {
                format!("{start}{key}{text}{end}{padding}{close}")
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn template_decode_equals_parser(
            chunks in proptest::collection::vec(raw_chunk(), 1..20),
        ) {
            let mut template = ChunkTemplate::default();
            for data in &chunks {
                let parsed = serde_json::from_str::<CompletionChunk>(data);
                match (template.decode(data), parsed) {
                    (Some(decoded), Ok(parsed)) => prop_assert_eq!(decoded, parsed),
                    (Some(_), Err(error)) => prop_assert!(false, "{} was decoded: {}", data, error),
                    (None, Ok(parsed)) => {
                        template.misses = 0; // so that updating never stops here
                        template.update(data, &parsed);
                    }
                    (None, Err(_)) => {}
                }
            }
        }
    }

    #[test]
    fn template_text_and_padding_of_any_length_match() {
        let chunk = |text: &str, padding: &str| {
            let start = r#"{"id":"1","model":"m","choices":[{"index":0,"delta":{"content":""#;
            format!(r#"{start}{text}"}},"finish_reason":null}}]{padding}}}"#)
        };
        let mut template = ChunkTemplate::default();
        let first = chunk("a", r#","p":"abc""#);
        template.update(&first, &serde_json::from_str(&first).unwrap());
        for (data, text) in [
            (chunk("Hello", ""), "Hello"),
            (chunk("", r#","p":"""#), ""),
            (chunk("\\n\\u00e9", r#","p":"abcdefghijk""#), "\né"),
        ] {
            assert_eq!(template.decode(&data).unwrap().text(), text);
        }
        assert!(template.decode(&chunk("a", r#","q":"abc""#)).is_none());
        assert!(template.decode(&chunk("a", r#","p":1"#)).is_none());
        assert!(template.decode(&chunk("a\n", "")).is_none());
    }
}
