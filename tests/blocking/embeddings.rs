//! Embeddings of many texts from iterators that block, fail or call the client.

use std::io;
use std::sync::Mutex;
use std::time::Duration;

use mistral_sdk::embeddings::EmbeddingResponse;
use mistral_sdk::testing::{MockReply, MockRequest, MockTransport};
use mistral_sdk::{Client, ErrorKind, MistralApi, RetryPolicy, blocking};
use serde_json::{Value, json};

use super::start;

/// Returns a transport whose vector of the text `7` is `[7.0]`, and that rejects the text `no`.
fn mock() -> MockTransport {
    MockTransport::new().reply_with(|request: &MockRequest| {
        let request = request.json();
        let texts = request["input"].as_array().unwrap().iter();
        let vectors: Option<Vec<Value>> = texts
            .enumerate()
            .map(|(index, text)| {
                let number: f32 = text.as_str()?.parse().ok()?;
                Some(json!({ "index": index, "embedding": [number] }))
            })
            .collect();
        match vectors {
            Some(data) => MockReply::json(json!({
                "data": data, "usage": { "total_tokens": data.len() },
            })),
            None => MockReply::json(json!({ "message": "not this text" })).with_status(422),
        }
    })
}

fn client(mock: &MockTransport) -> blocking::Client {
    let builder = Client::builder(MistralApi::new("key").unwrap()).retry(RetryPolicy::none());
    builder.transport(mock.clone()).build_blocking().unwrap()
}

/// Returns the number of texts of each call.
fn sizes(mock: &MockTransport) -> Vec<usize> {
    let size = |request: &MockRequest| request.json()["input"].as_array().unwrap().len();
    mock.requests().iter().map(size).collect()
}

#[test]
fn embed_all_returns_vectors_in_input_order_like_async_client() {
    for (count, expected) in [
        (0, vec![]),
        (1, vec![1]),
        (256, vec![256]),
        (1000, vec![256, 256, 256, 232]),
    ] {
        let mock = mock();
        let texts: Vec<_> = (0..count).map(|number| number.to_string()).collect();
        let mut vectors = client(&mock).embeddings().create_all("m", &texts);
        for (position, vector) in vectors.by_ref().enumerate() {
            let (index, vector) = vector.unwrap();
            assert_eq!(
                (index, vector.to_f32().unwrap()[0]),
                (position, position as f32)
            );
        }
        assert!(vectors.next().is_none());
        assert_eq!(vectors.usage().total_tokens, count);
        assert_eq!(sizes(&mock), expected);
    }
}

#[test]
fn embed_all_request_and_call_options_apply() {
    let mock = mock();
    let vectors = client(&mock)
        .embeddings()
        .create_all("m", (0..5).map(|number| number.to_string()))
        .inputs_per_call(2)
        .concurrency(1)
        .with_request(|request| request.output_dimension(1))
        .with_call(|call| call.header("x-team", "a"));
    let response = vectors.collect_response().unwrap();
    let vectors = response.to_f32().unwrap();
    assert_eq!(vectors.concat(), [0.0, 1.0, 2.0, 3.0, 4.0]);
    assert_eq!(sizes(&mock), [2, 2, 1]);
    for request in mock.requests() {
        assert_eq!(request.header("x-team"), Some("a"));
        assert_eq!(request.json()["output_dimension"], 1);
        assert_eq!(request.json()["encoding_format"], "base64");
    }
}

#[test]
fn embed_all_rejected_text_is_one_error_after_earlier_vectors() {
    let texts = ["0", "1", "no", "3"];
    let mock = mock();
    let vectors = || {
        let vectors = client(&mock).embeddings().create_all("m", texts);
        vectors.inputs_per_call(1).concurrency(1)
    };
    let mut one_by_one = vectors();
    for position in 0..2 {
        assert_eq!(one_by_one.next().unwrap().unwrap().0, position);
    }
    let error = one_by_one.next().unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(error.to_string().contains("text 2"), "{error}");
    assert!(one_by_one.next().is_none());
    assert_eq!(mock.requests().len(), 3);
    let error = vectors().collect_response().unwrap_err();
    let so_far: &EmbeddingResponse = error.partial().unwrap();
    assert_eq!(so_far.data.len(), 2);
}

