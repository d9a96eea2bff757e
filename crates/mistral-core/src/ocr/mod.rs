//! Text of documents and images.

use crate::provider::Endpoint;

pub(crate) static ENDPOINTS: &[&Endpoint] = &[];

group! {
    /// Text of documents and images. Made by [`Client::ocr`](crate::Client::ocr).
    Ocr
}
