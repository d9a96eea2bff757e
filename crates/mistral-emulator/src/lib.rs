//! A local server that speaks the Mistral API.
//!
//! It answers without a key and without the network, always the same to the same request, and
//! it fails on demand. Use it to try a program before you have a key, and to test how a program
//! deals with answers, streams, refusals and broken connections.
//!
//! It serves chat completions, completions of code and of agents (whole and streamed),
//! embeddings, moderation and classification of texts and of conversations, recognition of text
//! in documents, transcriptions and speech (whole and streamed), voices, files with signed URLs,
//! batch and fine-tuning jobs, and models: their list, and renaming, archiving and deleting those
//! that are fine-tuned. It checks requests as the real server does: the key, every field of the
//! body, the order of messages, and whether the model can do what is asked.
//!
//! ```
//! use std::io::{Read, Write};
//! use std::net::TcpStream;
//!
//! use mistral_emulator::Emulator;
//!
//! let emulator = Emulator::start()?;
//! let body = r#"{"model": "mistral-small-latest",
//!     "messages": [{"role": "user", "content": "Who painted Olympia?"}]}"#;
//!
//! // Any HTTP client will do, with emulator.url() and emulator.api_key().
//! let mut connection = TcpStream::connect(("127.0.0.1", emulator.port()))?;
//! write!(
//!     connection,
//!     "POST /v1/chat/completions HTTP/1.1\r\nhost: emulator\r\nconnection: close\r\n\
//!      authorization: Bearer {}\r\ncontent-type: application/json\r\n\
//!      content-length: {}\r\n\r\n{body}",
//!     emulator.api_key(),
//!     body.len(),
//! )?;
//! let mut answer = String::new();
//! connection.read_to_string(&mut answer)?;
//!
//! assert!(answer.contains("Édouard Manet painted Olympia in 1863."));
//! assert_eq!(emulator.requests().len(), 1);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # What it says
//!
//! * Two questions are really answered: `Who painted Olympia?` and `Who is the best French
//!   painter? Answer in one short sentence.` To all else it says that it is the emulator and
//!   repeats the first words of the prompt.
//! * A tool is called when `tool_choice` demands it, or when the prompt mentions its name. The
//!   arguments satisfy the tool's schema. After the tool's result it repeats the result.
//! * `response_format` gives a small object or an instance of the given schema.
//! * Models named `magistral-*`, and any model with a `reasoning_effort` other than `none`,
//!   think before they answer.
//! * `n`, `stop`, `max_tokens`, `logprobs`, `prompt_cache_key` and prefix messages have their
//!   effect; a word, or a dozen letters of a longer one, counts as a token.
//! * Every agent id is taken for that of an agent with a general model.
//! * Single words decide about moderation and classification: `kill` is a threat, `great` is
//!   positive. A conversation is judged by its last message.
//! * Nothing is fetched. Documents behind a URL or an id have three pages, recordings last ten
//!   seconds. Of a document that is sent as a data URL the text is read if it is plain text, and
//!   the pages are counted if it is a PDF.
//! * Speech is a short tone in a WAV file, whatever the format asked for; `pcm` gives its
//!   samples alone. A voice that was created is there until it is deleted.
//!
//! # What it remembers
//!
//! Files, jobs and fine-tuned models live as long as the emulator. Ids are the same on every run,
//! and time is too: it begins with 2026 and goes on by a second with each change.
//!
//! * A job moves one step each time it is retrieved, so polling it to its end needs no waiting. A
//!   batch job goes from `QUEUED` over `RUNNING` to `SUCCESS`, a fine-tuning job from `QUEUED`
//!   over `VALIDATING` (and `VALIDATED`, where it waits to be started) and `RUNNING` to `SUCCESS`.
//! * A batch job sends its requests to this very server. Their results are in files, which do not
//!   keep the order of the requests, and in `outputs` when it is retrieved with `inline=true`.
//!   With `timeout_hours` 0 it ends as `TIMEOUT_EXCEEDED`, with unusable lines as `FAILED`.
//! * The model of a fine-tuning job answers as the model it started from. Mistral has withdrawn
//!   fine-tuning; [`EmulatorBuilder::fine_tuning_gone`] answers as it does now.
//!
//! # Other clouds
//!
//! It serves chat, FIM and OCR by the routes of Azure (`/models/chat/completions`,
//! `/openai/v1/…`, `/openai/deployments/…`, `/providers/mistral/azure/ocr`) and of Vertex AI
//! (`:rawPredict`, `:streamRawPredict`), with their errors. Names of deployments that no model
//! has are answered by a model that fits. Tokens are given out at `/token` (Google), at
//! `/{tenant}/oauth2/v2.0/token` (Entra ID) and by a metadata server;
//! [`Emulator::revoke_tokens`] makes them worthless.
//!
//! # Faults
//!
//! [`Emulator::push_fault`] makes the next requests fail; the header [`FAULT_HEADER`] does so for
//! the request that carries it. See [`Fault`] for what can go wrong.
//!
//! # As a program
//!
//! `mistral-emulator --port 8019` serves until it is interrupted. Point a program at it with
//! `MISTRAL_API_KEY=emulator` and the base URL `http://127.0.0.1:8019`.

mod clouds;
mod faults;
mod generate;
mod json;
mod requests;
mod responses;
mod routes;
mod server;
mod state;
mod time;

pub use faults::{FAULT_HEADER, Fault};
pub use server::{Emulator, EmulatorBuilder};
pub use state::RecordedRequest;
