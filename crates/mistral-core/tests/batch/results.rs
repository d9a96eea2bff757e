//! The results of a batch: files, inline outputs, malformed lines, counts, cut downloads.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures::{StreamExt, stream};
use mistral_core::ErrorKind;
use mistral_core::testing::{MockChunk, MockReply};
use serde_json::{Value, json};

use super::resumed::{Batch, bad, file, good, job, read, serve, short};
use crate::common::{bytes, reply};

#[tokio::test]
async fn results_read_output_and_error_file() {
    let files = json!({ "output_file": "out", "error_file": "err" });
    let (mock, batch) = serve([
        job("SUCCESS", 3, files),
        file(&[good("b"), String::new(), good("a"), String::new()]),
        file(&[bad("c")]),
    ]);
    let outcomes = read(&batch).await;
    assert_eq!(short(&outcomes), ["b", "a", "c!"]);
    let error = outcomes[2].as_ref().unwrap().result.as_ref().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(
        (error.status().unwrap().as_u16(), error.code()),
        (422, Some("1100"))
    );
    assert!(error.to_string().contains("no input"), "{error}");
    let paths: Vec<_> = mock
        .requests()
        .iter()
        .map(|it| it.uri.to_string())
        .collect();
    let base = "http://server.test/prefix/v1";
    assert_eq!(
        paths,
        [
            format!("{base}/batch/jobs/job-1"),
            format!("{base}/files/out/content"),
            format!("{base}/files/err/content"),
        ]
    );
}

#[tokio::test]
async fn results_of_one_file_or_inline_outputs() {
    for name in ["output_file", "error_file"] {
        let (mock, batch) = serve([
            job("SUCCESS", 2, json!({ name: "f" })),
            file(&[bad("a"), bad("b")]),
        ]);
        assert_eq!(short(&read(&batch).await), ["a!", "b!"]);
        assert_eq!(mock.requests().len(), 2);
    }
    // Without files, the results are in the job.
    let line = |line: String| serde_json::from_str::<Value>(&line).unwrap();
    let outputs = json!([line(good("b")), line(bad("c")), line(good("a"))]);
    let (mock, batch) = serve([
        job("SUCCESS", 3, json!({ "output_file": null })),
        job("SUCCESS", 3, json!({ "outputs": outputs })),
    ]);
    assert_eq!(short(&read(&batch).await), ["b", "c!", "a"]);
    assert_eq!(mock.requests()[1].uri.query(), Some("inline=true"));
    let outputs = json!([line(good("a")), { "id": "1" }]);
    let (_, batch) = serve([job("SUCCESS", 2, json!({ "outputs": outputs }))]);
    let error = read(&batch).await.remove(1).unwrap_err().to_string();
    assert!(
        error.contains("line 2 of `outputs` has no `custom_id`"),
        "{error}"
    );
}

