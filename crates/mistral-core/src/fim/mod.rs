//! Completions of code from both sides.

use crate::provider::Endpoint;

pub(crate) static ENDPOINTS: &[&Endpoint] = &[];

group! {
    /// Completions of code from both sides. Made by [`Client::fim`](crate::Client::fim).
    Fim
}
