//! Redirects: followed within the origin, refused otherwise.

use http::Method;
use mistral_core::files::{FilePurpose, FileSource, UploadFileRequest};
use mistral_core::testing::MockReply;
use mistral_core::{Error, ErrorKind};

use crate::common::{answer, client_with, question, reply, scripted};

fn redirect(status: u16, location: &str) -> MockReply {
    reply(status, "").with_header("location", location)
}

async fn error(replies: impl IntoIterator<Item = MockReply>) -> Error {
    let client = client_with(&scripted(replies));
    client.chat().complete(&question()).await.unwrap_err()
}

#[tokio::test]
async fn redirect_307_and_308_resend_the_request() {
    for status in [307, 308] {
        let mock = scripted([
            redirect(status, "/v2/chat?x=1#there"),
            redirect(status, "moved"),
            redirect(status, "http://server.test:80/v3/moved"),
            reply(200, &answer("ok")),
        ]);
        let client = client_with(&mock);
        let call = client.chat().complete(&question()).header("x-team", "a");
        let response = call.with_response().await.unwrap();
        assert_eq!(response.attempts, 1);
        let sent = mock.requests();
        let urls = [
            "http://server.test/prefix/v1/chat/completions",
            "http://server.test/v2/chat?x=1",
            "http://server.test/v2/moved",
            "http://server.test/v3/moved",
        ];
        for (sent, url) in sent.iter().zip(urls) {
            assert_eq!(sent.uri, url);
            assert_eq!(sent.method, Method::POST);
            assert_eq!(sent.json()["model"], "m");
            assert_eq!(sent.headers["content-type"], "application/json");
            assert_eq!(sent.headers["x-team"], "a");
            assert_eq!(sent.attempt, 1);
        }
        assert_eq!(sent.len(), urls.len());
    }
}

#[tokio::test]
async fn redirect_301_302_303_turn_post_into_get() {
    for status in [301, 302, 303] {
        let mock = scripted([redirect(status, "/elsewhere"), reply(200, &answer("ok"))]);
        client_with(&mock)
            .chat()
            .complete(&question())
            .await
            .unwrap();
        let sent = mock.requests();
        assert_eq!(sent[1].method, Method::GET, "{status}");
        assert!(sent[1].body.is_empty());
        assert!(!sent[1].headers.contains_key("content-type"));
        assert!(sent[1].headers.contains_key("accept"));
    }
}

#[tokio::test]
async fn redirect_keeps_methods_other_than_post() {
    let models = r#"{"object": "list", "data": []}"#;
    let mock = scripted([redirect(301, "/all"), reply(200, models)]);
    client_with(&mock).models().list().await.unwrap();
    let deleted = r#"{"id": "m", "object": "model", "deleted": true}"#;
    let delete = scripted([redirect(302, "/m"), reply(200, deleted)]);
    client_with(&delete).models().delete("m").await.unwrap();
    assert_eq!(mock.requests()[1].method, Method::GET);
    assert_eq!(delete.requests()[1].method, Method::DELETE);
}

#[tokio::test]
async fn redirect_of_upload_needs_a_reopenable_source() {
    let uploaded = r#"{"id": "f", "object": "file", "bytes": 3, "created_at": 1,
        "filename": "a.txt", "purpose": "batch", "sample_type": "batch_request",
        "source": "upload"}"#;
    let replies = || [redirect(307, "/there"), reply(200, uploaded)];
    let mock = scripted(replies());
    let bytes = FileSource::from_bytes("a.txt", "abc");
    let request = UploadFileRequest::new(FilePurpose::Batch, bytes);
    client_with(&mock).files().upload(&request).await.unwrap();
    {
        let sent = mock.requests();
        assert_eq!(sent[0].body, sent[1].body);
        assert_eq!(
            sent[0].headers["content-type"],
            sent[1].headers["content-type"]
        );
    }
    let mock = scripted(replies());
    let reader = FileSource::from_reader("a.txt", futures::io::Cursor::new("abc"), 3);
    let request = UploadFileRequest::new(FilePurpose::Batch, reader);
    let error = client_with(&mock)
        .files()
        .upload(&request)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(
        error.to_string().contains("cannot be read twice"),
        "{error}"
    );
    assert_eq!(mock.requests().len(), 1);
}

