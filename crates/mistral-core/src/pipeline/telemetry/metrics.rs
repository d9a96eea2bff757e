//! Metrics by OpenTelemetry's conventions for generative AI.

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Histogram, Meter};

use super::call_end::CallEnd;

/// The bucket boundaries that the conventions advise for durations, in seconds.
const SECONDS: [f64; 14] = [
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];

/// The bucket boundaries that the conventions advise for numbers of tokens: powers of 4.
const TOKENS: [f64; 14] = [
    1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0, 16384.0, 65536.0, 262144.0, 1048576.0, 4194304.0,
    16777216.0, 67108864.0,
];

/// Metrics of calls, by OpenTelemetry's conventions for generative AI.
///
/// | histogram | unit | recorded for |
/// |---|---|---|
/// | `gen_ai.client.operation.duration` | `s` | every call, with `error.type` if it did not complete |
/// | `gen_ai.client.operation.time_to_first_chunk` | `s` | streams with an event |
/// | `gen_ai.client.token.usage` | `{token}` | responses with a usage: once with the `gen_ai.token.type` `input`, once with `output` |
///
/// All have the attributes `gen_ai.operation.name`, `gen_ai.provider.name`, `gen_ai.request.model`,
/// `gen_ai.response.model`, `server.address` and `server.port`, as far as they are known. The values
/// of both models come from callers and servers: a gateway that accepts any name should drop them
/// with a view. The bucket boundaries are those that the conventions advise.
///
/// Requires the feature `opentelemetry`. The meter must be of the version of the crate
/// `opentelemetry` that this crate depends on, 0.33.
///
/// ```
/// # fn main() -> mistral_sdk::Result<()> {
/// use mistral_sdk::telemetry::GenAiMetrics;
/// use mistral_sdk::{Client, MistralApi};
///
/// let metrics = GenAiMetrics::new(&opentelemetry::global::meter("my-service"));
/// let client = Client::builder(MistralApi::new("my-key")?)
///     .on_call_end(move |call| metrics.record(call))
///     .build()?;
/// # let _ = client;
/// # Ok(()) }
/// ```
#[cfg(feature = "opentelemetry")]
#[derive(Debug, Clone)]
pub struct GenAiMetrics {
    duration: Histogram<f64>,
    time_to_first_chunk: Histogram<f64>,
    token_usage: Histogram<u64>,
}

#[cfg(feature = "opentelemetry")]
impl GenAiMetrics {
    /// Creates the instruments with `meter`.
    pub fn new(meter: &Meter) -> Self {
        let seconds = |name, description| {
            let histogram = meter.f64_histogram(name).with_unit("s");
            let histogram = histogram.with_description(description);
            histogram.with_boundaries(SECONDS.to_vec()).build()
        };
        Self {
            duration: seconds(
                "gen_ai.client.operation.duration",
                "Duration of calls of models",
            ),
            time_to_first_chunk: seconds(
                "gen_ai.client.operation.time_to_first_chunk",
                "Time from sending a call to the first chunk of its stream",
            ),
            token_usage: meter
                .u64_histogram("gen_ai.client.token.usage")
                .with_unit("{token}")
                .with_description("Number of input and output tokens")
                .with_boundaries(TOKENS.to_vec())
                .build(),
        }
    }

    /// Records a call. Pass it to [`on_call_end`](crate::ClientBuilder::on_call_end).
    pub fn record(&self, call: &CallEnd<'_>) {
        let mut attributes = attributes(call);
        if let Some(time) = call.time_to_first_chunk {
            self.time_to_first_chunk
                .record(time.as_secs_f64(), &attributes);
        }
        if let Some(usage) = call.usage {
            let counts = [
                ("input", usage.prompt_tokens),
                ("output", usage.completion_tokens),
            ];
            for (token_type, count) in counts {
                attributes.push(KeyValue::new("gen_ai.token.type", token_type));
                if let Ok(count) = u64::try_from(count) {
                    self.token_usage.record(count, &attributes);
                }
                attributes.pop();
            }
        }
        if let Some(error_type) = call.error_type() {
            attributes.push(KeyValue::new("error.type", error_type));
        }
        self.duration
            .record(call.duration.as_secs_f64(), &attributes);
    }
}

fn attributes(call: &CallEnd<'_>) -> Vec<KeyValue> {
    let texts = [
        ("gen_ai.operation.name", Some(call.gen_ai_operation)),
        ("gen_ai.provider.name", Some(call.gen_ai_provider)),
        ("gen_ai.request.model", call.request_model),
        ("gen_ai.response.model", call.response_model),
        ("server.address", call.server_address),
    ];
    let texts = texts.into_iter().filter_map(|(name, value)| {
        let value = value?.to_owned();
        Some(KeyValue::new(name, value))
    });
    let port = call.server_port.map(i64::from);
    texts
        .chain(port.map(|port| KeyValue::new("server.port", port)))
        .collect()
}
