//! Compares the SDK with a handwritten client, alternately.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use tokio::runtime::Builder;

use crate::scenarios::Scenario;
use crate::{handwritten, sdk};

/// Returns the number of measured calls of a scenario, which take about a second.
fn calls(scenario: Scenario) -> usize {
    match scenario {
        Scenario::Chat => 10_000,
        Scenario::Stream | Scenario::Floats => 40,
        Scenario::Base64 => 200,
    }
}

pub(crate) fn run(rounds: usize) {
    let mut server = subcommand("serve").stdout(Stdio::piped()).spawn().unwrap();
    let mut url = String::new();
    BufReader::new(server.stdout.take().unwrap())
        .read_line(&mut url)
        .unwrap();
    println!("| scenario | by hand, ms | SDK, ms | ratio |\n| --- | --- | --- | --- |");
    for (name, _) in Scenario::ALL {
        let measure = |peer| {
            let output = subcommand("client")
                .args([peer, name, url.trim()])
                .output()
                .unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            text.trim()
                .parse::<f64>()
                .unwrap_or_else(|_| panic!("{peer} {name}: {text}"))
        };
        let rounds = (0..rounds).map(|_| [measure("raw"), measure("sdk")]);
        let rounds: Vec<_> = rounds.collect();
        let by_hand = median(rounds.iter().map(|[raw, _]| *raw));
        let sdk = median(rounds.iter().map(|[_, sdk]| *sdk));
        let ratio = median(rounds.iter().map(|[raw, sdk]| sdk / raw));
        println!("| {name} | {by_hand:.0} | {sdk:.0} | {ratio:.2} |");
    }
    server.kill().unwrap();
    server.wait().unwrap();
}

fn subcommand(command: &str) -> Command {
    let mut process = Command::new(std::env::current_exe().unwrap());
    process.arg(command);
    process
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Runs the calls of a scenario and prints their CPU time in ms.
pub(crate) fn client(peer: &str, scenario: Scenario, url: &str) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let (by_hand, client) = (reqwest::Client::new(), sdk::client_at(url));
    let call = |peer: &str| {
        runtime.block_on(async {
            match peer {
                "raw" => handwritten::call(&by_hand, url, scenario).await,
                _ => sdk::call(&client, scenario).await,
            }
        });
    };
    call(peer); // connects, and initializes lazy state
    let before = cpu_time();
    for _ in 0..calls(scenario) {
        call(peer);
    }
    println!("{}", cpu_time() - before);
}

/// Returns the CPU time of this process in ms (Linux only).
fn cpu_time() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/schedstat").unwrap();
    let nanoseconds: f64 = stat.split(' ').next().unwrap().parse().unwrap();
    nanoseconds / 1e6
}
