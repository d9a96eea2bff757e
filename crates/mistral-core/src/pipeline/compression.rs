//! Responses that declare a compression. The SDK does not ask for one and cannot read it.

use std::future::poll_fn;

use bytes::BytesMut;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;

use super::deadline::IdleTimer;
use crate::error::{Error, Result, unexpected};
use crate::transport::Body;

/// The number of bytes that tell whether a body is compressed.
const SAMPLE_LENGTH: usize = 16;

/// Returns the compression that a response declares. A transport that decompresses removes the
/// header, but some gateways decompress and keep it.
pub(super) fn compression(headers: &HeaderMap) -> Option<&str> {
    const KNOWN: [&str; 7] = [
        "gzip", "x-gzip", "deflate", "compress", "br", "zstd", "x-zstd",
    ];
    let encoding = headers.get(CONTENT_ENCODING)?.to_str().ok()?;
    let mut names = encoding.split(',').map(str::trim);
    names
        .any(|name| KNOWN.iter().any(|known| name.eq_ignore_ascii_case(known)))
        .then_some(encoding)
}

/// Checks the start of the body of a response that declares a compression: plain text is read as
/// if the header was not there.
pub(super) async fn check_plain(
    response: &mut http::Response<Body>,
    mut timer: IdleTimer,
) -> Result<()> {
    let body = response.body_mut();
    let length = body.content_length();
    let mut first = BytesMut::new();
    while first.len() < SAMPLE_LENGTH
        && let Some(chunk) = poll_fn(|cx| timer.poll_chunk(body, cx)).await
    {
        first.extend_from_slice(&chunk?);
    }
    if is_plain_text(&first) {
        body.unread(first.freeze());
        if let Some(length) = length {
            *body = std::mem::take(body).with_content_length(length);
        }
        return Ok(());
    }
    let encoding = compression(response.headers()).unwrap_or_default();
    Err(compressed(response, encoding))
}

/// Whether bytes that may be cut at the end are text.
pub(super) fn is_plain_text(bytes: &[u8]) -> bool {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() => {
            let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
            std::str::from_utf8(valid).ok()
        }
        Err(_) => None,
    };
    let is_text = |char: char| !char.is_control() || matches!(char, '\t' | '\n' | '\r');
    text.is_some_and(|text| text.chars().all(is_text))
}

/// Creates the error of a success that cannot be read because it is compressed.
fn compressed(response: &http::Response<Body>, encoding: &str) -> Error {
    unexpected(
        response.status(),
        response.headers().clone(),
        &[],
        compressed_message(encoding),
    )
}

pub(super) fn compressed_message(encoding: &str) -> String {
    format!(
        "the body is compressed (`{encoding}`), which the client did not request: \
         use a transport that decompresses it"
    )
}
