//! Runs the emulator until a signal ends it, or runs a program against it.

mod cli;

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use cli::options::{Command, Options};
use cli::signals::Signals;
use cli::{exec, health};

/// The time for exchanges in flight to end. Docker waits 10 seconds before it kills.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(5);

const USAGE_ERROR: u8 = 2;

fn main() -> ExitCode {
    let arguments = std::env::args_os().skip(1);
    let command = match cli::options::parse(arguments, |name| std::env::var_os(name)) {
        Ok(command) => command,
        Err(message) => {
            eprintln!("mistral-emulator: {message}; try --help");
            return ExitCode::from(USAGE_ERROR);
        }
    };
    match command {
        Command::Help => {
            print(&cli::flags::help());
            ExitCode::SUCCESS
        }
        Command::Version => {
            print(concat!(
                "mistral-emulator ",
                env!("CARGO_PKG_VERSION"),
                "\n"
            ));
            ExitCode::SUCCESS
        }
        Command::Health(options) => match health::check(&options.host, options.port()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!(
                    "mistral-emulator: no emulator serves on port {}: {error}",
                    options.port()
                );
                ExitCode::FAILURE
            }
        },
        Command::Run(options) => run(&options),
        Command::Exec(mut options, command) => {
            options.port.get_or_insert(0);
            run_command(&options, &command)
        }
    }
}

/// Serves until a signal arrives.
fn run(options: &Options) -> ExitCode {
    let (emulator, mut signals) = match start(options) {
        Ok(started) => started,
        Err(code) => return code,
    };
    let (url, key) = (emulator.url(), emulator.api_key());
    print(&format!(
        "Mistral emulator at {url}, key {key}: set MISTRAL_API_KEY={key} and the base URL {url}; \
         Ctrl-C ends it\n"
    ));
    signals.next();
    std::thread::spawn(move || {
        signals.next();
        std::process::exit(1); // a second signal ends the program at once
    });
    emulator.shut_down(SHUTDOWN_LIMIT);
    ExitCode::SUCCESS
}

fn run_command(options: &Options, command: &[std::ffi::OsString]) -> ExitCode {
    match start(options) {
        Ok((emulator, signals)) => ExitCode::from(exec::run(&emulator, command, signals)),
        Err(code) => code,
    }
}

/// Starts the server. An error has been printed.
fn start(options: &Options) -> Result<(mistral_emulator::Emulator, Signals), ExitCode> {
    let builder = options.builder().map_err(|error| {
        eprintln!("mistral-emulator: {error}");
        ExitCode::from(USAGE_ERROR)
    })?;
    let started = Signals::catch().and_then(|signals| Ok((builder.start()?, signals)));
    started.map_err(|error| {
        let (host, port) = (&options.host, options.port());
        eprintln!("mistral-emulator: cannot listen on {host} port {port}: {error}");
        ExitCode::FAILURE
    })
}

/// Prints to standard output. Errors are ignored: a closed pipe must not stop the server.
fn print(text: &str) {
    let mut output = io::stdout();
    drop(output.write_all(text.as_bytes()));
    drop(output.flush());
}
