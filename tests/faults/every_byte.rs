//! Responses that are cut or stall at each of their bytes.

use futures::{StreamExt, stream};
use mistral_sdk::chat::ChatCompletionResponse;

use super::cases::{BODY_TIMEOUT, End, Expected, HEAD_TIMEOUT, NO_RESPONSE, PARTIAL_BODY};
use super::matrix::outcome;
use super::operations::{EVENTS, OPERATIONS, OperationKind, TEXT, transport};
use super::responses::success_parts;
use super::server::{Action, Server};

/// The number of calls in flight.
const CONCURRENCY: usize = 100;
/// The length of a chunk's size line.
const CHUNK_START: usize = 4;

/// Returns the expected outcome if `sent` bytes of a response arrive before `stop`.
fn expected_outcome(at: usize, head: usize, whole: usize, sent: usize, stop: &Action) -> Expected {
    let end = End::Ok;
    if sent == whole || (OPERATIONS[at] == OperationKind::Stream && has_ended(head, sent, stop)) {
        return Expected { end, requests: 1 };
    }
    match (stop, sent < head) {
        (Action::Stall, true) => HEAD_TIMEOUT[at],
        (Action::Stall, false) => BODY_TIMEOUT[at],
        (_, true) => NO_RESPONSE[at],
        (_, false) => PARTIAL_BODY[at],
    }
}

/// Whether the end marker was read, or every choice is finished and the body has ended.
fn has_ended(head: usize, sent: usize, stop: &Action) -> bool {
    let finished = EVENTS[..2].concat().len();
    let marked = EVENTS.concat().len();
    let enough = match stop {
        Action::Stall => marked,
        _ => finished,
    };
    sent >= head + CHUNK_START + enough
}

/// Returns the text of the complete events within `sent` bytes.
fn text_within(head: usize, sent: usize) -> &'static str {
    let is_whole = |events: &[&str]| sent >= head + CHUNK_START + events.concat().len();
    match (is_whole(&EVENTS[..1]), is_whole(&EVENTS[..2])) {
        (_, true) => TEXT,
        (true, false) => "Hé",
        (false, false) => "",
    }
}

async fn stop_at_every_byte(stop: Action) {
    let (transport, stop) = (&transport(), &stop);
    let cases = (0..OPERATIONS.len()).flat_map(|at| {
        let (head, body) = success_parts(OPERATIONS[at]);
        let sizes = (head.len(), head.len() + body.len());
        let whole = [head, body].concat();
        (0..=sizes.1).map(move |sent| (at, sizes, whole[..sent].to_vec()))
    });
    let cases = cases.map(|(at, (head, whole), start)| async move {
        let sent = start.len();
        let actions = vec![Action::Send(start), stop.clone()];
        let server = Server::start(move |_| actions.clone()).await;
        let expected = expected_outcome(at, head, whole, sent, stop);
        let context = format!("{} after {sent} of {whole} bytes", OPERATIONS[at].name());
        let (found, result) = outcome(&server, transport.clone(), OPERATIONS[at], &expected)
            .await
            .unwrap_or_else(|| panic!("{context}: hangs"));
        assert_eq!(found, expected, "{context}: {result:?}");
        let partial = result.err().and_then(|error| {
            let partial = error.partial::<ChatCompletionResponse>()?;
            Some(partial.text().into_owned())
        });
        let is_stream = OPERATIONS[at] == OperationKind::Stream;
        if is_stream && sent >= head && expected.end != End::Ok {
            assert_eq!(
                partial.as_deref(),
                Some(text_within(head, sent)),
                "{context}"
            );
        }
    });
    let cases: Vec<()> = stream::iter(cases)
        .buffer_unordered(CONCURRENCY)
        .collect()
        .await;
    println!("{} responses", cases.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn response_closed_at_any_byte_is_complete_or_an_error() {
    stop_at_every_byte(Action::Close).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn response_reset_at_any_byte_is_complete_or_an_error() {
    stop_at_every_byte(Action::Reset).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn timeout_response_stalled_at_any_byte() {
    stop_at_every_byte(Action::Stall).await;
}
