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
#[path = "partial_tests.rs"]
mod tests;
