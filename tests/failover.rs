//! `Failover` over Mistral's API, Azure and Vertex AI.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // helpers outside of test functions may panic as tests do

use std::time::Duration;

use mistral_emulator::{Emulator, Fault};
use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::client::Failover;
use mistral_sdk::embeddings::EmbeddingRequest;
use mistral_sdk::messages::Message;
use mistral_sdk::rate_limit::RateLimiter;
use mistral_sdk::transport::HyperTransport;
use mistral_sdk::{
    Client, ClientBuilder, Error, ErrorKind, MistralApi, MistralAzure, MistralGcp, Result,
    RetryPolicy,
};

const MODEL: &str = "mistral-small-latest";

/// Emulators of Mistral's API, Azure and Vertex AI.
struct Clouds([Emulator; 3]);

impl Clouds {
    fn start() -> Self {
        Self([(); 3].map(|()| Emulator::start().unwrap()))
    }

    fn fail(&self, statuses: &[u16]) {
        for (emulator, status) in self.0.iter().zip(statuses) {
            emulator.push_fault(Fault::status(*status));
        }
    }

    fn counts(&self) -> [usize; 3] {
        let [api, azure, gcp] = &self.0;
        [api, azure, gcp].map(|emulator| emulator.requests().len())
    }

    fn builders(&self) -> [ClientBuilder; 3] {
        let [api, azure, gcp] = &self.0;
        let api = MistralApi::new(api.api_key()).unwrap().base_url(api.url());
        let azure = MistralAzure::builder()
            .endpoint(azure.url())
            .api_key(azure.api_key());
        let gcp = MistralGcp::builder()
            .project("p")
            .endpoint(gcp.url())
            .access_token(gcp.api_key());
        [
            Client::builder(api.unwrap()),
            Client::builder(azure.build().unwrap()),
            Client::builder(gcp.build().unwrap()),
        ]
        .map(|builder| builder.retry(RetryPolicy::none()))
    }

    fn failover(&self) -> Failover {
        Failover::new(self.builders().map(|builder| builder.build().unwrap()))
    }
}

fn chat_request() -> ChatCompletionRequest {
    ChatCompletionRequest::new(MODEL, [Message::user("Who painted Olympia?")])
}

async fn complete(failover: &Failover) -> Result<(&'static str, usize, Vec<String>)> {
    let request = chat_request();
    let response = failover
        .run(|client| client.chat().complete(&request))
        .await?;
    assert!(response.body.text().contains("Manet"));
    let errors = response.failures.iter();
    let errors = errors.map(|failure| format!("{}: {}", failure.provider, failure.error));
    Ok((response.provider, response.position, errors.collect()))
}

fn kinds(error: &Error) -> Vec<(&'static str, ErrorKind)> {
    let failures = error.failures().iter();
    failures
        .map(|failure| (failure.provider, failure.error.kind()))
        .collect()
}

#[tokio::test]
async fn failover_stops_at_first_success() {
    let clouds = Clouds::start();
    let failover = clouds.failover();
    let (provider, position, errors) = complete(&failover).await.unwrap();
    assert_eq!((provider, position, errors.len()), ("api", 0, 0));
    clouds.fail(&[503]);
    let (provider, position, errors) = complete(&failover).await.unwrap();
    assert_eq!((provider, position, errors.len()), ("azure", 1, 1));
    assert!(
        errors[0].starts_with("api: chat.complete: 503 Service Unavailable"),
        "{errors:?}"
    );
    clouds.fail(&[500, 429]);
    let (provider, position, errors) = complete(&failover).await.unwrap();
    assert_eq!((provider, position, errors.len()), ("gcp", 2, 2));
    assert!(
        errors[1].starts_with("azure: chat.complete: 429"),
        "{errors:?}"
    );
    assert_eq!(clouds.counts(), [3, 2, 1]); // the first client is always tried again
}

