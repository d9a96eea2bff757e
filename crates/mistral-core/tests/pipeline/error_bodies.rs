//! Error bodies of servers and gateways, in every shape: one file each in `errors/`.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use mistral_core::audio::{AudioSource, AudioTranscriptionRequest};
use mistral_core::batch::BatchResult;
use mistral_core::chat::ChatCompletionResponse;
use mistral_core::ocr::{Document, OcrRequest};
use mistral_core::testing::{MockChunk, MockReply};
use mistral_core::{Error, ErrorKind, RetryPolicy};
use serde::Deserialize;
use serde_json::Value;

use crate::common::{answer, client_with, event, question, reply, scripted, sse};

async fn failure(status: u16, body: impl Into<Bytes>, headers: &[(&str, &str)]) -> Error {
    let reply = MockReply::bytes("application/json", [body.into()]).with_status(status);
    let reply = headers
        .iter()
        .fold(reply, |reply, (name, value)| reply.with_header(name, value));
    let call = client_with(&scripted([reply])).chat().complete(&question());
    let call = call.header("x-api-key", "sent-with-every-request");
    call.retry(RetryPolicy::none()).await.unwrap_err()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fixture {
    status: u16,
    #[serde(default)]
    headers: serde_json::Map<String, Value>,
    /// A string is sent as it is, any other value as JSON.
    body: Value,
    expected: Expected,
}

/// The properties of the error. A property that is left out is absent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    kind: String,
    message: String,
    is_retryable: bool,
    code: Option<String>,
    r#type: Option<String>,
    param: Option<String>,
    /// Location, message and type of each.
    #[serde(default)]
    details: Vec<[String; 3]>,
    request_id: Option<String>,
    /// In seconds.
    retry_after: Option<f64>,
    #[serde(default)]
    is_context_length_exceeded: bool,
    /// A part of the hint.
    hint: Option<String>,
}

fn fixtures() -> Vec<(String, Fixture)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipeline/errors");
    let files = std::fs::read_dir(folder).unwrap();
    let fixtures = files.map(|file| {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let fixture = serde_json::from_slice(&std::fs::read(path).unwrap());
        let fixture = fixture.unwrap_or_else(|error| panic!("{name}: {error}"));
        (name, fixture)
    });
    fixtures.collect()
}

fn check(name: &str, fixture: &Fixture, body: &str, error: &Error) {
    let (api, expected) = (error.api().unwrap(), &fixture.expected);
    assert_eq!(format!("{:?}", error.kind()), expected.kind, "{name}");
    assert_eq!(api.message, expected.message, "{name}");
    assert_eq!(error.is_retryable(), expected.is_retryable, "{name}");
    assert_eq!(error.code(), expected.code.as_deref(), "{name}");
    assert_eq!(api.error_type, expected.r#type, "{name}");
    assert_eq!(api.param, expected.param, "{name}");
    let details = api.details.iter().map(|detail| {
        let detail = detail.clone();
        [detail.location, detail.message, detail.error_type]
    });
    assert_eq!(details.collect::<Vec<_>>(), expected.details, "{name}");
    let request_id = expected.request_id.as_deref();
    assert_eq!(error.request_id(), request_id, "{name}");
    let retry_after = error.retry_after().map(|wait| wait.as_secs_f64());
    assert_eq!(retry_after, expected.retry_after, "{name}");
    let is_too_long = error.is_context_length_exceeded();
    assert_eq!(is_too_long, expected.is_context_length_exceeded, "{name}");
    assert_eq!(error.status().unwrap().as_u16(), fixture.status, "{name}");
    assert_eq!(api.body, body, "{name}");
}

/// Checks that the error is one line, and that only the alternate form has the hint.
fn check_lines(name: &str, fixture: &Fixture, error: &Error) {
    let expected = &fixture.expected;
    let (line, more) = (error.to_string(), format!("{error:#}"));
    let start = format!("chat.complete: {}", fixture.status);
    assert!(line.starts_with(&start) && !line.contains('\n'), "{line}");
    let ids = [&expected.code, &expected.request_id];
    for fact in ids.into_iter().flatten().chain([&expected.message]) {
        assert!(line.contains(fact), "{name}: {line}");
    }
    assert!(!line.contains("hint: "), "{name}: {line}");
    match (error.hint(), &expected.hint) {
        (None, None) => assert_eq!(more, line, "{name}"),
        (Some(hint), Some(expected)) => {
            assert!(hint.contains(expected), "{name}: {hint}");
            assert_eq!(more, format!("{line}; hint: {hint}"), "{name}");
            assert!(!hint.contains('\n') && !hint.ends_with('.'), "{hint}");
        }
        (hint, expected) => panic!("{name}: {hint:?} instead of {expected:?}"),
    }
}

#[tokio::test]
async fn error_body_fixtures_are_all_read() {
    let fixtures = fixtures();
    assert!(fixtures.len() > 70, "{}", fixtures.len());
    for (name, fixture) in &fixtures {
        let body = match &fixture.body {
            Value::String(text) => text.clone(),
            json => json.to_string(),
        };
        let headers = fixture.headers.iter();
        let headers: Vec<_> = headers
            .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
            .collect();
        let error = failure(fixture.status, body.clone(), &headers).await;
        check(name, fixture, &body, &error);
        check_lines(name, fixture, &error);
    }
}

/// The status of a stream is 200 already, so the message alone decides.
#[tokio::test]
async fn sse_error_event_with_context_length_is_recognized() {
    let said = r#"{"error":{"message":"This model's maximum context length is 9","code":CODE}}"#;
    for (code, too_long) in [("400", true), ("null", true), ("429", false)] {
        let event = format!("event: error\ndata: {}\n\n", said.replace("CODE", code));
        let client = client_with(&scripted([sse([MockChunk::Bytes(event.into())])]));
        let stream = client.chat().stream(&question()).await.unwrap();
        let error = stream.collect_response().await.unwrap_err();
        assert_eq!(error.is_context_length_exceeded(), too_long, "{code}");
    }
}

#[tokio::test]
async fn error_of_the_client_has_no_hint() {
    let error = Error::config("unauthorized: maximum context length");
    assert_eq!(error.hint(), None);
    assert!(!error.is_context_length_exceeded());
}

#[tokio::test]
async fn error_request_id_is_found_in_headers_and_body() {
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
        let words = format!("request id {expected}");
        assert!(error.to_string().contains(&words), "{error}");
    }
}

