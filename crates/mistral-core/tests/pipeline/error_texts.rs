//! The texts of errors: no text twice, the URL, the causes in `Debug`; and whether a request may
//! have arrived.

use std::error::Error as _;
use std::io;
use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use mistral_core::batch::BatchResult;
use mistral_core::chat::ChatCompletionRequest;
use mistral_core::files::{FilePurpose, FileSource, UploadFileRequest};
use mistral_core::ocr::Document;
use mistral_core::provider::{Token, TokenCache, TokenSource};
use mistral_core::rate_limit::RateLimiter;
use mistral_core::testing::{Cassette, MockChunk, MockReply, MockTransport};
use mistral_core::transport::{HyperTransport, TransportErrorKind};
use mistral_core::{Client, Error, ErrorKind, Result, RetryPolicy};
use serde::{Serialize, Serializer};

use crate::common::{
    Open, answer, builder_with, bytes, client_with, event, question, reply, scripted, sse,
};

const KINDS: [TransportErrorKind; 10] = [
    TransportErrorKind::Connect,
    TransportErrorKind::ConnectTimeout,
    TransportErrorKind::NotSent,
    TransportErrorKind::Timeout,
    TransportErrorKind::Interrupted,
    TransportErrorKind::TooLarge,
    TransportErrorKind::RequestBody,
    TransportErrorKind::Config,
    TransportErrorKind::RateLimited,
    TransportErrorKind::Other,
];

async fn chat(replies: impl IntoIterator<Item = MockReply>) -> Error {
    let client = client_with(&scripted(replies));
    let call = client.chat().complete(&question());
    call.retry(RetryPolicy::none()).await.unwrap_err()
}

async fn stream(body: MockReply) -> Error {
    match client_with(&scripted([body]))
        .chat()
        .stream(&question())
        .await
    {
        Ok(stream) => stream.collect_response().await.unwrap_err(),
        Err(error) => error,
    }
}

fn broken_reader() -> io::Error {
    io::Error::other("the disk is on fire")
}

/// A value that cannot be serialized.
struct Unserializable;

impl Serialize for Unserializable {
    fn serialize<S: Serializer>(&self, _: S) -> std::result::Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("no JSON of this"))
    }
}

#[derive(Debug)]
struct NoToken;

#[async_trait]
impl TokenSource for NoToken {
    async fn token(&self) -> Result<Token> {
        Err(Error::credentials(broken_reader()))
    }
}

/// A client on a real connection to a port at which nothing listens.
fn refused() -> Client {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let api = mistral_sdk::MistralApi::new("my-key").unwrap();
    let builder = Client::builder(api.base_url(&url).unwrap()).retry(RetryPolicy::none());
    let transport = HyperTransport::new(Duration::from_secs(5)).unwrap();
    builder.transport(transport).build().unwrap()
}

/// Errors before anything is sent.
async fn local_errors() -> Vec<(&'static str, Error)> {
    let mock = scripted([reply(200, "{}")]);
    let client = client_with(&mock);
    let missing = Path::new("/no/such/folder/missing.wav");
    let upload = UploadFileRequest::new(FilePurpose::Batch, FileSource::from_path(missing));
    let ids = futures::stream::iter([Err::<String, _>(broken_reader())]);
    let requests =
        futures::stream::iter([Err::<(String, ChatCompletionRequest), _>(broken_reader())]);
    let limiter = RateLimiter::new().requests_per_minute(1);
    let limited =
        Client::builder(Open).transport(limiter.around(scripted([reply(200, &answer("a"))])));
    let limited = limited.build().unwrap();
    limited.chat().complete(&question()).await.unwrap();
    let late = limited
        .chat()
        .complete(&question())
        .timeout(Duration::from_secs(1));
    vec![
        (
            "missing upload",
            client.files().upload(&upload).await.unwrap_err(),
        ),
        (
            "missing document",
            Document::from_path(missing).await.unwrap_err(),
        ),
        ("missing cassette", Cassette::replay(missing).unwrap_err()),
        (
            "broken texts",
            Box::pin(client.embeddings().create_all_stream("m", ids).next())
                .await
                .unwrap()
                .unwrap_err(),
        ),
        (
            "broken requests",
            client.batch().run_stream(requests).await.unwrap_err(),
        ),
        (
            "no token",
            TokenCache::new(NoToken).bearer(None).await.unwrap_err(),
        ),
        (
            "header",
            client.models().list().header("a b", "c").await.unwrap_err(),
        ),
        (
            "no JSON",
            client
                .models()
                .list()
                .json(&Unserializable)
                .await
                .unwrap_err(),
        ),
        ("no runtime or permit", late.await.unwrap_err()),
        (
            "no result",
            BatchResult::lines(b"{\"custom_id\": [1]}")
                .next()
                .unwrap()
                .unwrap_err(),
        ),
    ]
}

