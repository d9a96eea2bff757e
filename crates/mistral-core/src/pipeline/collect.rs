//! Reading of whole bodies into memory.

use std::future::poll_fn;

use super::deadline::IdleTimer;
use crate::error::{Error, ErrorKind, Result};
use crate::transport::{Body, BodyCollector};

/// The default limit of the size of a response in memory: 256 MiB.
pub(crate) const DEFAULT_MAX_RESPONSE_SIZE: usize = 256 * 1024 * 1024;

/// Reads a body to its end, up to `limit` bytes.
pub(super) async fn collect(body: &mut Body, timer: &mut IdleTimer, limit: usize) -> Result<()> {
    let announced = body.content_length().unwrap_or_default();
    if announced > limit as u64 {
        return Err(too_large(limit));
    }
    if body.bytes().is_some() {
        return Ok(());
    }
    let mut collector = BodyCollector::new(body);
    let mut room = limit;
    while let Some(chunk) = poll_fn(|cx| timer.poll_chunk(body, cx)).await {
        let chunk = chunk?;
        room = room
            .checked_sub(chunk.len())
            .ok_or_else(|| too_large(limit))?;
        collector.push(chunk);
    }
    *body = collector.into_bytes().into();
    Ok(())
}

/// Creates the error of a response beyond the limit.
#[cold]
pub(crate) fn too_large(limit: usize) -> Error {
    let message =
        format!("the response is larger than {limit} bytes: increase `max_response_size`");
    Error::new(ErrorKind::TooLarge, message)
}
