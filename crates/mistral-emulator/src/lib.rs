//! A local server that speaks the Mistral API.
//!
//! It needs neither a key nor a network, responds to the same request always in the same way, and
//! fails on demand. Use it to try a program before you have a key, and to test a program's handling
//! of responses, streams, errors and broken connections.
//!
//! It serves chat, agent and FIM completions (unary and streamed), embeddings, moderation and
//! classification of texts and conversations, OCR, transcriptions and speech (unary and streamed),
//! voices, files with signed URLs, batch and fine-tuning jobs, and models: listing all of them, and
//! updating, archiving and deleting those that are fine-tuned. Of the beta groups it serves agents
//! with versions and aliases, conversations (unary and streamed), libraries with documents and
//! sharing, prompts and skills. It validates requests as the real server does: the key, every field
//! of the body, the order of messages, and the capabilities of the model.
//!
//! Workflows, connectors, datasets and the Responses API behave as well; see [State](#state). Every
//! other operation of the API is served [from its schemas](#operations-served-from-their-schemas).
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
//! * Agent completions accept every agent id. One that was not created stands for an agent with a
//!   general model.
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
//! Everything that is created lives as long as the emulator, or until [`Emulator::reset`]. Ids
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
//! * Every name is that of a workflow. An execution is `RUNNING` the first time it is retrieved and
//!   `COMPLETED` the second time; a stream of its events, and `wait_for_result`, run it to its end.
//!   The result is an object with `workflow`, `input`, `signals` and `updates`; an encoded input is
//!   returned as it is. An execution whose input has the text `fail` ends `FAILED` with that message.
//!   Streams of events are numbered by `broker_sequence` and resume after `Last-Event-ID` or at
//!   `start_seq`. A schedule starts executions when it is triggered, not by the clock.
//! * Each connector has the tools `echo`, which returns its `text`, and `search`, which repeats its
//!   `query`. Credentials are stored without their secrets.
//! * An import into a dataset is complete once its task is retrieved, and adds the records then. An
//!   export is a file behind a signed URL.
//! * The output of the Responses API is that of a chat completion for the same messages, tools and
//!   format. Replies of text and tool calls apply to it.
//!
//! # Operations served from their schemas
//!
//! Operations without an implementation are known from the facts of the official SDK: paths,
//! parameters and schemas. A request is validated against them; a response is an instance of its
//! schema and the same for the same request. Members that the request names have the values of the
//! request, timestamps are those of the clock. A list has three items, which `page_size`, `limit` and
//! the tokens of the API divide into pages. A stream has one event of each kind, but no errors.
//! Nothing is stored, so that every id exists. Patterns are not checked.
//!
//! # Agents, conversations and libraries
//!
//! * The version of a new agent is 0. Each update adds a version, which becomes the current one.
//! * A turn of a conversation is generated as a chat completion is, from the instructions and the
//!   history. A function call ends it; a `function.result` with the same `tool_call_id` goes on.
//! * The server's own tools run if `tool_choice` is `any` or `required` and there is no function, if
//!   the prompt mentions the name of the tool, or if it has a word such as `search`, `latest`,
//!   `today` (web search), `run`, `code`, `calculate` (code interpreter), `draw`, `generate`,
//!   `picture` (image generation) or `document`, `library` (document library). A connector runs if
//!   the prompt mentions its id. Each adds a `tool.execution`; the message repeats the result.
//!   A generated image is a file, which can be downloaded.
//! * A document library also runs if a processed document has a word of the prompt. The document
//!   with the most of them comes first, with the sentence that has the most.
//! * A tool in `requires_confirmation` becomes a pending `function.call`, which `tool_confirmations`
//!   of the next request allow or deny.
//! * An agent hands over to one of its `handoffs` if the prompt mentions the name of that agent or a
//!   word of it. With `handoff_execution` `client` the response ends there, and an append without
//!   inputs lets the next agent respond.
//! * An invalid request has a status. What goes wrong while a stream is generated, such as a
//!   guardrail that blocks, is a `conversation.response.error` event.
//! * A document is `Running` when it is uploaded and `Completed` once its status has been retrieved
//!   twice, `Failed` if it is empty. Until then its text is empty and libraries do not find it. The
//!   same content again returns the document that exists, with 200 instead of 201.
//! * The version of a new prompt or skill is 1. A version whose definition equals the latest one is
//!   not added. An alias belongs to one version at a time.
//!
//! # Other clouds
//!
//! The emulator serves chat, FIM and OCR with the routes and errors of Azure
//! (`/openai/v1/…`, also below `/api/projects/{project}`, `/models/chat/completions`,
//! `/openai/deployments/…`, `/providers/mistral/azure/ocr`; a serverless deployment is below
//! `/azure`) and of Vertex AI
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
mod spec;
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
