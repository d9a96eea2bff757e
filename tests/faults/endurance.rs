//! A long run of calls against a server that fails one request in five, checked for leaks.
//!
//! A test binary of its own, because it counts the descriptors of the whole process.
//! `FAULTS_CALLS` sets the number of calls, `FAULTS_SEED` the seed of the faults.

// Helpers outside of test functions may panic as tests do.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
#![allow(dead_code, unreachable_pub)] // `main.rs` uses the same modules

mod operations;
mod process;
mod responses;
mod server;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures::future::join_all;
use http::{HeaderValue, Request, Response};
use mistral_sdk::transport::{
    Body, HyperTransport, RequestContext as Called, Transport, TransportError,
};
use mistral_sdk::{Client, ErrorKind};
use tokio::time::timeout;

use operations::{EVENTS, OPERATIONS, OperationKind, Settings, chat_request, client, transport};
use process::{descriptor_limit, descriptors, resident_kib};
use responses::{chunk, chunked_head, first_part, success, success_parts, with_length};
use server::{Action, Server, TEST_TIMEOUT};

/// The number of calls in flight.
const TASKS: usize = 64;
/// The number of calls without `FAULTS_CALLS`.
const CALLS: usize = 4_000;
const HELD_STREAMS: usize = 1_000;
/// The `first_byte` timeout of calls whose server stalls.
const SHORT_TIMEOUT: Duration = Duration::from_millis(300);
/// The total timeout of a call, and the time after which a call is considered to hang.
const DEADLINE: Duration = Duration::from_secs(30);
const HANG_TIMEOUT: Duration = Duration::from_secs(40);
/// The permitted growth of memory after the first tenth of the calls.
const MEMORY_MARGIN_KIB: usize = 16 * 1024;

/// Serializes the tests, which both count the resources of the process.
static SERIAL: Mutex<()> = Mutex::new(());

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    ResetBeforeHead,
    CloseBeforeHead,
    ResetInBody,
    CloseInBody,
    Overloaded,
    BadRequest,
    Html,
    Stall,
}

const FAULTS: [Fault; 8] = [
    Fault::ResetBeforeHead,
    Fault::CloseBeforeHead,
    Fault::ResetInBody,
    Fault::CloseInBody,
    Fault::Overloaded,
    Fault::BadRequest,
    Fault::Html,
    Fault::Stall,
];

impl Fault {
    /// Returns the fault of an attempt: one in five has one.
    fn draw(seed: u64, call: usize, attempt: u32) -> Self {
        let mut random = fastrand::Rng::with_seed(seed ^ (call as u64) << 8 ^ u64::from(attempt));
        random.u64(..); // adjacent seeds start with similar values
        if random.usize(..5) > 0 {
            return Self::None;
        }
        FAULTS[random.usize(..FAULTS.len())]
    }

    fn actions(self, operation: OperationKind) -> Vec<Action> {
        let (head, body) = success_parts(operation);
        let part = match operation {
            OperationKind::Stream => [head, chunk(&first_part(operation))].concat(),
            _ => [head.as_slice(), &body[..body.len() / 2]].concat(),
        };
        match self {
            Self::None => vec![Action::Send(success(operation))],
            Self::ResetBeforeHead => vec![Action::Reset],
            Self::CloseBeforeHead => vec![Action::Close],
            Self::ResetInBody => vec![Action::Send(part), Action::Reset],
            Self::CloseInBody => vec![Action::Send(part), Action::Close],
            Self::Overloaded => vec![Action::Send(with_length(
                "503 x",
                "text/plain",
                "",
                b"busy",
            ))],
            Self::BadRequest => vec![Action::Send(with_length("400 x", "text/plain", "", b"no"))],
            Self::Html => vec![Action::Send(with_length(
                "200 OK",
                "text/html",
                "",
                b"<html>",
            ))],
            Self::Stall => vec![Action::Stall],
        }
    }

