//! Exports the spans of calls: over OTLP if OTEL_EXPORTER_OTLP_ENDPOINT is set, otherwise to stdout.

use http::{HeaderMap, HeaderName, HeaderValue};
use mistral_emulator::Emulator;
use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::messages::Message;
use mistral_sdk::{Client, MistralApi};
use opentelemetry::propagation::{Injector, TextMapPropagator};
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Instrument, Level, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::{filter::Targets, prelude::*};

type Failure = Box<dyn std::error::Error>;

struct Headers<'a>(&'a mut HeaderMap);

impl Injector for Headers<'_> {
    fn set(&mut self, name: &str, value: String) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            self.0.insert(name, value);
        }
    }
}

fn tracer_provider() -> Result<SdkTracerProvider, Failure> {
    let builder = SdkTracerProvider::builder();
    if std::env::var_os("OTEL_EXPORTER_OTLP_ENDPOINT").is_none() {
        let stdout = opentelemetry_stdout::SpanExporter::default();
        return Ok(builder.with_simple_exporter(stdout).build());
    }
    let otlp = opentelemetry_otlp::SpanExporter::builder().with_http();
    Ok(builder.with_batch_exporter(otlp.build()?).build())
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let provider = tracer_provider()?;
    let targets = Targets::from_iter([("traces", Level::INFO), ("mistral_core", Level::INFO)]);
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("example"));
    tracing_subscriber::registry()
        .with(layer.with_filter(targets))
        .init();

    let emulator = Emulator::start()?;
    let api = MistralApi::new(emulator.api_key())?.base_url(emulator.url())?;
    let w3c = TraceContextPropagator::new();
    let propagate = move |headers: &mut HeaderMap| {
        w3c.inject_context(&Span::current().context(), &mut Headers(headers));
    };
    let client = Client::builder(api).propagate(propagate).build()?;

    let request = ChatCompletionRequest::new("mistral-small-latest", [Message::user("Hello!")]);
    let call = client.chat().complete(&request).into_future();
    call.instrument(tracing::info_span!("greeting")).await?;
    Ok(provider.shutdown()?)
}
