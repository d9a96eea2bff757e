//! Measures the cost of the SDK.
//!
//! `benches count <scenario> <n>` runs `n` operations on responses in memory, under callgrind.
//! `benches/check` compares the counts with bounds. A scenario may have the suffixes `,one-by-one`
//! (the response arrives event by event), `,blocking` (the blocking client) and `,http2` (a
//! connection of HTTP/2 over loopback).
//!
//! `benches compare [rounds]` (feature `peers`) measures the CPU time of the SDK and of a
//! handwritten client over a loopback connection, alternately, and prints the ratios.

// A failed measurement ends the program.
#![allow(clippy::unwrap_used, clippy::panic)]

#[cfg(feature = "peers")]
mod compare;
#[cfg(feature = "peers")]
mod handwritten;
mod http2_server;
mod memory_transport;
mod scenarios;
mod sdk;
#[cfg(feature = "peers")]
mod server;

use memory_transport::{MemoryTransport, Pace};
use scenarios::Scenario;
use tokio::runtime::Builder;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["count", scenario, n] => count(scenario, n.parse().unwrap()),
        #[cfg(feature = "peers")]
        ["compare"] => compare::run(5),
        #[cfg(feature = "peers")]
        ["compare", rounds] => compare::run(rounds.parse().unwrap()),
        #[cfg(feature = "peers")]
        ["serve"] => server::run(),
        #[cfg(feature = "peers")]
        ["client", peer, scenario, url] => compare::client(peer, Scenario::named(scenario), url),
        _ => panic!("usage: benches count <scenario> <n> | benches compare [rounds]"),
    }
}

fn count(scenario: &str, n: usize) {
    let mut parts = scenario.split(',');
    let scenario = Scenario::named(parts.next().unwrap_or_default());
    let (mut pace, mut is_blocking, mut is_http2) = (Pace::Immediate, false, false);
    for suffix in parts {
        match suffix {
            "one-by-one" => pace = Pace::OneByOne,
            "blocking" => is_blocking = true,
            "http2" => is_http2 = true,
            _ => panic!("unknown scenario suffix `{suffix}`"),
        }
    }
    let memory = MemoryTransport::new(scenario, n, pace);
    if is_blocking {
        let client = sdk::blocking_client_of(memory);
        for _ in 0..scenario.calls(n) {
            sdk::call_blocking(&client, scenario);
        }
        return;
    }
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(async {
        let client = if is_http2 {
            let response = scenario.response(n);
            sdk::http2_client_at(&http2_server::start(scenario.content_type(), response))
        } else {
            sdk::client_of(memory)
        };
        for _ in 0..scenario.calls(n) {
            sdk::call(&client, scenario).await;
        }
    });
}
