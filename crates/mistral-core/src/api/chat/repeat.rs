//! Chunks that differ from the one before in their text alone.
//!
//! That is nearly all of them, and comparing costs a fraction of parsing. What is read
//! here is what the parser would have read: a pattern is tried out on the parser before it
//! is used, and whatever does not match to the byte goes to the parser.

use memchr::{memchr2, memmem};

use super::chunk::CompletionChunk;
use crate::messages::Content;

/// The only place where a text can start: within a JSON string the quotes would be escaped.
const TEXT_KEY: &str = "\"content\":\"";
/// Random text that the server adds to some chunks to hide how long they are.
const PADDING_KEY: &str = ",\"p\":\"";
/// Stands for a text while a pattern is tried out.
const PROBE: &str = "probe";
/// In a stream where this many chunks in a row had to be parsed, nothing repeats.
const MAX_MISSES: u8 = 8;

/// What the chunks of a stream have in common.
#[derive(Debug, Default)]
pub(super) struct Repeat {
    pattern: Option<Box<Pattern>>,
    misses: u8,
}

#[derive(Debug)]
struct Pattern {
    /// What comes before the text, up to its opening quote.
    head: String,
    /// What comes after the text, from its closing quote to the object's last brace, the
    /// padding and that brace left out.
    tail: String,
    /// Whether padding may follow the tail.
    may_be_padded: bool,
    /// The chunk without its text.
    chunk: CompletionChunk,
}

impl Repeat {
    /// Reads a chunk that repeats all but the text of the one before.
    pub(super) fn read(&mut self, data: &str) -> Option<CompletionChunk> {
        let pattern = self.pattern.as_ref()?;
        let text = pattern.text(data)?;
        let mut chunk = pattern.chunk.clone();
        chunk.choices.first_mut()?.delta.content = Some(Content::Text(text));
        self.misses = 0;
        Some(chunk)
    }

    /// Learns from a chunk that had to be parsed.
    pub(super) fn learn(&mut self, data: &str, chunk: &CompletionChunk) {
        if self.misses < MAX_MISSES {
            self.misses += 1;
            self.pattern = Pattern::of(data, chunk).map(Box::new);
        } else {
            self.pattern = None;
        }
    }
}

impl Pattern {
    fn of(data: &str, chunk: &CompletionChunk) -> Option<Self> {
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
        let (tail, padded) = match tail.rsplit_once(PADDING_KEY) {
            Some((before, padding)) if is_padding(padding.strip_suffix('"')?) => (before, true),
            _ => (tail, false),
        };
        let mut chunk = chunk.clone();
        chunk.choices.first_mut()?.delta.content = None;
        let pattern = Self {
            may_be_padded: padded || !(head.contains("\"p\"") || tail.contains("\"p\"")),
            head: head.to_owned(),
            tail: tail.to_owned(),
            chunk,
        };
        pattern.holds().then_some(pattern)
    }

    /// Whether the parser reads what this pattern says it does.
    fn holds(&self) -> bool {
        let mut expected = self.chunk.clone();
        if let Some(choice) = expected.choices.first_mut() {
            choice.delta.content = Some(PROBE.into());
        }
        let (head, tail) = (&self.head, &self.tail);
        let padded = format!("{head}{PROBE}{tail}{PADDING_KEY}abc\"}}");
        [
            (format!("{head}{PROBE}{tail}}}"), true),
            (padded, self.may_be_padded),
        ]
        .into_iter()
        .filter(|(_, matters)| *matters)
        .all(|(json, _)| {
            serde_json::from_str::<CompletionChunk>(&json).is_ok_and(|read| read == expected)
        })
    }

    /// The text of a chunk that matches.
    fn text(&self, data: &str) -> Option<String> {
        let rest = data.strip_prefix(self.head.as_str())?;
        let (end, escaped) = end_of_string(rest)?;
        let (text, after) = rest.split_at_checked(end)?;
        let after = after.strip_prefix(self.tail.as_str())?.strip_suffix('}')?;
        if !after.is_empty() {
            let padding = after.strip_prefix(PADDING_KEY)?.strip_suffix('"')?;
            if !(self.may_be_padded && is_padding(padding)) {
                return None;
            }
        }
        if escaped {
            let quoted = data.get(self.head.len() - 1..=self.head.len() + end)?;
            return serde_json::from_str(quoted).ok();
        }
        is_plain(text).then(|| text.to_owned())
    }
}

/// Where the JSON string that `rest` begins within ends, and whether it has escapes.
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

/// Whether the parser takes these characters in a string, other than quotes and escapes.
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

    /// Texts as JSON writes them, some of which no parser takes.
    fn raw_text() -> impl Strategy<Value = String> {
        let piece = select(vec![
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
        proptest::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
    }

    /// Chunks whose parts come in several forms, so that some repeat and others nearly do.
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
        fn what_repeats_is_read_as_the_parser_reads_it(
            chunks in proptest::collection::vec(raw_chunk(), 1..20),
        ) {
            let mut repeat = Repeat::default();
            for data in &chunks {
                let parsed = serde_json::from_str::<CompletionChunk>(data);
                match (repeat.read(data), parsed) {
                    (Some(read), Ok(parsed)) => prop_assert_eq!(read, parsed),
                    (Some(_), Err(error)) => prop_assert!(false, "{} was read: {}", data, error),
                    (None, Ok(parsed)) => {
                        repeat.misses = 0; // so that learning never stops here
                        repeat.learn(data, &parsed);
                    }
                    (None, Err(_)) => {}
                }
            }
        }
    }

    #[test]
    fn texts_and_padding_of_any_length_repeat() {
        let chunk = |text: &str, padding: &str| {
            let start = r#"{"id":"1","model":"m","choices":[{"index":0,"delta":{"content":""#;
            format!(r#"{start}{text}"}},"finish_reason":null}}]{padding}}}"#)
        };
        let mut repeat = Repeat::default();
        let first = chunk("a", r#","p":"abc""#);
        repeat.learn(&first, &serde_json::from_str(&first).unwrap());
        for (data, text) in [
            (chunk("Hello", ""), "Hello"),
            (chunk("", r#","p":"""#), ""),
            (chunk("\\n\\u00e9", r#","p":"abcdefghijk""#), "\né"),
        ] {
            assert_eq!(repeat.read(&data).unwrap().text(), text);
        }
        assert!(repeat.read(&chunk("a", r#","q":"abc""#)).is_none());
        assert!(repeat.read(&chunk("a", r#","p":1"#)).is_none());
        assert!(repeat.read(&chunk("a\n", "")).is_none());
    }
}
