//! Runs the emulator until Ctrl-C.

use std::io::{self, Write};
use std::process::ExitCode;

use mistral_emulator::Emulator;

const DEFAULT_PORT: u16 = 8019;

const HELP: &str = "\
A local server that speaks the Mistral API: deterministic, with faults on demand

Usage: mistral-emulator [--port N] [--api-key KEY]

  --port N       the port to listen on; 0 picks a free one (default: 8019)
  --api-key KEY  the key to accept (default: emulator)
  --help         print this text
";

fn main() -> ExitCode {
    match parse_arguments(std::env::args().skip(1)) {
        Ok(Command::Help) => {
            print(HELP);
            ExitCode::SUCCESS
        }
        Ok(Command::Run { port, api_key }) => match run(port, api_key) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("mistral-emulator: cannot listen on port {port}: {error}");
                ExitCode::FAILURE
            }
        },
        Err(message) => {
            eprintln!("mistral-emulator: {message}; try --help");
            ExitCode::from(2)
        }
    }
}

#[derive(Debug, PartialEq)]
enum Command {
    Help,
    Run { port: u16, api_key: String },
}

fn parse_arguments(mut arguments: impl Iterator<Item = String>) -> Result<Command, String> {
    let mut port = DEFAULT_PORT;
    let mut api_key = Emulator::API_KEY.to_owned();
    while let Some(argument) = arguments.next() {
        let (name, attached) = match argument.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (argument.as_str(), None),
        };
        let mut value = |what: &str| {
            let value = attached.clone().or_else(|| arguments.next());
            value
                .filter(|value| !value.is_empty())
                .ok_or(format!("{name} needs {what}"))
        };
        match name {
            "--help" | "-h" => return Ok(Command::Help),
            "--port" => {
                let text = value("a port")?;
                port = text
                    .parse()
                    .map_err(|_| format!("{text:?} is not a port (0 to 65535)"))?;
            }
            "--api-key" => api_key = value("a key")?,
            _ => return Err(format!("unknown argument {argument:?}")),
        }
    }
    Ok(Command::Run { port, api_key })
}

fn run(port: u16, api_key: String) -> io::Result<()> {
    let builder = Emulator::builder().port(port).api_key(api_key);
    let emulator = builder.max_recorded_requests(0).start()?; // nothing reads them
    exit_on_interrupt()?;
    let (url, key) = (emulator.url(), emulator.api_key());
    print(&format!(
        "Mistral emulator at {url}, key {key}: set MISTRAL_API_KEY={key} and the base URL {url}; \
         Ctrl-C ends it\n"
    ));
    emulator.wait();
    Ok(())
}

/// Exits on Ctrl-C. Needed in containers, where signals without a handler do not end process 1.
fn exit_on_interrupt() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    std::thread::Builder::new()
        .name("interrupt".to_owned())
        .spawn(move || {
            if runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
                std::process::exit(0);
            }
        })?;
    Ok(())
}

/// Prints to standard output. Errors are ignored: a closed pipe must not stop the server.
fn print(text: &str) {
    let mut output = io::stdout();
    drop(output.write_all(text.as_bytes()));
    drop(output.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Command, String> {
        parse_arguments(arguments.iter().map(|&argument| argument.to_owned()))
    }

    #[test]
    fn arguments_are_parsed_with_space_or_equals_sign() {
        let expected = Command::Run {
            port: 9000,
            api_key: "k".to_owned(),
        };
        assert_eq!(
            parse(&["--port", "9000", "--api-key", "k"]).unwrap(),
            expected
        );
        assert_eq!(parse(&["--port=9000", "--api-key=k"]).unwrap(), expected);
        assert_eq!(parse(&["--port", "1", "--help"]).unwrap(), Command::Help);
    }

    #[test]
    fn arguments_default_to_port_8019() {
        let expected = Command::Run {
            port: 8019,
            api_key: "emulator".to_owned(),
        };
        assert_eq!(parse(&[]).unwrap(), expected);
    }

    #[test]
    fn arguments_invalid_are_reported() {
        for (arguments, reason) in [
            (&["--prot", "1"][..], "unknown argument \"--prot\""),
            (&["extra"], "unknown argument \"extra\""),
            (&["--port"], "--port needs a port"),
            (&["--port", "many"], "\"many\" is not a port"),
            (&["--port", "70000"], "\"70000\" is not a port"),
            (&["--api-key", ""], "--api-key needs a key"),
        ] {
            let found = parse(arguments).unwrap_err();
            assert!(found.contains(reason), "{found}");
        }
    }
}
