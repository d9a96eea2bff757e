//! Server-sent events without I/O: bytes in, events out.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;

/// The largest event that is read unless another limit is set: 16 MiB.
pub(crate) const MAX_EVENT_SIZE: usize = 16 * 1024 * 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Splits bytes into server-sent events, by the rules of the HTML standard.
///
/// Takes bytes as they come off the network, cut anywhere, in time linear in their
/// number. Data that lies whole in one piece is handed out where it lies, without a
/// copy. An event that the stream ends without its blank line is dropped.
///
/// ```
/// use mistral_core::sse::SseDecoder;
///
/// let mut decoder = SseDecoder::new();
/// decoder.push("event: greeting\ndata: hel");
/// assert!(decoder.next_event()?.is_none());
/// decoder.push("lo\n\n");
/// let event = decoder.next_event()?.ok_or("no event")?;
/// assert_eq!((event.event_type, &*event.data), ("greeting", "hello"));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SseDecoder {
    chunk: Bytes,
    /// Where in `chunk` the next unread line starts.
    at: usize,
    /// A line that began in an earlier chunk.
    line: Vec<u8>,
    data: Data,
    /// Data that does not lie whole in one chunk.
    copied: Vec<u8>,
    /// The event has been handed out: it is forgotten before the next line is read.
    dispatched: bool,
    event_type: String,
    last_event_id: String,
    new_event_id: Option<String>,
    retry: Option<Duration>,
    after_carriage_return: bool,
    first_line: bool,
    max_event_size: usize,
    /// Whether every line is an event of its own.
    is_json_lines: bool,
}

/// The data lines of the current event.
#[derive(Debug)]
enum Data {
    None,
    /// One line, where it lies in the current chunk.
    InChunk(Range<usize>),
    /// Lines joined in `copied`.
    Copied,
}

/// What a line says.
#[derive(Clone, Copy)]
enum Field {
    Blank,
    Data,
    Event,
    Id,
    Retry,
    Other,
}

/// One server-sent event.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SseEvent<'a> {
    /// The event's type; `message` unless the stream names another.
    pub event_type: &'a str,
    /// The data lines, joined by line feeds. Bytes that are not UTF-8 become U+FFFD.
    pub data: Cow<'a, str>,
    /// The id that the stream gave last. Empty if it gave none.
    pub last_event_id: &'a str,
}

/// An event, or a line of one, is larger than the limit.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventTooLarge {
    /// The limit in bytes.
    pub limit: usize,
}

impl fmt::Display for EventTooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an event is larger than {} bytes", self.limit)
    }
}

impl std::error::Error for EventTooLarge {}

impl Default for SseDecoder {
    fn default() -> Self {
        Self::new()
    }
}

impl SseDecoder {
    /// Makes a decoder at the start of a stream, for events of up to 16 MiB.
    pub fn new() -> Self {
        Self {
            chunk: Bytes::new(),
            at: 0,
            line: Vec::new(),
            data: Data::None,
            copied: Vec::new(),
            dispatched: false,
            event_type: String::new(),
            last_event_id: String::new(),
            new_event_id: None,
            retry: None,
            after_carriage_return: false,
            first_line: true,
            max_event_size: MAX_EVENT_SIZE,
            is_json_lines: false,
        }
    }

    /// Creates a decoder for JSON lines: every line that is not blank is the data of an event.
    pub(crate) fn json_lines() -> Self {
        Self {
            is_json_lines: true,
            ..Self::new()
        }
    }

    /// Sets the largest event that is read, in bytes.
    #[must_use]
    pub fn max_event_size(mut self, bytes: usize) -> Self {
        self.max_event_size = bytes;
        self
    }

    /// Takes the next bytes of the stream.
    ///
    /// Call [`next_event`](Self::next_event) until it gives `None` before the next push:
    /// that is when nothing has to be copied. Bytes that are still unread are kept.
    pub fn push(&mut self, bytes: impl Into<Bytes>) {
        let bytes = bytes.into();
        self.keep_data();
        let unread = self.chunk.get(self.at..).unwrap_or_default();
        self.chunk = if unread.is_empty() {
            bytes
        } else {
            [unread, &bytes].concat().into()
        };
        self.at = 0;
    }

