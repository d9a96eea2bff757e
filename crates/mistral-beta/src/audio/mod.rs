//! Voice agents and their sessions, below [`Audio`].

pub mod agents;
pub mod sessions;

use mistral_core::audio::Audio;
use mistral_core::mode::Mode;

use self::agents::VoiceAgents;
use self::sessions::VoiceSessions;

mod sealed {
    pub trait Sealed {}
}

impl<M: Mode> sealed::Sealed for Audio<M> {}

/// Adds the groups of this crate to [`Audio`].
pub trait AudioExt<M: Mode>: sealed::Sealed {
    /// Returns the operations on voice agents.
    fn agents(&self) -> VoiceAgents<M>;

    /// Returns the operations on the sessions of voice agents.
    fn sessions(&self) -> VoiceSessions<M>;
}

impl<M: Mode> AudioExt<M> for Audio<M> {
    fn agents(&self) -> VoiceAgents<M> {
        VoiceAgents::new(self.client())
    }

    fn sessions(&self) -> VoiceSessions<M> {
        VoiceSessions::new(self.client())
    }
}
