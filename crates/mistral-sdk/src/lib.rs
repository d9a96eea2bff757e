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

/// The guide: its examples are compiled with the tests.
#[cfg(all(doctest, feature = "api", feature = "reqwest"))]
mod guide {
    macro_rules! pages {
        ($($page:literal => $name:ident,)+) => {
            $(
                #[doc = include_str!(concat!("../../../docs/", $page))]
                struct $name;
            )+
        };
    }

    pages! {
        "getting-started.md" => GettingStarted,
        "streaming.md" => Streaming,
        "errors-and-retries.md" => ErrorsAndRetries,
        "providers.md" => Providers,
        "embeddings.md" => Embeddings,
    }
}
