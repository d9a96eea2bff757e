//! The errors that Azure gives, as they reach the caller.

#![allow(clippy::unwrap_used)] // helpers outside of test functions may panic as tests do

mod common;

use std::time::Duration;

use common::{Recorder, question};
use mistral_azure::MistralAzure;
use mistral_core::chat::ChatCompletionResponse;
use mistral_core::{Client, Error, ErrorKind};

fn azure() -> MistralAzure {
    let builder = MistralAzure::builder().endpoint("https://res.services.ai.azure.com");
    builder.api_key("k3y").build().unwrap()
}

async fn failure(status: u16, headers: &[(&'static str, &str)], body: &str) -> Error {
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect();
    let body = body.to_owned();
    let recorder = Recorder::new(move |_| (status, headers.clone(), body.clone()));
    let client = recorder.client(azure());
    client.chat().complete(&question("m")).await.unwrap_err()
}

struct Case {
    status: u16,
    body: &'static str,
    kind: ErrorKind,
    code: Option<&'static str>,
    /// What the message has to have.
    words: &'static [&'static str],
    details: usize,
}

const CASES: &[Case] = &[
    Case {
        // the shape that Azure documents
        status: 404,
        body: r#"{"error":{"code":"DeploymentNotFound","message":"The API deployment for this resource does not exist.","target":"deployment","details":[],"innererror":{}}}"#,
        kind: ErrorKind::NotFound,
        code: Some("DeploymentNotFound"),
        words: &["does not exist"],
        details: 0,
    },
    Case {
        // Mistral's own complaints within Azure's error
        status: 422,
        body: r#"{"error":{"code":"Invalid input","status":422,"message":"invalid input error","details":[{"type":"extra_forbidden","loc":["body","seed"],"msg":"Extra inputs are not permitted","input":1}]}}"#,
        kind: ErrorKind::InvalidRequest,
        code: Some("Invalid input"),
        words: &["invalid input error"],
        details: 1,
    },
    Case {
        // the same as text
        status: 400,
        body: r#"{"error":{"code":"UnprocessableEntity","message":"{\"detail\":[{\"type\":\"extra_forbidden\",\"loc\":[\"body\",\"seed\"],\"msg\":\"Extra inputs are not permitted\",\"input\":1}]}","status":422}}"#,
        kind: ErrorKind::InvalidRequest,
        code: Some("UnprocessableEntity"),
        words: &["body.seed: Extra inputs are not permitted"],
        details: 1,
    },
    Case {
        // two documents in a row
        status: 422,
        body: r#"{"error":{"code":"unknown_parameter","message":"max_completion_tokens is not known","param":"max_completion_tokens"}}{"detail":"again"}"#,
        kind: ErrorKind::InvalidRequest,
        code: Some("unknown_parameter"),
        words: &["max_completion_tokens is not known"],
        details: 0,
    },
    Case {
        // Mistral's whole error within Azure's
        status: 400,
        body: r#"{"error":{"message":"{\"object\":\"error\",\"message\":\"Invalid model: x\",\"type\":\"invalid_model\",\"code\":\"1500\"}"}}"#,
        kind: ErrorKind::InvalidRequest,
        code: Some("1500"),
        words: &["Invalid model: x"],
        details: 0,
    },
    Case {
        status: 400,
        body: r#"{"error":{"message":"The response was filtered","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation","content_filter_result":{"hate":{"filtered":true,"severity":"high"}}}}}"#,
        kind: ErrorKind::InvalidRequest,
        code: Some("content_filter"),
        words: &["was filtered"],
        details: 0,
    },
    Case {
        // the 401 that names the audiences
        status: 401,
        body: r#"{"error":{"code":"PermissionDenied","message":"audience is incorrect (https://cognitiveservices.azure.com, https://ai.azure.com)"}}"#,
        kind: ErrorKind::Authentication,
        code: Some("PermissionDenied"),
        words: &["https://ai.azure.com"],
        details: 0,
    },
    Case {
        // the gateway in front
        status: 401,
        body: r#"{"statusCode":401,"message":"Unauthorized. Access token is missing, invalid, audience is incorrect, or have expired."}"#,
        kind: ErrorKind::Authentication,
        code: None,
        words: &["audience is incorrect"],
        details: 0,
    },
    Case {
        status: 429,
        body: r#"{"error":{"code":"RateLimitReached","message":"Your requests have exceeded the token rate limit. Please retry after 58 seconds."}}"#,
        kind: ErrorKind::RateLimited,
        code: Some("RateLimitReached"),
        words: &["after 58 seconds"],
        details: 0,
    },
    Case {
        status: 429,
        body: r#"{"error":{"code":"insufficient_quota","message":"You exceeded your current quota"}}"#,
        kind: ErrorKind::QuotaExceeded,
        code: Some("insufficient_quota"),
        words: &["your current quota"],
        details: 0,
    },
];

#[tokio::test]
async fn every_shape_tells_what_it_says() {
    for case in CASES {
        let error = failure(case.status, &[], case.body).await;
        assert_eq!(error.kind(), case.kind, "{}", case.body);
        assert_eq!(error.code(), case.code, "{}", case.body);
        let api = error.api().unwrap();
        for words in case.words {
            assert!(error.to_string().contains(words), "{error}");
        }
        assert_eq!(api.details.len(), case.details, "{}", case.body);
        assert_eq!(api.body, case.body);
        println!("{error}");
    }
}

#[tokio::test]
async fn what_azure_says_in_headers_is_read() {
    let headers = [
        ("x-ms-error-code", "NoSuchDeployment"),
        ("apim-request-id", "apim-1"),
        ("retry-after", "7"),
        ("retry-after-ms", "6500"),
    ];
    let error = failure(429, &headers, "").await;
    assert_eq!(error.code(), Some("NoSuchDeployment"));
    assert_eq!(error.request_id(), Some("apim-1"));
    assert_eq!(error.retry_after(), Some(Duration::from_millis(6500)));

    let body = r#"{"error":{"code":"InTheBody","message":"m"}}"#;
    let error = failure(404, &headers, body).await;
    assert_eq!(error.code(), Some("InTheBody"));
}

/// The details of a filter stay at hand, whole.
#[tokio::test]
async fn the_verdict_of_a_content_filter_can_be_read_from_the_body() {
    let case = CASES
        .iter()
        .find(|case| case.code == Some("content_filter"));
    let error = failure(400, &[], case.unwrap().body).await;
    let api = error.api().unwrap();
    assert_eq!(api.param.as_deref(), Some("prompt"));
    let body: serde_json::Value = serde_json::from_str(&api.body).unwrap();
    let verdict = "/error/innererror/content_filter_result/hate/severity";
    assert_eq!(body.pointer(verdict).unwrap(), "high");
    assert!(!error.is_retryable());
}

fn streaming(events: &'static str) -> Client {
    let media_type = ("content-type", "text/event-stream".to_owned());
    let recorder = Recorder::new(move |_| (200, vec![media_type.clone()], events.to_owned()));
    recorder.client(azure())
}

/// Azure's filter adds a chunk without choices in front, and fields of its own.
#[tokio::test]
async fn a_stream_that_was_filtered_is_whole() {
    let client = streaming(concat!(
        r#"data: {"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0}]}"#,
        "\n\n",
        r#"data: {"id":"1","model":"m","choices":[{"index":0,"delta":{"content":"Ma"},"content_filter_results":{"hate":{"filtered":false}},"finish_reason":null}]}"#,
        "\n\n",
        r#"data: {"id":"1","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"content_filter"}]}"#,
        "\n\n",
        r#"data: {"id":"1","model":"m","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}"#,
        "\n\ndata: [DONE]\n\n",
    ));
    let stream = client.chat().stream(&question("m")).await.unwrap();
    let response = stream.collect_response().await.unwrap();
    assert_eq!((response.id.as_str(), response.model.as_str()), ("1", "m"));
    let choice = response.choices.first().unwrap();
    assert_eq!(choice.message.text(), "Ma");
    let reason = serde_json::to_value(&choice.finish_reason).unwrap();
    assert_eq!(reason, "content_filter");
    assert_eq!(response.usage.unwrap().total_tokens, 2);
    assert!(response.extra.contains_key("prompt_filter_results"));
}

#[tokio::test]
async fn an_error_within_a_stream_keeps_what_had_come() {
    let client = streaming(concat!(
        r#"data: {"id":"1","model":"m","choices":[{"index":0,"delta":{"content":"Ma"},"finish_reason":null}]}"#,
        "\n\n",
        r#"data: {"error":{"code":"content_filter","message":"filtered","status":400}}"#,
        "\n\n",
    ));
    let stream = client.chat().stream(&question("m")).await.unwrap();
    let error = stream.collect_response().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(error.code(), Some("content_filter"));
    let partial = error.partial::<ChatCompletionResponse>().unwrap();
    assert_eq!(partial.choices.first().unwrap().message.text(), "Ma");
}
