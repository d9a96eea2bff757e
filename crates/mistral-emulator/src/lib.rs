//! A local server that speaks the Mistral API.
//!
//! It needs neither a key nor a network, responds to the same request always in the same way, and
//! fails on demand. Use it to try a program before you have a key, and to test a program's handling
//! of responses, streams, errors and broken connections.
//!
//! It serves chat, agent and FIM completions (unary and streamed), embeddings, moderation and
//! classification of texts and conversations, OCR, transcriptions and speech (unary and streamed),
//! voices, files with signed URLs, batch and fine-tuning jobs, and models: listing all of them, and
//! updating, archiving and deleting those that are fine-tuned. It validates requests as the real
//! server does: the key, every field of the body, the order of messages, and the capabilities of
//! the model.
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
//! let mut response = String::new();
//! connection.read_to_string(&mut response)?;
//!
//! assert!(response.contains("Édouard Manet painted Olympia in 1863."));
//! assert_eq!(emulator.requests().len(), 1);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Content of responses
//!
//! * Two questions have a real answer: `Who painted Olympia?` and `Who is the best French painter?
//!   Answer in one short sentence.` The response to any other prompt states that it comes from the
//!   emulator and repeats the first words of the prompt.
//! * `Echo: …` and prompts such as `Reply with exactly: …` are answered with the text after the
//!   colon.
//! * A tool is called if `tool_choice` requires it, if the prompt mentions its name, or if the prompt
//!   is about what the name says: `How is the weather?` calls `get_weather`. Of a single tool the
//!   description counts as well; one that is named as a type, such as `Person`, is always called. A
//!   prompt that says not to call tools is obeyed. The arguments satisfy
//!   the tool's schema; what the prompt states plainly is taken from it: `city=Paris`, `in Paris`,
//!   numbers, choices, a JSON object. The response to a tool result repeats the result.
//! * `response_format` yields a small object or an instance of the schema, whose `pattern`s are obeyed.
//!   A schema in a message that asks for JSON is followed, too, and so are the keys that a prompt
//!   lists: `with keys 'answer' and 'justification'`.
//! * The model `magistral-medium-latest`, and any model with a `reasoning_effort` other than `none`,
//!   reasons before it responds.
//! * `n`, `stop`, `max_tokens`, `min_tokens`, `logprobs`, `prompt_cache_key` and prefix messages are
//!   implemented. A word counts as a token, a longer word as one token for every twelve characters, a
//!   recording as 375 tokens for every 30 seconds.
//! * The models are those of the real list, with their capabilities: an image, a recording or tools
//!   are rejected by a model that cannot take them, `logprobs` by a model without them, and a prompt
//!   by a model whose context is smaller.
//! * `guardrails` moderate the last message of the user, and block it with a 403 if they are to.
//! * Every agent id is accepted and stands for an agent with a general model.
//! * Keywords determine moderation and classification: `kill` is a threat, `great` is positive. Of
//!   a conversation only the last message counts.
//! * URLs are not fetched, but for those that the emulator has signed. A document behind another URL
//!   has three pages, a recording lasts ten seconds. Of a document that is uploaded or sent as a data
//!   URL, plain text is read and the pages of a PDF are counted.
//! * Speech is a short tone in a WAV file for every format but `pcm`, which is the samples alone. A
//!   voice exists until it is deleted.
//!
//! # State
//!
//! Files, jobs and fine-tuned models live as long as the emulator, or until [`Emulator::reset`]. Ids
//! and timestamps are the same on every run: the clock starts at the beginning of 2026 and advances
//! by a second with each change. [`EmulatorBuilder::clock`] sets another [`Clock`].
//!
//! * A job advances by one status each time it is retrieved, so that a program which polls a job
//!   need not wait. A batch job goes from `QUEUED` over `RUNNING` to `SUCCESS`, a fine-tuning job
//!   from `QUEUED` over `VALIDATING` (and `VALIDATED`, if it must be started) and `RUNNING` to
//!   `SUCCESS`.
//! * The requests of a batch job are dispatched to the emulator itself. The results are in files,
//!   not in the order of the requests, and in `outputs` if the job is retrieved with `inline=true`.
//!   A job with `timeout_hours` 0 ends as `TIMEOUT_EXCEEDED`, one with invalid lines as `FAILED`.
//! * A fine-tuned model responds as its base model. Mistral has withdrawn fine-tuning;
//!   [`EmulatorBuilder::fine_tuning_gone`] makes the emulator respond as the real API does now.
//!
//! # Other clouds
//!
//! The emulator serves chat, FIM and OCR with the routes and errors of Azure
//! (`/models/chat/completions`, `/openai/v1/…`, `/openai/deployments/…`,
//! `/providers/mistral/azure/ocr`; a serverless deployment is below `/azure`) and of Vertex AI
//! (`:rawPredict`, `:streamRawPredict`). A deployment whose name is not that of a model is served by a suitable model. Access tokens are
//! issued by `/token` (Google), `/{tenant}/oauth2/v2.0/token` (Entra ID) and a metadata server, and
//! revoked by [`Emulator::revoke_tokens`].
//!
//! # Scripted replies and faults
//!
//! [`Emulator::push_reply`] sets the content of responses, [`Emulator::push_fault`] injects faults
//! into them, and the header [`FAULT_HEADER`] into the response to the request that carries it. See
//! [`Reply`] and [`Fault`]. Both apply to the next requests, or to those with an operation, a model
//! or a text.
//!
//! # Control over HTTP
//!
//! Tests in any language do the same over HTTP: `/_emulator/replies`, `/_emulator/faults`,
//! `/_emulator/requests`, `/_emulator/reset`. `GET /` lists all routes, with the members of faults
//! and replies.
//!
//! # Recordings
//!
//! [`EmulatorBuilder::record`] forwards requests to a real server and stores the exchanges without
//! credentials, [`EmulatorBuilder::replay`] responds from them.
//!
//! # Command line
//!
//! `mistral-emulator --port 8019` runs until SIGINT or SIGTERM. Configure a program with
//! `MISTRAL_API_KEY=emulator` and the base URL `http://127.0.0.1:8019`. `mistral-emulator exec
//! COMMAND` does so for a program. `--help` lists the options, each of which is an environment
//! variable as well.
//!
//! # Features
//!
//! * `tls`: records from servers that speak HTTPS. Off by default.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod clouds;
mod control;
mod faults;
mod generate;
mod json;
mod json_format;
mod operations;
mod recording;
mod replies;
mod requests;
mod responses;
mod routes;
mod server;
mod state;
mod time;

pub use faults::Fault;
pub use faults::header::FAULT_HEADER;
pub use replies::Reply;
pub use server::{Emulator, EmulatorBuilder};
pub use state::RecordedRequest;
pub use time::Clock;

/// Returns what `--help` shows beside the options: control routes, faults, replies, operations.
#[doc(hidden)]
#[must_use]
pub fn help_text() -> String {
    control::help_text()
}

/// Compiles the programs of the guide.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/emulator.md")]
mod guide {}
