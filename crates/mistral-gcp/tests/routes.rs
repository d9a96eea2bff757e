//! URLs and model names of requests to VertexTransport AI.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // helpers outside of test functions may panic as tests do

mod common;

use http::HeaderMap;
use mistral_gcp::{MistralGcp, MistralGcpBuilder};
use mistral_sdk::ErrorKind;
use mistral_sdk::fim::FimCompletionRequest;
use mistral_sdk::ocr::{Document, OcrRequest};
use mistral_sdk::provider::{Operation, Provider, RouteRequest};

use self::common::{RecordedRequest, VertexTransport, chat_request};

fn builder() -> MistralGcpBuilder {
    MistralGcp::builder().project("p-1").access_token("token")
}

fn endpoint(name: &str) -> &'static Operation {
    Operation::all().find(|it| it.name == name).unwrap()
}

const OPERATIONS: [(&str, &str); 5] = [
    ("chat.complete", "rawPredict"),
    ("chat.stream", "streamRawPredict"),
    ("fim.complete", "rawPredict"),
    ("fim.stream", "streamRawPredict"),
    ("ocr.process", "rawPredict"),
];

/// Calls the operation and returns the recorded request.
async fn request_sent(gcp: MistralGcp, operation: &str, model: &str) -> RecordedRequest {
    let transport = VertexTransport::default();
    let client = transport.client(gcp);
    let fim = FimCompletionRequest::new(model, "fn add(");
    match operation {
        "chat.complete" => drop(client.chat().complete(&chat_request(model)).await),
        "chat.stream" => drop(client.chat().stream(&chat_request(model)).await),
        "fim.complete" => drop(client.fim().complete(&fim).await),
        "fim.stream" => drop(client.fim().stream(&fim).await),
        "ocr.process" => {
            let document = Document::url("https://example.com/report.pdf");
            drop(
                client
                    .ocr()
                    .process(&OcrRequest::new(model, document))
                    .await,
            );
        }
        other => unreachable!("{other}"),
    }
    let mut sent = transport.take();
    assert_eq!(sent.len(), 1, "{operation}");
    sent.remove(0)
}

#[tokio::test]
async fn vertex_route_maps_location_model_and_operation() {
    let locations = [
        (
            "us-central1",
            None,
            "https://us-central1-aiplatform.googleapis.com",
        ),
        (
            "europe-west4",
            None,
            "https://europe-west4-aiplatform.googleapis.com",
        ),
        ("global", None, "https://aiplatform.googleapis.com"),
        ("eu", None, "https://aiplatform.eu.rep.googleapis.com"),
        ("us", None, "https://aiplatform.us.rep.googleapis.com"),
        ("eu", Some("http://127.0.0.1:9"), "http://127.0.0.1:9"),
        ("eu", Some("https://gate/team/x/"), "https://gate/team/x"),
        ("eu", Some("https://gate/team/v1"), "https://gate/team"),
    ];
    let models = [
        (
            "mistral-small-2503",
            "mistral-small-2503",
            "mistral-small-2503",
        ),
        ("codestral-2", "codestral-2", "codestral-2"),
        ("codestral-2@001", "codestral-2@001", "codestral-2"),
        ("mistral-ocr-2505", "mistral-ocr-2505", "mistral-ocr-2505"),
        ("codestral-2405", "codestral@2405", "codestral"),
        ("mistral-large-2407", "mistral-large@2407", "mistral-large"),
        ("mistral-nemo-2407", "mistral-nemo@2407", "mistral-nemo"),
        ("mine", "tuned@7", "mine"),
        ("", "mistral-medium@3", "mistral-medium"),
    ];
    for (location, endpoint_setting, base) in locations {
        for (model, in_url, in_body) in models {
            for (operation, verb) in OPERATIONS {
                let mut builder = builder()
                    .location(location)
                    .model("mistral-medium@3")
                    .url_model("mine", "tuned@7");
                if let Some(url) = endpoint_setting {
                    builder = builder.endpoint(url);
                }
                let gcp = builder.build().unwrap();
                let expected = format!(
                    "{base}/v1/projects/p-1/locations/{location}/publishers/mistralai/models/\
                     {in_url}:{verb}"
                );
                let endpoint = endpoint(operation);
                let mut request = RouteRequest::new(endpoint);
                request.model = Some(model);
                let route = gcp.route(&request).unwrap();
                println!("{operation:13} {model:18} {in_body:18} {}", route.url);
                assert_eq!(route.url.as_str(), expected);
                assert_eq!(gcp.route(&request).unwrap(), route);

                let sent = request_sent(gcp, operation, model).await;
                assert_eq!(sent.url, expected);
                assert_eq!(sent.body["model"], in_body, "{operation} {model}");
                assert_eq!(
                    sent.body["stream"] == true,
                    endpoint.framing.is_event_stream()
                );
                assert_eq!(sent.headers["authorization"], "Bearer token");
                assert!(!sent.headers.contains_key("x-goog-user-project"));
            }
        }
    }
}

#[tokio::test]
async fn vertex_location_defaults_to_europe_west4() {
    let sent = request_sent(builder().build().unwrap(), "chat.complete", "m").await;
    assert!(
        sent.url
            .starts_with("https://europe-west4-aiplatform.googleapis.com/"),
        "{}",
        sent.url
    );
}

