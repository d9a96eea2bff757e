//! Timeouts: every phase has one, and the error names the phase.

use std::future::{Future, poll_fn};
use std::task::Poll;
use std::time::Duration;

use mistral_core::ErrorKind;
use mistral_core::error::TimeoutPhase;
use mistral_core::testing::{MockChunk, MockReply};
use mistral_core::transport::TransportErrorKind;
use tokio::sync::mpsc::unbounded_channel;
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

#[tokio::test(start_paused = true)]
async fn timeout_idle_does_not_count_the_time_of_the_program() {
    let late = MockChunk::Delay(8 * SECOND);
    let chunks = [
        bytes(event("a")),
        late,
        bytes(event("b")),
        bytes(finish()),
        bytes("data: [DONE]\n\n"),
    ];
    let call = client_with(&scripted([sse(chunks)]))
        .chat()
        .stream(&question());
    let mut stream = call.idle_timeout(10 * SECOND).await.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap().text(), "a");
    tokio::time::sleep(60 * SECOND).await;
    let mut rest = String::new();
    while let Some(chunk) = stream.next().await {
        rest += &chunk.unwrap().text();
    }
    assert_eq!(rest, "b");
}

#[tokio::test(start_paused = true)]
async fn timeout_idle_covers_a_stalled_body_that_is_no_stream() {
    let stalls = sse([bytes("<html>"), MockChunk::Stall]).with_header("content-type", "text/html");
    let call = client_with(&scripted([stalls])).chat().stream(&question());
    let started = Instant::now();
    let error = call.idle_timeout(2 * SECOND).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert_eq!(started.elapsed(), 2 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn timeout_idle_ends_a_task_that_has_no_budget_left() {
    let call = client_with(&scripted([sse([bytes(event("a")), MockChunk::Stall])]))
        .chat()
        .stream(&question());
    let mut stream = call.idle_timeout(10 * SECOND).await.unwrap();
    stream.next().await.unwrap().unwrap();

    // Each poll of the task uses up its budget before it polls the stream.
    let (sender, mut receiver) = unbounded_channel();
    let mut next = std::pin::pin!(stream.next());
    let mut poll_without_budget = async || {
        (0..1000).for_each(|_| sender.send(()).unwrap());
        poll_fn(|cx| {
            while receiver.poll_recv(cx).is_ready() {}
            Poll::Ready(next.as_mut().poll(cx))
        })
        .await
    };
    assert!(poll_without_budget().await.is_pending());
    tokio::time::advance(9 * SECOND).await;
    assert!(poll_without_budget().await.is_pending());
    tokio::time::advance(SECOND).await;
    let Poll::Ready(Some(Err(error))) = poll_without_budget().await else {
        panic!("the idle timeout has passed");
    };
    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::Idle));
}