/// Errors of exchanges.
async fn remote_errors() -> Vec<(&'static str, Error)> {
    let mut errors = Vec::new();
    for kind in KINDS {
        errors.push(("transport", chat([MockReply::error(kind)]).await));
    }
    let download = |chunks: Vec<MockChunk>| async {
        let body = MockReply::bytes("application/jsonl", chunks);
        let content = client_with(&scripted([body]))
            .files()
            .download("f")
            .await
            .unwrap();
        content.bytes().await.unwrap_err()
    };
    let first_byte = client_with(&scripted([MockReply::stall()]));
    let first_byte = first_byte
        .chat()
        .complete(&question())
        .retry(RetryPolicy::none());
    let large = client_with(&scripted([reply(200, &answer("long"))]));
    let elsewhere = reply(307, "").with_header("location", "http://elsewhere.test/");
    errors.extend([
        ("refused", refused().models().list().await.unwrap_err()),
        (
            "broken stream",
            stream(sse([bytes(event("a")), MockChunk::Break])).await,
        ),
        ("cut stream", stream(sse([bytes(event("a"))])).await),
        (
            "silent stream",
            stream(sse([bytes(event("a")), MockChunk::Stall])).await,
        ),
        (
            "error event",
            stream(sse([bytes("data: {\"error\":{\"message\":\"a b\"}}\n\n")])).await,
        ),
        ("HTML for events", stream(html()).await),
        ("HTML", chat([html()]).await),
        (
            "other JSON",
            chat([reply(200, "{\"id\":\"1\",\"choices\":3}")]).await,
        ),
        ("empty", chat([reply(200, "null")]).await),
        (
            "broken download",
            download(vec![bytes("a"), MockChunk::Break]).await,
        ),
        ("no response", first_byte.await.unwrap_err()),
        (
            "too large",
            large
                .chat()
                .complete(&question())
                .max_response_size(9)
                .await
                .unwrap_err(),
        ),
        ("redirect", chat([elsewhere]).await),
        (
            "error in success",
            chat([reply(200, "{\"error\":\"a b\"}")]).await,
        ),
    ]);
    for status in [400, 401, 404, 422, 429, 500, 503] {
        errors.push((
            "status",
            chat([reply(status, "{\"message\":\"no way\"}")]).await,
        ));
    }
    errors
}

fn html() -> MockReply {
    let page = "<!doctype html><html><head><title>Sign in</title></head><body>To the proxy</body>";
    MockReply::bytes("text/html", [page])
}

/// The texts of an error and of its causes.
fn levels(error: &Error) -> Vec<String> {
    let mut levels = vec![error.to_string()];
    let mut source = error.source();
    while let Some(cause) = source {
        levels.push(cause.to_string());
        source = cause.source();
    }
    levels
}

#[tokio::test(start_paused = true)]
async fn error_causes_are_not_part_of_other_texts() {
    let mut with_causes = 0;
    for (name, error) in local_errors()
        .await
        .into_iter()
        .chain(remote_errors().await)
    {
        let levels = levels(&error);
        with_causes += usize::from(levels.len() > 1);
        for (at, text) in levels.iter().enumerate().skip(1) {
            let others = levels.iter().enumerate().filter(|(other, _)| *other != at);
            for (_, other) in others {
                assert!(
                    !other.contains(text.as_str()),
                    "{name}: `{text}` twice: {levels:?}"
                );
            }
        }
        let joined = levels.join(": ");
        assert!(
            format!("{error:#}").starts_with(&joined),
            "{name}: {error:#}"
        );
    }
    assert!(with_causes > 12, "{with_causes}");
}

#[tokio::test(start_paused = true)]
async fn error_debug_has_message_causes_and_hint_on_lines() {
    for (name, error) in local_errors()
        .await
        .into_iter()
        .chain(remote_errors().await)
    {
        let shown = format!("{error:?}");
        let mut expected = error.to_string();
        let causes = &levels(&error)[1..];
        if let [cause] = causes {
            expected += &format!("\n\nCaused by:\n    {cause}");
        } else if !causes.is_empty() {
            expected += "\n\nCaused by:";
            for (number, cause) in causes.iter().enumerate() {
                expected += &format!("\n    {number}: {cause}");
            }
        }
        if let Some(hint) = error.hint() {
            expected += &format!("\n\nHint: {hint}");
        }
        assert_eq!(shown, expected, "{name}");
        let structure = format!("{error:#?}");
        assert!(structure.starts_with("Error {\n    kind: "), "{structure}");
    }
}

