//! JSON that is still being written, completed to what can be read already.

/// The beginning of a JSON text, and what must be added to close it.
///
/// Strings, lists and objects count as far as they have come. Everything else counts once it
/// is surely complete: a key when its value has begun, a number or a word when something
/// follows it, an escape when all of it is there.
#[derive(Debug, Default)]
pub(crate) struct PartialJson {
    text: String,
    /// How much of the text has been looked at: all of it, but for an escape that is cut off.
    seen: usize,
    /// What closes the lists and objects that are open.
    closers: Vec<char>,
    /// Up to here the text can be closed.
    closable: usize,
    string: Option<Role>,
    expects_key: bool,
    in_scalar: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Role {
    Key,
    Value,
}

impl PartialJson {
    pub(crate) fn push(&mut self, piece: &str) {
        self.text.push_str(piece);
        while let Some(byte) = self.text.as_bytes().get(self.seen).copied() {
            let Some(length) = self.look_at(byte) else {
                return;
            };
            self.seen += length;
        }
    }

    /// All of the text, as it came.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// How much of the text [`completed`](Self::completed) keeps. It grows when that has
    /// something new.
    pub(crate) fn kept(&self) -> usize {
        match self.string {
            Some(Role::Value) => self.seen,
            _ => self.closable,
        }
    }

    /// The text so far as complete JSON, if the text is JSON and has begun at all.
    pub(crate) fn completed(&self) -> Option<String> {
        let kept = self.text.get(..self.kept())?;
        if kept.is_empty() {
            return None;
        }
        let quote = (self.string == Some(Role::Value)).then_some('"');
        let closers = self.closers.iter().rev();
        Some(kept.chars().chain(quote).chain(closers.copied()).collect())
    }

    /// Looks at what begins with `byte`. Says how long it is, or `None` if it is cut off.
    fn look_at(&mut self, byte: u8) -> Option<usize> {
        match self.string {
            Some(role) => self.look_inside(role, byte),
            None => {
                self.look_outside(byte);
                Some(1)
            }
        }
    }

    fn look_inside(&mut self, role: Role, byte: u8) -> Option<usize> {
        match byte {
            b'"' => {
                self.string = None;
                if role == Role::Value {
                    self.closable = self.seen + 1;
                }
            }
            b'\\' => {
                let rest = self.text.as_bytes().get(self.seen..).unwrap_or_default();
                return escape_length(rest);
            }
            _ => {}
        }
        Some(1)
    }

    fn look_outside(&mut self, byte: u8) {
        let ends_scalar = byte.is_ascii_whitespace() || matches!(byte, b',' | b'}' | b']');
        if self.in_scalar && ends_scalar {
            self.in_scalar = false;
            self.closable = self.seen;
        }
        match byte {
            b'"' if self.expects_key => self.string = Some(Role::Key),
            b'"' => self.string = Some(Role::Value),
            b'{' => self.open('}'),
            b'[' => self.open(']'),
            b'}' | b']' => {
                self.closers.pop();
                self.closable = self.seen + 1;
            }
            b':' => self.expects_key = false,
            b',' => self.expects_key = self.closers.last() == Some(&'}'),
            byte => self.in_scalar = !byte.is_ascii_whitespace(),
        }
    }

    fn open(&mut self, closer: char) {
        self.closers.push(closer);
        self.closable = self.seen + 1;
        self.expects_key = closer == '}';
    }
}

/// How long the escape is that `text` begins with: both halves of a surrogate pair are one.
/// `None` if it may be cut off.
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
