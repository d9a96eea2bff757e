//! What the SDK costs.
//!
//! `benches count <scenario> <n>` does `n` operations on answers that lie in memory, to be run
//! under callgrind: `benches/check` holds what comes of it against bounds. A scenario may end in
//! `,one-by-one` (an answer comes event by event) and `,blocking` (the client without async).
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
use memory::{Memory, Pace};
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
    let mut words = scenario.split(',');
    let scenario = Scenario::named(words.next().unwrap_or_default());
    let (mut pace, mut is_blocking) = (Pace::Ahead, false);
    for word in words {
        match word {
            "one-by-one" => pace = Pace::OneByOne,
            "blocking" => is_blocking = true,
            _ => panic!("no scenario is read `{word}`"),
        }
    }
    let memory = Memory::new(scenario, n, pace);
    if is_blocking {
        let client = sdk::blocking_client_of(memory);
        for _ in 0..scenario.calls(n) {
            sdk::call_blocking(&client, scenario);
        }
        return;
    }
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(async {
        let client = sdk::client_of(memory);
        for _ in 0..scenario.calls(n) {
            sdk::call(&client, scenario).await;
        }
    });
}