#[tokio::test(start_paused = true)]
async fn error_of_an_exchange_names_host_and_url() {
    for (name, error) in remote_errors().await {
        let url = error.url().unwrap_or_else(|| panic!("{name}: {error}"));
        assert!(url.path().contains("/v1/"), "{name}: {url}");
    }
    for (name, error) in local_errors().await {
        assert!(
            error.attempts() > 0 || error.url().is_none(),
            "{name}: {error}"
        );
    }
    for (kind, message) in [
        (
            TransportErrorKind::Connect,
            "could not connect to server.test:80",
        ),
        (
            TransportErrorKind::ConnectTimeout,
            "could not connect to server.test:80 in time",
        ),
        (
            TransportErrorKind::Interrupted,
            "the connection to server.test:80 broke",
        ),
        (
            TransportErrorKind::Timeout,
            "the exchange with server.test:80 timed out",
        ),
    ] {
        assert_eq!(chat([MockReply::error(kind)]).await.message(), message);
    }
    let stalled = client_with(&scripted([MockReply::stall()]));
    let call = stalled
        .chat()
        .complete(&question())
        .retry(RetryPolicy::none());
    let error = call
        .first_byte_timeout(Duration::from_secs(7))
        .await
        .unwrap_err();
    let message = "no response from server.test:80 within 7s (first byte timeout)";
    assert_eq!(error.message(), message);
}

#[tokio::test]
async fn error_url_has_no_user_and_no_query() {
    let api = mistral_sdk::MistralApi::new("my-key").unwrap();
    let api = api.base_url("http://127.0.0.1:4/base").unwrap();
    let mock = scripted([reply(404, "{\"detail\":\"Not Found\"}")]);
    let client = Client::builder(api).transport(mock).build().unwrap();
    let error = client
        .models()
        .list()
        .query("token", "s3cret-key")
        .await
        .unwrap_err();
    assert_eq!(
        error.url().unwrap().as_str(),
        "http://127.0.0.1:4/base/v1/models"
    );
    let expected = "models.list: 404 Not Found: Not Found (url http://127.0.0.1:4/base/v1/models)";
    assert_eq!(error.to_string(), expected);
    assert!(!format!("{error:#?}").contains("s3cret"), "{error:#?}");
}

#[tokio::test]
async fn error_404_without_a_code_names_the_url_and_the_base_url() {
    for status in [404, 405] {
        for body in [
            "{\"detail\":\"Not Found\"}",
            "",
            "<html><title>Nothing</title></html>",
        ] {
            let error = chat([reply(status, body)]).await;
            assert!(
                error.hint().unwrap().starts_with("check the base URL"),
                "{error:#}"
            );
            assert!(
                error
                    .to_string()
                    .contains("url http://server.test/prefix/v1/"),
                "{error}"
            );
        }
    }
    let unknown = reply(404, "{\"message\":\"no such file\",\"code\":\"3000\"}");
    let error = client_with(&scripted([unknown]))
        .files()
        .retrieve("f")
        .await
        .unwrap_err();
    assert_eq!(error.hint(), None);
    assert!(!error.to_string().contains("url "), "{error}");
}

#[tokio::test]
async fn error_of_html_in_place_of_json_quotes_its_first_words() {
    let start = "the response is not what the API documents: expected ";
    let whole = chat([html()]).await;
    let events = stream(html()).await;
    assert_eq!(
        whole.message(),
        format!("{start}JSON, but it is an HTML page: `Sign in`")
    );
    let found = "a stream of events, but the content type is `text/html`, and it is an HTML page";
    assert_eq!(events.message(), format!("{start}{found}: `Sign in`"));
    for error in [whole, events] {
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(
            error
                .to_string()
                .contains("(url http://server.test/prefix/v1/chat/"),
            "{error}"
        );
        assert_eq!(error.server_message(), None);
    }
    let body = "<html><body><style>p { }</style><p>Please <b>log in</b> first</p></body></html>";
    let error = chat([MockReply::bytes("text/html", [body])]).await;
    assert!(
        error
            .message()
            .ends_with("an HTML page: `Please log in first`"),
        "{error}"
    );
    let words = "word ".repeat(1000);
    let error = chat([reply(200, &words)]).await;
    let quoted = error.message().split('`').nth(1).unwrap();
    assert!(
        quoted.starts_with("word word") && quoted.ends_with("word …"),
        "{quoted}"
    );
    assert!(quoted.len() < 150, "{quoted}");
}