    /// Returns the error of an attempt, and whether it is retried.
    fn end(self, operation: OperationKind) -> Option<(ErrorKind, bool)> {
        let is_idempotent = operation == OperationKind::List;
        match self {
            Self::None => None,
            Self::ResetBeforeHead | Self::CloseBeforeHead => {
                Some((ErrorKind::Connection, is_idempotent))
            }
            Self::ResetInBody | Self::CloseInBody if operation == OperationKind::Stream => {
                Some((ErrorKind::Truncated, false))
            }
            Self::ResetInBody | Self::CloseInBody => Some((ErrorKind::Connection, is_idempotent)),
            Self::Overloaded => Some((ErrorKind::Overloaded, operation != OperationKind::Upload)),
            Self::BadRequest => Some((ErrorKind::InvalidRequest, false)),
            Self::Html => Some((ErrorKind::Decode, false)),
            Self::Stall => Some((ErrorKind::Timeout, is_idempotent)),
        }
    }
}

/// Returns the expected outcome of a call by the faults of its attempts, and whether one stalls.
fn expected(seed: u64, call: usize) -> (Option<ErrorKind>, bool) {
    let operation = OPERATIONS[call % OPERATIONS.len()];
    let mut has_stall = false;
    for attempt in 1.. {
        let fault = Fault::draw(seed, call, attempt);
        has_stall |= fault == Fault::Stall;
        match fault.end(operation) {
            None => return (None, has_stall),
            Some((_, true)) if attempt < 3 => {}
            Some((kind, _)) => return (Some(kind), has_stall),
        }
    }
    unreachable!("the third attempt is the last")
}

/// Sends the number of the attempt in the `x-attempt` header.
#[derive(Debug)]
struct AttemptHeader(HyperTransport);

#[async_trait]
impl Transport for AttemptHeader {
    async fn send(&self, mut request: Request<Body>) -> Result<Response<Body>, TransportError> {
        let attempt = request.extensions().get::<Called>().unwrap().attempt();
        let attempt = HeaderValue::from(attempt);
        request.headers_mut().insert("x-attempt", attempt);
        self.0.send(request).await
    }
}

async fn start_server(seed: u64) -> Server {
    Server::start(move |request| {
        let number = |name| request.header(name).unwrap().parse::<usize>().unwrap();
        let call = number("x-call");
        let attempt = u32::try_from(number("x-attempt")).unwrap();
        let operation = OPERATIONS[call % OPERATIONS.len()];
        Fault::draw(seed, call, attempt).actions(operation)
    })
    .await
}

/// The results of the run so far.
#[derive(Default)]
struct Tally {
    ends: Mutex<BTreeMap<String, usize>>,
    next: AtomicUsize,
    resident_after_tenth: AtomicUsize,
}

async fn call_on(client: Client, tally: Arc<Tally>, seed: u64, calls: usize) {
    loop {
        let call = tally.next.fetch_add(1, Ordering::Relaxed);
        if call >= calls {
            return;
        }
        if call == calls / 10 {
            let resident = resident_kib().unwrap_or_default();
            tally
                .resident_after_tenth
                .store(resident, Ordering::Relaxed);
        }
        let (expected, has_stall) = expected(seed, call);
        let settings = Settings {
            headers: vec![("x-call", call.to_string())],
            first_byte: has_stall.then_some(SHORT_TIMEOUT),
            idle: None,
            total: Some(DEADLINE),
        };
        let operation = OPERATIONS[call % OPERATIONS.len()];
        let outcome = timeout(HANG_TIMEOUT, operation.call(&client, &settings)).await;
        let result = outcome.unwrap_or_else(|_| panic!("call {call} hangs"));
        let found = result.as_ref().err().map(mistral_sdk::Error::kind);
        let name = operation.name();
        assert_eq!(found, expected, "call {call}, {name}: {:?}", result.err());
        let end = found.map_or("Ok".to_owned(), |kind| format!("{kind:?}"));
        let mut ends = tally.ends.lock().unwrap_or_else(PoisonError::into_inner);
        *ends.entry(end).or_default() += 1;
    }
}