    /// The next event, or `None` until more bytes are pushed.
    ///
    /// # Errors
    /// Fails when an event exceeds the limit. The decoder is of no further use then.
    pub fn next_event(&mut self) -> Result<Option<SseEvent<'_>>, EventTooLarge> {
        Ok(if self.advance()? {
            Some(self.event())
        } else {
            None
        })
    }

    /// The reconnection time that the stream asked for last.
    pub fn retry(&self) -> Option<Duration> {
        self.retry
    }

    /// Whether an event has begun that has not ended.
    pub(crate) fn is_within_event(&self) -> bool {
        let has_data = !self.dispatched && !matches!(self.data, Data::None);
        has_data || !self.line.is_empty()
    }

    /// Reads up to the end of the next event. `false` means that more bytes are needed.
    pub(crate) fn advance(&mut self) -> Result<bool, EventTooLarge> {
        if self.dispatched {
            self.forget_event();
        }
        let ended = self.read_chunk()?;
        if !ended {
            // Held until the next push, it would keep its reader from using the room again.
            self.keep_data();
            self.chunk = Bytes::new();
            self.at = 0;
        }
        Ok(ended)
    }

    fn read_chunk(&mut self) -> Result<bool, EventTooLarge> {
        loop {
            if self.after_carriage_return {
                match self.chunk.get(self.at) {
                    Some(b'\n') => self.at += 1,
                    Some(_) => {}
                    None => return Ok(false),
                }
                self.after_carriage_return = false;
            }
            let unread = self.chunk.get(self.at..).unwrap_or_default();
            let Some(length) = memchr::memchr2(b'\n', b'\r', unread) else {
                if !unread.is_empty() {
                    self.line.extend_from_slice(unread);
                    self.at = self.chunk.len();
                    self.check_size(self.line.len())?;
                }
                return Ok(false);
            };
            self.after_carriage_return = unread.get(length) == Some(&b'\r');
            let line = self.at..self.at + length;
            self.at = line.end + 1;
            let ended = if self.line.is_empty() {
                self.read_line(line)?
            } else {
                self.read_carried_line(line)?
            };
            if ended {
                return Ok(true);
            }
        }
    }

    /// The event that [`advance`](Self::advance) has just reached the end of.
    pub(crate) fn event(&self) -> SseEvent<'_> {
        let data = match &self.data {
            Data::None => &[],
            Data::InChunk(range) => self.chunk.get(range.clone()).unwrap_or_default(),
            Data::Copied => self.copied.as_slice(),
        };
        SseEvent {
            event_type: if self.event_type.is_empty() {
                "message"
            } else {
                &self.event_type
            },
            data: text(data),
            last_event_id: &self.last_event_id,
        }
    }

    /// Ends the last line of JSON lines, which may lack its line feed. Returns whether there
    /// was such a line.
    pub(crate) fn end_line(&mut self) -> bool {
        let is_unended = self.is_json_lines && !self.line.is_empty();
        if is_unended {
            self.push(Bytes::from_static(b"\n"));
        }
        is_unended
    }

    fn parse(&self, line: &[u8]) -> (Field, usize) {
        match self.is_json_lines {
            false => parse(line),
            true if line.trim_ascii().is_empty() => (Field::Blank, 0),
            true => (Field::Data, 0),
        }
    }

    /// Reads a line that lies whole in the current chunk. `true` means that it ends an event.
    fn read_line(&mut self, line: Range<usize>) -> Result<bool, EventTooLarge> {
        let bytes = self.chunk.get(line.clone()).unwrap_or_default();
        let mark = byte_order_mark(&mut self.first_line, bytes);
        let (field, value) = self.parse(bytes.get(mark..).unwrap_or_default());
        let value = line.start + mark + value..line.end;
        match field {
            Field::Blank => return Ok(self.end_event()),
            Field::Data => {
                self.check_size(value.len())?;
                if let Data::None = self.data {
                    self.data = Data::InChunk(value);
                } else {
                    self.keep_data();
                    self.copied.push(b'\n');
                    let bytes = self.chunk.get(value).unwrap_or_default();
                    self.copied.extend_from_slice(bytes);
                }
            }
            Field::Event | Field::Id | Field::Retry => {
                let value = text(self.chunk.get(value).unwrap_or_default()).into_owned();
                self.set(field, value);
            }
            Field::Other => {}
        }
        Ok(self.is_json_lines && self.end_event())
    }

    /// Reads a line that began in an earlier chunk.
    fn read_carried_line(&mut self, end: Range<usize>) -> Result<bool, EventTooLarge> {
        let mut line = std::mem::take(&mut self.line);
        line.extend_from_slice(self.chunk.get(end).unwrap_or_default());
        let mark = byte_order_mark(&mut self.first_line, &line);
        let bytes = line.get(mark..).unwrap_or_default();
        let (field, value) = self.parse(bytes);
        let value = bytes.get(value..).unwrap_or_default();
        let mut ended = false;
        match field {
            Field::Blank => ended = self.end_event(),
            Field::Data => {
                self.check_size(value.len())?;
                self.keep_data();
                if let Data::Copied = self.data {
                    self.copied.push(b'\n');
                }
                self.data = Data::Copied;
                self.copied.extend_from_slice(value);
            }
            Field::Event | Field::Id | Field::Retry => self.set(field, text(value).into_owned()),
            Field::Other => {}
        }
        if self.is_json_lines {
            ended = self.end_event();
        }
        line.clear();
        self.line = line; // for the room it has
        Ok(ended)
    }

    fn set(&mut self, field: Field, value: String) {
        match field {
            Field::Event => self.event_type = value,
            Field::Id if !value.contains('\0') => self.new_event_id = Some(value),
            Field::Retry if value.bytes().all(|byte| byte.is_ascii_digit()) => {
                if let Ok(milliseconds) = value.parse() {
                    self.retry = Some(Duration::from_millis(milliseconds));
                }
            }
            _ => {}
        }
    }

    /// Ends the event at a blank line. `true` means that there is one to hand out.
    fn end_event(&mut self) -> bool {
        if let Some(id) = self.new_event_id.take() {
            self.last_event_id = id;
        }
        if let Data::None = self.data {
            self.event_type.clear();
            return false;
        }
        self.dispatched = true;
        true
    }

    fn forget_event(&mut self) {
        self.dispatched = false;
        self.data = Data::None;
        self.copied.clear();
        self.event_type.clear();
    }

    /// Copies data that lies in the current chunk, before that chunk goes.
    fn keep_data(&mut self) {
        if let Data::InChunk(range) = &self.data {
            let bytes = self.chunk.get(range.clone()).unwrap_or_default();
            self.copied.extend_from_slice(bytes);
            self.data = Data::Copied;
        }
    }

    fn check_size(&self, more: usize) -> Result<(), EventTooLarge> {
        // A line feed joins what comes to what there is.
        let have = match &self.data {
            Data::None => 0,
            Data::InChunk(range) => range.len() + 1,
            Data::Copied => self.copied.len() + 1,
        };
        if have.saturating_add(more) > self.max_event_size {
            return Err(EventTooLarge {
                limit: self.max_event_size,
            });
        }
        Ok(())
    }
}

/// The field that a line sets, and where in the line its value starts.
fn parse(line: &[u8]) -> (Field, usize) {
    if line.is_empty() {
        return (Field::Blank, 0);
    }
    let colon = memchr::memchr(b':', line).unwrap_or(line.len());
    let field = match line.get(..colon) {
        Some(b"data") => Field::Data,
        Some(b"event") => Field::Event,
        Some(b"id") => Field::Id,
        Some(b"retry") => Field::Retry,
        _ => Field::Other,
    };
    let space = usize::from(line.get(colon + 1) == Some(&b' '));
    (field, (colon + 1 + space).min(line.len()))
}

/// How many bytes of a byte order mark the first line of a stream starts with.
fn byte_order_mark(first_line: &mut bool, line: &[u8]) -> usize {
    if std::mem::take(first_line) && line.starts_with(BYTE_ORDER_MARK) {
        BYTE_ORDER_MARK.len()
    } else {
        0
    }
}

fn text(bytes: &[u8]) -> Cow<'_, str> {
    // `from_utf8_lossy` alone is several times slower on text that is fine.
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}
