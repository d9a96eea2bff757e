//! The fault matrix: every fault with every kind of operation.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::{StreamExt, stream};
use mistral_sdk::error::TimeoutPhase;
use mistral_sdk::transport::HyperTransport;
use mistral_sdk::{ErrorKind, Result, Timeouts};
use tokio::time::timeout;

use super::cases::{CASES, End, Expected, Fault, FaultCase};
use super::http2;
use super::operations::{OPERATIONS, OperationKind, Settings, client, transport};
use super::responses::success;
use super::server::{Action, Server, TEST_TIMEOUT};

/// The timeout of the phase that a fault is expected to exceed. The others are [`TEST_TIMEOUT`].
const SHORT_TIMEOUT: Duration = Duration::from_millis(400);
/// A call that takes longer hangs.
const HANG_TIMEOUT: Duration = Duration::from_secs(20);

/// Returns timeouts that are short only in the phase that is expected to be exceeded.
pub fn timeouts(expected: &Expected) -> Timeouts {
    let timeouts = Timeouts::default()
        .first_byte(TEST_TIMEOUT)
        .idle(TEST_TIMEOUT)
        .total(TEST_TIMEOUT);
    match expected.end {
        End::TimesOut(TimeoutPhase::FirstByte) => timeouts.first_byte(SHORT_TIMEOUT),
        End::TimesOut(TimeoutPhase::Idle) => timeouts.idle(SHORT_TIMEOUT),
        End::TimesOut(TimeoutPhase::Total) => timeouts.total(SHORT_TIMEOUT),
        _ => timeouts,
    }
}

/// Calls `operation` against `server` and returns the outcome, or `None` if the call hangs.
pub async fn outcome(
    server: &Server,
    transport: HyperTransport,
    operation: OperationKind,
    expected: &Expected,
) -> Option<(Expected, Result<()>)> {
    let client = client(&server.url())
        .transport(transport)
        .timeouts(timeouts(expected))
        .max_event_size(64 * 1024)
        .build()
        .unwrap();
    let settings = Settings::default();
    let call = operation.call(&client, &settings);
    let result = timeout(HANG_TIMEOUT, call).await.ok()?;
    let end = match &result {
        Ok(()) => End::Ok,
        Err(error) => match error.timeout_phase() {
            Some(phase) => End::TimesOut(phase),
            None => End::Fails(error.kind()),
        },
    };
    let requests = server.counts().requests;
    Some((Expected { end, requests }, result))
}

struct Transports {
    http1: HyperTransport,
    http2: HyperTransport,
}

async fn check_case(
    case: &FaultCase,
    at: usize,
    transports: &Transports,
) -> std::result::Result<Expected, String> {
    let (operation, expected) = (OPERATIONS[at], &case.expected[at]);
    let (server, transport) = match case.fault {
        Fault::Always(actions) => (
            Server::start(move |_| actions(operation)).await,
            transports.http1.clone(),
        ),
        Fault::Once(actions) => (
            Server::start(move |request| match request.number {
                0 => actions(operation),
                _ => vec![Action::Send(success(operation))],
            })
            .await,
            transports.http1.clone(),
        ),
        Fault::Http2Always(act) => (
            http2::start(operation, move |_| act).await,
            transports.http2.clone(),
        ),
        Fault::Http2Once(act) => {
            let script = move |number| {
                if number == 0 {
                    act
                } else {
                    http2::Action::Respond
                }
            };
            (
                http2::start(operation, script).await,
                transports.http2.clone(),
            )
        }
    };
    let Some((found, result)) = outcome(&server, transport, operation, expected).await else {
        return Err(format!("{}, {}: hangs", case.name, operation.name()));
    };
    let message = match &result {
        Ok(()) => String::new(),
        Err(error) => format!("{error:#}"),
    };
    let is_readable = !message.contains('\u{FFFD}')
        && message.len() < 2500
        && (result.is_ok() || message.contains(case.message));
    let attempts = result
        .err()
        .map_or(found.requests, |error| error.attempts() as usize);
    if found == *expected && is_readable && attempts == found.requests {
        return Ok(found);
    }
    Err(format!(
        "{}, {}: expected {expected:?}, found {found:?} after {attempts} attempts: {message}",
        case.name,
        operation.name()
    ))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_matrix_retries_and_errors_follow_the_rules() {
    check_matrix(|case| !is_http2(case)).await;
}

/// Runs on one thread. With several, hyper may report a request as unprocessed although the server
/// has it, if the connection opens and ends while the request is handed over.
#[tokio::test]
async fn fault_matrix_http2_retries_and_errors_follow_the_rules() {
    check_matrix(is_http2).await;
}

fn is_http2(case: &FaultCase) -> bool {
    matches!(case.fault, Fault::Http2Always(_) | Fault::Http2Once(_))
}

/// Checks every operation with the faults that `filter` selects.
async fn check_matrix(filter: impl Fn(&FaultCase) -> bool) {
    let cases: Vec<_> = CASES.iter().filter(|case| filter(case)).collect();
    let transports = &Transports {
        http1: transport(),
        http2: http2::transport(),
    };
    let cells = cases.iter().enumerate().flat_map(|(line, case)| {
        (0..OPERATIONS.len())
            .map(move |at| async move { (line, at, check_case(case, at, transports).await) })
    });
    let cells = stream::iter(cells).buffer_unordered(24);
    let mut cells: Vec<_> = cells.collect().await;
    cells.sort_by_key(|(line, at, _)| (*line, *at));
    let mismatches: Vec<_> = cells
        .iter()
        .filter_map(|(_, _, cell)| cell.as_ref().err())
        .map(String::as_str)
        .collect();
    print_table(&cases, &cells);
    assert!(mismatches.is_empty(), "\n{}", mismatches.join("\n"));
}

fn print_table(
    cases: &[&FaultCase],
    cells: &[(usize, usize, std::result::Result<Expected, String>)],
) {
    print!("{:52}", "fault");
    for operation in OPERATIONS {
        print!("{:22}", operation.name());
    }
    println!();
    let mut ends = BTreeMap::<String, usize>::new();
    let mut requests = 0;
    for (line, case) in cases.iter().enumerate() {
        print!("{:52}", case.name);
        for (_, _, cell) in cells.iter().filter(|(at, _, _)| *at == line) {
            let text = match cell {
                Ok(found) => {
                    requests += found.requests;
                    *ends.entry(name(&found.end)).or_default() += 1;
                    format!("{} ×{}", name(&found.end), found.requests)
                }
                Err(_) => "MISMATCH".to_owned(),
            };
            print!("{text:22}");
        }
        println!();
    }
    println!("{} calls, {requests} requests: {ends:?}", cells.len());
}

fn name(end: &End) -> String {
    match end {
        End::Ok => "Ok".to_owned(),
        End::Fails(kind) => format!("{kind:?}"),
        End::TimesOut(phase) => format!("{:?}({phase:?})", ErrorKind::Timeout),
    }
}
