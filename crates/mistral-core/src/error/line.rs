//! One line for a person, whatever servers put into it.

use std::fmt::{self, Write};

/// How many characters of the server's words go into a message.
const MAX_CHARS: usize = 500;

/// The words of `text` in one line, and no more of them than a person reads.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::new();
    let gap = |it: char| it.is_whitespace() || it.is_control();
    for word in text.split(gap).filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    match line.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => {
            line.truncate(end);
            line.push('…');
            line
        }
        None => line,
    }
}

/// Writes spaces in place of line breaks and of what commands a terminal.
pub(crate) struct OneLine<W>(pub(crate) W);

impl<W: Write> Write for OneLine<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let breaks = |it: char| it.is_control() || matches!(it, '\u{2028}' | '\u{2029}');
        for (number, part) in text.split(breaks).enumerate() {
            if number > 0 {
                self.0.write_char(' ')?;
            }
            self.0.write_str(part)?;
        }
        Ok(())
    }
}
