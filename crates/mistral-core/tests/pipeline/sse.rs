//! The SSE decoder against the rules of the HTML standard.

use mistral_core::sse::SseDecoder;
use proptest::prelude::*;

/// Type, data and last id of an event.
type Event = (String, String, String);

fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Event> {
    let mut decoder = SseDecoder::new();
    let mut events = Vec::new();
    for piece in pieces {
        decoder.push(piece.to_vec());
        while let Some(event) = decoder.next_event().unwrap() {
            events.push((
                event.event_type.to_owned(),
                event.data.into_owned(),
                event.last_event_id.to_owned(),
            ));
        }
    }
    events
}

fn message(data: &str) -> Event {
    ("message".to_owned(), data.to_owned(), String::new())
}

/// Bytes on the wire, and the events that they decode to.
fn fixtures() -> Vec<(&'static [u8], Vec<Event>)> {
    let typed =
        |kind: &str, data: &str, id: &str| (kind.to_owned(), data.to_owned(), id.to_owned());
    let both = || vec![message("a"), message("b")];
    vec![
        (b"data: a\n\ndata: b\n\n", both()),
        (b"data: a\r\n\r\ndata: b\r\n\r\n", both()),
        (b"data: a\r\rdata: b\r\r", both()),
        (b"data: a\r\n\ndata: b\n\r\n", both()),
        (b"data: a\n\rdata: b\r\n\r", both()),
        (b"data: a\r\ndata: b\n\n", vec![message("a\nb")]),
        (b"\n\n\ndata:a\n\n\n\ndata:b\n\n", both()),
        (b"\xEF\xBB\xBFdata: a\n\ndata: b\n\n", both()),
        (b"\xEF\xBB\xBF\ndata: a\n\ndata: b\n\n", both()),
        (b"data: a\n\n\xEF\xBB\xBFdata: lost\n\ndata: b\n\n", both()),
        (b": ping\n\n:\ndata: a\n: ping\n\ndata: b\n\n", both()),
        (b"data: a\n\ndata: b\n\ndata: no blank line", both()),
        (b"data: a\n\ndata: b\n\ndata: no blank line\n", both()),
        (
            b"Data: x\n data: x\ndata : x\nother: x\njunk\ndata: a\n\ndata: b\n\n",
            both(),
        ),
        (b"data:  two spaces \n\n", vec![message(" two spaces ")]),
        (b"data:\ttab\n\n", vec![message("\ttab")]),
        (
            b"data\n\ndata\ndata\n\ndata:\n\n",
            vec![message(""), message("\n"), message("")],
        ),
        (
            b"data: {\ndata:  \"a\": 1\ndata: }\n\n",
            vec![message("{\n \"a\": 1\n}")],
        ),
        (
            "data: é日🙂 \u{2028}\u{85}\u{b}\n\n".as_bytes(),
            vec![message("é日🙂 \u{2028}\u{85}\u{b}")],
        ),
        (b"data: a\xFFb\n\n", vec![message("a\u{FFFD}b")]),
        (
            b"data: \xF0\x9F\x99\x82\xF0\x9F\n\n",
            vec![message("🙂\u{FFFD}")],
        ),
        (
            b"event: e\ndata: a\n\ndata: b\n\n",
            vec![typed("e", "a", ""), message("b")],
        ),
        (b"event: lost\n\ndata: a\n\n", vec![message("a")]),
        (b"data: a\nevent: late\n\n", vec![typed("late", "a", "")]),
        (b"event: x\nevent\ndata: a\n\n", vec![message("a")]),
        (
            b"id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\nid: 2\n\ndata: d\n\n",
            vec![
                typed("message", "a", "1"),
                typed("message", "b", "1"),
                typed("message", "c", ""),
                typed("message", "d", "2"),
            ],
        ),
        (b"id: 1\0\ndata: a\n\n", vec![message("a")]),
        (b"data: a\0b\n\n", vec![message("a\0b")]),
        (b"retry: 1000\ndata: a\n\n", vec![message("a")]),
        (b"data: [DONE]\n\n", vec![message("[DONE]")]),
        (b"", vec![]),
    ]
}

#[test]
fn sse_fixtures_decode_alike_however_split() {
    for (wire, expected) in fixtures() {
        let shown = String::from_utf8_lossy(wire);
        assert_eq!(decode([wire]), expected, "whole: {shown:?}");
        assert_eq!(decode(wire.chunks(1)), expected, "byte by byte: {shown:?}");
        for at in 0..=wire.len() {
            let (left, right) = wire.split_at(at);
            assert_eq!(decode([left, right]), expected, "split at {at}: {shown:?}");
            assert_eq!(
                decode([left, b"", right]),
                expected,
                "split at {at}: {shown:?}"
            );
        }
    }
}

#[test]
fn sse_decoder_buffers_unread_bytes() {
    for (wire, expected) in fixtures() {
        let mut decoder = SseDecoder::new();
        for piece in wire.chunks(3) {
            decoder.push(piece.to_vec());
        }
        let mut events = 0;
        while decoder.next_event().unwrap().is_some() {
            events += 1;
        }
        assert_eq!(
            events,
            expected.len(),
            "{:?}",
            String::from_utf8_lossy(wire)
        );
    }
}

