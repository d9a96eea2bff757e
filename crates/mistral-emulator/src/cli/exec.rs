//! Runs a program with an environment in which it talks to the emulator.

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::process::{Child, Command, ExitStatus, Stdio};

use mistral_emulator::Emulator;

use super::signals::Signals;

/// The exit code of a program that could not be started, as shells have it.
const NOT_FOUND: u8 = 127;

/// Runs the command and returns its exit code.
pub(crate) fn run(emulator: &Emulator, command: &[OsString], mut signals: Signals) -> u8 {
    let [program, arguments @ ..] = command else {
        return NOT_FOUND;
    };
    let mut child = Command::new(program);
    child.args(arguments);
    set_environment(&mut child, emulator, |name| std::env::var_os(name));
    let mut child = match child.spawn() {
        Ok(child) => child,
        Err(error) => {
            eprintln!(
                "mistral-emulator: cannot run {}: {error}",
                program.display()
            );
            return NOT_FOUND;
        }
    };
    let id = child.id();
    // A terminal sends Ctrl-C to the command as well.
    let has_terminal = io::stdin().is_terminal() || io::stderr().is_terminal();
    std::thread::spawn(move || {
        loop {
            match signals.next() {
                "INT" if has_terminal => {}
                signal => forward(signal, id),
            }
        }
    });
    match wait(&mut child) {
        Ok(status) => exit_code(status),
        Err(error) => {
            eprintln!(
                "mistral-emulator: cannot wait for {}: {error}",
                program.display()
            );
            1
        }
    }
}

fn wait(child: &mut Child) -> io::Result<ExitStatus> {
    child.wait()
}

/// Sends a signal to a process. The shell has `kill` built in, so that no unsafe code is needed.
fn forward(signal: &str, process: u32) {
    let kill = Command::new("sh")
        .args(["-c", &format!("kill -s {signal} {process}")])
        .stderr(Stdio::null()) // the process has ended by itself
        .status();
    drop(kill);
}

#[cfg(unix)]
fn exit_code(status: ExitStatus) -> u8 {
    use std::os::unix::process::ExitStatusExt;
    let code = status.code().or(status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

#[cfg(not(unix))]
fn exit_code(status: ExitStatus) -> u8 {
    let code = status.code();
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

/// Sets the variables that lead clients to the emulator.
fn set_environment(
    child: &mut Command,
    emulator: &Emulator,
    inherited: impl Fn(&str) -> Option<OsString>,
) {
    child.envs(emulator.environment());
    // With the variables of all clouds, the program has to be told which one to use.
    if inherited("MISTRAL_PROVIDER").is_none_or(|value| value.is_empty()) {
        child.env("MISTRAL_PROVIDER", "api");
    }
    // Real credentials would precede those of the emulator, or be mixed with them.
    for name in [
        "GOOGLE_APPLICATION_CREDENTIALS",
        "AWS_BEARER_TOKEN_BEDROCK",
        "AWS_SESSION_TOKEN",
    ] {
        child.env_remove(name);
    }
    for name in ["NO_PROXY", "no_proxy"] {
        let mut hosts = inherited(name).unwrap_or_default();
        if !hosts.is_empty() {
            hosts.push(",");
        }
        hosts.push("127.0.0.1,localhost,::1");
        child.env(name, hosts);
    }
}
