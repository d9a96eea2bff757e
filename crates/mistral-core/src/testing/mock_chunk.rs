//! The chunks of a mock's body.

use std::time::Duration;

use bytes::Bytes;

use super::playing::Step;
use crate::transport::TransportErrorKind;

/// The message of a transport error that a reply asks for.
pub(super) const SCRIPTED: &str = "as scripted by MockTransport";

/// One step of the body that a [`MockReply`](super::MockReply) sends.
///
/// A value that converts into [`Bytes`] also converts into a chunk.
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use mistral_sdk::testing::{MockChunk, MockReply, MockTransport};
/// use mistral_sdk::{Client, ErrorKind, MistralApi};
///
/// let mock = MockTransport::new().reply(MockReply::bytes(
///     "application/octet-stream",
///     ["one".into(), MockChunk::Delay(Duration::from_secs(9)), "two".into(), MockChunk::Break],
/// ));
/// let client = Client::builder(MistralApi::new("my-key")?).transport(mock).build()?;
///
/// let mut download = client.files().download("file-1").await?;
/// assert_eq!(download.next().await.unwrap()?, "one");
/// assert_eq!(download.next().await.unwrap()?, "two"); // nine seconds later
/// let error = download.next().await.unwrap().unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Truncated);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MockChunk {
    /// Sends these bytes as one chunk.
    Bytes(Bytes),
    /// Sends nothing for this long.
    Delay(Duration),
    /// Breaks the connection.
    Break,
    /// Sends nothing more and keeps the connection open.
    Stall,
}

impl<B: Into<Bytes>> From<B> for MockChunk {
    fn from(bytes: B) -> Self {
        Self::Bytes(bytes.into())
    }
}

/// The steps of a body with a delay before each chunk of bytes.
pub(super) fn steps(chunks: Vec<MockChunk>, delay: Duration) -> Vec<Step> {
    let mut steps = Vec::with_capacity(chunks.len());
    for chunk in chunks {
        if matches!(chunk, MockChunk::Bytes(_)) && !delay.is_zero() {
            steps.push(Step::Delay(delay));
        }
        steps.push(match chunk {
            MockChunk::Bytes(bytes) => Step::Bytes(bytes),
            MockChunk::Delay(delay) => Step::Delay(delay),
            MockChunk::Break => Step::Error(TransportErrorKind::Interrupted, SCRIPTED),
            MockChunk::Stall => Step::Stall,
        });
    }
    steps
}
