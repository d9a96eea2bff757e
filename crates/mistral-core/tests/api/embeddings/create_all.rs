//! Texts in chunks: their sizes, refusals and retries.

use mistral_core::embeddings::{EmbeddingDtype, EmbeddingResponse};
use mistral_core::{ErrorKind, RetryPolicy};
use serde_json::json;

use super::{Rules, embeddings, number, read, read_all, sizes, texts};

#[tokio::test]
async fn chunking_by_inputs_per_call() {
    for (count, expected) in [
        (0, vec![]),
        (1, vec![1]),
        (256, vec![256]),
        (257, vec![256, 1]),
        (1000, vec![256, 256, 256, 232]),
    ] {
        let mock = Rules::default().mock();
        let vectors = embeddings(&mock).create_all("m", texts(count));
        assert_eq!(read_all(vectors).await, count);
        assert_eq!(sizes(&mock), expected);
    }
    let mock = Rules::default().mock();
    let vectors = embeddings(&mock)
        .create_all("m", texts(5))
        .inputs_per_call(2);
    assert_eq!(read_all(vectors).await, 5);
    assert_eq!(sizes(&mock), [2, 2, 1]);
    let vectors = embeddings(&mock)
        .create_all("m", texts(2))
        .inputs_per_call(0);
    assert_eq!(read_all(vectors).await, 2); // zero is taken for one
}

#[tokio::test]
async fn request_and_call_options_apply_to_every_call() {
    let mock = Rules::default().mock();
    let vectors = embeddings(&mock).create_all("m", ["text 0"]);
    let vectors = vectors
        .with_request(|request| {
            request
                .output_dimension(8)
                .output_dtype(EmbeddingDtype::Int8)
        })
        .with_call(|call| call.extra_body("x", 1));
    assert_eq!(read_all(vectors).await, 1);
    let expected = json!({
        "model": "m", "input": ["text 0"], "encoding_format": "base64",
        "output_dimension": 8, "output_dtype": "int8", "x": 1,
    });
    assert_eq!(mock.requests()[0].json(), expected);
}

#[tokio::test]
async fn borrowed_texts_are_accepted() {
    let owned: Vec<String> = texts(3).collect();
    let mock = Rules::default().mock();
    assert_eq!(read_all(embeddings(&mock).create_all("m", &owned)).await, 3);
}

#[tokio::test]
async fn chunk_refused_as_too_large_is_halved_and_size_remembered() {
    // By number: the server accepts 100, which the client does not know.
    let mock = Rules {
        inputs: 100,
        ..Rules::default()
    }
    .mock();
    let vectors = embeddings(&mock).create_all("m", texts(600)).concurrency(1);
    assert_eq!(read_all(vectors).await, 600);
    // 256 is refused, and 128; from then on 64 is known to be taken.
    let mut expected = vec![256, 128, 64, 64, 128, 64, 64];
    expected.extend([64; 5]);
    expected.push(24);
    assert_eq!(sizes(&mock), expected);

    // By tokens: 9 bytes a text, and the server takes ten of them.
    let texts = || (0..60).map(|number| format!("text {:04}", number));
    let mock = Rules {
        bytes: 90,
        ..Rules::default()
    }
    .mock();
    let vectors = embeddings(&mock)
        .create_all("m", texts())
        .inputs_per_call(32);
    assert_eq!(read_all(vectors.concurrency(1)).await, 60);
    // 32 is refused, and 16; from then on the bytes of 8 are known to be taken.
    assert_eq!(sizes(&mock), [32, 16, 8, 8, 16, 8, 8, 8, 8, 8, 4]);
}

#[tokio::test]
async fn chunk_size_recovers_after_one_long_text() {
    let long = format!("text 3 {}", "a".repeat(93));
    let texts = || texts(40).map(|text| if text == "text 3" { long.clone() } else { text });
    let mock = Rules {
        bytes: 100,
        ..Rules::default()
    }
    .mock();
    let vectors = embeddings(&mock)
        .create_all("m", texts())
        .inputs_per_call(8);
    assert_eq!(read_all(vectors.concurrency(1)).await, 40);
    let sizes = sizes(&mock);
    // The long one is found by halving; half of its size has room for six others.
    assert_eq!(sizes[..5], [8, 4, 2, 2, 1]);
    assert!(
        sizes.iter().rev().skip(1).take(4).all(|size| *size >= 6),
        "{sizes:?}"
    );
}

#[tokio::test]
async fn refused_single_text_is_named_after_vectors_before_it() {
    for (bad, inputs) in [(0, 256), (77, 256), (299, 256), (5, 1)] {
        let mock = Rules::replying(move |texts, _| {
            let message = "Too many tokens overall, split into more batches.";
            let refusal = (400, json!({ "message": message, "code": "3210" }));
            texts
                .iter()
                .any(|text| number(text) == bad)
                .then_some(refusal)
        })
        .mock();
        let vectors = embeddings(&mock)
            .create_all("m", texts(300))
            .inputs_per_call(inputs);
        let (numbers, error) = read(vectors).await;
        // Everything before it has come.
        assert_eq!(numbers, (0..bad).collect::<Vec<_>>());
        let error = error.unwrap();
        assert_eq!(
            (error.kind(), error.code()),
            (ErrorKind::InvalidRequest, Some("3210"))
        );
        let expected = format!("embeddings.create: text {bad}: 400 Bad Request: Too many tokens");
        assert!(error.to_string().starts_with(&expected), "{error}");
    }
}

