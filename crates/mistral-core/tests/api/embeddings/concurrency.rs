//! Concurrent calls: their number, order, buffering and cancellation.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::{FutureExt, StreamExt, stream};
use mistral_core::ErrorKind;
use serde_json::json;
use tokio::time::Instant;

use super::{Override, Rules, embeddings, read, read_all, sizes, texts};

#[tokio::test(start_paused = true)]
async fn concurrency_is_bounded_and_keeps_order() {
    let second = Duration::from_secs(1);
    for (concurrency, most, seconds) in [(1, 1, 12), (4, 4, 3), (0, 1, 12), (100, 12, 1)] {
        let mock = Rules {
            delay: Arc::new(move |_| second),
            ..Rules::default()
        }
        .mock();
        let started = Instant::now();
        let vectors = embeddings(&mock)
            .create_all("m", texts(24))
            .inputs_per_call(2);
        assert_eq!(read_all(vectors.concurrency(concurrency)).await, 24);
        assert_eq!(mock.max_in_flight(), most);
        assert_eq!(started.elapsed().as_secs(), seconds);
    }
    // Four by default; later calls are quicker.
    let delay = Arc::new(move |first| second * u32::try_from(24 - first).unwrap());
    let mock = Rules {
        delay,
        ..Rules::default()
    }
    .mock();
    let vectors = embeddings(&mock)
        .create_all("m", texts(24))
        .inputs_per_call(1);
    assert_eq!(read_all(vectors).await, 24);
    assert_eq!(mock.max_in_flight(), 4);
}

#[tokio::test(start_paused = true)]
async fn slow_call_buffers_no_more_than_concurrency() {
    let delay = |first| Duration::from_secs(if first == 0 { 200 } else { 1 });
    let mock = Rules {
        delay: Arc::new(delay),
        ..Rules::default()
    }
    .mock();
    let taken = Arc::<AtomicUsize>::default();
    let counter = Arc::clone(&taken);
    let texts = texts(1000).inspect(move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
    });
    let vectors = embeddings(&mock).create_all("m", texts).inputs_per_call(10);
    let mut vectors = vectors.concurrency(3);
    assert_eq!(taken.load(Ordering::Relaxed), 0); // nothing happens before the first poll
    assert!(vectors.next().now_or_never().is_none());
    assert_eq!(taken.load(Ordering::Relaxed), 30);
    let waited = tokio::time::timeout(Duration::from_secs(150), vectors.next()).await;
    assert!(waited.is_err());
    // Six pieces of ten: the slow one, and five that wait for it.
    assert_eq!(taken.load(Ordering::Relaxed), 60);
    assert_eq!(mock.in_flight(), 1);
    assert_eq!(read_all(vectors).await, 1000);
}

#[tokio::test(start_paused = true)]
async fn dropped_stream_cancels_calls_in_flight() {
    let delay = Arc::new(|_| Duration::from_secs(1));
    let mock = Rules {
        delay,
        ..Rules::default()
    }
    .mock();
    let vectors = embeddings(&mock)
        .create_all("m", texts(100))
        .inputs_per_call(1);
    let mut vectors = vectors.concurrency(5);
    assert!(vectors.next().now_or_never().is_none());
    assert_eq!(mock.in_flight(), 5);
    drop(vectors);
    assert_eq!(mock.in_flight(), 0);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(sizes(&mock).len(), 5);
}

#[tokio::test(start_paused = true)]
async fn error_cancels_calls_in_flight() {
    let delay = |first| Duration::from_secs(if first == 0 { 1 } else { 1000 });
    let replies: Override = Arc::new(|_, _| Some((400, json!({ "message": "no" }))));
    let mock = Rules {
        delay: Arc::new(delay),
        replies,
        ..Rules::default()
    }
    .mock();
    let vectors = embeddings(&mock)
        .create_all("m", texts(40))
        .inputs_per_call(10);
    let started = Instant::now();
    let (_, error) = read(vectors).await;
    assert!(error.unwrap().to_string().contains("texts 0 to 9"));
    assert_eq!(started.elapsed().as_secs(), 1);
    assert_eq!(mock.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn input_stream_slow_or_failing_yields_vectors_so_far() {
    // A chunk is sent as soon as it has a text while no call is in flight.
    let mock = Rules::default().mock();
    let slow = stream::iter(texts(4)).then(|text| async {
        tokio::time::sleep(Duration::from_secs(100)).await;
        Ok(text)
    });
    let mut vectors = embeddings(&mock).create_all_stream("m", slow);
    let started = Instant::now();
    for number in 1..=4 {
        vectors.next().await.unwrap().unwrap();
        assert_eq!(started.elapsed().as_secs(), 100 * number);
    }
    assert!(vectors.next().await.is_none());
    assert_eq!(sizes(&mock), [1, 1, 1, 1]);

    // While a call is in flight, texts are buffered for the next one.
    let delay = Arc::new(|_| Duration::from_secs(105));
    let mock = Rules {
        delay,
        ..Rules::default()
    }
    .mock();
    let slow = stream::iter(texts(21)).then(|text| async {
        tokio::time::sleep(Duration::from_secs(10)).await;
        Ok(text)
    });
    let vectors = embeddings(&mock).create_all_stream("m", slow);
    assert_eq!(read_all(vectors).await, 21);
    assert_eq!(sizes(&mock), [1, 10, 10]);

    let broken = io::Error::other("the disk is on fire");
    let failing = stream::iter(
        texts(5)
            .map(Ok)
            .chain([Err(broken), Ok("text 5".to_owned())]),
    );
    let mock = Rules::default().mock();
    let vectors = embeddings(&mock)
        .create_all_stream("m", failing)
        .inputs_per_call(3);
    let (numbers, error) = read(vectors).await;
    assert_eq!(numbers, [0, 1, 2, 3, 4]);
    let error = error.unwrap();
    assert_eq!(error.kind(), ErrorKind::Io);
    let expected = "embeddings.create_all: the texts to embed cannot be read: the disk is on fire";
    assert_eq!(format!("{error:#}"), expected);
}

#[tokio::test]
async fn long_texts_are_sent_in_small_calls() {
    let mock = Rules::default().mock();
    let texts = (0..20).map(|number| format!("text {number} {}", "a".repeat(300 * 1024)));
    let vectors = embeddings(&mock).create_all("m", texts);
    assert_eq!(read_all(vectors).await, 20);
    assert!(
        sizes(&mock).iter().all(|size| *size <= 3),
        "{:?}",
        sizes(&mock)
    );
}
