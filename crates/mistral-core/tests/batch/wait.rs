//! Waits for a job to end.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use mistral_core::ErrorKind;
use mistral_core::batch::BatchJobStatus;
use mistral_core::error::TimeoutPhase;
use mistral_core::testing::MockReply;
use mistral_core::transport::TransportErrorKind;
use serde_json::json;
use tokio::time::Instant;

use super::resumed::{job, serve};
use crate::common::reply;

#[tokio::test(start_paused = true)]
async fn wait_polls_at_growing_intervals() {
    let running = || job("RUNNING", 2, json!({}));
    let mut replies: Vec<_> = (0..9).map(|_| running()).collect();
    replies.push(job("NEW", 2, json!({})));
    replies.push(job("FAILED", 2, json!({})));
    let (mock, batch) = serve(replies);
    let started = Instant::now();
    let polls = Arc::<Mutex<Vec<_>>>::default();
    let seen = Arc::clone(&polls);
    let wait = batch.wait().on_progress(move |job| {
        let elapsed = started.elapsed().as_secs();
        seen.lock()
            .unwrap()
            .push((elapsed, job.status.as_str().to_owned()));
    });
    let job = wait.await.unwrap();
    assert_eq!(job.status, BatchJobStatus::Failed);
    let polls = polls.lock().unwrap();
    let times: Vec<_> = polls.iter().map(|(time, _)| *time).collect();
    assert_eq!(times, [0, 1, 3, 7, 15, 31, 63, 123, 183, 243, 303]);
    assert_eq!(
        (polls[9].1.as_str(), polls[10].1.as_str()),
        ("NEW", "FAILED")
    );
    assert_eq!(mock.requests().len(), 11);
}

#[tokio::test(start_paused = true)]
async fn wait_deadline_is_a_timeout() {
    let (mock, batch) = serve([job("RUNNING", 10, json!({}))]);
    let started = Instant::now();
    let second = Duration::from_secs(1);
    let wait = batch
        .wait()
        .poll_interval(second * 4, second * 4)
        .deadline(second * 10);
    let error = wait.await.unwrap_err();
    assert_eq!(started.elapsed().as_secs(), 10);
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::Total));
    let expected = "batch.wait: the job `job-1` is RUNNING, 1 of 10 requests are done, and it \
                    goes on: not finished within 10s (total timeout)";
    assert_eq!(error.to_string(), expected);
    assert_eq!(mock.requests().len(), 3);

    // A stalled response does not extend the wait, either.
    let (_, batch) = serve([MockReply::stall()]);
    let started = Instant::now();
    let error = batch.wait().deadline(second).await.unwrap_err();
    assert_eq!(started.elapsed(), second);
    assert!(
        error
            .to_string()
            .contains("the job `job-1` has not been retrieved yet"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn wait_tolerates_connection_failures_for_a_while() {
    let away = || MockReply::error(TransportErrorKind::Connect);
    // Each poll is three attempts.
    let mut replies: Vec<_> = (0..12).map(|_| away()).collect();
    replies.push(job("RUNNING", 1, json!({})));
    replies.extend((0..12).map(|_| away()));
    replies.push(job("SUCCESS", 1, json!({})));
    let (mock, batch) = serve(replies);
    assert_eq!(batch.wait().await.unwrap().status, BatchJobStatus::Success);
    assert_eq!(mock.requests().len(), 26);

    let (mock, batch) = serve([away()]);
    let error = batch.wait().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::Connection, "batch.jobs.get")
    );
    assert_eq!(mock.requests().len(), 15);

    let (mock, batch) = serve([reply(404, "{}")]);
    assert_eq!(batch.wait().await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(mock.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn wait_honors_retry_after() {
    let busy = reply(429, "{}").with_header("retry-after", "300"); // beyond the cap for retries
    let mut replies = vec![busy; 4];
    replies.push(job("SUCCESS", 1, json!({})));
    let (mock, batch) = serve(replies);
    let started = Instant::now();
    assert_eq!(batch.wait().await.unwrap().status, BatchJobStatus::Success);
    assert_eq!(started.elapsed().as_secs(), 4 * 300);
    assert_eq!(mock.requests().len(), 5);
}
