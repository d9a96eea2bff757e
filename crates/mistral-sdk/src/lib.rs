#![doc = include_str!("../README.md")]

mod env;

#[cfg(feature = "api")]
#[doc(inline)]
pub use mistral_api::{MistralApi, Server};
#[cfg(feature = "azure")]
#[doc(inline)]
pub use mistral_azure::{AzureAuth, EndpointKind, MistralAzure, MistralAzureBuilder};
#[doc(inline)]
pub use mistral_core::*;
#[cfg(feature = "gcp")]
#[doc(inline)]
pub use mistral_gcp::{MistralGcp, MistralGcpBuilder};

pub use crate::env::{CompiledProviders, MODEL_MAP_VARIABLE, PROVIDER_VARIABLE};

/// The guide: its examples are compiled with the tests.
#[cfg(all(doctest, feature = "api", feature = "reqwest"))]
mod guide {
    macro_rules! pages {
        ($($(#[$condition:meta])? $page:literal => $name:ident,)+) => {
            $(
                $(#[$condition])?
                #[doc = include_str!(concat!("../../../docs/", $page))]
                struct $name;
            )+
        };
    }

    pages! {
        "getting-started.md" => GettingStarted,
        "streaming.md" => Streaming,
        "errors-and-retries.md" => ErrorsAndRetries,
        "reliability.md" => Reliability,
        "compatibility.md" => Compatibility,
        "limits-and-failover.md" => LimitsAndFailover,
        "gateway.md" => Gateway,
        "providers.md" => Providers,
        "embeddings.md" => Embeddings,
        "files-and-batches.md" => FilesAndBatches,
        "audio-and-ocr.md" => AudioAndOcr,
        #[cfg(feature = "blocking")]
        "blocking.md" => Blocking,
        #[cfg(feature = "opentelemetry")]
        "tracing.md" => Tracing,
        "performance.md" => Performance,
        #[cfg(feature = "schemars")]
        "structured-output-and-tools.md" => StructuredOutputAndTools,
        #[cfg(feature = "testing")]
        "testing-your-app.md" => TestingYourApp,
    }
}