#[tokio::test]
async fn failover_error_kind_decides_whether_to_move_on() {
    for (status, moves_on) in [
        (402, true),
        (408, true),
        (429, true),
        (500, true),
        (503, true),
        (504, true),
        (400, false),
        (401, false),
        (403, false),
        (404, false),
        (410, false),
        (422, false),
    ] {
        let clouds = Clouds::start();
        clouds.fail(&[status, status]);
        let result = complete(&clouds.failover()).await;
        let expected = if moves_on { [1, 1, 1] } else { [1, 0, 0] };
        assert_eq!(clouds.counts(), expected, "{status}");
        match result {
            Ok((provider, ..)) => assert!(moves_on && provider == "gcp", "{status}"),
            Err(error) => {
                assert_eq!(error.status().unwrap(), status);
                assert!(!moves_on && error.failures().is_empty(), "{status}");
                assert!(!format!("{error:#}").contains("before it"), "{error:#}");
            }
        }
    }
}

#[tokio::test]
async fn failover_error_kinds_are_configurable() {
    let clouds = Clouds::start();
    clouds.fail(&[401]);
    let kinds = Failover::KINDS
        .into_iter()
        .chain([ErrorKind::Authentication]);
    let (provider, ..) = complete(&clouds.failover().on(kinds)).await.unwrap();
    assert_eq!(provider, "azure");
    clouds.fail(&[503]);
    let error = complete(&clouds.failover().on([])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Overloaded);
}

#[tokio::test]
async fn failover_all_fail_returns_last_error_and_names_all() {
    let clouds = Clouds::start();
    clouds.fail(&[503, 429, 500]);
    let error = complete(&clouds.failover()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::Server, "chat.complete")
    );
    assert_eq!(error.status().unwrap(), 500);
    assert!(error.request_id().is_some());
    let expected = [
        ("api", ErrorKind::Overloaded),
        ("azure", ErrorKind::RateLimited),
    ];
    assert_eq!(kinds(&error), expected);
    assert_eq!(error.provider(), Some("gcp"));
    let text = error.to_string();
    assert!(
        text.starts_with("chat.complete: 500 Internal Server Error"),
        "{text}"
    );
    assert!(text.contains("(provider gcp, "), "{text}");
    assert!(!text.contains("503"), "{text}");
    let text = format!("{error:#}");
    assert!(
        text.contains("; before it api: 503 Service Unavailable"),
        "{text}"
    );
    assert!(
        text.contains("; before it azure: 429 Too Many Requests"),
        "{text}"
    );
}