#[tokio::test]
async fn redirect_to_another_origin_is_refused() {
    for location in [
        "https://other.test/v1",
        "//other.test/v1",
        "https://server.test/v1", // another scheme is another origin
        "http://server.test:8080/v1",
    ] {
        let mock = scripted([redirect(307, location)]);
        let error = client_with(&mock).chat().complete(&question()).await;
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        let text = error.to_string();
        assert!(
            text.contains(location) && text.contains("base URL"),
            "{text}"
        );
        assert_eq!(mock.requests().len(), 1);
    }
}

#[tokio::test]
async fn redirect_error_shows_origin_and_path_alone() {
    for (location, expected) in [
        (
            "https://a.test/b/c?X-Signature=0123456789&x=secret-1#secret-2",
            "`https://a.test/b/c`",
        ),
        (
            "https://user:secret-1@a.test/b?secret-2",
            "`https://a.test/b`",
        ),
        ("https:secret-1:secret-2@a.test/b", "`https://a.test/b`"),
        ("//secret-1@a.test:81/b#secret-2", "`http://a.test:81/b`"),
        ("http://user:secret-1@[?secret-2", "`[`"),
        ("https://a.test/b@1?secret-1", "`https://a.test/b@1`"),
        ("https://a.test?secret-1=/b", "`https://a.test`"),
    ] {
        let error = error([redirect(307, location)]).await;
        let output = format!("{error} {error:#} {error:?} {:?}", error.api());
        assert!(output.contains(expected), "{location}: {output}");
        let is_shown = |text: &str| output.contains(text);
        let secrets = ["secret", "0123456789", "user"];
        assert!(!secrets.into_iter().any(is_shown), "{location}: {output}");
    }
}

#[tokio::test]
async fn redirect_status_without_a_redirect_is_not_called_one() {
    for status in [300, 304, 305, 306, 399] {
        for reply in [reply(status, ""), redirect(status, "http://a.test/b")] {
            let error = error([reply]).await;
            assert_eq!(error.kind(), ErrorKind::Config);
            let text = error.to_string();
            assert!(!text.contains("redirects to"), "{text}");
            assert!(text.contains(&status.to_string()), "{text}");
            assert!(!error.is_retryable());
        }
    }
}

#[tokio::test]
async fn redirect_loop_ends_after_ten() {
    let mock = scripted([redirect(307, "/again")]);
    let error = client_with(&mock).chat().complete(&question()).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("limit of redirects"), "{error}");
    assert_eq!(mock.requests().len(), 1 + 10);
}

#[tokio::test]
async fn redirect_without_usable_location_is_an_error() {
    for (reply, word) in [
        (reply(307, ""), "another URL"),
        (redirect(307, "http://["), "http://["),
        (redirect(304, "/there"), "not that of a redirect"),
        (redirect(300, "/there"), "not that of a redirect"),
    ] {
        let error = error([reply]).await;
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[tokio::test]
async fn retry_after_redirect_starts_at_the_original_url() {
    let mock = scripted([
        redirect(307, "/there"),
        reply(503, "").with_header("retry-after", "0"),
        reply(200, &answer("ok")),
    ]);
    let client = client_with(&mock);
    let response = client.chat().complete(&question()).with_response().await;
    assert_eq!(response.unwrap().attempts, 2);
    let sent = mock.requests();
    assert_eq!(sent[1].uri, "http://server.test/there");
    assert_eq!(sent[2].uri, sent[0].uri);
    assert_eq!(sent[2].attempt, 2);
}