#[test]
fn embed_all_iterator_may_block_and_call_the_client() {
    let (emulator, client) = start();
    let inner = client.clone();
    let texts = ["a cat", "a dog"].into_iter().inspect(|_| {
        inner.models().list().send().unwrap(); // blocks
    });
    let vectors = client.embeddings().create_all("mistral-embed", texts);
    assert_eq!(vectors.collect_response().unwrap().data.len(), 2);
    let paths = emulator.requests();
    let models = paths.iter().filter(|request| request.path == "/v1/models");
    assert_eq!(models.count(), 2);
}

#[test]
fn embed_all_backpressure_limits_read_ahead_and_drop_cancels() {
    let texts_read = Mutex::new(0);
    let texts = (0..).map(|number: u32| {
        *texts_read.lock().unwrap() += 1;
        number.to_string()
    });
    let mock = mock();
    let mut vectors = client(&mock).embeddings().create_all("m", texts);
    assert_eq!(*texts_read.lock().unwrap(), 0);
    vectors.next().unwrap().unwrap();
    drop(vectors);
    // At most eight calls in flight, two queued requests, and one being collected.
    assert!(*texts_read.lock().unwrap() <= 11 * 256, "{texts_read:?}");
    assert!(mock.requests().len() <= 8);
}

#[test]
fn embed_all_timeout_applies_to_each_call() {
    let delayed = MockReply::json(json!({})).with_delay(Duration::from_secs(20));
    let mock = MockTransport::new().reply(delayed.always());
    let vectors = client(&mock).embeddings().create_all("m", ["1"]);
    let vectors = vectors.with_call(|call| call.timeout(Duration::from_millis(5)));
    let error = vectors.collect_response().unwrap_err();
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::Timeout, "embeddings.create")
    );
}

#[test]
fn embed_all_iterator_error_is_returned_after_earlier_vectors() {
    let texts = || {
        [
            Ok("0"),
            Ok("1"),
            Err(io::Error::other("the disk is gone")),
            Ok("3"),
        ]
    };
    let mock = mock();
    let mut vectors = client(&mock).embeddings().try_create_all("m", texts());
    for position in 0..2 {
        assert_eq!(vectors.next().unwrap().unwrap().0, position);
    }
    let error = vectors.next().unwrap().unwrap_err();
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::Io, "embeddings.create_all")
    );
    assert!(
        format!("{error:#}").contains("the disk is gone"),
        "{error:#}"
    );
    assert!(vectors.next().is_none());
    let vectors = client(&mock).embeddings().try_create_all("m", texts());
    let error = vectors.collect_response().unwrap_err();
    assert_eq!(error.partial::<EmbeddingResponse>().unwrap().data.len(), 2);
}

#[test]
fn embed_all_failed_iterator_is_not_read_further() {
    let texts_read = Mutex::new(0);
    let texts = (0..).map(|number| {
        *texts_read.lock().unwrap() += 1;
        match number {
            0 => Ok("0"),
            _ => Err(io::Error::other("the disk is gone")),
        }
    });
    let body = json!({ "data": [{ "index": 0, "embedding": [0.0] }] });
    let delayed = MockReply::json(body).with_delay(Duration::from_millis(20));
    let mock = MockTransport::new().reply(delayed);
    let vectors = client(&mock).embeddings().try_create_all("m", texts);
    assert_eq!(
        vectors.collect_response().unwrap_err().kind(),
        ErrorKind::Io
    );
    assert!(*texts_read.lock().unwrap() <= 2 * 256, "{texts_read:?}");
}
