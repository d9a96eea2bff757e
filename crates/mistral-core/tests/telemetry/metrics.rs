//! Metrics by OpenTelemetry's conventions, as its own SDK collects them.

use std::collections::BTreeMap;
use std::time::Duration;

use mistral_core::RetryPolicy;
use mistral_core::telemetry::GenAiMetrics;
use mistral_core::testing::{MockReply, MockTransport};
use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, HistogramDataPoint, MetricData};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, SdkMeterProvider};

use super::{answer, ask, builder, events};

/// The series of one histogram: its attributes, count, sum and bounds.
#[derive(Debug, PartialEq)]
struct Series {
    attributes: BTreeMap<String, String>,
    count: u64,
    sum: f64,
    bounds: Vec<f64>,
}

impl Series {
    fn new<T: Copy>(point: &HistogramDataPoint<T>, sum: impl Fn(T) -> f64) -> Self {
        let attribute = |it: &KeyValue| (it.key.to_string(), it.value.to_string());
        Self {
            attributes: point.attributes().map(attribute).collect(),
            count: point.count(),
            sum: sum(point.sum()),
            bounds: point.bounds().collect(),
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }
}

/// The unit and the series of every histogram.
fn collect(exporter: &InMemoryMetricExporter) -> BTreeMap<String, (String, Vec<Series>)> {
    let mut all = BTreeMap::new();
    let finished = exporter.get_finished_metrics().unwrap();
    let scopes = finished.iter().flat_map(|it| it.scope_metrics());
    for metric in scopes.flat_map(|scope| scope.metrics()) {
        let series = match metric.data() {
            AggregatedMetrics::F64(MetricData::Histogram(histogram)) => {
                let points = histogram.data_points();
                points.map(|point| Series::new(point, |sum| sum)).collect()
            }
            AggregatedMetrics::U64(MetricData::Histogram(histogram)) => {
                let points = histogram.data_points();
                points
                    .map(|point| Series::new(point, |sum| sum as f64))
                    .collect()
            }
            _ => panic!("{} is no histogram", metric.name()),
        };
        all.insert(metric.name().to_owned(), (metric.unit().to_owned(), series));
    }
    all
}

#[tokio::test(start_paused = true)]
async fn metrics_of_calls_and_streams_follow_the_genai_conventions() {
    let exporter = InMemoryMetricExporter::default();
    let provider = SdkMeterProvider::builder()
        .with_periodic_exporter(exporter.clone())
        .build();
    let metrics = GenAiMetrics::new(&provider.meter("test"));
    let second = Duration::from_secs(1);
    let mock = MockTransport::new()
        .reply(MockReply::json(answer()).with_delay(second * 2))
        .reply(MockReply::json(answer()).with_delay(second))
        .reply(MockReply::sse(events()).with_delay(second * 4))
        .reply(MockReply::status(503));
    let client = builder(&mock)
        .retry(RetryPolicy::none())
        .on_call_end(move |call| metrics.record(call))
        .build()
        .unwrap();
    client.chat().complete(&ask()).await.unwrap();
    client.chat().complete(&ask()).await.unwrap();
    let stream = client.chat().stream(&ask()).await.unwrap();
    stream.collect_response().await.unwrap();
    client.chat().complete(&ask()).await.unwrap_err();
    provider.force_flush().unwrap();

    let all = collect(&exporter);
    assert_eq!(all.len(), 3, "{all:?}");
    let (unit, durations) = &all["gen_ai.client.operation.duration"];
    assert_eq!(unit, "s");
    let (failed, good): (Vec<_>, Vec<_>) = durations
        .iter()
        .partition(|series| series.get("error.type").is_some());
    assert_eq!((failed.len(), good.len()), (1, 1));
    assert_eq!(failed[0].get("error.type"), Some("overloaded"));
    assert_eq!(failed[0].get("gen_ai.response.model"), None);
    assert_eq!((good[0].count, good[0].sum), (3, 7.0));
    let expected = [
        ("gen_ai.operation.name", "chat"),
        ("gen_ai.provider.name", "mistral_ai"),
        ("gen_ai.request.model", "mistral-small-latest"),
        ("gen_ai.response.model", "mistral-small-2506"),
        ("server.address", "gateway.example"),
        ("server.port", "8443"),
    ];
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    assert_eq!(good[0].attributes, expected.map(owned).into());
    let bounds = (0..14).map(|power| 0.01 * f64::from(1 << power));
    assert!(good[0].bounds.iter().copied().eq(bounds), "{good:?}");

    let (unit, first) = &all["gen_ai.client.operation.time_to_first_chunk"];
    assert_eq!((&**unit, first.len()), ("s", 1));
    assert_eq!((first[0].count, first[0].sum), (1, 4.0));

    let (unit, tokens) = &all["gen_ai.client.token.usage"];
    assert_eq!(unit, "{token}");
    // Two responses of 10 and 3 tokens, and a stream of 5 and 2.
    for (token_type, sum) in [("input", 25.0), ("output", 8.0)] {
        let mut series = tokens.iter();
        let series = series.find(|it| it.get("gen_ai.token.type") == Some(token_type));
        let series = series.unwrap();
        assert_eq!((series.count, series.sum), (3, sum), "{token_type}");
        let bounds = (0..14).map(|power| f64::from(1 << (2 * power)));
        assert!(series.bounds.iter().copied().eq(bounds), "{series:?}");
    }
    assert_eq!(tokens.len(), 2);
}
