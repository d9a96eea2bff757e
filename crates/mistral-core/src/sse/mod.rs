//! Decoding of server-sent events, without I/O.

mod event;

use std::borrow::Cow;
use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;

pub use self::event::{EventTooLarge, SseEvent};

/// The default limit of the size of an event: 16 MiB.
pub(crate) const DEFAULT_MAX_EVENT_SIZE: usize = 16 * 1024 * 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Decodes bytes into server-sent events, by the rules of the HTML standard.
///
/// Accepts chunks of any size in time linear in the number of bytes. Data that is contained in one
/// chunk is returned without a copy. An event whose final blank line is missing at the end of the
/// stream is discarded.
///
/// ```
/// use mistral_sdk::sse::SseDecoder;
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
    /// The position in `chunk` of the next line to read.
    position: usize,
    /// The start of a line that continues in the next chunk.
    line: Vec<u8>,
    data: Data,
    /// Data that spans several chunks or lines.
    buffer: Vec<u8>,
    /// Whether the event has been returned. It is cleared before the next line is read.
    dispatched: bool,
    event_type: String,
    last_event_id: String,
    new_event_id: Option<String>,
    retry: Option<Duration>,
    after_carriage_return: bool,
    first_line: bool,
    max_event_size: usize,
    /// Whether every line is an event, as in JSON lines.
    is_json_lines: bool,
}

/// The data lines of the current event.
#[derive(Debug)]
enum Data {
    None,
    /// One line, as a range of the current chunk.
    InChunk(Range<usize>),
    /// The data in `buffer`.
    Buffered,
}

/// The field that a line sets.
#[derive(Clone, Copy)]
enum Field {
    Blank,
    Data,
    Event,
    Id,
    Retry,
    Other,
}

impl Default for SseDecoder {
    fn default() -> Self {
        Self::new()
    }
}

impl SseDecoder {
    /// Creates a decoder for a new stream with events of up to 16 MiB.
    pub fn new() -> Self {
        Self {
            chunk: Bytes::new(),
            position: 0,
            line: Vec::new(),
            data: Data::None,
            buffer: Vec::new(),
            dispatched: false,
            event_type: String::new(),
            last_event_id: String::new(),
            new_event_id: None,
            retry: None,
            after_carriage_return: false,
            first_line: true,
            max_event_size: DEFAULT_MAX_EVENT_SIZE,
            is_json_lines: false,
        }
    }

    /// Creates a decoder of JSON lines, where every line that is not blank is the data of an event.
    pub(crate) fn json_lines() -> Self {
        Self {
            is_json_lines: true,
            ..Self::new()
        }
    }

    /// Sets the largest size of an event, in bytes. Default: 16 MiB.
    #[must_use]
    pub fn max_event_size(mut self, bytes: usize) -> Self {
        self.max_event_size = bytes;
        self
    }

    /// Appends the next bytes of the stream.
    ///
    /// Call [`next_event`](Self::next_event) until it returns `None` before the next push. Otherwise
    /// the unread bytes are copied.
    pub fn push(&mut self, bytes: impl Into<Bytes>) {
        let bytes = bytes.into();
        self.buffer_data();
        let unread = self.chunk.get(self.position..).unwrap_or_default();
        self.chunk = if unread.is_empty() {
            bytes
        } else {
            [unread, &bytes].concat().into()
        };
        self.position = 0;
    }

