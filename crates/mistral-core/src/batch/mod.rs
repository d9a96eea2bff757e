//! Batches: many requests at once, for less.

use crate::provider::Endpoint;

pub(crate) static ENDPOINTS: &[&Endpoint] = &[];

group! {
    /// Batches: many requests at once, for less. Made by [`Client::batch`](crate::Client::batch).
    Batch
}
