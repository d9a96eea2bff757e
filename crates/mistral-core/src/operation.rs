//! The parts that groups of operations are built of, for endpoints that the SDK does not model.
//!
//! A group declares its [`Operation`]s, the types of requests and responses, and a method per
//! operation that builds an [`ApiRequest`] and hands it to
//! [`Client::call`](crate::Client::call),
//! [`call_stream`](crate::Client::call_stream) or
//! [`call_download`](crate::Client::call_download). Route, credentials, retries, timeouts,
//! errors and pages are the same as for the groups of the SDK.

pub use crate::call::{
    Call, DownloadCall, Envelope, MergedEvent, NextPage, Page, ReconnectingStream, SequencedEvent,
    StreamCall, StreamEvent, Wait, WaitProgress,
};
pub use crate::error::decode_value;
pub use crate::pipeline::multipart::MultipartForm;
pub use crate::pipeline::request::ApiRequest;
pub use crate::provider::{Framing, Operation, RetrySafety};