#[tokio::test]
async fn failover_invalid_request_ends_it_and_lists_earlier_failures() {
    let clouds = Clouds::start();
    clouds.fail(&[503, 422]);
    let error = complete(&clouds.failover()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(kinds(&error), [("api", ErrorKind::Overloaded)]);
    assert_eq!(clouds.counts(), [1, 1, 0]);
}

#[tokio::test]
async fn failover_connection_error_or_timeout_moves_on() {
    let clouds = Clouds::start();
    let [_, azure, gcp] = clouds.builders();
    let nowhere = MistralApi::new("k")
        .unwrap()
        .base_url("http://127.0.0.1:9")
        .unwrap();
    let nowhere = Client::builder(nowhere)
        .retry(RetryPolicy::none())
        .build()
        .unwrap();
    clouds.0[1].push_fault(Fault::delay(Duration::from_secs(60)));
    let azure = azure
        .first_byte_timeout(Duration::from_millis(50))
        .build()
        .unwrap();
    let failover = Failover::new([nowhere, azure, gcp.build().unwrap()]);
    let (provider, _, errors) = complete(&failover).await.unwrap();
    assert_eq!(provider, "gcp");
    assert!(errors[0].contains("could not connect"), "{errors:?}");
    assert!(errors[1].contains("first byte timeout"), "{errors:?}");
}

#[tokio::test]
async fn failover_unsupported_operation_moves_on() {
    let clouds = Clouds::start();
    let mut clients = clouds.builders().map(|builder| builder.build().unwrap());
    clients.reverse();
    let failover = Failover::new(clients);
    let request = EmbeddingRequest::new("mistral-embed", ["hello"]);
    let response = failover
        .run(|client| client.embeddings().create(&request))
        .await
        .unwrap();
    assert_eq!((response.provider, response.body.data.len()), ("api", 1));
    for failure in &response.failures {
        assert_eq!(
            failure.error.kind(),
            ErrorKind::Unsupported,
            "{}",
            failure.error
        );
    }
    assert_eq!(clouds.counts(), [1, 0, 0]);
}

#[tokio::test]
async fn failover_stream_moves_on_until_open() {
    let clouds = Clouds::start();
    let failover = clouds.failover();
    let request = chat_request();
    clouds.fail(&[503]);
    let response = failover
        .run(|client| client.chat().stream(&request))
        .await
        .unwrap();
    assert_eq!(response.provider, "azure");
    let stream = response.body;
    assert!(
        stream
            .collect_response()
            .await
            .unwrap()
            .text()
            .contains("Manet")
    );

    clouds.0[0].push_fault(Fault::cut_after_bytes(200));
    let response = failover
        .run(|client| client.chat().stream(&request))
        .await
        .unwrap();
    assert_eq!(response.provider, "api");
    let stream = response.body;
    let error = stream.collect_response().await.unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Connection | ErrorKind::Truncated),
        "{error}"
    );
    assert_eq!(clouds.counts(), [2, 1, 0]);
}

#[tokio::test]
async fn failover_model_map_applies_per_client() {
    let clouds = Clouds::start();
    let [api, azure, gcp] = clouds.builders();
    let azure = azure.model_map([(MODEL, "mistral-medium-latest")]);
    let failover = Failover::new([api, azure, gcp].map(|builder| builder.build().unwrap()));
    clouds.fail(&[503]);
    complete(&failover).await.unwrap();
    let model = |place: usize| {
        let body = clouds.0[place].requests()[0].body.clone();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        body["model"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        (model(0), model(1)),
        (MODEL.into(), "mistral-medium-latest".into())
    );
}

#[tokio::test]
async fn failover_concurrent_calls_do_not_block_other_tasks() {
    let clouds = Clouds::start();
    let failover = clouds.failover();
    clouds.0[0].push_fault(Fault::status(503));
    let task = tokio::spawn(async move {
        let twice = |client: &Client| {
            let client = client.clone();
            async move {
                client.models().list().await?;
                client.chat().complete(&chat_request()).await
            }
        };
        failover
            .on([ErrorKind::Overloaded, ErrorKind::Unsupported])
            .run(twice)
            .await
    });
    let error = task.await.unwrap().unwrap_err();
    assert_eq!(error.failures().len(), 2, "{error}"); // only Mistral's API supports `models.list`
}

#[tokio::test]
async fn failover_exhausted_rate_limiter_moves_on() {
    let clouds = Clouds::start();
    let [api, azure, _] = clouds.builders();
    let limiter = RateLimiter::new().requests_per_minute(1);
    let transport = HyperTransport::new(Duration::from_secs(5)).unwrap();
    let api = api
        .transport(limiter.around(transport))
        .timeout(Duration::from_secs(30));
    let failover = Failover::new([api, azure].map(|builder| builder.build().unwrap()));
    assert_eq!(complete(&failover).await.unwrap().0, "api");
    let (provider, _, errors) = complete(&failover).await.unwrap();
    assert_eq!(provider, "azure");
    assert!(
        errors[0].contains("the rate limiter did not send this request"),
        "{errors:?}"
    );
}

#[tokio::test]
async fn failover_without_clients_is_an_error() {
    let error = complete(&Failover::new([])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(
        error
            .to_string()
            .contains("has no clients: pass at least one"),
        "{error}"
    );
}
