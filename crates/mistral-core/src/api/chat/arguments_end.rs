//! The end of arguments that arrive in fragments.

use serde::de::IgnoredAny;

/// Finds the end of a JSON object in a text that grows. Each character is scanned once.
#[derive(Debug, Clone, Default)]
pub(super) struct ArgumentsEnd {
    scanned: usize,
    depth: usize,
    in_string: bool,
    is_escaped: bool,
    state: State,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
enum State {
    /// Before the object, or within it.
    #[default]
    Open,
    /// After the object, which is valid.
    Complete,
    /// The text is not an object, and cannot become one.
    Invalid,
}

impl ArgumentsEnd {
    /// Whether `text`, which continues the text of the last call, is a whole JSON object.
    pub(super) fn is_complete(&mut self, text: &str) -> bool {
        let rest = text.as_bytes().get(self.scanned..).unwrap_or_default();
        for byte in rest {
            self.scanned += 1;
            match self.state {
                State::Open => self.scan(*byte, text),
                State::Complete if byte.is_ascii_whitespace() => {}
                State::Complete | State::Invalid => self.state = State::Invalid,
            }
        }
        self.state == State::Complete
    }

    fn scan(&mut self, byte: u8, text: &str) {
        if self.in_string {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' => self.is_escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return;
        }
        match byte {
            b'{' => self.depth += 1,
            b'}' if self.depth == 1 => {
                self.depth = 0;
                self.state = close(text.get(..self.scanned));
            }
            b'}' => match self.depth.checked_sub(1) {
                Some(depth) => self.depth = depth,
                None => self.state = State::Invalid,
            },
            _ if self.depth == 0 && !byte.is_ascii_whitespace() => self.state = State::Invalid,
            b'"' => self.in_string = true,
            _ => {}
        }
    }
}

/// Returns the state after the closing brace of an object.
fn close(object: Option<&str>) -> State {
    let is_valid = object.is_some_and(|text| serde_json::from_str::<IgnoredAny>(text).is_ok());
    if is_valid {
        State::Complete
    } else {
        State::Invalid
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::de::IgnoredAny;

    use super::ArgumentsEnd;

    fn is_object(text: &str) -> bool {
        text.trim_end().ends_with('}') && serde_json::from_str::<IgnoredAny>(text).is_ok()
    }

    proptest! {
        #[test]
        fn end_is_found_as_by_the_parser(parts in proptest::collection::vec(
            prop_oneof![
                Just("{"), Just("}"), Just("[{}]"), Just("{}"), Just("\"a\":"), Just("\"\\\"}\""),
                Just("1"), Just(","), Just(" "), Just("\\"), Just("\""), Just("é"), Just("[}]"),
            ], 0..12))
        {
            let mut end = ArgumentsEnd::default();
            let mut text = String::new();
            for part in parts {
                text.push_str(part);
                prop_assert_eq!(end.is_complete(&text), is_object(&text), "{}", text);
            }
        }
    }
}
