//! The options, each of which is a flag and an environment variable.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use mistral_emulator::{Clock, Emulator, EmulatorBuilder};

use super::flags::{FLAGS, variable};

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
#[path = "options_tests.rs"]
mod tests;