#[tokio::test]
async fn error_body_nesting_and_message_are_bounded() {
    let nested = format!("{}\"deep\"{}", "{\"error\":".repeat(100), "}".repeat(100));
    let error = failure(400, nested, &[]).await;
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    let long = format!(r#"{{"message":"{}"}}"#, "é".repeat(10_000));
    let error = failure(400, long.clone(), &[]).await;
    assert_eq!(error.api().unwrap().message.chars().count(), 501);
    assert_eq!(error.api().unwrap().body, long);
}

#[tokio::test]
async fn error_body_is_read_up_to_a_mebibyte() {
    let bound = 1024 * 1024;
    let start = r#"{"message":"long","code":"1300"} "#;
    for size in [bound - 1, bound, bound + 1, 3 * bound] {
        let body = format!("{start}{}", "x".repeat(size - start.len()));
        let error = failure(429, body, &[("retry-after", "2")]).await;
        let api = error.api().unwrap();
        assert_eq!(api.body.len(), size.min(bound));
        assert_eq!((&*api.message, error.code()), ("long", Some("1300")));
        assert_eq!(error.retry_after(), Some(Duration::from_secs(2)));
    }
    // A truncated body is no JSON any more: the status alone decides.
    let body = format!(r#"{{"message":"{}"}}"#, "{\"".repeat(bound));
    let error = failure(503, body, &[]).await;
    assert_eq!(error.kind(), ErrorKind::Overloaded);
    assert_eq!(error.api().unwrap().message.chars().count(), 501);
}

#[tokio::test]
async fn error_body_with_invalid_utf_8_is_read() {
    let body = b"{\"message\":\"caf\xE9\",\"code\":\"1300\"}".as_slice();
    let error = failure(429, body, &[]).await;
    assert_eq!(error.code(), Some("1300"));
    assert_eq!(error.api().unwrap().message, "caf\u{fffd}");
    let error = failure(500, b"\xFF\xFE".as_slice(), &[]).await;
    assert_eq!(error.kind(), ErrorKind::Server);
    assert_eq!(error.api().unwrap().body, "\u{fffd}\u{fffd}");
}

#[tokio::test]
async fn error_422_lists_details() {
    let body = r#"{"detail":[
        {"loc":["body","a"],"msg":"one","type":"t"},{"loc":["b"],"msg":"two"},
        {"loc":["c"],"msg":"three"},{"loc":["d"],"msg":"four"},"five"]}"#;
    let error = failure(422, body, &[]).await;
    assert_eq!(error.api().unwrap().details.len(), 5);
    let words = "body.a: one; b: two; c: three; and 2 more";
    assert!(error.to_string().contains(words), "{error}");
}

