//! Exports the spans of calls: over OTLP if OTEL_EXPORTER_OTLP_ENDPOINT is set, otherwise to stdout.

use std::error::Error;

use http::{HeaderMap, HeaderName, HeaderValue};
use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::{Client, MistralApi};
use opentelemetry::propagation::{Injector, TextMapPropagator};
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Instrument, Level, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::{filter::Targets, prelude::*};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let provider = init_tracing()?;
    let w3c = TraceContextPropagator::new();
    let propagate = move |headers: &mut HeaderMap| {
        w3c.inject_context(&Span::current().context(), &mut Headers(headers));
    };
    let client = Client::builder(MistralApi::from_env()?)
        .propagate(propagate)
        .build()?;

    let request = ChatCompletionRequest::new("mistral-small-latest", "Hello!");
    let call = client.chat().complete(&request);
    call.instrument(tracing::info_span!("greeting")).await?;
    Ok(provider.shutdown()?)
}

fn init_tracing() -> Result<SdkTracerProvider, Box<dyn Error>> {
    let builder = SdkTracerProvider::builder();
    let provider = if std::env::var_os("OTEL_EXPORTER_OTLP_ENDPOINT").is_some() {
        let otlp = opentelemetry_otlp::SpanExporter::builder().with_http();
        builder.with_batch_exporter(otlp.build()?).build()
    } else {
        let stdout = opentelemetry_stdout::SpanExporter::default();
        builder.with_simple_exporter(stdout).build()
    };
    let targets = Targets::from_iter([("traces", Level::INFO), ("mistral_core", Level::INFO)]);
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("example"));
    tracing_subscriber::registry()
        .with(layer.with_filter(targets))
        .init();
    Ok(provider)
}

/// The headers of a request, for the trace context.
struct Headers<'a>(&'a mut HeaderMap);

impl Injector for Headers<'_> {
    fn set(&mut self, name: &str, value: String) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            self.0.insert(name, value);
        }
    }
}
