//! Training of models of your own.

use crate::provider::Endpoint;

pub(crate) static ENDPOINTS: &[&Endpoint] = &[];

group! {
    /// Training of models of your own. Made by [`Client::fine_tuning`](crate::Client::fine_tuning).
    FineTuning
}
