//! Very many streams, and very long ones.

use std::mem::size_of;

use mistral_core::EventStream;
use mistral_core::chat::CompletionChunk;

use crate::common::{DONE, bytes, client_with, event, finish, question, scripted, sse};

#[tokio::test]
async fn streams_10_000_share_one_thread() {
    const STREAMS: usize = 10_000;
    let pieces = ["a", "b"].map(|text| bytes(event(text)));
    let end = [bytes(finish() + DONE)];
    let mock = scripted([sse(pieces.into_iter().chain(end))]);
    let client = client_with(&mock);
    let mut streams = Vec::new();
    for _ in 0..STREAMS {
        streams.push(client.chat().stream(&question()).await.unwrap());
    }
    for stream in &mut streams {
        assert_eq!(stream.next().await.unwrap().unwrap().text(), "a");
    }
    for stream in streams.into_iter().rev() {
        assert_eq!(stream.collect_response().await.unwrap().text(), "ab");
    }
    assert_eq!(mock.requests().len(), STREAMS);
}

#[tokio::test]
async fn stream_of_100_000_chunks_is_collected() {
    const CHUNKS: usize = 100_000;
    const PIECE: usize = 10_000;
    let piece = bytes(event("x").repeat(PIECE));
    let pieces = std::iter::repeat_n(piece, CHUNKS / PIECE).chain([bytes(finish() + DONE)]);
    let mock = scripted([sse(pieces)]);
    let stream = client_with(&mock).chat().stream(&question()).await.unwrap();
    let whole = stream.collect_response().await.unwrap();
    assert_eq!(whole.text().len(), CHUNKS);
}

/// The memory of an open stream, beside its connection and its buffer.
#[test]
fn stream_size_is_bounded() {
    assert!(size_of::<EventStream<CompletionChunk>>() <= 640);
}