#[tokio::test]
async fn results_malformed_line_is_named_and_skipped() {
    let lines = [
        good("a"),
        "{\"custom_id\": ".to_owned(),
        String::new(),
        json!({ "response": {} }).to_string(),
        "[]".to_owned(),
        json!({ "custom_id": "e" }).to_string(),
        good("b"),
    ];
    let (_, batch) = serve([
        job("SUCCESS", 6, json!({ "output_file": "out" })),
        file(&lines),
    ]);
    let outcomes = read(&batch).await;
    let expected = ["a", "Decode", "Decode", "Decode", "e!", "b"];
    assert_eq!(short(&outcomes), expected);
    for (index, words) in [
        (1, "line 2 of `out` is not a result of a batch"),
        (2, "line 4 of `out` has no `custom_id`"),
        (3, "line 5 of `out` is not a result of a batch"),
    ] {
        let error = outcomes[index].as_ref().unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    let error = outcomes[4].as_ref().unwrap().result.as_ref().unwrap_err();
    assert!(
        error
            .to_string()
            .contains("neither a response nor an error"),
        "{error}"
    );
}

#[tokio::test]
async fn results_count_mismatch_is_an_error_at_the_end() {
    let files = json!({ "output_file": "out", "error_file": "err" });
    for (total, out, expected, words) in [
        (
            4,
            vec![good("a")],
            ["a", "c!", "Truncated"],
            "2 results came for 4 requests",
        ),
        (
            1,
            vec![good("a")],
            ["a", "c!", "Decode"],
            "2 results came for 1 requests",
        ),
    ] {
        let (_, batch) = serve([
            job("SUCCESS", total, files.clone()),
            file(&out),
            file(&[bad("c")]),
        ]);
        let outcomes = read(&batch).await;
        assert_eq!(short(&outcomes), expected);
        let error = outcomes[2].as_ref().unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
        assert!(error.contains("`job-1` is SUCCESS"), "{error}");
    }
    // A malformed line is an error of its own, and does not count as missing.
    let lines = file(&["{".to_owned(), "[]".to_owned(), good("a")]);
    let (_, batch) = serve([job("SUCCESS", 3, json!({ "output_file": "out" })), lines]);
    assert_eq!(short(&read(&batch).await), ["Decode", "Decode", "a"]);
    // The count cannot detect a duplicate in place of a missing result.
    let lines = file(&[good("a"), good("a")]);
    let (_, batch) = serve([job("SUCCESS", 2, json!({ "output_file": "out" })), lines]);
    assert_eq!(short(&read(&batch).await), ["a", "a"]);
}

#[tokio::test]
async fn results_of_failed_job_end_with_its_error() {
    let errors = json!([{ "message": "line 7 is odd", "count": 2 }, { "message": "too late" }]);
    for (status, kind) in [
        ("FAILED", "InvalidRequest"),
        ("TIMEOUT_EXCEEDED", "Timeout"),
        ("CANCELLED", "Truncated"),
    ] {
        let files = json!({ "output_file": "out", "errors": errors });
        let (_, batch) = serve([job(status, 2, files), file(&[good("a")])]);
        let outcomes = read(&batch).await;
        assert_eq!(short(&outcomes), ["a", kind]);
        let error = outcomes[1].as_ref().unwrap_err();
        let expected = format!(
            "1 results came for 2 requests: the job `job-1` is {status}; line 7 is odd \
             (2 times); too late"
        );
        assert_eq!(error.to_string(), expected);

        // Without any results at all.
        let (_, batch) = serve([
            job(status, 2, json!({})),
            job(status, 2, json!({ "outputs": null, "errors": errors })),
        ]);
        let outcomes = read(&batch).await;
        assert_eq!(short(&outcomes), [kind]);
        assert!(
            outcomes[0]
                .as_ref()
                .unwrap_err()
                .to_string()
                .contains("0 results came")
        );
    }
    // A failed job is never a success, whatever its counts.
    for total in [0, 1] {
        let failed = || job("FAILED", total, json!({ "output_file": "out" }));
        let (_, batch) = serve([failed(), file(&[good("a")])]);
        assert_eq!(short(&read(&batch).await), ["a", "InvalidRequest"]);
    }
}

#[tokio::test]
async fn results_cut_download_is_truncated() {
    let files = json!({ "output_file": "out", "error_file": "err" });
    let text = format!("{}\n{}", good("a"), good("b"));
    let cut = &text[..text.len() - 5];
    let broken = MockReply::bytes("application/json", [bytes(cut), MockChunk::Break]);
    let (mock, batch) = serve([job("SUCCESS", 3, files.clone()), broken, file(&[bad("c")])]);
    let outcomes = read(&batch).await;
    // The cut line does not count as malformed, and the next file is not downloaded.
    assert_eq!(short(&outcomes), ["a", "Truncated"]);
    assert_eq!(
        outcomes[1].as_ref().unwrap_err().operation(),
        "files.download"
    );
    assert_eq!(mock.requests().len(), 2);

    let gone = reply(404, "{}");
    let (mock, batch) = serve([job("SUCCESS", 3, files), gone]);
    assert_eq!(short(&read(&batch).await), ["NotFound"]);
    assert_eq!(mock.requests().len(), 2);
}

#[tokio::test]
async fn results_of_unfinished_or_other_job_are_refused() {
    for status in ["QUEUED", "RUNNING", "CANCELLATION_REQUESTED", "NEW"] {
        let (_, batch) = serve([job(status, 1, json!({}))]);
        let error = batch.results().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        let expected = format!("batch.results: the job `job-1` is still {status}: `wait` for it");
        assert!(error.to_string().starts_with(&expected), "{error}");
    }
    let (_, batch) = serve([job("SUCCESS", 1, json!({ "endpoint": "/v1/ocr" }))]);
    let error = batch.results().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(
        error
            .to_string()
            .contains("is for /v1/ocr, not for /v1/embeddings"),
        "{error}"
    );
    let (_, batch) = serve([reply(404, "{}")]);
    assert_eq!(
        batch.results().await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
}

#[tokio::test]
async fn results_are_independent_of_chunk_boundaries() {
    let text = format!("{}\r\n\n{}\n{}", good("a"), bad("b"), good("é"));
    for size in [1, 2, 3, 7, 64, text.len()] {
        let pieces = text.as_bytes().chunks(size).map(<[u8]>::to_vec);
        let chunked = MockReply::bytes("application/json", pieces);
        let (_, batch) = serve([job("SUCCESS", 3, json!({ "output_file": "out" })), chunked]);
        assert_eq!(short(&read(&batch).await), ["a", "b!", "é"], "{size}");
    }
}

/// A job with one file of `count` chunks with so many lines each, and the number of chunks that
/// have been polled.
fn counted(chunk: Bytes, count: usize, lines_per_chunk: usize) -> (Batch, Arc<AtomicUsize>) {
    let polled = Arc::<AtomicUsize>::default();
    let counter = Arc::clone(&polled);
    let file = MockReply::stream("application/json", move || {
        let (counter, chunk) = (Arc::clone(&counter), chunk.clone());
        stream::iter(0..count).map(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
            Ok(chunk.clone())
        })
    });
    let total = i64::try_from(count * lines_per_chunk).unwrap();
    let job = json!({
        "id": "job-1", "status": "SUCCESS", "output_file": "out", "total_requests": total,
    });
    let (_, batch) = serve([MockReply::json(job), file]);
    (batch, polled)
}

#[tokio::test]
async fn results_are_downloaded_on_demand() {
    const PER_PIECE: usize = 50;
    let chunk = format!("{}\n", good("a")).repeat(PER_PIECE).into();
    let (batch, polled) = counted(chunk, 100, PER_PIECE);
    let mut results = batch.results().await.unwrap();
    assert_eq!(polled.load(Ordering::Relaxed), 0);
    let mut taken = 0;
    while let Some(outcome) = results.next().await {
        outcome.unwrap().result.unwrap();
        taken += 1;
        let read = polled.load(Ordering::Relaxed);
        assert!(
            read <= taken / PER_PIECE + 1,
            "{read} chunks for {taken} results"
        );
    }
    assert_eq!(taken, 100 * PER_PIECE);
}

#[tokio::test]
async fn results_line_beyond_limit_is_too_large() {
    const MIB: usize = 1024 * 1024;
    // One line of 80 MiB without an end.
    let piece = Bytes::from(vec![b'x'; MIB]);
    let (batch, _) = counted(piece, 80, 1);
    let outcomes: Vec<_> = batch.results().await.unwrap().collect().await;
    let error = outcomes[0].as_ref().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert!(error.to_string().contains("line 1 of `out`"), "{error}");
    assert_eq!(short(&outcomes), ["TooLarge", "Truncated"]);
    let error = outcomes[1].as_ref().unwrap_err().to_string();
    assert!(error.contains("1 results came for"), "{error}"); // the line counts as a result
}

#[tokio::test]
async fn resume_sends_no_request() {
    let (mock, batch) = serve([job("SUCCESS", 1, json!({}))]);
    assert_eq!((batch.id(), batch.clone().id()), ("job-1", "job-1"));
    assert_eq!(mock.requests().len(), 0);
    assert_eq!(batch.job().await.unwrap().total_requests, 1);
}
