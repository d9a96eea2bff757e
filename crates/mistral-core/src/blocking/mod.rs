//! The client for programs that are not asynchronous.
//!
//! Everything is as with the asynchronous [`Client`](crate::Client): the same groups, methods,
//! requests, options and errors. A call ends in `.send()` instead of `.await`; streams, pages
//! and their elements are [`Iterator`]s; downloads are [`Read`](std::io::Read), and uploads
//! come from a path, from bytes, or from a reader by
//! [`FileSource::from_blocking_reader`](crate::transport::FileSource::from_blocking_reader). Tools are plain
//! functions, by [`ToolSet::blocking_tool`](crate::tools::ToolSet).
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let emulator = mistral_emulator::Emulator::start()?;
//! # let client = mistral_sdk::blocking::Client::new(
//! #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
//! # )?;
//! use mistral_sdk::chat::ChatCompletionRequest;
//! use mistral_sdk::chat::Message;
//!
//! let question = [Message::user("Who painted Olympia?")];
//! let request = ChatCompletionRequest::new("mistral-small-latest", question);
//! let response = client.chat().complete(&request).send()?;
//! assert!(response.text().contains("Manet"));
//!
//! for chunk in client.chat().stream(&request).send()? {
//!     print!("{}", chunk?.text());
//! }
//! # Ok(()) }
//! ```

mod batch;
mod calls;
mod client;
mod collect;
mod download;
mod embeddings;
mod failover;
mod pages;
mod reader;
mod run;
mod stream;
mod supply;
mod waiting;

pub use self::batch::{BatchResults, BatchRun, OrderedResults};
pub use self::client::Client;
pub use self::download::ByteStream;
pub use self::embeddings::EmbeddingStream;
pub use self::failover::Failover;
pub use self::pages::{Items, Pages};
pub use self::run::RunStream;
pub use self::stream::EventStream;
pub use crate::mode::Blocking;