#[tokio::test]
async fn error_display_is_one_line() {
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
        (200, r#"{"choices":"a\nb\u0007","x":1}"#),
        (200, r#"{"choices":"\u2028"}"#),
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
async fn error_display_is_bounded() {
    let long = "x".repeat(10_000);
    for (status, body) in [
        (
            400,
            format!(r#"{{"message":"{long}","code":"{long}","request_id":"{long}"}}"#),
        ),
        (200, format!(r#"{{"choices":"{long}"}}"#)),
    ] {
        let error = failure(status, body.clone(), &[]).await;
        assert!(error.to_string().len() < 1000, "{error}");
        assert_eq!(error.api().unwrap().body, body);
        if status == 400 {
            assert_eq!(error.code(), Some(&*long));
        }
    }
}

#[tokio::test]
async fn redirect_error_shows_location_in_one_short_line() {
    let to = format!("https://a.test/\tb{}", "x".repeat(10_000));
    let error = failure(308, "", &[("location", &to)]).await;
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.message().contains("`https://a.test/ bx"), "{error}");
    assert!(error.to_string().len() < 1000, "{error}");
}

#[tokio::test]
async fn error_body_of_unknown_shape_is_the_message_if_it_has_words() {
    for (body, words) in [
        (r#"{"result":{"info":"some words"}}"#, "some words"),
        (r#"{"a":[1,{"b":"more than one"}]}"#, "more than one"),
    ] {
        let client = client_with(&scripted([reply(400, body)]));
        let error = client.chat().complete(&question()).await.unwrap_err();
        assert!(error.message().contains(words), "{error}");
    }
    for body in [r#"{"trace":"0af7651916cd43dd"}"#, "{}", "[1]"] {
        let client = client_with(&scripted([reply(400, body)]));
        let error = client.chat().complete(&question()).await.unwrap_err();
        assert_eq!(error.message(), "400 Bad Request", "{body}");
    }
}

/// Gateways send an error beside an empty result with the status 200.
#[tokio::test]
async fn error_beside_empty_result_is_an_error() {
    let mock = |body: &str| client_with(&scripted([reply(200, body)]));
    let error = r#""error":{"message":"No capacity","code":503}"#;
    let client = mock(&format!(r#"{{"id":"1","choices":[],{error}}}"#));
    let call = client.chat().complete(&question());
    check_success_error(call.retry(RetryPolicy::none()).await.unwrap_err());
    let failed = format!(
        r#"{{"choices":[{{"message":{{"content":""}},"finish_reason":"error"}}],{error}}}"#
    );
    let call = mock(&failed).chat().complete(&question());
    check_success_error(call.retry(RetryPolicy::none()).await.unwrap_err());
    let chunk = failed.replace("message\":{\"content", "delta\":{\"content");
    let mock_stream = scripted([sse([MockChunk::Bytes(format!("data: {chunk}\n\n").into())])]);
    let stream = client_with(&mock_stream).chat().stream(&question()).await;
    check_success_error(stream.unwrap().collect_response().await.unwrap_err());
    let client = mock(&format!(r#"{{"object":"list","data":[],{error}}}"#));
    check_success_error(client.models().list().await.unwrap_err());
    let client = mock(&format!(r#"{{"pages":[],{error}}}"#));
    let request = OcrRequest::new("m", Document::url("https://a.test/a.pdf"));
    check_success_error(client.ocr().process(&request).await.unwrap_err());
    let client = mock(&format!(r#"{{"text":"","segments":[],{error}}}"#));
    let source = AudioSource::url("https://a.test/a.wav");
    let request = AudioTranscriptionRequest::new("m", source);
    let transcriptions = client.audio().transcriptions();
    check_success_error(transcriptions.complete(&request).await.unwrap_err());
    let line = format!(r#"{{"custom_id":"1","response":{{"body":{{"choices":[],{error}}}}}}}"#);
    let result = BatchResult::lines(line.as_bytes()).next().unwrap().unwrap();
    check_success_error(result.body::<ChatCompletionResponse>().unwrap_err());

    for choice in [
        format!(r#"{{"index":0,{error},"message":{{"content":""}},"finish_reason":"error"}}"#),
        format!(r#"{{"index":0,{error}}}"#),
    ] {
        let body = format!(r#"{{"id":"1","choices":[{choice}]}}"#);
        let call = mock(&body).chat().complete(&question());
        check_success_error(call.retry(RetryPolicy::none()).await.unwrap_err());
        let chunk = body.replace("\"message\"", "\"delta\"");
        let text = MockChunk::Bytes(event("a").into());
        let failed = MockChunk::Bytes(format!("data: {chunk}\n\n").into());
        let client = client_with(&scripted([sse([text, failed])]));
        let stream = client.chat().stream(&question()).await.unwrap();
        let error = stream.collect_response().await.unwrap_err();
        let partial = error.partial::<ChatCompletionResponse>().unwrap();
        assert_eq!(partial.text(), "a");
        check_success_error(error);
    }
    let message = "data: {\"choices\":[],\"message\":\"No capacity\"}\n\n";
    let client = client_with(&scripted([sse([MockChunk::Bytes(message.into())])]));
    let stream = client.chat().stream(&question()).await.unwrap();
    let error = stream.collect_response().await.unwrap_err();
    assert!(error.message().contains("No capacity"), "{error}");

    // An error that says nothing, or beside a result, is no error of the call.
    for body in [
        r#"{"choices":[],"error":null}"#.to_owned(),
        r#"{"choices":[],"error":{}}"#.to_owned(),
        r#"{"choices":[{"error":null,"message":{"content":""}}]}"#.to_owned(),
        r#"{"choices":[{"error":"late","message":{"content":"a"},"finish_reason":"error"}]}"#
            .to_owned(),
        answer("an \"error\"").replace("\"id\"", "\"error\":\"late\",\"id\""),
    ] {
        let client = mock(&body);
        let result = client.chat().complete(&question()).await;
        assert!(result.is_ok(), "{body}: {result:?}");
    }
}

fn check_success_error(error: Error) {
    assert_eq!(error.kind(), ErrorKind::Overloaded, "{error}");
    assert!(error.message().contains("No capacity"), "{error}");
    assert_eq!(error.code(), Some("503"));
}

#[tokio::test]
async fn error_of_a_success_with_a_budget_used_up_is_quota_exceeded() {
    for error in [
        r#"{"message":"Pay first","code":402}"#,
        r#"{"message":"Pay first","code":"402"}"#,
        r#"{"message":"Pay first","code":"insufficient_quota"}"#,
    ] {
        let body = format!(r#"[{{"error":{error}}}]"#);
        let error = failure(200, body, &[]).await;
        assert_eq!(error.kind(), ErrorKind::QuotaExceeded, "{error}");
        assert!(!error.is_retryable());
    }
}

/// The body is a mebibyte: in quadratic time, these would take minutes.
#[tokio::test]
async fn error_body_of_many_parts_is_read_in_linear_time() {
    const BYTES: usize = 1024 * 1024;
    let many = |part: &dyn Fn(usize) -> String| {
        let mut parts = String::new();
        for number in 0.. {
            let part = part(number);
            if parts.len() + part.len() > BYTES - 100 {
                break;
            }
            parts.push_str(&part);
        }
        parts
    };
    let detail = |number| format!(r#"{{"msg":"{number}"}},"#);
    let list = format!(r#"{{"detail":[{}"x"]}}"#, many(&detail));
    let fields = |number| format!(r#""{number}":["m"],"#);
    let fields = format!(r#"{{"errors":{{{}"x":"y"}}}}"#, many(&fields));
    let documents = many(&|number| format!(r#"{{"message":"{number}"}}"#));
    let errors = |number| format!(r#"{{"error":{{"message":"{number}"}}}},"#);
    let errors = format!(r#"[{}{{}}]"#, many(&errors));
    let names = |number| format!(r#""{number}":1,"#);
    let names = format!(r#"{{{}"x":1}}"#, many(&names));
    let nested = |name: &str| {
        let leaf = (0..10_000).map(|number| format!(r#""{number}":"","#));
        let leaf = format!(r#"{{{}"x":1}}"#, leaf.collect::<String>());
        let before = format!("{{\"{name}\":").repeat(7);
        format!("{before}{leaf}{}", "}".repeat(7))
    };
    let nested = ["error", "detail", "message", "fault", "Fault"].map(nested);
    let start = std::time::Instant::now();
    let flat = [&list, &fields, &documents, &errors, &names];
    for body in flat.into_iter().chain(&nested) {
        let error = failure(400, body.clone(), &[]).await;
        let api = error.api().unwrap();
        assert!(api.details.len() <= 1000, "{}", api.details.len());
        assert!(error.hint().is_none());
    }
    let elapsed = start.elapsed();
    assert!(elapsed < Duration::from_secs(30), "{elapsed:?}");
    let error = failure(400, list.clone(), &[]).await;
    let omitted = list.matches("msg").count() + 1 - 3;
    let words = format!("0; 1; 2; and {omitted} more");
    assert_eq!(error.api().unwrap().message, words);
}

#[tokio::test]
async fn error_in_a_list_in_place_of_a_stream_is_an_error() {
    for (error, kind) in [
        (
            r#"{"code":429,"message":"Slow down"}"#,
            ErrorKind::RateLimited,
        ),
        (
            r#"{"status":"RESOURCE_EXHAUSTED","message":"Slow down"}"#,
            ErrorKind::RateLimited,
        ),
        (r#"{"message":"Slow down"}"#, ErrorKind::Server),
    ] {
        let body = format!("[{{\"error\":{error}}}\n]");
        let client = client_with(&scripted([reply(200, &body)]));
        let call = client.chat().stream(&question());
        let error = call.retry(RetryPolicy::none()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{body}");
        assert!(error.message().ends_with("Slow down"), "{error}");
    }
}
