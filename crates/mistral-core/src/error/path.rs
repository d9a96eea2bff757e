//! Finds the JSON path of a decoding error.
//!
//! The error contains the line and the column. The path is found by walking through the
//! document up to there. Decoding it a second time with a path-tracking deserializer would
//! need a second copy of the code of every type.

use std::borrow::Cow;
use std::fmt::Write;

/// Returns the path of the value in `json` at which decoding failed with `error`, for example
/// `choices[0].message`. The path of the whole document is `.`.
pub(crate) fn path(json: &[u8], error: &serde_json::Error) -> String {
    let mut segments = Vec::new();
    if let Some(stop) = offset(json, error.line(), error.column()) {
        walk(json, stop, mistyped_container(error), &mut segments);
    }
    let mut path = String::new();
    for segment in segments {
        let written = match segment {
            Segment::Element(index) => write!(path, "[{index}]"),
            Segment::Member(None) => Ok(()),
            Segment::Member(Some(key)) if path.is_empty() => write!(path, "{key}"),
            Segment::Member(Some(key)) => write!(path, ".{key}"),
        };
        written.unwrap_or_default(); // writing to a string does not fail
    }
    if path.is_empty() {
        path.push('.');
    }
    path
}

/// One segment of a path: from a container to a value in it.
enum Segment<'a> {
    Element(usize),
    /// `None` before the key has been read.
    Member(Option<Cow<'a, str>>),
}

fn offset(json: &[u8], line: usize, column: usize) -> Option<usize> {
    let lines_before = line.checked_sub(1)?; // line 0: the value was not decoded from text
    let start = match lines_before.checked_sub(1) {
        Some(last) => memchr::memchr_iter(b'\n', json).nth(last)? + 1,
        None => 0,
    };
    Some(start + column)
}

/// Walks to the value that ends at `stop` or, if it is a container of the wrong type, starts
/// there.
fn walk<'a>(json: &'a [u8], stop: usize, mistyped: Option<u8>, segments: &mut Vec<Segment<'a>>) {
    let mut at = 0;
    while let Some(token) = json
        .get(at..)
        .and_then(|rest| rest.get(..token_length(rest)))
    {
        let Some(first) = token.first() else { return };
        if b": \t\r\n".contains(first) {
            at += 1;
            continue;
        }
        if at >= stop {
            if mistyped != Some(*first) {
                segments.pop(); // the error is about the container, not about a value in it
            }
            return;
        }
        at += token.len();
        match (first, segments.last_mut()) {
            (b'{', _) => segments.push(Segment::Member(None)),
            (b'[', _) => segments.push(Segment::Element(0)),
            (b'}' | b']', _) => {
                segments.pop();
                if at >= stop {
                    return;
                }
            }
            (b',', Some(Segment::Element(index))) => *index += 1,
            (b',', Some(Segment::Member(key))) => *key = None,
            (_, Some(Segment::Member(key @ None))) => *key = unquoted(token),
            _ if at >= stop => return,
            _ => {}
        }
    }
}

fn unquoted(key: &[u8]) -> Option<Cow<'_, str>> {
    let key = key.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    Some(String::from_utf8_lossy(key))
}

/// Returns the first byte of the container that had the wrong type, if the error is about one.
fn mistyped_container(error: &serde_json::Error) -> Option<u8> {
    let message = error.to_string();
    let kind = message.strip_prefix("invalid type: ")?;
    kind.starts_with("map")
        .then_some(b'{')
        .or(kind.starts_with("sequence").then_some(b'['))
}

/// Returns the length of the token at the start of `json`, in bytes.
fn token_length(json: &[u8]) -> usize {
    let Some((first, rest)) = json.split_first() else {
        return 0;
    };
    1 + match first {
        b'"' => {
            let mut escaped = false;
            let end = rest.iter().position(|byte| {
                let ends = !escaped && *byte == b'"';
                escaped = !escaped && *byte == b'\\';
                ends
            });
            end.map_or(rest.len(), |end| end + 1)
        }
        b'{' | b'}' | b'[' | b']' | b',' | b':' | b' ' | b'\t' | b'\r' | b'\n' => 0,
        _ => {
            let ends = |byte: &u8| b"{}[],:\" \t\r\n".contains(byte);
            rest.iter().position(ends).unwrap_or(rest.len())
        }
    }
}
