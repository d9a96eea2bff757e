//! Error bodies in every shape that servers and gateways give them.

mod common;

use common::{Script, Step, question};
use mistral_core::{Error, ErrorKind, RetryPolicy};

#[allow(clippy::unwrap_used)] // a helper may panic as tests do
async fn failure(status: u16, body: &str, headers: &[(&'static str, &str)]) -> Error {
    let step = headers
        .iter()
        .fold(Step::status(status, body), |step, (name, value)| {
            step.header(name, value)
        });
    let client = Script::new([step]).client();
    let call = client
        .chat()
        .complete(&question())
        .retry(RetryPolicy::none());
    call.await.unwrap_err()
}

/// Status and body; kind, message, code and type that come of them.
type Case = (
    u16,
    &'static str,
    ErrorKind,
    &'static str,
    Option<&'static str>,
    Option<&'static str>,
);

const CASES: &[Case] = &[
    (
        400,
        r#"{"object":"error","message":"bad","type":"invalid_request_error","param":null,"code":null}"#,
        ErrorKind::InvalidRequest,
        "bad",
        None,
        Some("invalid_request_error"),
    ),
    (
        429,
        r#"{"object":"error","message":"slow down","type":"rate_limited","code":"1300","raw_status_code":429}"#,
        ErrorKind::RateLimited,
        "slow down",
        Some("1300"),
        Some("rate_limited"),
    ),
    (
        422,
        r#"{"object":"error","message":{"detail":[{"type":"extra_forbidden","loc":["body","x",0],"msg":"not allowed","input":1}]},"type":"invalid_request_error","code":null}"#,
        ErrorKind::InvalidRequest,
        "body.x.0: not allowed",
        None,
        Some("invalid_request_error"),
    ),
    (
        422,
        r#"{"object":"error","message":"{\"detail\":[{\"loc\":[\"body\"],\"msg\":\"wrong\"}]}","type":"proxy","code":"1000"}"#,
        ErrorKind::InvalidRequest,
        "body: wrong",
        Some("1000"),
        Some("proxy"),
    ),
    (
        422,
        r#"{"object":"Error","detail":[{"msg":"one","loc":["a"]}],"message":[{"msg":"one","loc":["a"]}],"code":3001}"#,
        ErrorKind::InvalidRequest,
        "a: one",
        Some("3001"),
        None,
    ),
    (
        500,
        r#"{"object":"Error","message":"handoff failed","type":"invalid_request_error","code":3000}"#,
        ErrorKind::Server,
        "handoff failed",
        Some("3000"),
        Some("invalid_request_error"),
    ),
    (
        401,
        r#"{"detail":"Invalid key"}"#,
        ErrorKind::Authentication,
        "Invalid key",
        None,
        None,
    ),
    (
        404,
        r#"{"detail":"Not Found"}"#,
        ErrorKind::NotFound,
        "Not Found",
        None,
        None,
    ),
    (
        404,
        r#"{"message":"no route","request_id":"r-1"}"#,
        ErrorKind::NotFound,
        "no route",
        None,
        None,
    ),
    (
        429,
        r#"{"message":"limit exceeded"}"#,
        ErrorKind::RateLimited,
        "limit exceeded",
        None,
        None,
    ),
    (
        422,
        r#"{"detail":"Invalid file.","message":"Got text/plain"}"#,
        ErrorKind::InvalidRequest,
        "Invalid file. Got text/plain",
        None,
        None,
    ),
    (
        422,
        r#"{"detail":"Invalid file. ","description":"Two lines are wrong","errors":[{"message":"no JSON","line_number":3}]}"#,
        ErrorKind::InvalidRequest,
        "Invalid file. Two lines are wrong",
        None,
        None,
    ),
    (
        403,
        r#"{"error":{"message":"blocked","status":403},"guardrails":{"results":{}}}"#,
        ErrorKind::PermissionDenied,
        "blocked",
        None,
        None,
    ),
    (
        403,
        r#"{"object":"Error","message":"blocked","code":3201,"guardrails":[{}]}"#,
        ErrorKind::PermissionDenied,
        "blocked",
        Some("3201"),
        None,
    ),
    (
        409,
        r#"{"detail":{"message":"exists","error_code":"CONFLICT"}}"#,
        ErrorKind::InvalidRequest,
        "exists",
        Some("CONFLICT"),
        None,
    ),
    (
        504,
        "<html><head><title>Gateway\n time-out</title></head></html>",
        ErrorKind::Timeout,
        "an HTML page: Gateway time-out",
        None,
        None,
    ),
    (
        520,
        "<!doctype html><p>oops",
        ErrorKind::Server,
        "an HTML page",
        None,
        None,
    ),
    (502, "", ErrorKind::Server, "", None, None),
    (
        503,
        r#"{"message":"Capacity exceeded","type":"invalid_request_error"}"#,
        ErrorKind::Overloaded,
        "Capacity exceeded",
        None,
        Some("invalid_request_error"),
    ),
    (
        429,
        r#"{"message":"Tier capacity exceeded."}"#,
        ErrorKind::Overloaded,
        "Tier capacity exceeded.",
        None,
        None,
    ),
    (
        400,
        r#"{"error":{"code":"content_filter","message":"filtered","param":"prompt","innererror":{}}}{"error":{}}"#,
        ErrorKind::InvalidRequest,
        "filtered",
        Some("content_filter"),
        None,
    ),
    (
        400,
        r#"{}{"error":{"code":"Second","message":"said in the second"}}"#,
        ErrorKind::InvalidRequest,
        "said in the second",
        Some("Second"),
        None,
    ),
    (
        400,
        r#"{"error":{"code":"Outer","message":null,"innererror":{"message":"within"}}}"#,
        ErrorKind::InvalidRequest,
        "within",
        Some("Outer"),
        None,
    ),
    (
        429,
        r#"{"error":{"code":429,"message":"exhausted","status":"RESOURCE_EXHAUSTED"}}"#,
        ErrorKind::RateLimited,
        "exhausted",
        Some("429"),
        Some("RESOURCE_EXHAUSTED"),
    ),
    (
        400,
        r#"{"error":{"message":"{\"detail\":[{\"loc\":[\"body\",\"seed\"],\"msg\":\"extra\"}]}","code":"Bad"}}"#,
        ErrorKind::InvalidRequest,
        "body.seed: extra",
        Some("Bad"),
        None,
    ),
    (
        429,
        r#"{"error":{"code":"insufficient_quota","message":"used up"}}"#,
        ErrorKind::QuotaExceeded,
        "used up",
        Some("insufficient_quota"),
        None,
    ),
    (
        410,
        r#"{"detail":"retired"}"#,
        ErrorKind::Gone,
        "retired",
        None,
        None,
    ),
    (
        400,
        "plain\n  words",
        ErrorKind::InvalidRequest,
        "plain words",
        None,
        None,
    ),
    (
        400,
        r#"{"message":"cut of"#,
        ErrorKind::InvalidRequest,
        r#"{"message":"cut of"#,
        None,
        None,
    ),
    (400, "[]", ErrorKind::InvalidRequest, "", None, None),
    (400, "null", ErrorKind::InvalidRequest, "null", None, None),
];

#[tokio::test]
async fn every_shape_is_read() {
    for (status, body, kind, message, code, error_type) in CASES {
        let error = failure(*status, body, &[]).await;
        let api = error.api().unwrap();
        assert_eq!(error.kind(), *kind, "{body}");
        assert_eq!(api.message, *message, "{body}");
        assert_eq!(error.code(), *code, "{body}");
        assert_eq!(api.error_type.as_deref(), *error_type, "{body}");
        assert_eq!(api.status.as_u16(), *status, "{body}");
        assert_eq!(api.body, *body);
        let line = error.to_string();
        assert!(
            line.starts_with(&format!("chat.complete: {status}")),
            "{line}"
        );
        assert!(line.contains(message) && !line.contains('\n'), "{line}");
    }
}

#[tokio::test]
async fn ids_of_requests_are_found_wherever_they_are() {
    for (name, body, expected) in [
        ("mistral-correlation-id", "", "id"),
        ("x-kong-request-id", "", "id"),
        ("x-request-id", "", "id"),
        ("apim-request-id", "", "id"),
        ("x-ms-request-id", "", "id"),
        (
            "x-none",
            r#"{"message":"m","request_id":"body-id"}"#,
            "body-id",
        ),
    ] {
        let error = failure(400, body, &[(name, "id")]).await;
        assert_eq!(error.request_id(), Some(expected), "{name}");
        assert!(
            error
                .to_string()
                .contains(&format!("request id {expected}")),
            "{error}"
        );
    }
    let error = failure(400, "{}", &[("x-ms-error-code", "DeploymentNotFound")]).await;
    assert_eq!(error.code(), Some("DeploymentNotFound"));
}

#[tokio::test]
async fn nesting_without_end_and_long_words_are_bounded() {
    let nested = format!("{}\"deep\"{}", "{\"error\":".repeat(100), "}".repeat(100));
    assert_eq!(
        failure(400, &nested, &[]).await.kind(),
        ErrorKind::InvalidRequest
    );
    let long = format!(r#"{{"message":"{}"}}"#, "é".repeat(10_000));
    let error = failure(400, &long, &[]).await;
    assert_eq!(error.api().unwrap().message.chars().count(), 501);
    assert_eq!(error.api().unwrap().body, long);
}

#[tokio::test]
async fn single_complaints_are_listed() {
    let body = r#"{"detail":[
        {"loc":["body","a"],"msg":"one","type":"t"},{"loc":["b"],"msg":"two"},
        {"loc":["c"],"msg":"three"},{"loc":["d"],"msg":"four"},"five"]}"#;
    let error = failure(422, body, &[]).await;
    let details = &error.api().unwrap().details;
    assert_eq!(details.len(), 5);
    assert_eq!(
        (details[0].location.as_str(), details[0].error_type.as_str()),
        ("body.a", "t")
    );
    assert!(
        error
            .to_string()
            .contains("body.a: one; b: two; c: three; and 2 more"),
        "{error}"
    );
}

#[tokio::test]
async fn whatever_a_server_says_an_error_prints_as_one_line() {
    for (status, body) in [
        (
            400,
            r#"{"message":"\u001b[2Jgone\nb","code":"a\nb\u2028c","request_id":"d\re"}"#,
        ),
        (500, "\u{1b}[2Jgone\0"),
        (
            200,
            r#"{"choices":[{"message":{"x":{},"tool_calls":{"a\nb":1}}}]}"#,
        ),
        (
            200,
            r#"{"choices":[],"usage":{"total_tokens":"a\nb\u0007"}}"#,
        ),
        (
            200,
            r#"{"choices":[],"usage":{"prompt_tokens_details":{"cached_tokens":"\u2028"}}}"#,
        ),
    ] {
        let error = failure(status, body, &[]).await;
        for shown in [
            error.to_string(),
            format!("{error:#}"),
            error.message().to_owned(),
        ] {
            let breaks = |it: char| it.is_control() || it == '\u{2028}';
            assert!(!shown.contains(breaks), "{shown:?}");
        }
        assert_eq!(error.api().unwrap().body, body);
    }
}

#[tokio::test]
async fn whatever_a_server_says_the_line_is_not_long() {
    let long = "x".repeat(10_000);
    for (status, body) in [
        (
            400,
            format!(r#"{{"message":"{long}","code":"{long}","request_id":"{long}"}}"#),
        ),
        (
            200,
            format!(r#"{{"choices":[],"usage":{{"total_tokens":"{long}"}}}}"#),
        ),
    ] {
        let error = failure(status, &body, &[]).await;
        assert!(error.to_string().len() < 1000, "{error}");
        assert_eq!(error.api().unwrap().body, body);
        if status == 400 {
            assert_eq!(error.code(), Some(&*long));
        }
    }
}

#[tokio::test]
async fn where_a_server_redirects_to_is_shown_in_one_short_line() {
    let to = format!("https://a.test/\tb{}", "x".repeat(10_000));
    let error = failure(308, "", &[("location", &to)]).await;
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.message().contains("`https://a.test/ bx"), "{error}");
    assert!(error.to_string().len() < 1000, "{error}");
}
