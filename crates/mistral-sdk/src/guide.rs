//! The guide: a page for each subject, and the examples.
//!
//! The pages are those of the folder `docs` of the repository. New to the SDK? Start with
//! [getting started](getting_started).

/// Declares a module for each page. `links.md` comes first, since the first definition of a link
/// counts: it leads to a page here, where the page itself names a file of the repository.
macro_rules! pages {
    ($($page:literal => $(#[$condition:meta])? $name:ident,)+) => {
        $(
            $(#[cfg(any(not(doctest), $condition))])?
            #[doc = include_str!("links.md")]
            #[doc = include_str!(concat!("../", $page))]
            pub mod $name {}
        )+
    };
}

pages! {
    "docs/getting-started.md" => getting_started,
    "docs/streaming.md" => streaming,
    "docs/many-calls.md" => many_calls,
    "docs/structured-output-and-tools.md" => #[feature = "schemars"] structured_output_and_tools,
    "docs/errors-and-retries.md" => errors_and_retries,
    "docs/reliability.md" => reliability,
    "docs/compatibility.md" => compatibility,
    "docs/limits-and-failover.md" => limits_and_failover,
    "docs/gateway.md" => gateway,
    "docs/providers.md" => #[all(feature = "aws", feature = "azure", feature = "gcp")] providers,
    "docs/azure.md" => #[feature = "azure"] azure,
    "docs/aws.md" => #[feature = "aws"] aws,
    "docs/local-servers.md" => local_servers,
    "docs/connections.md" => #[feature = "tower"] connections,
    "docs/embeddings.md" => embeddings,
    "docs/files-and-batches.md" => files_and_batches,
    "docs/audio-and-ocr.md" => audio_and_ocr,
    "docs/conversations.md" => #[feature = "conversations"] conversations,
    "docs/libraries.md" => #[feature = "conversations"] libraries,
    "docs/connectors.md" => #[feature = "conversations"] connectors,
    "docs/workflows.md" => #[feature = "workflow-encoding"] workflows,
    "docs/observability.md" => #[feature = "observability"] observability,
    "docs/responses.md" => #[feature = "responses"] responses,
    "docs/search-indexes.md" => #[feature = "context"] search_indexes,
    "docs/voice-agents.md" => #[feature = "audio-agents"] voice_agents,
    "docs/webhooks.md" => #[feature = "admin"] webhooks,
    "docs/blocking.md" => #[feature = "blocking"] blocking,
    "docs/testing-your-app.md" => #[feature = "testing"] testing_your_app,
    "docs/emulator.md" => emulator,
    "docs/tracing.md" => #[feature = "opentelemetry"] tracing,
    "docs/performance.md" => performance,
    "docs/migrating.md" => #[feature = "workflows"] migrating,
    "docs/for-assistants.md" => #[all(
        feature = "aws",
        feature = "azure",
        feature = "gcp",
        feature = "schemars",
        feature = "blocking",
        feature = "testing"
    )] for_assistants,
    "examples/README.md" => examples,
}