#[tokio::test]
async fn chunk_refused_for_other_reason_is_not_halved() {
    for (status, message) in [
        (400, "Invalid model: m"),
        (422, "Input should be a valid string"),
        (401, "Unauthorized"),
    ] {
        let mock = Rules::replying(move |texts, _| {
            (number(&texts[0]) == 256).then(|| (status, json!({ "message": message })))
        })
        .mock();
        let (numbers, error) = read(embeddings(&mock).create_all("m", texts(600))).await;
        assert_eq!(numbers.len(), 256);
        let error = error.unwrap().to_string();
        assert!(
            error.starts_with("embeddings.create: texts 256 to 511: "),
            "{error}"
        );
        assert!(error.contains(message), "{error}");
        assert_eq!(sizes(&mock).len(), 3);
    }
    // A rate limit on tokens is not a call that is too large.
    let mock = Rules::replying(|_, _| {
        Some((
            429,
            json!({ "message": "Too many tokens overall, split into more batches." }),
        ))
    })
    .mock();
    let vectors = embeddings(&mock).create_all("m", texts(4));
    let vectors = vectors.with_call(|call| call.retry(RetryPolicy::none()));
    assert_eq!(
        read(vectors).await.1.unwrap().kind(),
        ErrorKind::RateLimited
    );
    assert_eq!(sizes(&mock), [4]);
}

#[tokio::test(start_paused = true)]
async fn retry_applies_to_each_chunk() {
    let busy = |texts: &[String], attempt: u32| {
        (number(&texts[0]) == 2 && attempt < 3).then(|| (503, json!({ "message": "busy" })))
    };
    let mock = Rules::replying(busy).mock();
    let vectors = embeddings(&mock)
        .create_all("m", texts(6))
        .inputs_per_call(2);
    assert_eq!(read_all(vectors).await, 6);
    assert_eq!(sizes(&mock).len(), 5);

    let mock = Rules::replying(busy).mock();
    let vectors = embeddings(&mock)
        .create_all("m", texts(6))
        .inputs_per_call(2);
    let vectors = vectors.with_call(|call| call.retry(RetryPolicy::default().max_retries(1)));
    let (numbers, error) = read(vectors).await;
    assert_eq!(numbers, [0, 1]);
    let error = error.unwrap();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Overloaded, 2));
    assert!(error.to_string().contains("texts 2 to 3: 503"), "{error}");
}

#[tokio::test]
async fn response_without_vector_for_each_text_is_a_decode_error() {
    let vector = |index: i64| json!({ "index": index, "embedding": [1.0] });
    for data in [
        json!([]),
        json!([vector(0)]),
        json!([vector(0), vector(0)]),
        json!([vector(0), vector(2)]),
        json!([vector(0), vector(-1)]),
        json!([vector(0), vector(1), vector(2)]),
        json!([vector(0), { "index": 1 }]),
    ] {
        let body = json!({ "data": data });
        let mock = Rules::replying(move |_, _| Some((200, body.clone()))).mock();
        let (numbers, error) = read(embeddings(&mock).create_all("m", texts(2))).await;
        assert!(numbers.is_empty());
        let error = error.unwrap();
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(error.to_string().contains("texts 0 to 1: "), "{error}");
        assert_eq!((error.request_id(), error.attempts()), (Some("id-1"), 1));
    }
}

#[tokio::test]
async fn usage_sum_saturates() {
    let mock = Rules::replying(|_, _| {
        let usage = json!({ "prompt_tokens": i64::MAX, "total_tokens": i64::MAX });
        let data = json!([{ "index": 0, "embedding": [0.0] }]);
        Some((200, json!({ "data": data, "usage": usage })))
    })
    .mock();
    let vectors = embeddings(&mock)
        .create_all("m", texts(2))
        .inputs_per_call(1);
    let usage = vectors.collect_response().await.unwrap().usage.unwrap();
    assert_eq!(
        (usage.prompt_tokens, usage.total_tokens),
        (i64::MAX, i64::MAX)
    );
}

#[tokio::test]
async fn collect_response_sums_usage_and_keeps_partial() {
    let mock = Rules::default().mock();
    let vectors = embeddings(&mock)
        .create_all("m", texts(7))
        .inputs_per_call(3);
    let response = vectors.collect_response().await.unwrap();
    let numbers = response.to_f32().unwrap().concat();
    assert_eq!(numbers, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    assert_eq!(
        (response.model.as_str(), response.data[6].index),
        ("served", Some(6))
    );
    let usage = response.usage.unwrap();
    assert_eq!((usage.prompt_tokens, usage.total_tokens), (7, 7));

    let mock = Rules::replying(|texts, _| {
        (number(&texts[0]) == 3).then(|| (400, json!({ "message": "no" })))
    })
    .mock();
    let vectors = embeddings(&mock)
        .create_all("m", texts(7))
        .inputs_per_call(3);
    let error = vectors.collect_response().await.unwrap_err();
    let partial: &EmbeddingResponse = error.partial().unwrap();
    assert_eq!(partial.data.len(), 3); // nothing that was paid for is lost
    assert_eq!(partial.usage.as_ref().unwrap().total_tokens, 3);
}
