//! Answers that stop at each of their bytes.

use futures::{StreamExt, stream};
use mistral_sdk::chat::ChatCompletionResponse;

use super::answers::good_parts;
use super::matrix::outcome;
use super::operation::{EVENTS, OPERATIONS, Operation, TEXT, transport};
use super::rows::{BROKEN, End, NO_BODY, NO_HEAD, UNCONFIRMED, Want};
use super::server::{Act, Server};

/// How many calls are under way at once.
const AT_ONCE: usize = 100;
/// What a chunk of the stream begins with: its length and the end of that line.
const CHUNK_START: usize = 4;

/// What must come of an answer of which `sent` bytes arrive before it ends in `stop`.
fn want(at: usize, head: usize, whole: usize, sent: usize, stop: &Act) -> Want {
    let end = End::Ok;
    if sent == whole || (OPERATIONS[at] == Operation::Stream && has_ended(head, sent, stop)) {
        return Want { end, requests: 1 };
    }
    match (stop, sent < head) {
        (Act::Stall, true) => NO_HEAD[at],
        (Act::Stall, false) => NO_BODY[at],
        (_, true) => UNCONFIRMED[at],
        (_, false) => BROKEN[at],
    }
}

/// Whether the end mark was read, or every choice is finished and nothing more can come.
fn has_ended(head: usize, sent: usize, stop: &Act) -> bool {
    let finished = EVENTS[..2].concat().len();
    let marked = EVENTS.concat().len();
    let enough = match stop {
        Act::Stall => marked,
        _ => finished,
    };
    sent >= head + CHUNK_START + enough
}

/// The text of the events that are whole within `sent` bytes.
fn text_within(head: usize, sent: usize) -> &'static str {
    let is_whole = |events: &[&str]| sent >= head + CHUNK_START + events.concat().len();
    match (is_whole(&EVENTS[..1]), is_whole(&EVENTS[..2])) {
        (_, true) => TEXT,
        (true, false) => "Hé",
        (false, false) => "",
    }
}

async fn stop_everywhere(stop: Act) {
    let (transport, stop) = (&transport(), &stop);
    let cases = (0..OPERATIONS.len()).flat_map(|at| {
        let (head, body) = good_parts(OPERATIONS[at]);
        let sizes = (head.len(), head.len() + body.len());
        let whole = [head, body].concat();
        (0..=sizes.1).map(move |sent| (at, sizes, whole[..sent].to_vec()))
    });
    let cases = cases.map(|(at, (head, whole), start)| async move {
        let sent = start.len();
        let acts = vec![Act::Send(start), stop.clone()];
        let server = Server::start(move |_| acts.clone()).await;
        let want = want(at, head, whole, sent, stop);
        let what = format!("{} after {sent} of {whole} bytes", OPERATIONS[at].name());
        let (found, result) = outcome(&server, transport.clone(), OPERATIONS[at], &want)
            .await
            .unwrap_or_else(|| panic!("{what}: hangs"));
        assert_eq!(found, want, "{what}: {result:?}");
        let partial = result.err().and_then(|error| {
            let partial = error.partial::<ChatCompletionResponse>()?;
            Some(partial.text().into_owned())
        });
        let is_stream = OPERATIONS[at] == Operation::Stream;
        if is_stream && sent >= head && want.end != End::Ok {
            assert_eq!(partial.as_deref(), Some(text_within(head, sent)), "{what}");
        }
    });
    let cases: Vec<()> = stream::iter(cases)
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    println!("{} answers", cases.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn response_closed_at_any_byte_is_complete_or_an_error() {
    stop_everywhere(Act::Close).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn response_reset_at_any_byte_is_complete_or_an_error() {
    stop_everywhere(Act::Reset).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn timeout_response_stalled_at_any_byte() {
    stop_everywhere(Act::Stall).await;
}
