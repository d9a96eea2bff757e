//! The decoder of server-sent events.
//!
//! An input is a line of chunk sizes (`17` alternates chunks of 1 and 7 bytes), a line with the
//! limit of an event's size, and the stream.

use std::time::Duration;

use mistral_sdk::sse::SseDecoder;

use crate::fixed_response::line;

/// The limit if the input sets none.
const NO_LIMIT: usize = 1 << 24;

/// An event's type, data and last event id.
#[derive(Debug, Clone, PartialEq)]
struct Event {
    event_type: String,
    data: String,
    last_event_id: String,
}

#[derive(Debug, PartialEq)]
struct Read {
    events: Vec<Event>,
    too_large: bool,
    retry: Option<Duration>,
}

/// Checks that the events are those of the HTML standard up to the first event beyond the limit,
/// for any chunk boundaries.
pub fn check(input: &[u8]) {
    let (sizes, rest) = line(input);
    let (limit, wire) = line(rest);
    let limit = String::from_utf8_lossy(limit).trim().parse();
    let limit = limit.unwrap_or(NO_LIMIT);

    let (expected, sizes_of_events) = decode_by_standard(wire);
    let chunks = split(wire, sizes);
    assert_eq!(decode(&[wire], NO_LIMIT), expected, "whole");
    assert_eq!(decode(&chunks, NO_LIMIT), expected, "in chunks");

    for (how, chunks) in [("whole", &[wire][..]), ("in chunks", &chunks)] {
        let read = decode(chunks, limit);
        let begins = expected.events.starts_with(&read.events);
        assert!(begins, "{how}, up to {limit} bytes: {read:?}");
        let is_within = |size: &Size| size.data <= limit;
        let read_sizes = sizes_of_events.iter().take(read.events.len());
        assert!(read_sizes.clone().all(is_within), "{how}: beyond {limit}");
        if sizes_of_events.iter().all(|size| size.lines <= limit) {
            assert!(!read.too_large, "{how}: within {limit}");
        }
        if !read.too_large {
            assert_eq!(read, expected, "{how}, up to {limit} bytes");
        }
    }
}

fn split<'a>(wire: &'a [u8], sizes: &[u8]) -> Vec<&'a [u8]> {
    let mut chunks = Vec::new();
    let mut rest = wire;
    for size in sizes.iter().map(|byte| usize::from(byte % 16)).cycle() {
        if rest.is_empty() || sizes.iter().all(|byte| byte % 16 == 0) {
            break;
        }
        let (chunk, after) = rest.split_at(size.min(rest.len()));
        chunks.push(chunk);
        rest = after;
    }
    chunks.push(rest);
    chunks
}

fn decode(chunks: &[&[u8]], limit: usize) -> Read {
    let mut decoder = SseDecoder::new().max_event_size(limit);
    let mut events = Vec::new();
    let mut too_large = false;
    'chunks: for chunk in chunks {
        decoder.push(chunk.to_vec());
        loop {
            match decoder.next_event() {
                Ok(Some(event)) => events.push(Event {
                    event_type: event.event_type.to_owned(),
                    data: event.data.into_owned(),
                    last_event_id: event.last_event_id.to_owned(),
                }),
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(error.limit, limit);
                    too_large = true;
                    break 'chunks;
                }
            }
        }
    }
    Read {
        events,
        too_large,
        retry: decoder.retry(),
    }
}

/// The bytes of an event's data, and of all lines since the previous event.
#[derive(Default)]
struct Size {
    data: usize,
    lines: usize,
}

/// Decodes a whole stream by the algorithm of the standard. The last size is that of the lines
/// after the last event.
fn decode_by_standard(wire: &[u8]) -> (Read, Vec<Size>) {
    let without_bom = wire.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(wire);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (mut events, mut sizes, mut retry) = (Vec::new(), Vec::new(), None);
    let (mut data, mut event_type, mut id) = (None::<Vec<u8>>, String::new(), String::new());
    let (mut last_event_id, mut size) = (String::new(), Size::default());
    size.lines = wire.len() - without_bom.len();
    let (lines, unfinished) = lines(without_bom);
    for line in lines {
        size.lines += line.len() + 1;
        if line.is_empty() {
            last_event_id.clone_from(&id);
            let event_type = std::mem::take(&mut event_type);
            if let Some(data) = data.take() {
                size.data = data.len();
                sizes.push(std::mem::take(&mut size));
                events.push(Event {
                    event_type: Some(event_type)
                        .filter(|name| !name.is_empty())
                        .unwrap_or_else(|| "message".to_owned()),
                    data: text(&data),
                    last_event_id: last_event_id.clone(),
                });
            }
            continue;
        }
        let colon = line.iter().position(|byte| *byte == b':');
        let (field, value) = line.split_at(colon.unwrap_or(line.len()));
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"data" => match &mut data {
                None => data = Some(value.to_vec()),
                Some(data) => {
                    data.push(b'\n');
                    data.extend_from_slice(value);
                }
            },
            b"event" => event_type = text(value),
            b"id" if !value.contains(&0) => id = text(value),
            b"retry" if value.iter().all(u8::is_ascii_digit) => {
                let milliseconds = text(value).parse().ok();
                retry = milliseconds.map(Duration::from_millis).or(retry);
            }
            _ => {}
        }
    }
    size.lines += unfinished.len();
    sizes.push(size);
    let read = Read {
        events,
        too_large: false,
        retry,
    };
    (read, sizes)
}

/// Returns the lines, terminated by CR, LF or CRLF, and the unterminated rest.
fn lines(mut rest: &[u8]) -> (Vec<&[u8]>, &[u8]) {
    let mut lines = Vec::new();
    while let Some(end) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
        let (line, after) = rest.split_at(end);
        lines.push(line);
        let both = after.strip_prefix(b"\r\n");
        rest = both.or_else(|| after.get(1..)).unwrap_or_default();
    }
    (lines, rest)
}
