//! Moderation and classification of texts.

use crate::provider::Endpoint;

pub(crate) static ENDPOINTS: &[&Endpoint] = &[];

group! {
    /// Moderation and classification of texts. Made by [`Client::classifiers`](crate::Client::classifiers).
    Classifiers
}
