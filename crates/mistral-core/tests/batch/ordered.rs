//! The results of a batch in the order of its requests.

use std::fs;
use std::path::PathBuf;

use bytes::Bytes;
use futures::{FutureExt, StreamExt, stream};
use mistral_core::ErrorKind;
use mistral_core::testing::{MockChunk, MockReply};
use serde_json::json;

use super::resumed::{Batch, Outcome, bad, file, good, job, serve, short};
use crate::common::bytes;

/// The temporary files of results that have `text` in them.
fn spools(text: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(std::env::temp_dir()).unwrap();
    let files = files.map(|entry| entry.unwrap().path());
    let is_one = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.starts_with("mistral-batch-")
            && fs::read_to_string(path).is_ok_and(|found| found.contains(text))
    };
    files.filter(is_one).collect()
}

async fn read(batch: &Batch, ids: &[&'static str]) -> Vec<Outcome> {
    let results = batch.results().await.unwrap();
    results.in_order(ids.to_vec()).collect().await
}

fn served(status: &str, requests: i64, lines: &[String], failed: &[String]) -> Batch {
    let files = json!({ "output_file": "out", "error_file": "err" });
    serve([job(status, requests, files), file(lines), file(failed)]).1
}

#[tokio::test]
async fn in_order_yields_outcomes_in_order_of_ids() {
    let batch = served(
        "SUCCESS",
        4,
        &[good("d"), good("a"), good("c")],
        &[bad("b")],
    );
    let ids = ["a", "b", "c", "d"];
    assert_eq!(short(&read(&batch, &ids).await), ["a", "b!", "c", "d"]);
    let outputs = [good("b"), good("a")].map(|line| serde_json::from_str(&line).unwrap());
    let outputs = json!({ "outputs": Vec::<serde_json::Value>::from(outputs) });
    let (_, batch) = serve([job("SUCCESS", 2, json!({})), job("SUCCESS", 2, outputs)]);
    assert_eq!(short(&read(&batch, &["a", "b"]).await), ["a", "b"]);
}

#[tokio::test]
async fn in_order_sorts_any_number_of_results() {
    // More than one write of the spool file.
    let ids: Vec<String> = (0..5_000).map(|id| id.to_string()).collect();
    let mut shuffled = ids.clone();
    fastrand::Rng::with_seed(7).shuffle(&mut shuffled);
    let lines: Vec<_> = shuffled.iter().map(|id| good(id)).collect();
    let (_, batch) = serve([
        job("SUCCESS", 5_000, json!({ "output_file": "out" })),
        file(&lines),
    ]);
    let results = batch.results().await.unwrap().in_order(ids.clone());
    let outcomes: Vec<_> = results.collect().await;
    assert_eq!(short(&outcomes), ids);
}

#[tokio::test]
async fn in_order_missing_result_is_an_error_in_its_place() {
    for (status, kind) in [
        ("SUCCESS", ErrorKind::Truncated),
        ("CANCELLED", ErrorKind::Truncated),
        ("FAILED", ErrorKind::InvalidRequest),
        ("TIMEOUT_EXCEEDED", ErrorKind::Timeout),
    ] {
        let batch = served(status, 3, &[good("c")], &[bad("a")]);
        let outcomes = read(&batch, &["a", "b", "c"]).await;
        assert_eq!(short(&outcomes), ["a!", "b!", "c"]);
        let error = outcomes[1].as_ref().unwrap().result.as_ref().unwrap_err();
        assert_eq!(error.kind(), kind);
        let expected = format!("batch.results: `b` has no result: the job `job-1` is {status}");
        assert_eq!(error.to_string(), expected);
    }
    // A job without any result.
    let (_, batch) = serve([job("FAILED", 2, json!({}))]);
    assert_eq!(short(&read(&batch, &["a", "b"]).await), ["a!", "b!"]);
}

#[tokio::test]
async fn in_order_duplicate_and_unknown_results_are_errors() {
    let lines = [
        good("b"),
        bad("a"),
        good("x"),
        good("a"),
        good("y"),
        good("a"),
    ];
    let batch = served("SUCCESS", 2, &lines, &[]);
    let outcomes = read(&batch, &["a", "b"]).await;
    assert_eq!(short(&outcomes), ["a!", "Decode", "b", "Decode"]);
    let words = |index: usize| outcomes[index].as_ref().unwrap_err().to_string();
    assert_eq!(
        words(1),
        "batch.results: `a` has 3 results: the first one counts"
    );
    assert_eq!(
        words(3),
        "batch.results: 2 results are for none of the given ids"
    );
    // An id that is given twice has two outcomes.
    let batch = served("SUCCESS", 1, &[good("a")], &[]);
    assert_eq!(short(&read(&batch, &["a", "a"]).await), ["a", "a"]);
}

#[tokio::test]
async fn in_order_malformed_lines_come_first() {
    let lines = [
        good("b"),
        "{".to_owned(),
        good("a"),
        json!({ "id": "1" }).to_string(),
    ];
    let batch = served("SUCCESS", 4, &lines, &[bad("c")]);
    let outcomes = read(&batch, &["a", "b", "c", "d"]).await;
    assert_eq!(short(&outcomes), ["Decode", "Decode", "a", "b", "c!", "d!"]);
    let error = outcomes[0].as_ref().unwrap_err().to_string();
    assert!(error.contains("line 2 of `out`"), "{error}");
    let error = outcomes[1].as_ref().unwrap_err().to_string();
    assert!(
        error.contains("line 4 of `out` has no `custom_id`"),
        "{error}"
    );
}

#[tokio::test]
async fn in_order_cut_download_is_truncated() {
    let chunks = [bytes(good("a") + "\n"), MockChunk::Break];
    let broken = MockReply::bytes("application/json", chunks);
    let (_, batch) = serve([job("SUCCESS", 2, json!({ "output_file": "out" })), broken]);
    assert_eq!(short(&read(&batch, &["a", "b"]).await), ["Truncated"]);
}

#[tokio::test]
async fn in_order_spool_file_is_private_and_removed() {
    let id = format!("only here {}", std::process::id());
    let batch = served("SUCCESS", 2, &[good(&id), good("a")], &[]);
    let mut results = batch.results().await.unwrap().in_order(["a"]);
    assert_eq!(results.next().await.unwrap().unwrap().custom_id, "a");
    let files = spools(&id);
    assert_eq!(files.len(), 1);
    #[cfg(unix)]
    {
        let permissions = fs::metadata(&files[0]).unwrap().permissions();
        let mode = std::os::unix::fs::PermissionsExt::mode(&permissions);
        assert_eq!(mode & 0o777, 0o600);
    }
    drop(results);
    assert!(spools(&id).is_empty());
}

#[tokio::test]
async fn in_order_next_dropped_loses_nothing() {
    // Pending before every chunk, without a clock.
    let slow = MockReply::stream("application/json", || {
        let lines = [good("b"), good("a")].map(|line| Bytes::from(line + "\n"));
        stream::iter(lines).then(|line| async {
            tokio::task::yield_now().await;
            Ok(line)
        })
    });
    let (_, batch) = serve([job("SUCCESS", 2, json!({ "output_file": "out" })), slow]);
    let mut results = batch.results().await.unwrap().in_order(["a", "b"]);
    let mut outcomes = Vec::new();
    loop {
        match results.next().now_or_never() {
            Some(Some(outcome)) => outcomes.push(outcome),
            Some(None) => break,
            None => tokio::task::yield_now().await,
        }
    }
    assert_eq!(short(&outcomes), ["a", "b"]);
}

/// Runs in the child process, which has no directory for temporary files.
#[tokio::test]
#[ignore = "run by the test below"]
async fn child_without_temporary_directory() {
    for count in [2, 5_000] {
        let lines: Vec<_> = (0..count).map(|id| good(&id.to_string())).collect();
        let (_, batch) = serve([
            job("SUCCESS", count, json!({ "output_file": "out" })),
            file(&lines),
        ]);
        let mut outcomes = read(&batch, &["0", "1"]).await;
        assert_eq!(outcomes.len(), 1, "an error, and the end");
        let error = outcomes.remove(0).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
        let words = "the results cannot be stored in the temporary directory `/no/such/folder`";
        assert_eq!(error.message(), words);
        assert!(std::error::Error::source(&error).is_some());
    }
}

#[cfg(unix)] // elsewhere the folder has another name
#[test]
fn in_order_without_temporary_directory_is_an_io_error() {
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child.args([
        "--exact",
        "ordered::child_without_temporary_directory",
        "--ignored",
    ]);
    let output = child.env("TMPDIR", "/no/such/folder").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(printed.contains("1 passed"), "{printed}"); // not filtered out
}
