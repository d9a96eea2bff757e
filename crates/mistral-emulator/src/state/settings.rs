//! The settings of an emulator, which do not change while it runs.

use std::time::Duration;

use super::LogLimits;
use super::model_settings::ModelSettings;
use crate::faults::Fault;
use crate::recording::Tape;
use crate::replies::Reply;
use crate::time::Clock;

#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// The API keys that are accepted; the first one is shown to users.
    pub(crate) keys: Vec<String>,
    /// Whether any key is accepted.
    pub(crate) any_key: bool,
    pub(crate) models: ModelSettings,
    /// Whether the operations on fine-tuning jobs respond with 410.
    pub(crate) fine_tuning_gone: bool,
    pub(crate) log: LogLimits,
    /// The delay before each response.
    pub(crate) latency: Duration,
    /// The delay between the events of a stream.
    pub(crate) token_delay: Duration,
    pub(crate) clock: Clock,
    /// The faults and replies that are queued at the start and by a reset.
    pub(crate) faults: Vec<Fault>,
    pub(crate) replies: Vec<Reply>,
    pub(crate) tape: Option<Tape>,
    /// Whether each request is printed to standard error.
    pub(crate) verbose: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            keys: Vec::new(),
            any_key: false,
            models: ModelSettings::default(),
            fine_tuning_gone: false,
            log: LogLimits::default(),
            latency: Duration::ZERO,
            token_delay: Duration::ZERO,
            clock: Clock::default(),
            faults: Vec::new(),
            replies: Vec::new(),
            tape: None,
            verbose: false,
        }
    }
}
