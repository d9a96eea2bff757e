//! The long run: many calls against a server that fails one in five, and what is left of
//! them afterwards.
//!
//! A program of its own, because it counts the descriptors of the whole process.
//! `FAULTS_CALLS` says how many calls are made, `FAULTS_SEED` which faults they meet.

// Helpers outside of test functions may panic as tests do.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
#![allow(dead_code, unreachable_pub)] // `main.rs` uses the same modules

mod answers;
mod operation;
mod process;
mod server;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures::future::join_all;
use http::{HeaderValue, Request, Response};
use mistral_sdk::{
    Body, Client, ErrorKind, HyperTransport, Operation as Called, Transport, TransportError,
};
use tokio::time::timeout;

use answers::{chunk, chunked_head, first_part, good, good_parts, sized};
use operation::{EVENTS, OPERATIONS, Operation, Settings, client, question, transport};
use process::{descriptor_limit, descriptors, resident_kib};
use server::{Act, PATIENCE, Server};

/// How many calls are under way at once.
const TASKS: usize = 64;
/// How many calls plain `cargo test` makes.
const CALLS: usize = 4_000;
const HELD_STREAMS: usize = 1_000;
/// How long a call that meets silence waits, per attempt.
const SHORT: Duration = Duration::from_millis(300);
/// How long a call may take in all, and what is beyond doubt a call that hangs.
const DEADLINE: Duration = Duration::from_secs(30);
const HANGS: Duration = Duration::from_secs(40);
/// By how much memory may differ between the first tenth of the calls and the last.
const MEMORY_MARGIN_KIB: usize = 16 * 1024;

/// Both tests count what the process holds, so they take turns.
static ALONE: Mutex<()> = Mutex::new(());

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    ResetBeforeHead,
    CloseBeforeHead,
    ResetInBody,
    CloseInBody,
    Overloaded,
    Refused,
    Html,
    Silence,
}

const FAULTS: [Fault; 8] = [
    Fault::ResetBeforeHead,
    Fault::CloseBeforeHead,
    Fault::ResetInBody,
    Fault::CloseInBody,
    Fault::Overloaded,
    Fault::Refused,
    Fault::Html,
    Fault::Silence,
];

impl Fault {
    /// What an attempt of a call meets: a fault in one of five cases.
    fn draw(seed: u64, call: usize, attempt: u32) -> Self {
        let mut random = fastrand::Rng::with_seed(seed ^ (call as u64) << 8 ^ u64::from(attempt));
        random.u64(..); // seeds that are close to each other begin alike
        if random.usize(..5) > 0 {
            return Self::None;
        }
        FAULTS[random.usize(..FAULTS.len())]
    }

    fn acts(self, operation: Operation) -> Vec<Act> {
        let (head, body) = good_parts(operation);
        let part = match operation {
            Operation::Stream => [head, chunk(&first_part(operation))].concat(),
            _ => [head.as_slice(), &body[..body.len() / 2]].concat(),
        };
        match self {
            Self::None => vec![Act::Send(good(operation))],
            Self::ResetBeforeHead => vec![Act::Reset],
            Self::CloseBeforeHead => vec![Act::Close],
            Self::ResetInBody => vec![Act::Send(part), Act::Reset],
            Self::CloseInBody => vec![Act::Send(part), Act::Close],
            Self::Overloaded => vec![Act::Send(sized("503 x", "text/plain", "", b"busy"))],
            Self::Refused => vec![Act::Send(sized("400 x", "text/plain", "", b"no"))],
            Self::Html => vec![Act::Send(sized("200 OK", "text/html", "", b"<html>"))],
            Self::Silence => vec![Act::Stall],
        }
    }

