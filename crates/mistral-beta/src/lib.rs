//! The newer groups of Mistral's API, for the Mistral SDK for Rust: conversations, agents,
//! libraries, connectors, workflows, observability, the Responses API, and more.
//!
//! Applications use this crate as `mistral_sdk::beta`, with one of the facade's features per
//! area. [`BetaExt`] adds the groups to the client, under the names of the official SDK:
//! `client.beta().conversations()`, `client.workflows().executions()`, `client.responses()`.
//!
//! **This crate is exempt from semantic versioning.** Its types follow an API that still changes:
//! a minor version may rename or remove what is here. Unions and enums are open, and fields that
//! are not declared are kept, so that a change on the server does not break a build of yesterday.
//!
//! # Features
//!
//! No feature is on by default.
//!
//! | feature | groups |
//! |---|---|
//! | `conversations` | `beta.conversations`, `.agents`, `.libraries`, `.connectors`, `.prompts`, `.skills` |
//! | `workflows` | `workflows`, `events` |
//! | `workflow-encoding` | encryption of the payloads of workflows, and storage of large ones |
//! | `workflow-compression` | the same with compression |
//! | `observability` | `beta.observability` |
//! | `responses` | `responses` |
//! | `admin` | `beta.users`, `.service_accounts`, `.webhooks`, `.triggers` |
//! | `context` | `beta.context`, `beta.rag` |
//! | `audio` | `audio.agents`, `audio.sessions`, `realtime` |
//! | `beta` | all of them |

#![cfg_attr(docsrs, feature(doc_cfg))]
// The members of a union are as large as the API makes them.
#![allow(clippy::large_enum_variant)]

mod entry;
#[cfg(feature = "conversations")]
mod list_page;
#[cfg(any(
    feature = "context",
    feature = "conversations",
    feature = "responses",
    feature = "workflows"
))]
mod stream_event;

pub use self::entry::{Beta, BetaExt};
#[cfg(feature = "conversations")]
pub use self::list_page::ListPage;

#[cfg(feature = "conversations")]
pub mod agents;
#[cfg(feature = "audio")]
pub mod audio;
#[cfg(feature = "conversations")]
pub mod connectors;
#[cfg(feature = "context")]
pub mod context;
#[cfg(feature = "conversations")]
pub mod conversations;
#[cfg(feature = "conversations")]
pub mod libraries;
#[cfg(feature = "observability")]
pub mod observability;
#[cfg(feature = "conversations")]
pub mod prompts;
#[cfg(feature = "context")]
pub mod rag;
#[cfg(feature = "audio")]
pub mod realtime;
#[cfg(feature = "responses")]
pub mod responses;
#[cfg(feature = "admin")]
pub mod service_accounts;
#[cfg(feature = "conversations")]
pub mod skills;
#[cfg(feature = "admin")]
pub mod triggers;
#[cfg(feature = "admin")]
pub mod users;
#[cfg(feature = "admin")]
pub mod webhooks;
#[cfg(feature = "workflow-encoding")]
pub mod workflow_encoding;
#[cfg(feature = "workflows")]
pub mod workflows;

#[cfg(feature = "audio")]
pub use self::audio::AudioExt;
