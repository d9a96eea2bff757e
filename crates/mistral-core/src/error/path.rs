//! Where in a JSON document its reader stopped.
//!
//! The reader says the line and the column. From there the path can be found by walking
//! through the document, without reading all of it into types a second time: that would need
//! a second copy of the code of every type.

use std::borrow::Cow;
use std::fmt::Write;

/// The path of the value at which the reader of `json` failed with `error`, for example
/// `choices[0].message`. The document as a whole is `.`.
pub(crate) fn path(json: &[u8], error: &serde_json::Error) -> String {
    let mut steps = Vec::new();
    if let Some(stop) = offset(json, error.line(), error.column()) {
        walk(json, stop, refused_container(error), &mut steps);
    }
    let mut path = String::new();
    for step in steps {
        let written = match step {
            Step::Element(index) => write!(path, "[{index}]"),
            Step::Member(None) => Ok(()),
            Step::Member(Some(key)) if path.is_empty() => write!(path, "{key}"),
            Step::Member(Some(key)) => write!(path, ".{key}"),
        };
        written.unwrap_or_default(); // a string takes everything
    }
    if path.is_empty() {
        path.push('.');
    }
    path
}

/// From the document, or a container in it, to a value in it.
enum Step<'a> {
    Element(usize),
    /// `None` before the key has been read.
    Member(Option<Cow<'a, str>>),
}

fn offset(json: &[u8], line: usize, column: usize) -> Option<usize> {
    let lines_before = line.checked_sub(1)?; // what was not read from text has no line
    let start = match lines_before.checked_sub(1) {
        Some(last) => memchr::memchr_iter(b'\n', json).nth(last)? + 1,
        None => 0,
    };
    Some(start + column)
}

/// Walks to the value that ends at `stop`, or, if it is a container that was refused, starts
/// there.
fn walk<'a>(json: &'a [u8], stop: usize, refused: Option<u8>, steps: &mut Vec<Step<'a>>) {
    let mut at = 0;
    while let Some(token) = json.get(at..).and_then(|rest| rest.get(..length(rest))) {
        let Some(first) = token.first() else { return };
        if b": \t\r\n".contains(first) {
            at += 1;
            continue;
        }
        if at >= stop {
            if refused != Some(*first) {
                steps.pop(); // it is not about a value in the container, but about all of it
            }
            return;
        }
        at += token.len();
        match (first, steps.last_mut()) {
            (b'{', _) => steps.push(Step::Member(None)),
            (b'[', _) => steps.push(Step::Element(0)),
            (b'}' | b']', _) => {
                steps.pop();
                if at >= stop {
                    return;
                }
            }
            (b',', Some(Step::Element(index))) => *index += 1,
            (b',', Some(Step::Member(key))) => *key = None,
            (_, Some(Step::Member(key @ None))) => *key = unquoted(token),
            _ if at >= stop => return,
            _ => {}
        }
    }
}

fn unquoted(key: &[u8]) -> Option<Cow<'_, str>> {
    let key = key.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    Some(String::from_utf8_lossy(key))
}

/// With what the container starts that was in the place of something else.
fn refused_container(error: &serde_json::Error) -> Option<u8> {
    let words = error.to_string();
    let kind = words.strip_prefix("invalid type: ")?;
    kind.starts_with("map")
        .then_some(b'{')
        .or(kind.starts_with("sequence").then_some(b'['))
}

/// How many bytes the token at the start of `json` has.
fn length(json: &[u8]) -> usize {
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