    /// The error that an attempt ends with, and whether another one follows.
    fn end(self, operation: Operation) -> Option<(ErrorKind, bool)> {
        let is_reading = operation == Operation::List;
        match self {
            Self::None => None,
            Self::ResetBeforeHead | Self::CloseBeforeHead => {
                Some((ErrorKind::Connection, is_reading))
            }
            Self::ResetInBody | Self::CloseInBody if operation == Operation::Stream => {
                Some((ErrorKind::Truncated, false))
            }
            Self::ResetInBody | Self::CloseInBody => Some((ErrorKind::Connection, is_reading)),
            Self::Overloaded => Some((ErrorKind::Overloaded, operation != Operation::Upload)),
            Self::Refused => Some((ErrorKind::InvalidRequest, false)),
            Self::Html => Some((ErrorKind::Decode, false)),
            Self::Silence => Some((ErrorKind::Timeout, is_reading)),
        }
    }
}

/// How a call must end, by the faults of its attempts, and whether one of them is silence.
fn expected(seed: u64, call: usize) -> (Option<ErrorKind>, bool) {
    let operation = OPERATIONS[call % OPERATIONS.len()];
    let mut is_late = false;
    for attempt in 1.. {
        let fault = Fault::draw(seed, call, attempt);
        is_late |= fault == Fault::Silence;
        match fault.end(operation) {
            None => return (None, is_late),
            Some((_, true)) if attempt < 3 => {}
            Some((kind, _)) => return (Some(kind), is_late),
        }
    }
    unreachable!("the third attempt is the last")
}

/// Tells the server which attempt a request is.
#[derive(Debug)]
struct Numbered(HyperTransport);

#[async_trait]
impl Transport for Numbered {
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
        Fault::draw(seed, call, attempt).acts(operation)
    })
    .await
}

/// What the run has come to so far.
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
        let (expected, is_late) = expected(seed, call);
        let settings = Settings {
            headers: vec![("x-call", call.to_string())],
            first_byte: is_late.then_some(SHORT),
            idle: None,
            total: Some(DEADLINE),
        };
        let operation = OPERATIONS[call % OPERATIONS.len()];
        let performed = timeout(HANGS, operation.perform(&client, &settings)).await;
        let result = performed.unwrap_or_else(|_| panic!("call {call} hangs"));
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
        .transport(Numbered(transport()))
        .build()
        .unwrap();
    let tasks =
        (0..TASKS).map(|_| tokio::spawn(call_on(client.clone(), Arc::clone(&tally), seed, calls)));
    for task in join_all(tasks).await {
        task.unwrap();
    }
    let elapsed = started.elapsed();
    // Those that were given up last may still be closing; what is idle stays.
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

/// How many descriptors there are, once there are as many as `wanted`, or for good: the other
/// end of a connection may learn that it is closed just before its descriptor is.
async fn descriptors_once(wanted: Option<usize>) -> Option<usize> {
    let settled = async {
        while descriptors() != wanted {
            tokio::task::yield_now().await;
        }
    };
    let _ = timeout(PATIENCE, settled).await;
    descriptors()
}

/// Runs a test alone, on two threads.
fn alone(test: impl Future<Output = ()>) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(test);
}

fn variable(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |value| value.parse().unwrap())
}

#[test]
fn endurance_many_faulty_calls_leak_nothing() {
    let seed = variable("FAULTS_SEED", 7) as u64;
    alone(long_run(seed, variable("FAULTS_CALLS", CALLS)));
}

async fn hold_and_drop() {
    let [first, ..] = EVENTS;
    let start = [chunked_head(Operation::Stream), chunk(first)].concat();
    let server = Server::start(move |_| vec![Act::Send(start.clone()), Act::Stall]).await;
    let before = descriptors();
    // Each stream takes a descriptor at either end, and both ends are here.
    let room = descriptor_limit().map_or(HELD_STREAMS, |limit| limit.saturating_sub(100) / 2);
    let held = HELD_STREAMS.min(room);
    let client = client(&server.url()).build().unwrap();
    let opening = (0..held).map(|_| async {
        let mut stream = client.chat().stream(&question()).await.unwrap();
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
    alone(hold_and_drop());
}
