//! Transports for the tests of programs that use the SDK (feature `testing`).
//!
//! * [`MockTransport`] replies from a script and records the requests.
//! * [`Cassette`] records real responses once and replays them without the network.
//!
//! Both are passed to [`ClientBuilder::transport`](crate::ClientBuilder::transport). For a program
//! that should send HTTP requests to a server, use the crate `mistral-emulator`.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use mistral_sdk::testing::{MockReply, MockTransport};
//! use mistral_sdk::{Client, MistralApi};
//! use mistral_sdk::chat::{ChatCompletionRequest, Message};
//!
//! /// The program under test.
//! async fn shorten(client: &Client, text: &str) -> mistral_sdk::Result<String> {
//!     let messages = [Message::system("Shorten this text."), Message::user(text)];
//!     let request = ChatCompletionRequest::new("mistral-small-latest", messages);
//!     Ok(client.chat().complete(&request).await?.text().into_owned())
//! }
//!
//! let mock = MockTransport::new().reply(MockReply::chat("Short."));
//! let client = Client::builder(MistralApi::new("my-key")?).transport(mock.clone()).build()?;
//!
//! assert_eq!(shorten(&client, "A long text.").await?, "Short.");
//! assert_eq!(mock.requests()[0].json()["messages"][1]["content"], "A long text.");
//! # Ok(()) }
//! ```

mod cassette;
mod completion;
mod mock;
mod mock_chunk;
mod mock_request;
mod playing;
mod reply;

pub use self::cassette::Cassette;
pub use self::mock::MockTransport;
pub use self::mock_chunk::MockChunk;
pub use self::mock_request::MockRequest;
pub use self::reply::MockReply;
use crate::transport::{TransportError, TransportErrorKind};

/// Returns the error of a request without a reply.
fn config_error(message: String) -> TransportError {
    TransportError::new(TransportErrorKind::Config, message)
}
