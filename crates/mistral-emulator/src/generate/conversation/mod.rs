//! The parts of a turn of a conversation: messages of the history, tools and events.

pub(crate) mod built_in_tools;
pub(crate) mod events;
pub(crate) mod messages;
