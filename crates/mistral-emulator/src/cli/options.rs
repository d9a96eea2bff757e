//! The options, each of which is a flag and an environment variable.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use mistral_emulator::{Clock, Emulator, EmulatorBuilder};

const DEFAULT_PORT: u16 = 8019;
/// A log of this size serves tests and does not grow the process.
const DEFAULT_LOG_REQUESTS: usize = 1_000;
const DEFAULT_LOG_BYTES: usize = 4 * 1024 * 1024;

#[derive(Debug, PartialEq)]
pub(crate) enum Command {
    Help,
    Version,
    Run(Box<Options>),
    /// Asks a running emulator whether it serves.
    Health(Box<Options>),
    /// Runs a program against an emulator.
    Exec(Box<Options>, Vec<OsString>),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Options {
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
    api_keys: Vec<String>,
    any_key: bool,
    any_model: bool,
    models: Option<PathBuf>,
    replies: Option<PathBuf>,
    record: Option<PathBuf>,
    upstream: Option<String>,
    replay: Option<PathBuf>,
    emulate_others: bool,
    latency: Duration,
    token_delay: Duration,
    clock: Clock,
    fine_tuning_gone: bool,
    log_requests: usize,
    log_bytes: usize,
    verbose: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: None,
            api_keys: Vec::new(),
            any_key: false,
            any_model: false,
            models: None,
            replies: None,
            record: None,
            upstream: None,
            replay: None,
            emulate_others: false,
            latency: Duration::ZERO,
            token_delay: Duration::ZERO,
            clock: Clock::default(),
            fine_tuning_gone: false,
            log_requests: DEFAULT_LOG_REQUESTS,
            log_bytes: DEFAULT_LOG_BYTES,
            verbose: false,
        }
    }
}

