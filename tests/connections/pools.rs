//! Connection pools over TLS, where the protocol is known only after the handshake.

use std::time::Duration;

use futures::{StreamExt, stream};
use mistral_emulator::Emulator;
use mistral_sdk::transport::HyperTransport;
use mistral_sdk::{Client, MistralApi, RetryPolicy};

use super::servers::TlsServer;
use super::{CHILD, outcome_of};

const HTTP1_ONLY: (&str, &str) = ("MISTRAL_TEST_HTTP1_ONLY", "1");
const ONE_BY_ONE: (&str, &str) = ("MISTRAL_TEST_ONE_BY_ONE", "1");
const CALLS: usize = 40;

#[tokio::test]
async fn pool_child_process() {
    let Some(url) = std::env::var_os(CHILD) else {
        return;
    };
    let mut transport = HyperTransport::new(Duration::from_secs(10)).unwrap();
    if std::env::var_os(HTTP1_ONLY.0).is_some() {
        transport = transport.http1_only();
    }
    let api = MistralApi::new("emulator").unwrap();
    let client = Client::builder(api.base_url(url.to_str().unwrap()).unwrap())
        .transport(transport)
        .retry(RetryPolicy::none())
        .build()
        .unwrap();
    let at_once = match std::env::var_os(ONE_BY_ONE.0) {
        Some(_) => 1,
        None => CALLS,
    };
    let calls = stream::iter(0..CALLS).map(|_| client.models().list().into_future());
    let results: Vec<_> = calls.buffer_unordered(at_once).collect().await;
    let failed = results.into_iter().filter(Result::is_err);
    println!("outcome: {} calls failed", failed.count());
}

async fn connections(protocols: &[&str], variables: &[(&str, &str)]) -> usize {
    let server = called(protocols, protocols, variables).await;
    server.connections()
}

/// Calls a server whose first connection has other protocols than the later ones.
async fn called(first: &[&str], later: &[&str], variables: &[(&str, &str)]) -> TlsServer {
    let emulator = Emulator::start().unwrap();
    let server = TlsServer::changing(emulator.url(), first, later).await;
    let certificate = ("SSL_CERT_FILE", server.certificate.as_str());
    let variables = [&[certificate], variables].concat();
    let outcome = outcome_of("pools::pool_child_process", &server.url, &variables).await;
    assert_eq!(outcome, "0 calls failed", "{first:?} {later:?}");
    server
}

/// The first call finds out that the server speaks HTTP/2. The others share its connection.
#[tokio::test]
async fn tls_simultaneous_first_calls_share_a_connection_of_http2() {
    assert_eq!(connections(&["h2", "http/1.1"], &[]).await, 1);
}

#[tokio::test]
async fn tls_simultaneous_first_calls_have_connections_of_http1_each() {
    for (protocols, variables) in [
        (&["http/1.1"][..], &[][..]),
        (&[], &[]),
        (&["h2", "http/1.1"], &[HTTP1_ONLY]),
    ] {
        let connections = connections(protocols, variables).await;
        assert!(
            (2..=CALLS).contains(&connections),
            "{protocols:?}: {connections}"
        );
    }
}

/// The connection that finds out the protocol is used.
#[tokio::test]
async fn tls_calls_one_after_another_share_a_connection() {
    for protocols in [&["http/1.1"][..], &[], &["h2"], &["h2", "http/1.1"]] {
        let connections = connections(protocols, &[ONE_BY_ONE]).await;
        assert_eq!(connections, 1, "{protocols:?}");
    }
}

/// A load balancer may have servers with HTTP/2 and without. A client keeps to the first one's.
#[tokio::test]
async fn tls_connections_after_one_of_http1_are_of_http1() {
    let both = &["h2", "http/1.1"][..];
    let server = called(&["http/1.1"], both, &[]).await;
    assert!((2..=CALLS).contains(&server.connections()));
    assert_eq!(server.http2_connections(), 0);
    let server = called(both, &["http/1.1"], &[]).await;
    assert_eq!((server.connections(), server.http2_connections()), (1, 1));
}
