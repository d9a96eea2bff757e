//! Responses over HTTP/2 that the server ends before they are complete.

use mistral_sdk::transport::{Body, ReqwestTransport, Transport};
use mistral_sdk::{Client, ErrorKind};

use super::http2;
use super::operations::{OPERATIONS, OperationKind, Settings, client};
use super::raw_http2::{Ending, RawResponse, start};
use super::responses::first_part;

/// All error codes of RFC 9113, and an unknown one. NO_ERROR is 0, REFUSED_STREAM 7, CANCEL 8.
const CODES: std::ops::RangeInclusive<u32> = 0..=14;

fn endings() -> Vec<Ending> {
    let mut endings = vec![
        Ending::Close,
        Ending::GoAwayAndClose,
        Ending::GoAwayBelowAndClose,
    ];
    endings.extend(CODES.map(Ending::Reset));
    endings
}

type ClientOf = Box<dyn Fn(&str) -> Client>;

fn transports() -> [(&'static str, ClientOf); 2] {
    fn with(transport: impl Transport + Clone) -> ClientOf {
        Box::new(move |url| client(url).transport(transport.clone()).build().unwrap())
    }
    let reqwest = reqwest::Client::builder()
        .http2_prior_knowledge()
        .retry(reqwest::retry::never())
        .no_proxy();
    [
        ("hyper", with(http2::transport())),
        (
            "reqwest",
            with(ReqwestTransport::from(reqwest.build().unwrap())),
        ),
    ]
}

#[tokio::test]
async fn http2_response_cut_in_any_way_is_an_error() {
    for (name, client) in transports() {
        for ending in endings() {
            for operation in OPERATIONS {
                for has_length in [false, true] {
                    let body = operation.body();
                    let server = start(RawResponse {
                        content_type: operation.content_type(),
                        content_length: has_length.then_some(body.len()),
                        data: first_part(operation),
                        ending,
                    })
                    .await;
                    let (client, settings) = (client(&server.url()), Settings::default());
                    let error = operation.call(&client, &settings).await.unwrap_err();
                    let context = format!("{name} {ending:?} {} {error:#}", operation.name());
                    let (kind, requests) = match operation {
                        OperationKind::List => (ErrorKind::Connection, 3),
                        OperationKind::Stream => (ErrorKind::Truncated, 1),
                        // The server has received the request, whatever it claims.
                        _ => (ErrorKind::Connection, 1),
                    };
                    assert_eq!(error.kind(), kind, "{context}");
                    assert_eq!(server.counts().requests, requests, "{context}");
                }
            }
        }
    }
}

#[tokio::test]
async fn http2_download_cut_in_any_way_is_an_error() {
    for (name, client) in transports() {
        for ending in endings() {
            for content_length in [None, Some(26)] {
                let server = start(RawResponse {
                    content_type: "application/octet-stream",
                    content_length,
                    data: "half of them".to_owned(),
                    ending,
                })
                .await;
                let download = client(&server.url()).files().download("f1").await.unwrap();
                let result = download.bytes().await;
                let error = result.expect_err(&format!("{name} {ending:?} {content_length:?}"));
                assert_eq!(error.kind(), ErrorKind::Truncated, "{ending:?} {error:#}");
                assert_eq!(server.counts().requests, 1, "{name} {ending:?}");
            }
        }
    }
}

#[tokio::test]
async fn http2_complete_response_may_be_followed_by_a_reset() {
    for (_, client) in transports() {
        for ending in [Ending::EndStream, Ending::EndStreamAndReset] {
            for operation in OPERATIONS {
                let server = start(RawResponse {
                    content_type: operation.content_type(),
                    content_length: None,
                    data: operation.body(),
                    ending,
                })
                .await;
                let client = client(&server.url());
                operation.call(&client, &Settings::default()).await.unwrap();
            }
            let server = start(RawResponse {
                content_type: "application/octet-stream",
                content_length: None,
                data: "all".to_owned(),
                ending,
            })
            .await;
            let download = client(&server.url()).files().download("f1").await.unwrap();
            assert_eq!(download.bytes().await.unwrap(), "all");
        }
    }
}

/// The server has no use for the rest of the request.
#[tokio::test]
async fn http2_complete_early_response_may_be_followed_by_a_reset() {
    for content_length in [None, Some(3)] {
        let server = start(RawResponse {
            content_type: "application/json",
            content_length,
            data: "all".to_owned(),
            ending: Ending::EndStreamAndReset,
        })
        .await;
        let request = http::Request::post(format!("{}/v1/files", server.url()));
        let endless = futures::stream::pending();
        let request = request.body(Body::from_stream(endless)).unwrap();
        let transport = http2::transport();
        let response = transport.send(request).await.unwrap();
        assert_eq!(response.into_body().collect().await.unwrap(), "all");
    }
}
