//! The blocking client, for programs without an async runtime.
//!
//! It has the API groups, methods, requests, options and errors of the asynchronous
//! [`Client`](crate::Client). The differences:
//!
//! * Calls are sent with `.send()` instead of `.await`.
//! * Streams, pages and their items are [`Iterator`]s.
//! * Downloads implement [`Read`](std::io::Read). Uploads accept a path, bytes, or a reader with
//!   [`FileSource::from_blocking_reader`](crate::transport::FileSource::from_blocking_reader).
//! * Tools are plain functions, added with [`ToolSet::blocking_tool`](crate::tools::ToolSet).
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let emulator = mistral_emulator::Emulator::start()?;
//! # let client = mistral_sdk::blocking::Client::new(
//! #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
//! # )?;
//! use mistral_sdk::chat::ChatCompletionRequest;
//!
//! let question = "Who painted Olympia?";
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
mod blocking_stream;
mod calls;
mod client;
mod collect;
mod download;
mod embeddings;
mod failover;
mod feeder;
mod pages;
mod reader;
mod run;
mod stream;

pub use self::batch::{BatchResults, BatchRun, OrderedResults};
pub use self::client::Client;
pub use self::download::ByteStream;
pub use self::embeddings::EmbeddingStream;
pub use self::failover::Failover;
pub use self::pages::{Items, Pages};
pub use self::run::RunStream;
pub use self::stream::EventStream;
pub use crate::mode::Blocking;
