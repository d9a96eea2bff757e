//! Completions by agents.

use crate::provider::Endpoint;

pub(crate) static ENDPOINTS: &[&Endpoint] = &[];

group! {
    /// Completions by agents. Made by [`Client::agents`](crate::Client::agents).
    Agents
}