    /// Returns the next event, or `None` if more bytes are needed.
    ///
    /// # Errors
    /// Fails when an event exceeds the limit. The decoder cannot be used afterwards.
    pub fn next_event(&mut self) -> Result<Option<SseEvent<'_>>, EventTooLarge> {
        Ok(if self.advance()? {
            Some(self.event())
        } else {
            None
        })
    }

    /// Returns the last reconnection time that the stream has set.
    pub fn retry(&self) -> Option<Duration> {
        self.retry
    }

    /// Whether an event has started but not ended.
    pub(crate) fn is_within_event(&self) -> bool {
        let has_data = !self.dispatched && !matches!(self.data, Data::None);
        has_data || !self.line.is_empty()
    }

    /// Reads up to the end of the next event. Returns `false` if more bytes are needed.
    pub(crate) fn advance(&mut self) -> Result<bool, EventTooLarge> {
        if self.dispatched {
            self.clear_event();
        }
        let ended = self.read_chunk()?;
        if !ended {
            // Released now, so that the connection can reuse its memory.
            self.buffer_data();
            self.chunk = Bytes::new();
            self.position = 0;
        }
        Ok(ended)
    }

    fn read_chunk(&mut self) -> Result<bool, EventTooLarge> {
        loop {
            if self.after_carriage_return {
                match self.chunk.get(self.position) {
                    Some(b'\n') => self.position += 1,
                    Some(_) => {}
                    None => return Ok(false),
                }
                self.after_carriage_return = false;
            }
            let unread = self.chunk.get(self.position..).unwrap_or_default();
            let length = match unread.first() {
                Some(b'\n') => Some(0), // a blank line, as after each event
                _ => memchr::memchr2(b'\n', b'\r', unread),
            };
            let Some(length) = length else {
                if !unread.is_empty() {
                    self.line.extend_from_slice(unread);
                    self.position = self.chunk.len();
                    self.check_size(self.line.len())?;
                }
                return Ok(false);
            };
            self.after_carriage_return = unread.get(length) == Some(&b'\r');
            let line = self.position..self.position + length;
            self.position = line.end + 1;
            let ended = if self.line.is_empty() {
                self.read_line(line)?
            } else {
                self.read_continued_line(line)?
            };
            if ended {
                return Ok(true);
            }
        }
    }

    /// Returns the event whose end [`advance`](Self::advance) has reached.
    pub(crate) fn event(&self) -> SseEvent<'_> {
        let data = match &self.data {
            Data::None => &[],
            Data::InChunk(range) => self.chunk.get(range.clone()).unwrap_or_default(),
            Data::Buffered => self.buffer.as_slice(),
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

    /// Ends the last of the JSON lines, which may have no line feed. Returns whether there was such a
    /// line.
    pub(crate) fn end_line(&mut self) -> bool {
        let is_unterminated = self.is_json_lines && !self.line.is_empty();
        if is_unterminated {
            self.push(Bytes::from_static(b"\n"));
        }
        is_unterminated
    }

    fn parse(&self, line: &[u8]) -> (Field, usize) {
        match self.is_json_lines {
            false => parse(line),
            true if line.trim_ascii().is_empty() => (Field::Blank, 0),
            true => (Field::Data, 0),
        }
    }

    /// Reads a line that is contained in the current chunk. Returns whether it ends an event.
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
                    self.buffer_data();
                    self.buffer.push(b'\n');
                    let bytes = self.chunk.get(value).unwrap_or_default();
                    self.buffer.extend_from_slice(bytes);
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

    /// Reads a line that started in an earlier chunk. Returns whether it ends an event.
    fn read_continued_line(&mut self, end: Range<usize>) -> Result<bool, EventTooLarge> {
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
                self.buffer_data();
                if let Data::Buffered = self.data {
                    self.buffer.push(b'\n');
                }
                self.data = Data::Buffered;
                self.buffer.extend_from_slice(value);
            }
            Field::Event | Field::Id | Field::Retry => self.set(field, text(value).into_owned()),
            Field::Other => {}
        }
        if self.is_json_lines {
            ended = self.end_event();
        }
        line.clear();
        self.line = line; // reuses the allocation
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

    /// Ends the event at a blank line. Returns whether there is one to dispatch.
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

    fn clear_event(&mut self) {
        self.dispatched = false;
        self.data = Data::None;
        self.buffer.clear();
        self.event_type.clear();
    }

    /// Copies data in the current chunk before the chunk is replaced.
    fn buffer_data(&mut self) {
        if let Data::InChunk(range) = &self.data {
            let bytes = self.chunk.get(range.clone()).unwrap_or_default();
            self.buffer.extend_from_slice(bytes);
            self.data = Data::Buffered;
        }
    }

    fn check_size(&self, additional: usize) -> Result<(), EventTooLarge> {
        // A line feed separates the new line from the data.
        let length = match &self.data {
            Data::None => 0,
            Data::InChunk(range) => range.len() + 1,
            Data::Buffered => self.buffer.len() + 1,
        };
        if length.saturating_add(additional) > self.max_event_size {
            return Err(EventTooLarge {
                limit: self.max_event_size,
            });
        }
        Ok(())
    }
}

/// Returns the field that a line sets, and the position of its value.
fn parse(line: &[u8]) -> (Field, usize) {
    if line.is_empty() {
        return (Field::Blank, 0);
    }
    // The names of the fields are so short that a vectorized search would take longer.
    let colon = line.iter().position(|byte| *byte == b':');
    let colon = colon.unwrap_or(line.len());
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

/// Returns the length of the byte order mark at the start of the first line of a stream.
fn byte_order_mark(first_line: &mut bool, line: &[u8]) -> usize {
    if std::mem::take(first_line) && line.starts_with(BYTE_ORDER_MARK) {
        BYTE_ORDER_MARK.len()
    } else {
        0
    }
}

fn text(bytes: &[u8]) -> Cow<'_, str> {
    // `from_utf8_lossy` alone is several times slower on valid text.
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}
