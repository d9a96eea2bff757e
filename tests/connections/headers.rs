//! Headers and user agents of a client.

use mistral_sdk::testing::{MockReply, MockTransport};
use mistral_sdk::transport::HyperTransport;
use mistral_sdk::{Client, ClientBuilder, ErrorKind, MistralApi};

use super::servers::{empty_list, recording};

const SDK: &str = concat!("mistral-sdk-rust/", env!("CARGO_PKG_VERSION"));

fn mock() -> MockTransport {
    let list = serde_json::json!({ "object": "list", "data": [] });
    MockTransport::new().reply(MockReply::json(list).always())
}

fn builder() -> ClientBuilder {
    Client::builder(MistralApi::new("marker-key").unwrap())
}

#[tokio::test]
async fn client_header_is_sent_with_every_request() {
    let mock = mock();
    let client = builder()
        .header("x-team", "first")
        .header("X-Team", "search")
        .transport(mock.clone())
        .build()
        .unwrap();
    client.models().list().await.unwrap();
    client
        .models()
        .list()
        .header("x-team", "own")
        .await
        .unwrap();
    client.models().list().await.unwrap();
    let sent = mock.requests();
    let sent: Vec<_> = sent
        .iter()
        .map(|sent| sent.header("x-team").unwrap())
        .collect();
    assert_eq!(sent, ["search", "own", "search"]);
}

#[tokio::test]
async fn client_header_replaces_none_that_the_call_needs() {
    let mock = mock();
    let client = builder()
        .header("accept", "text/x-other")
        .header("x-span", "of the client")
        .propagate(|headers| {
            headers.insert("x-span", http::HeaderValue::from_static("of the hook"));
        })
        .transport(mock.clone())
        .build()
        .unwrap();
    client.models().list().await.unwrap();
    let sent = &mock.requests()[0];
    assert_eq!(sent.header("accept"), Some("application/json"));
    assert_eq!(sent.header("x-span"), Some("of the hook"));
}

#[test]
fn client_header_that_is_invalid_fails_the_build() {
    for (builder, expected) in [
        (
            builder().header("a b", "c"),
            "the name is not one that HTTP allows",
        ),
        (
            builder().header("x-key", "s3cret\n"),
            "the value of `x-key`",
        ),
        (
            builder().header("Authorization", "Bearer s3cret"),
            "`authorization`",
        ),
        (builder().user_agent("a\ns3cret"), "`user_agent`"),
        // The first one counts.
        (
            builder().header("a b", "c").user_agent("a\nb"),
            "the name is not one",
        ),
    ] {
        let debug = format!("{builder:?}");
        assert!(!debug.contains("s3cret"), "{debug}");
        let error = builder.transport(mock()).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    }
}

#[tokio::test]
async fn client_header_secret_is_masked_in_errors() {
    let secret = "gateway-s3cret-0123456789";
    let quoting = MockReply::json(serde_json::json!({ "message": format!("not valid: {secret}") }));
    let builder = builder().header("x-gateway-key", secret);
    assert!(!format!("{builder:?}").contains(secret));
    let client = builder
        .transport(MockTransport::new().reply(quoting.with_status(400)))
        .build()
        .unwrap();
    let error = client.models().list().await.unwrap_err();
    let text = format!("{error:#} {error:?}");
    assert!(text.contains("not valid: ***"), "{text}");
    assert!(!text.contains(secret), "{text}");
}

/// Each row: the user agent of the transport, of the client, as a header of the client, of the call,
/// and the one that is sent.
#[tokio::test]
async fn user_agent_of_the_most_specific_setting_is_sent() {
    let app = format!("app/1 {SDK}");
    for (of_transport, of_client, header, of_call, expected) in [
        (None, None, None, None, SDK),
        (Some("proxy/3"), None, None, None, "proxy/3"),
        (None, Some("app/1"), None, None, &app),
        (Some("proxy/3"), Some("app/1"), None, None, &app),
        (Some("proxy/3"), None, Some("own/2"), None, "own/2"),
        (None, None, None, Some("call/4"), "call/4"),
        (
            Some("proxy/3"),
            Some("app/1"),
            None,
            Some("call/4"),
            "call/4",
        ),
    ] {
        let (url, heads) = recording(empty_list()).await;
        let mut transport = HyperTransport::builder().no_proxy();
        if let Some(name) = of_transport {
            transport = transport.user_agent(name);
        }
        let api = MistralApi::new("key").unwrap().base_url(&url).unwrap();
        let mut builder = Client::builder(api).transport(transport.build().unwrap());
        if let Some(name) = of_client {
            builder = builder.user_agent(name);
        }
        if let Some(name) = header {
            builder = builder.header("user-agent", name);
        }
        let client = builder.build().unwrap();
        let mut call = client.models().list();
        if let Some(name) = of_call {
            call = call.header("user-agent", name);
        }
        call.await.unwrap();
        let head = heads.lock().unwrap().concat();
        let sent: Vec<_> = head
            .lines()
            .filter_map(|line| line.strip_prefix("user-agent: "))
            .collect();
        assert_eq!(
            sent,
            [expected],
            "{of_transport:?} {of_client:?} {header:?} {of_call:?}"
        );
    }
}
