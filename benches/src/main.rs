//! What the SDK costs.
//!
//! `benches count <scenario> <n>` does `n` operations on answers that lie in memory, to be run
//! under callgrind: `benches/check` holds what comes of it against bounds.
//!
//! `benches compare [rounds]` (feature `peers`) measures the processor time of the SDK and of a
//! client written by hand over a loopback connection, in turns, and prints the ratios.

// A measurement that cannot be taken ends the program.
#![allow(clippy::unwrap_used, clippy::panic)]

mod answers;
#[cfg(feature = "peers")]
mod compare;
mod memory;
#[cfg(feature = "peers")]
mod raw;
mod sdk;
#[cfg(feature = "peers")]
mod server;

use answers::Scenario;
use tokio::runtime::Builder;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["count", scenario, n] => count(Scenario::named(scenario), n.parse().unwrap()),
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

fn count(scenario: Scenario, n: usize) {
    let runtime = Builder::new_current_thread().enable_time().build();
    runtime.unwrap().block_on(async {
        let client = sdk::client_of(memory::Memory::new(scenario, n));
        for _ in 0..scenario.calls(n) {
            sdk::call(&client, scenario).await;
        }
    });
}