#[tokio::test]
async fn error_server_message_is_the_servers_own_words() {
    let error = chat([reply(422, "{\"message\":\"too hot\",\"code\":\"3051\"}")]).await;
    assert_eq!(error.server_message(), Some("too hot"));
    assert_eq!(error.message(), "422 Unprocessable Entity: too hot");
    assert_eq!(chat([reply(500, "")]).await.server_message(), None);
    assert_eq!(
        chat([MockReply::error(TransportErrorKind::Connect)])
            .await
            .server_message(),
        None
    );
}

#[tokio::test]
async fn retry_after_zero_is_not_shown() {
    for (value, shown) in [
        ("0", None),
        ("7", Some("retry after 7s")),
        ("0.2", Some("200ms")),
    ] {
        let error = chat([reply(429, "{}").with_header("retry-after", value)]).await;
        assert!(error.retry_after().is_some());
        match shown {
            Some(shown) => assert!(error.to_string().contains(shown), "{error}"),
            None => assert!(!error.to_string().contains("retry after"), "{error}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn may_have_arrived_follows_the_point_of_the_failure() {
    for kind in KINDS {
        let expected = matches!(
            kind,
            TransportErrorKind::Timeout
                | TransportErrorKind::Interrupted
                | TransportErrorKind::TooLarge
                | TransportErrorKind::Other
        );
        let error = chat([MockReply::error(kind)]).await;
        assert_eq!(error.may_have_arrived(), expected, "{kind:?}");
    }
    for (status, expected) in [
        (400, false),
        (401, false),
        (404, false),
        (408, true),
        (422, false),
        (429, false),
        (500, true),
        (503, true),
        (504, true),
    ] {
        assert_eq!(
            chat([reply(status, "{}")]).await.may_have_arrived(),
            expected,
            "{status}"
        );
    }
    for error in [
        chat([html()]).await,
        chat([MockReply::stall()]).await,
        stream(sse([bytes(event("a")), MockChunk::Break])).await,
    ] {
        assert!(error.may_have_arrived(), "{error}");
    }
    for (name, error) in local_errors().await {
        assert!(!error.may_have_arrived(), "{name}: {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn may_have_arrived_counts_earlier_attempts() {
    let refused = || MockReply::error(TransportErrorKind::Connect);
    let policy = RetryPolicy::default().max_retries(1);
    for (first, expected) in [
        (reply(500, "{}"), true),
        (reply(429, "{}"), false),
        (refused(), false),
    ] {
        let client = builder_with(&scripted([first, refused()])).retry(policy.clone());
        let call = client.build().unwrap().chat().complete(&question());
        let error = call.await.unwrap_err();
        assert_eq!((error.attempts(), error.kind()), (2, ErrorKind::Connection));
        assert_eq!(error.may_have_arrived(), expected, "{error}");
    }
}

#[tokio::test]
async fn io_error_of_an_upload_is_the_source() {
    let file = FileSource::from_path("/no/such/folder/missing.jsonl");
    let upload = UploadFileRequest::new(FilePurpose::Batch, file);
    let client = client_with(&MockTransport::new());
    let error = client.files().upload(&upload).await.unwrap_err();
    let cause = error.source().unwrap().downcast_ref::<io::Error>().unwrap();
    assert_eq!(cause.kind(), io::ErrorKind::NotFound);
    let message = "the file `/no/such/folder/missing.jsonl` cannot be read";
    assert_eq!(error.message(), message);
}

#[test]
fn error_kinds_are_all_in_the_guide() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    let source = read("../src/error/kind.rs");
    let (_, variants) = source.split_once("pub enum ErrorKind {\n").unwrap();
    let (variants, _) = variants.split_once("\n}").unwrap();
    let variants: Vec<_> = variants
        .lines()
        .filter_map(|line| line.trim().strip_suffix(','))
        .collect();
    assert!(
        variants.len() >= 19 && variants.contains(&"Tool"),
        "{variants:?}"
    );
    let page = read("../../../docs/errors-and-retries.md");
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let first_cells: String = rows.map(|row| row.split(" | ").next().unwrap()).collect();
    for variant in variants {
        assert!(
            first_cells.contains(&format!("`{variant}`")),
            "{variant} is in no row"
        );
    }
}

/// An event stream has an implementation of `Iterator` that no program can use.
#[tokio::test]
async fn stream_combinators_of_futures_apply_to_event_streams() {
    let body = sse([bytes(event("a"))]);
    let stream = client_with(&scripted([body]))
        .chat()
        .stream(&question())
        .await
        .unwrap();
    let texts = stream
        .map(|chunk| chunk.map(|chunk| chunk.text().into_owned()))
        .take(1);
    let texts: Vec<_> = texts.filter_map(|text| async { text.ok() }).collect().await;
    assert_eq!(texts, ["a"]);
}