/// A flag: its name, the name of its value (empty for a switch), and its meaning.
type Flag = (&'static str, &'static str, &'static str);

const FLAGS: &[Flag] = &[
    (
        "--host",
        "HOST",
        "the interface to listen on, such as 0.0.0.0 or :: (default: 127.0.0.1)",
    ),
    (
        "--port",
        "N",
        "the port to listen on; 0 picks a free one (default: 8019; with exec: 0)",
    ),
    (
        "--api-key",
        "KEY",
        "a key to accept; repeatable, or several with commas (default: emulator)",
    ),
    ("--any-key", "", "accept any key"),
    ("--any-model", "", "accept any model"),
    (
        "--models",
        "FILE",
        "the models to have: a response to GET /v1/models",
    ),
    (
        "--replies",
        "FILE",
        "replies to queue, in the form of POST /_emulator/replies",
    ),
    (
        "--latency",
        "MS",
        "the delay before each response (default: 0)",
    ),
    (
        "--token-delay",
        "MS",
        "the delay between the events of a stream (default: 0)",
    ),
    (
        "--tokens-per-second",
        "N",
        "the pace of streams, in place of --token-delay",
    ),
    (
        "--clock",
        "TIME",
        "the time at the start, or `now` for the system's (default: 2026-01-01T00:00:00Z)",
    ),
    (
        "--record",
        "FILE",
        "forward what is not in the file to --upstream, and add it to the file",
    ),
    (
        "--upstream",
        "URL",
        "the server to record, such as https://api.mistral.ai",
    ),
    (
        "--replay",
        "FILE",
        "respond from a recording, and with 404 to other requests",
    ),
    (
        "--emulate-others",
        "",
        "with --replay: serve other requests as without it",
    ),
    (
        "--fine-tuning-gone",
        "",
        "respond with 410 to operations on fine-tuning jobs",
    ),
    (
        "--log-requests",
        "N",
        "the number of requests in the log (default: 1000)",
    ),
    (
        "--log-bytes",
        "N",
        "the bytes of their bodies in all (default: 4194304)",
    ),
    (
        "--verbose",
        "",
        "print a line about each request to standard error",
    ),
    ("--version", "", "print the version"),
    ("--help", "", "print this text"),
];

/// Returns the environment variable of a flag.
fn variable(flag: &str) -> String {
    let name = flag.trim_start_matches('-').replace('-', "_");
    format!("MISTRAL_EMULATOR_{}", name.to_uppercase())
}

/// Returns the text of `--help`.
pub(crate) fn help() -> String {
    let flags: String = FLAGS
        .iter()
        .map(|(name, value, meaning)| {
            let flag = format!("{name} {value}");
            format!("  {flag:<24} {meaning}\n")
        })
        .collect();
    format!(
        "A local server that speaks the Mistral API: deterministic, with faults and replies on demand\n\
         \n\
         Usage: mistral-emulator [OPTIONS]                   serve until SIGINT or SIGTERM\n       \
         mistral-emulator [OPTIONS] exec COMMAND …    run a program against an emulator\n       \
         mistral-emulator [OPTIONS] health            ask a running emulator whether it serves\n\
         \n\
         {flags}\n\
         Each option is an environment variable as well, such as {} and {}=true.\n\
         \n\
         {}",
        variable("--port"),
        variable("--any-key"),
        mistral_emulator::help_text(),
    )
}

/// Reads the environment and the arguments, which take precedence.
pub(crate) fn parse(
    arguments: impl IntoIterator<Item = OsString>,
    environment: impl Fn(&str) -> Option<OsString>,
) -> Result<Command, String> {
    let mut options = Options::default();
    for (flag, value_name, _) in FLAGS.iter().filter(|flag| !is_command(flag.0)) {
        let name = variable(flag);
        let Some(value) = environment(&name).filter(|value| !value.is_empty()) else {
            continue;
        };
        let text = text(&value).map_err(|reason| format!("{name}: {reason}"))?;
        let is_on = match (value_name.is_empty(), text) {
            (true, "1" | "true" | "yes") | (false, _) => true,
            (true, "0" | "false" | "no") => false,
            (true, _) => return Err(format!("{name} must be true or false, but is {text:?}")),
        };
        if is_on {
            let set = options.set(flag, text);
            set.map_err(|reason| format!("{name}: {reason}"))?;
        }
    }
    options.parse_arguments(arguments.into_iter())
}

/// Whether a flag does something else than to set an option.
fn is_command(flag: &str) -> bool {
    matches!(flag, "--help" | "--version")
}

fn text(value: &OsString) -> Result<&str, String> {
    let text = value.to_str();
    text.ok_or_else(|| format!("{value:?} is not valid Unicode"))
}

impl Options {
    fn parse_arguments(
        mut self,
        mut arguments: impl Iterator<Item = OsString>,
    ) -> Result<Command, String> {
        let mut has_keys = false;
        while let Some(argument) = arguments.next() {
            let argument = text(&argument)?.to_owned();
            let (name, attached) = match argument.split_once('=') {
                Some((name, value)) => (name, Some(OsString::from(value))),
                None => (argument.as_str(), None),
            };
            match name {
                "--help" | "-h" => return Ok(Command::Help),
                "--version" | "-V" => return Ok(Command::Version),
                "health" => return self.checked().map(Command::Health),
                "exec" => {
                    let command: Vec<OsString> = arguments.skip_while(|it| it == "--").collect();
                    if command.is_empty() {
                        return Err("exec needs a command".to_owned());
                    }
                    return Ok(Command::Exec(self.checked()?, command));
                }
                _ => {}
            }
            let Some((flag, value_name, _)) = FLAGS.iter().find(|flag| flag.0 == name) else {
                return Err(format!("unknown argument {argument:?}"));
            };
            if *flag == "--api-key" && !std::mem::replace(&mut has_keys, true) {
                self.api_keys.clear(); // those of the environment
            }
            let value = match (value_name.is_empty(), attached) {
                (true, Some(_)) => return Err(format!("{flag} takes no value")),
                (true, None) => OsString::new(),
                (false, attached) => attached
                    .or_else(|| arguments.next())
                    .filter(|value| !value.is_empty())
                    .ok_or_else(|| format!("{flag} needs a value: {value_name}"))?,
            };
            self.set(flag, text(&value)?)?;
        }
        self.checked().map(Command::Run)
    }

    /// Sets the option of a flag. The value of a switch is ignored.
    fn set(&mut self, flag: &str, value: &str) -> Result<(), String> {
        let number = |what: &str| -> Result<usize, String> {
            value
                .parse()
                .map_err(|_| format!("{value:?} is not {what}"))
        };
        let millis = || -> Result<Duration, String> {
            let millis = number("a number of milliseconds")?;
            Ok(Duration::from_millis(millis as u64))
        };
        match flag {
            "--host" => value.clone_into(&mut self.host),
            "--port" => {
                let port = value.parse();
                self.port =
                    Some(port.map_err(|_| format!("{value:?} is not a port (0 to 65535)"))?);
            }
            "--api-key" => {
                let keys = value
                    .split(',')
                    .map(str::trim)
                    .filter(|key| !key.is_empty());
                self.api_keys.extend(keys.map(str::to_owned));
            }
            "--any-key" => self.any_key = true,
            "--any-model" => self.any_model = true,
            "--models" => self.models = Some(value.into()),
            "--replies" => self.replies = Some(value.into()),
            "--record" => self.record = Some(value.into()),
            "--upstream" => self.upstream = Some(value.to_owned()),
            "--replay" => self.replay = Some(value.into()),
            "--emulate-others" => self.emulate_others = true,
            "--latency" => self.latency = millis()?,
            "--token-delay" => self.token_delay = millis()?,
            "--tokens-per-second" => {
                let rate: f64 = value.parse().unwrap_or_default();
                if !(0.001..=1e9).contains(&rate) {
                    return Err(format!("{value:?} is not a number of tokens above 0"));
                }
                self.token_delay = Duration::from_secs_f64(1.0 / rate);
            }
            "--clock" => self.clock = value.parse()?,
            "--fine-tuning-gone" => self.fine_tuning_gone = true,
            "--log-requests" => self.log_requests = number("a number of requests")?,
            "--log-bytes" => self.log_bytes = number("a number of bytes")?,
            "--verbose" => self.verbose = true,
            _ => return Err(format!("unknown argument {flag:?}")),
        }
        Ok(())
    }

    /// Reports options that do not go together.
    fn checked(self) -> Result<Box<Self>, String> {
        match (&self.record, &self.upstream, &self.replay) {
            (Some(_), _, Some(_)) => Err("--record and --replay do not go together".to_owned()),
            (Some(_), None, _) => Err("--record needs --upstream".to_owned()),
            (None, Some(_), _) => Err("--upstream needs --record".to_owned()),
            (_, _, None) if self.emulate_others => {
                Err("--emulate-others needs --replay".to_owned())
            }
            _ => Ok(Box::new(self)),
        }
    }

    /// Returns the port to serve on or to ask.
    pub(crate) fn port(&self) -> u16 {
        self.port.unwrap_or(DEFAULT_PORT)
    }

    /// Returns the settings, for which files are read.
    pub(crate) fn builder(&self) -> std::io::Result<EmulatorBuilder> {
        let mut builder = Emulator::builder()
            .host(&self.host)
            .port(self.port())
            .any_key(self.any_key)
            .any_model(self.any_model)
            .latency(self.latency)
            .token_delay(self.token_delay)
            .clock(self.clock)
            .fine_tuning_gone(self.fine_tuning_gone)
            .max_recorded_requests(self.log_requests)
            .max_recorded_bytes(self.log_bytes)
            .verbose(self.verbose);
        for key in &self.api_keys {
            builder = builder.api_key(key);
        }
        if let Some(path) = &self.models {
            builder = builder.models_file(path)?;
        }
        if let Some(path) = &self.replies {
            builder = builder.replies_file(path)?;
        }
        if let (Some(path), Some(upstream)) = (&self.record, &self.upstream) {
            builder = builder.record(path, upstream)?;
        }
        if let Some(path) = &self.replay {
            builder = builder.replay(path, self.emulate_others)?;
        }
        Ok(builder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_both(arguments: &[&str], environment: &[(&str, &str)]) -> Result<Command, String> {
        parse(arguments.iter().map(OsString::from), |name| {
            let found = environment.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.into())
        })
    }

    fn options(arguments: &[&str], environment: &[(&str, &str)]) -> Options {
        match parse_both(arguments, environment).unwrap() {
            Command::Run(options) => *options,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn arguments_are_parsed_with_space_or_equals_sign() {
        let spaced = options(&["--port", "9000", "--api-key", "k"], &[]);
        assert_eq!(
            (spaced.port(), &spaced.api_keys[..]),
            (9000, &["k".to_owned()][..])
        );
        assert_eq!(options(&["--port=9000", "--api-key=k"], &[]), spaced);
        assert_eq!(
            parse_both(&["--port", "1", "--help"], &[]),
            Ok(Command::Help)
        );
        assert_eq!(parse_both(&["-V"], &[]), Ok(Command::Version));
    }

    #[test]
    fn arguments_default_to_port_8019_on_loopback() {
        let options = options(&[], &[]);
        assert_eq!((options.host.as_str(), options.port()), ("127.0.0.1", 8019));
    }

    #[test]
    fn arguments_precede_environment() {
        let environment = [
            ("MISTRAL_EMULATOR_PORT", "1"),
            ("MISTRAL_EMULATOR_HOST", "::"),
            ("MISTRAL_EMULATOR_API_KEY", "a, b"),
            ("MISTRAL_EMULATOR_ANY_MODEL", "true"),
            ("MISTRAL_EMULATOR_ANY_KEY", "0"),
            ("MISTRAL_EMULATOR_TOKENS_PER_SECOND", "50"),
        ];
        let from_environment = options(&[], &environment);
        assert_eq!(from_environment.port(), 1);
        assert_eq!(from_environment.api_keys, ["a", "b"]);
        assert!(from_environment.any_model && !from_environment.any_key);
        assert_eq!(from_environment.token_delay, Duration::from_millis(20));
        let both = options(&["--port=2", "--api-key=c", "--api-key=d"], &environment);
        assert_eq!((both.port(), both.host.as_str()), (2, "::"));
        assert_eq!(both.api_keys, ["c", "d"]);
    }

    #[test]
    fn arguments_after_exec_belong_to_the_command() {
        for arguments in [
            &["--any-key", "exec", "ls", "--port"][..],
            &["--any-key", "exec", "--", "ls", "--port"],
        ] {
            let Ok(Command::Exec(options, command)) = parse_both(arguments, &[]) else {
                panic!("{arguments:?}");
            };
            assert!(options.any_key);
            assert_eq!(command, ["ls", "--port"]);
        }
    }

    #[test]
    fn arguments_invalid_are_reported() {
        for (arguments, reason) in [
            (&["--prot", "1"][..], "unknown argument \"--prot\""),
            (&["extra"], "unknown argument \"extra\""),
            (&["--port"], "--port needs a value: N"),
            (&["--port", "many"], "\"many\" is not a port"),
            (&["--port", "70000"], "\"70000\" is not a port"),
            (&["--api-key", ""], "--api-key needs a value: KEY"),
            (&["--any-key=1"], "--any-key takes no value"),
            (&["--clock", "soon"], "\"soon\" is neither a date-time"),
            (&["--tokens-per-second", "0"], "not a number of tokens"),
            (&["--latency", "-1"], "not a number of milliseconds"),
            (&["--record", "f"], "--record needs --upstream"),
            (&["--upstream", "http://u"], "--upstream needs --record"),
            (&["--emulate-others"], "--emulate-others needs --replay"),
            (&["exec"], "exec needs a command"),
        ] {
            let found = parse_both(arguments, &[]).unwrap_err();
            assert!(found.contains(reason), "{found}");
        }
        let found = parse_both(&[], &[("MISTRAL_EMULATOR_PORT", "x")]).unwrap_err();
        assert!(
            found.contains("MISTRAL_EMULATOR_PORT: \"x\" is not a port"),
            "{found}"
        );
        let found = parse_both(&[], &[("MISTRAL_EMULATOR_VERBOSE", "x")]).unwrap_err();
        assert!(
            found.contains("MISTRAL_EMULATOR_VERBOSE must be true or false"),
            "{found}"
        );
    }

    #[test]
    fn help_names_flags_routes_faults_and_questions() {
        let help = help();
        for expected in [
            "--host HOST",
            "MISTRAL_EMULATOR_PORT",
            "/_emulator/replies",
            "x-emulator-fault",
            "stall_after_events",
            "chat.complete",
            "Who painted Olympia?",
        ] {
            assert!(help.contains(expected), "{expected}");
        }
        for line in help.lines() {
            assert!(line.chars().count() <= 120, "{line}");
        }
    }
}