async fn long_run(seed: u64, calls: usize) {
    let server = start_server(seed).await;
    let (descriptors_before, resident_before) = (descriptors(), resident_kib());
    let started = Instant::now();
    let tally = Arc::new(Tally::default());
    let client = client(&server.url())
        .transport(AttemptHeader(transport()))
        .build()
        .unwrap();
    let tasks =
        (0..TASKS).map(|_| tokio::spawn(call_on(client.clone(), Arc::clone(&tally), seed, calls)));
    for task in join_all(tasks).await {
        task.unwrap();
    }
    let elapsed = started.elapsed();
    // Connections of cancelled calls may still be closing; idle ones stay open.
    let counts = server.until(|counts| counts.open <= TASKS).await;
    let (descriptors_at_end, resident_at_end) = (descriptors(), resident_kib());
    drop(client);
    server.until(|counts| counts.open == 0).await;
    let descriptors_after = descriptors_once(descriptors_before).await;
    let resident_after_tenth = tally.resident_after_tenth.load(Ordering::Relaxed);
    println!(
        "{calls} calls, seed {seed}, {elapsed:.1?}: {:?}",
        tally.ends.lock().unwrap()
    );
    println!("{counts:?}");
    println!(
        "resident KiB at start {resident_before:?}, after a tenth {resident_after_tenth}, at the \
         end {resident_at_end:?}; descriptors at start {descriptors_before:?}, at the end \
         {descriptors_at_end:?}, without the client {descriptors_after:?}"
    );
    assert_eq!(descriptors_after, descriptors_before, "descriptors leak");
    if let Some(resident) = resident_at_end {
        let limit = resident_after_tenth + MEMORY_MARGIN_KIB;
        assert!(
            resident <= limit,
            "{resident_after_tenth} KiB became {resident} KiB"
        );
    }
}

/// Waits until `wanted` descriptors are open, up to [`TEST_TIMEOUT`], and returns their number. The
/// peer may see a close just before the descriptor is released.
async fn descriptors_once(wanted: Option<usize>) -> Option<usize> {
    let settled = async {
        while descriptors() != wanted {
            tokio::task::yield_now().await;
        }
    };
    let _ = timeout(TEST_TIMEOUT, settled).await;
    descriptors()
}

/// Runs a test on two threads, while no other test runs.
fn run_alone(test: impl Future<Output = ()>) {
    let _guard = SERIAL.lock().unwrap_or_else(PoisonError::into_inner);
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(test);
}

fn env_var_or(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |value| value.parse().unwrap())
}

#[test]
fn endurance_many_faulty_calls_leak_nothing() {
    let seed = env_var_or("FAULTS_SEED", 7) as u64;
    run_alone(long_run(seed, env_var_or("FAULTS_CALLS", CALLS)));
}

async fn hold_and_drop() {
    let [first, ..] = EVENTS;
    let start = [chunked_head(OperationKind::Stream), chunk(first)].concat();
    let server = Server::start(move |_| vec![Action::Send(start.clone()), Action::Stall]).await;
    let before = descriptors();
    // Each stream uses two descriptors, because both ends are in this process.
    let room = descriptor_limit().map_or(HELD_STREAMS, |limit| limit.saturating_sub(100) / 2);
    let held = HELD_STREAMS.min(room);
    let client = client(&server.url()).build().unwrap();
    let opening = (0..held).map(|_| async {
        let mut stream = client.chat().stream(&chat_request()).await.unwrap();
        stream.next().await.unwrap().unwrap();
        stream
    });
    let streams = join_all(opening).await;
    assert_eq!(server.counts().open, held);
    let during = descriptors();
    let started = Instant::now();
    drop(streams);
    server.until(|counts| counts.open == 0).await;
    println!(
        "{held} streams were closed after {:.1?}; descriptors {before:?}, {during:?}",
        started.elapsed(),
    );
    drop(client);
    let after = descriptors_once(before).await;
    assert_eq!(after, before, "descriptors leak");
}

#[test]
fn endurance_dropped_streams_leak_no_descriptor() {
    run_alone(hold_and_drop());
}
