//! Timeouts: every phase has one, and the error names the phase.

use std::time::Duration;

use mistral_core::ErrorKind;
use mistral_core::error::TimeoutPhase;
use mistral_core::testing::{MockChunk, MockReply};
use mistral_core::transport::TransportErrorKind;
use tokio::time::Instant;

use super::calls::ask;
use crate::common::{answer, bytes, client_with, event, finish, question, reply, scripted, sse};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn timeout_of_every_phase_names_it() {
    let mock = scripted([MockReply::stall()]);
    let started = Instant::now();
    let error = client_with(&mock)
        .chat()
        .complete(&question())
        .first_byte_timeout(3 * SECOND)
        .await
        .unwrap_err();
    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::FirstByte));
    assert_eq!((started.elapsed(), mock.requests().len()), (3 * SECOND, 1));

    let mock = scripted([MockReply::error(TransportErrorKind::ConnectTimeout)]);
    let error = ask(&client_with(&mock)).await.unwrap_err();
    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::Connect));

    let stalls =
        sse([bytes("{"), MockChunk::Stall]).with_header("content-type", "application/json");
    let started = Instant::now();
    let error = client_with(&scripted([stalls]))
        .chat()
        .complete(&question())
        .timeout(4 * SECOND)
        .await
        .unwrap_err();
    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::Total));
    assert_eq!(started.elapsed(), 4 * SECOND);

    let started = Instant::now();
    let error = ask(&client_with(&scripted([MockReply::stall()])))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(started.elapsed(), 300 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn timeout_of_duration_max_is_no_limit() {
    let mock = scripted([reply(200, &answer("ok")).with_delay(1000 * SECOND)]);
    let call = client_with(&mock).chat().complete(&question());
    let call = call
        .timeout(Duration::MAX)
        .first_byte_timeout(Duration::MAX);
    assert_eq!(call.await.unwrap().text(), "ok");
    let stream = scripted([sse([
        bytes(event("a")),
        MockChunk::Delay(SECOND),
        bytes(finish()),
    ])]);
    let call = client_with(&stream).chat().stream(&question());
    let call = call.timeout(Duration::MAX).idle_timeout(Duration::MAX);
    assert_eq!(
        call.await.unwrap().collect_response().await.unwrap().text(),
        "a"
    );
}

#[tokio::test(start_paused = true)]
async fn timeout_covers_a_stalled_error_body() {
    let stalls = sse([bytes("{"), MockChunk::Stall]).with_status(400);
    let mock = scripted([stalls]);
    for (limit, expected) in [(2 * SECOND, 2 * SECOND), (60 * SECOND, 10 * SECOND)] {
        let started = Instant::now();
        let call = client_with(&mock)
            .chat()
            .complete(&question())
            .timeout(limit);
        assert_eq!(call.await.unwrap_err().status().unwrap(), 400);
        assert_eq!(started.elapsed(), expected);
    }
}
