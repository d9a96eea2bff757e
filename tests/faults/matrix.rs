//! Every fault with every kind of operation.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::{StreamExt, stream};
use mistral_sdk::{ErrorKind, HyperTransport, Result, TimeoutPhase, Timeouts};
use tokio::time::timeout;

use super::answers::good;
use super::http2;
use super::operation::{OPERATIONS, Operation, Settings, client, transport};
use super::rows::{End, Fault, ROWS, Row, Want};
use super::server::{Act, PATIENCE, Server};

/// The time-out that a fault is to run into. All others are as long as the test's patience.
const SHORT: Duration = Duration::from_millis(400);
/// What takes longer hangs.
const HANGS: Duration = Duration::from_secs(20);

/// Time-outs that are long in every phase but the one that is wanted.
pub fn timeouts(want: &Want) -> Timeouts {
    let times = Timeouts::default()
        .first_byte(PATIENCE)
        .idle(PATIENCE)
        .total(PATIENCE);
    match want.end {
        End::Late(TimeoutPhase::FirstByte) => times.first_byte(SHORT),
        End::Late(TimeoutPhase::Idle) => times.idle(SHORT),
        End::Late(TimeoutPhase::Total) => times.total(SHORT),
        _ => times,
    }
}

/// Performs `operation` against `server`, and says how it ended. `None`: it hangs.
pub async fn outcome(
    server: &Server,
    transport: HyperTransport,
    operation: Operation,
    want: &Want,
) -> Option<(Want, Result<()>)> {
    let client = client(&server.url())
        .transport(transport)
        .timeouts(timeouts(want))
        .max_event_size(64 * 1024)
        .build()
        .unwrap();
    let settings = Settings::default();
    let performed = operation.perform(&client, &settings);
    let result = timeout(HANGS, performed).await.ok()?;
    let end = match &result {
        Ok(()) => End::Ok,
        Err(error) => match error.timeout_phase() {
            Some(phase) => End::Late(phase),
            None => End::Fails(error.kind()),
        },
    };
    let requests = server.counts().requests;
    Some((Want { end, requests }, result))
}

struct Transports {
    http1: HyperTransport,
    http2: HyperTransport,
}

async fn cell(row: &Row, at: usize, transports: &Transports) -> std::result::Result<Want, String> {
    let (operation, want) = (OPERATIONS[at], &row.wants[at]);
    let (server, transport) = match row.fault {
        Fault::Always(acts) => (
            Server::start(move |_| acts(operation)).await,
            transports.http1.clone(),
        ),
        Fault::Once(acts) => (
            Server::start(move |request| match request.number {
                0 => acts(operation),
                _ => vec![Act::Send(good(operation))],
            })
            .await,
            transports.http1.clone(),
        ),
        Fault::Http2Always(act) => (
            http2::start(operation, move |_| act).await,
            transports.http2.clone(),
        ),
        Fault::Http2Once(act) => {
            let script = move |number| if number == 0 { act } else { http2::Act::Answer };
            (
                http2::start(operation, script).await,
                transports.http2.clone(),
            )
        }
    };
    let Some((found, result)) = outcome(&server, transport, operation, want).await else {
        return Err(format!("{}, {}: hangs", row.name, operation.name()));
    };
    let words = match &result {
        Ok(()) => String::new(),
        Err(error) => format!("{error:#}"),
    };
    let is_readable = !words.contains('\u{FFFD}')
        && words.len() < 2500
        && (result.is_ok() || words.contains(row.says));
    let attempts = result
        .err()
        .map_or(found.requests, |error| error.attempts() as usize);
    if found == *want && is_readable && attempts == found.requests {
        return Ok(found);
    }
    Err(format!(
        "{}, {}: wanted {want:?}, found {found:?} after {attempts} attempts: {words}",
        row.name,
        operation.name()
    ))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_matrix_retries_and_errors_follow_the_rules() {
    hold(|row| !is_http2(row)).await;
}

/// On one thread: with several, hyper may tell of a request that the server leaves although the
/// server has it, where it comes and leaves while the request is handed over.
#[tokio::test]
async fn fault_matrix_http2_retries_and_errors_follow_the_rules() {
    hold(is_http2).await;
}

fn is_http2(row: &Row) -> bool {
    matches!(row.fault, Fault::Http2Always(_) | Fault::Http2Once(_))
}

/// Performs every operation with the faults that are `chosen`.
async fn hold(chosen: impl Fn(&Row) -> bool) {
    let rows: Vec<_> = ROWS.iter().filter(|row| chosen(row)).collect();
    let transports = &Transports {
        http1: transport(),
        http2: http2::transport(),
    };
    let cells = rows.iter().enumerate().flat_map(|(line, row)| {
        (0..OPERATIONS.len())
            .map(move |at| async move { (line, at, cell(row, at, transports).await) })
    });
    let cells = stream::iter(cells).buffer_unordered(24);
    let mut cells: Vec<_> = cells.collect().await;
    cells.sort_by_key(|(line, at, _)| (*line, *at));
    let mismatches: Vec<_> = cells
        .iter()
        .filter_map(|(_, _, cell)| cell.as_ref().err())
        .map(String::as_str)
        .collect();
    print_table(&rows, &cells);
    assert!(mismatches.is_empty(), "\n{}", mismatches.join("\n"));
}

fn print_table(rows: &[&Row], cells: &[(usize, usize, std::result::Result<Want, String>)]) {
    print!("{:52}", "fault");
    for operation in OPERATIONS {
        print!("{:22}", operation.name());
    }
    println!();
    let mut ends = BTreeMap::<String, usize>::new();
    let mut requests = 0;
    for (line, row) in rows.iter().enumerate() {
        print!("{:52}", row.name);
        for (_, _, cell) in cells.iter().filter(|(at, _, _)| *at == line) {
            let text = match cell {
                Ok(want) => {
                    requests += want.requests;
                    *ends.entry(name(&want.end)).or_default() += 1;
                    format!("{} ×{}", name(&want.end), want.requests)
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
        End::Late(phase) => format!("{:?}({phase:?})", ErrorKind::Timeout),
    }
}
