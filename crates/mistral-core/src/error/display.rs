//! Formats errors in one line, whatever a server puts into them.

use std::error::Error as StdError;
use std::fmt::{self, Write};
use std::time::Duration;

use url::Url;

use super::Error;

/// The maximum length of a code or an id in the text of an error, in characters.
const MAX_ID_CHARS: usize = 100;

/// The maximum length of a server's message, in characters.
pub(super) const MAX_MESSAGE_CHARS: usize = 500;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        let with_causes = f.alternate();
        let mut line = OneLine(f);
        if !inner.operation.is_empty() {
            write!(line, "{}: ", inner.operation)?;
        }
        line.write_str(&inner.message)?;
        let of_several = self.provider().filter(|_| !self.failures().is_empty());
        let facts = [
            of_several.map(|provider| format!("provider {provider}")),
            self.code()
                .map(|code| format!("code {code:.MAX_ID_CHARS$}")),
            // The message of a rate limiter of the program contains it.
            self.shown_retry_after()
                .filter(|_| !self.is_local_rate_limit())
                .map(|wait| match wait.is_zero() {
                    true => "retry at once".to_owned(),
                    false => format!("retry after {wait:?}"),
                }),
            (inner.attempts > 1).then(|| format!("{} attempts", inner.attempts)),
            inner
                .quota_exhausted
                .then(|| "retry quota exhausted".to_owned()),
            self.request_id()
                .map(|id| format!("request id {id:.MAX_ID_CHARS$}")),
            self.telling_url().map(|url| format!("url {url}")),
        ];
        let facts: Vec<_> = facts.into_iter().flatten().collect();
        if !facts.is_empty() {
            write!(line, " ({})", facts.join(", "))?;
        }
        if with_causes {
            let mut source = StdError::source(self);
            while let Some(cause) = source {
                write!(line, ": {cause}")?;
                source = cause.source();
            }
            for failure in self.failures() {
                let earlier = &failure.error;
                write!(
                    line,
                    "; before it {}: {}",
                    failure.provider,
                    earlier.message()
                )?;
            }
            if let Some(hint) = self.hint() {
                write!(line, "; hint: {hint}")?;
            }
        }
        Ok(())
    }
}

/// Writes the message, the causes and the hint on lines of their own: this is what is printed when
/// `main` returns the error. The alternate form writes the structure.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            return self.fmt_structure(f);
        }
        write!(f, "{self}")?;
        let causes: Vec<_> =
            std::iter::successors(StdError::source(self), |&cause| cause.source()).collect();
        match causes.as_slice() {
            [] => {}
            [cause] => {
                f.write_str("\n\nCaused by:\n    ")?;
                write!(OneLine(&mut *f), "{cause}")?;
            }
            several => {
                f.write_str("\n\nCaused by:")?;
                for (number, cause) in several.iter().enumerate() {
                    write!(f, "\n{number:>5}: ")?;
                    write!(OneLine(&mut *f), "{cause}")?;
                }
            }
        }
        match self.hint() {
            Some(hint) => write!(f, "\n\nHint: {hint}"),
            None => Ok(()),
        }
    }
}

impl Error {
    fn fmt_structure(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        f.debug_struct("Error")
            .field("kind", &inner.kind)
            .field("operation", &inner.operation)
            .field("message", &inner.message)
            .field("attempts", &inner.attempts)
            .field("status", &self.status())
            .field("url", &self.url().map(Url::as_str))
            .field("request_id", &self.request_id())
            .field("source", &inner.source)
            .finish_non_exhaustive()
    }

    /// Returns the delay that the server requested, in milliseconds: a date is compared with a clock,
    /// which leaves fractions of them.
    fn shown_retry_after(&self) -> Option<Duration> {
        let delay = self.retry_after()?;
        Some(u64::try_from(delay.as_millis()).map_or(delay, Duration::from_millis))
    }
}

/// Collapses whitespace and control characters to spaces, and truncates the result.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::new();
    let is_separator = |it: char| it.is_whitespace() || it.is_control();
    for word in text.split(is_separator).filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.len() > 4 * MAX_MESSAGE_CHARS {
            break; // no character has more bytes
        }
    }
    match line.char_indices().nth(MAX_MESSAGE_CHARS) {
        Some((end, _)) => {
            line.truncate(end);
            line.push('…');
            line
        }
        None => line,
    }
}

/// Replaces line breaks and control characters by spaces. A terminal may interpret the
/// latter.
struct OneLine<W>(W);

impl<W: Write> Write for OneLine<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let is_control = |it: char| it.is_control() || matches!(it, '\u{2028}' | '\u{2029}');
        for (number, part) in text.split(is_control).enumerate() {
            if number > 0 {
                self.0.write_char(' ')?;
            }
            self.0.write_str(part)?;
        }
        Ok(())
    }
}