#[test]
fn sse_retry_field_accepts_only_digits() {
    for (wire, expected) in [
        ("retry: 1500\n", Some(1500)),
        ("retry: 0\n", Some(0)),
        ("retry: -1\n", None),
        ("retry: 1.5\n", None),
        ("retry:\n", None),
        ("retry\n", None),
        ("retry: ١٢\n", None),
        ("retry: 99999999999999999999999\n", None),
    ] {
        let mut decoder = SseDecoder::new();
        decoder.push(wire.to_owned());
        assert!(decoder.next_event().unwrap().is_none());
        let retry = decoder.retry().map(|time| time.as_millis());
        assert_eq!(retry, expected, "{wire:?}");
    }
}

#[test]
fn sse_event_beyond_limit_is_an_error() {
    let line = [b"data: ".as_slice(), &[b'x'; 101], b"\n\n"].concat();
    let lines = [
        b"data: ".as_slice(),
        &[b'x'; 60],
        b"\ndata: ",
        &[b'y'; 60],
        b"\n\n",
    ]
    .concat();
    let comment = [b":".as_slice(), &[b'x'; 200]].concat();
    let fits = [b"data: ".as_slice(), &[b'x'; 90], b"\n\n"].concat();
    for size in [1, 7, 1000] {
        for (wire, too_large) in [
            (&line, true),
            (&lines, true),
            (&comment, true),
            (&fits, false),
        ] {
            let mut decoder = SseDecoder::new().max_event_size(100);
            let failed = wire.chunks(size).any(|piece| {
                decoder.push(piece.to_vec());
                decoder.next_event().is_err()
            });
            assert_eq!(
                failed,
                too_large,
                "{size} {:?}",
                String::from_utf8_lossy(wire)
            );
        }
    }
}

#[test]
fn sse_limit_counts_line_feeds() {
    for (limit, expected) in [(9, Some("0123\n4567")), (8, None)] {
        let mut decoder = SseDecoder::new().max_event_size(limit);
        decoder.push("data: 0123\ndata: 4567\n\n");
        let event = decoder.next_event().ok().flatten();
        assert_eq!(
            event.as_ref().map(|event| &*event.data),
            expected,
            "{limit}"
        );
    }
    let mut decoder = SseDecoder::new().max_event_size(8);
    decoder.push("data\n".repeat(9)); // eight line feeds
    assert!(decoder.next_event().unwrap().is_none());
    decoder.push("data\n");
    assert!(decoder.next_event().is_err());
}

/// A decoder that scanned its buffer again for every chunk would need hours.
#[test]
fn sse_event_of_16_mib_byte_by_byte_takes_linear_time() {
    const SIZE: usize = 16 * 1024 * 1024 - 16;
    let mut wire = b"data: ".to_vec();
    wire.resize(wire.len() + SIZE, b'x');
    wire.extend_from_slice(b"\n\n");
    let wire = bytes::Bytes::from(wire);
    let mut decoder = SseDecoder::new();
    let mut sizes = Vec::new();
    for at in 0..wire.len() {
        decoder.push(wire.slice(at..=at));
        if let Some(event) = decoder.next_event().unwrap() {
            sizes.push(event.data.len());
        }
    }
    assert_eq!(sizes, [SIZE]);
}

/// Skipped where the published corpus of event streams is not at hand.
#[test]
fn sse_corpus_decodes_as_expected() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../../shared/conformance/sse_corpus.json"
    );
    let Ok(corpus) = std::fs::read(path) else {
        println!("skipped: there is no corpus beside the project");
        return;
    };
    let corpus: serde_json::Value = serde_json::from_slice(&corpus).unwrap();
    let cases = corpus["cases"].as_array().unwrap();
    assert!(cases.len() > 20);
    for case in cases {
        let wire = base64_simd::STANDARD
            .decode_to_vec(case["base64"].as_str().unwrap())
            .unwrap();
        let expected: Vec<Event> = serde_json::from_value(case["events"].clone()).unwrap();
        assert_eq!(decode([&*wire]), expected, "{}", case["id"]);
        for at in 0..wire.len() {
            let (left, right) = wire.split_at(at);
            assert_eq!(
                decode([left, right]),
                expected,
                "{} split at {at}",
                case["id"]
            );
        }
    }
}

proptest! {
    #[test]
    fn sse_any_bytes_decode_alike_however_split(
        wire in proptest::collection::vec(
            prop_oneof![
                Just(b"\n".to_vec()), Just(b"\r".to_vec()), Just(b"data: ".to_vec()),
                Just(b"data:x".to_vec()), Just(b"event: e".to_vec()), Just(b"id: 7".to_vec()),
                Just(b":".to_vec()), Just(b"\xEF\xBB\xBF".to_vec()),
                proptest::collection::vec(any::<u8>(), 0..4),
            ],
            0..30,
        ),
        cuts in proptest::collection::vec(1..9_usize, 1..40),
    ) {
        let wire = wire.concat();
        let mut pieces = Vec::new();
        let mut rest = wire.as_slice();
        for cut in cuts.into_iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, more) = rest.split_at(cut.min(rest.len()));
            pieces.push(piece);
            rest = more;
        }
        prop_assert_eq!(decode([wire.as_slice()]), decode(pieces));
    }
}
