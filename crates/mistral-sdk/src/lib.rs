#![doc = include_str!("links.md")]
// Its examples use these features.
#![cfg_attr(
    any(not(doctest), all(feature = "api", feature = "schemars")),
    doc = include_str!("../README.md")
)]
#![cfg_attr(docsrs, feature(doc_cfg))]
// What is copied from the guide compiles without these warnings.
#![doc(test(attr(deny(unused_imports, unused_must_use, unused_mut, unused_variables))))]

mod env;

#[cfg(feature = "api")]
#[doc(inline)]
pub use mistral_api::{MistralApi, MistralApiBuilder, Server};
#[cfg(feature = "aws")]
#[doc(inline)]
pub use mistral_aws::{
    AwsCredentialSource, AwsCredentials, BedrockService, MistralBedrock, MistralBedrockBuilder,
};
#[cfg(feature = "azure")]
#[doc(inline)]
pub use mistral_azure::{AzureAuth, EndpointKind, MistralAzure, MistralAzureBuilder};
#[doc(inline)]
pub use mistral_core::*;
// By name, so that the compiler names the feature where it is not enabled.
#[cfg(feature = "blocking")]
#[doc(inline)]
pub use mistral_core::blocking;
#[cfg(feature = "testing")]
#[doc(inline)]
pub use mistral_core::testing;
// Exempt from semantic versioning, as its own documentation says.
#[cfg(any(
    feature = "admin",
    feature = "audio-agents",
    feature = "context",
    feature = "conversations",
    feature = "observability",
    feature = "responses",
    feature = "workflows"
))]
#[doc(inline)]
pub use mistral_beta as beta;
#[cfg(feature = "admin")]
#[doc(no_inline)]
pub use mistral_beta::webhooks;
#[cfg(feature = "gcp")]
#[doc(inline)]
pub use mistral_gcp::{MistralGcp, MistralGcpBuilder};

pub use crate::env::{CompiledProviders, MODEL_MAP_VARIABLE, PROVIDER_VARIABLE};

// Only documentation. Its examples use the features named here.
#[cfg(any(
    all(doc, not(doctest)),
    all(doctest, feature = "api", feature = "reqwest")
))]
pub mod guide;
