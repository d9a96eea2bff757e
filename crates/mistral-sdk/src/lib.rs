#![doc = include_str!("../README.md")]

mod env;

#[cfg(feature = "api")]
#[doc(inline)]
pub use mistral_api::{MistralApi, Server};
#[cfg(feature = "reqwest")]
#[doc(inline)]
pub use mistral_core::ReqwestTransport;
#[doc(inline)]
pub use mistral_core::{
    ApiError, Async, Body, Call, Client, ClientBuilder, Endpoint, Error, ErrorDetail, ErrorKind,
    EventStream, EventTooLarge, FromEnv, Mode, Operation, Payload, Provider, RateLimit, Repeat,
    Response, Result, RetryPolicy, Route, RouteRequest, SseDecoder, SseEvent, StreamCall,
    StreamEvent, TimeoutPhase, Timeouts, Token, TokenSource, Transport, TransportError,
    TransportErrorKind, parse_base_url,
};
#[doc(inline)]
pub use mistral_core::{chat, embeddings, models, types};

pub use crate::env::{Compiled, PROVIDER_VARIABLE};