#[tokio::test]
async fn vertex_route_escapes_path_segments() {
    let gcp = builder().project("example.com:p").build().unwrap();
    let sent = request_sent(gcp, "chat.complete", "a/b:c d@1").await;
    assert!(
        sent.url.ends_with(
            "/projects/example.com%3Ap/locations/europe-west4/publishers/mistralai/models/\
             a%2Fb%3Ac%20d@1:rawPredict"
        ),
        "{}",
        sent.url
    );
    assert_eq!(sent.body["model"], "a/b:c d");
}

#[test]
fn vertex_endpoint_with_the_path_of_a_model_is_cut() {
    let path = "/v1/projects/p/locations/eu/publishers/mistralai/models/m:rawPredict";
    for prefix in ["https://gate", "https://gate/team"] {
        for endpoint in [
            prefix.to_owned(),
            format!("{prefix}/v1"),
            format!("{prefix}{path}"),
        ] {
            let builder = MistralGcp::builder().project("p").location("eu").model("m");
            let gcp = builder
                .access_token("t")
                .endpoint(&endpoint)
                .build()
                .unwrap();
            let chat = Operation::all()
                .find(|it| it.name == "chat.complete")
                .unwrap();
            let mut request = RouteRequest::new(chat);
            let expected = format!("{prefix}{path}");
            assert_eq!(
                gcp.route(&request).unwrap().url.as_str(),
                expected,
                "{endpoint}"
            );
            let base_url = endpoint.parse().unwrap();
            request.base_url = Some(&base_url);
            assert_eq!(
                gcp.route(&request).unwrap().url.as_str(),
                expected,
                "{endpoint}"
            );
        }
    }
}

#[test]
fn vertex_base_url_of_call_is_used() {
    let base_url = "https://gate/x/v1".parse().unwrap();
    let mut request = RouteRequest::new(endpoint("chat.complete"));
    request.model = Some("m");
    request.base_url = Some(&base_url);
    let route = builder().build().unwrap().route(&request).unwrap();
    assert!(
        route
            .url
            .as_str()
            .starts_with("https://gate/x/v1/projects/"),
        "{}",
        route.url
    );
}

#[test]
fn vertex_supports_five_operations() {
    let gcp = builder().build().unwrap();
    let supported = Operation::all().filter(|endpoint| gcp.supports(endpoint));
    let mut supported: Vec<_> = supported.map(|endpoint| &*endpoint.name).collect();
    supported.sort_unstable();
    assert_eq!(supported, OPERATIONS.map(|(name, _)| name));
}

#[tokio::test]
async fn vertex_unsupported_operation_or_missing_model_fails_without_a_request() {
    let transport = VertexTransport::default();
    let client = transport.client(builder().build().unwrap());
    let error = client.models().list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("`gcp`"), "{error}");

    let error = client
        .chat()
        .complete(&chat_request(" "))
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Config, 0));
    for fix in ["MistralGcpBuilder::model", "GCP_MODEL"] {
        assert!(error.to_string().contains(fix), "{error}");
    }
    assert!(transport.take().is_empty());
}

#[test]
fn vertex_invalid_setting_fails_to_build() {
    for (builder, expected) in [
        (
            MistralGcp::builder().access_token("s3cret"),
            "GCP_PROJECT_ID",
        ),
        (builder().project(" "), "GCP_PROJECT_ID"),
        (builder().project(".."), "the project"),
        (builder().location(""), "the location"),
        (builder().location("evil.example/"), "GCP_REGION"),
        (builder().endpoint("gate"), "the endpoint"),
        (builder().endpoint("https://gate?x=1"), "the endpoint"),
        (builder().access_token(" "), "access token is empty"),
        (builder().access_token("s3cret\nx"), "gcloud auth print"),
        (
            builder().quota_project("a\nb"),
            "GOOGLE_CLOUD_QUOTA_PROJECT",
        ),
    ] {
        assert!(!format!("{builder:?}").contains("s3cret"), "{builder:?}");
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(expected), "{error}");
        assert!(
            !format!("{error:#} {error:?}").contains("s3cret"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn vertex_quota_project_is_sent_as_header() {
    let gcp = builder().quota_project(" payer ").build().unwrap();
    let mut headers = HeaderMap::new();
    gcp.authorize(None, &mut headers).await.unwrap();
    assert_eq!(headers["x-goog-user-project"], "payer");
    assert!(headers["authorization"].is_sensitive());
    let sent = request_sent(gcp, "chat.complete", "m").await;
    assert_eq!(sent.headers["x-goog-user-project"], "payer");
}

#[test]
fn vertex_debug_output_redacts_token() {
    let gcp = builder().access_token("s3cret").build().unwrap();
    let output = format!("{gcp:?} {gcp:#?}");
    assert!(!output.contains("s3cret"), "{output}");
    assert!(
        output.contains("[redacted]") && output.contains("p-1"),
        "{output}"
    );
}

#[cfg(not(feature = "adc"))]
#[test]
fn vertex_without_adc_feature_requires_credentials() {
    let error = MistralGcp::builder().project("p").build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    for fix in ["token_source", "access_token", "`adc`"] {
        assert!(error.to_string().contains(fix), "{error}");
    }
}
