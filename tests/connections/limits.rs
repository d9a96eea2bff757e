//! The limit of connections to a server.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::join_all;
use futures::poll;
use mistral_emulator::Emulator;
use mistral_sdk::transport::{Body, HyperTransport, HyperTransportBuilder, Transport};
use mistral_sdk::{Client, MistralApi, RetryPolicy};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::time::timeout;

use super::servers::{TlsServer, read_head};

const TEST_TIMEOUT: Duration = Duration::from_secs(30);

/// A server of HTTP/1.1 that counts its connections.
#[derive(Default)]
struct Counts {
    open: AtomicUsize,
    max_open: AtomicUsize,
    connections: AtomicUsize,
    heads: Mutex<Vec<String>>,
}

/// Starts a server. Responses to requests for `/endless` have no end.
async fn start(closes: bool) -> (String, Arc<Counts>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let counts = Arc::<Counts>::default();
    let counter = Arc::clone(&counts);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let counts = Arc::clone(&counter);
            counts.connections.fetch_add(1, Ordering::SeqCst);
            let open = counts.open.fetch_add(1, Ordering::SeqCst) + 1;
            counts.max_open.fetch_max(open, Ordering::SeqCst);
            tokio::spawn(async move {
                while let Ok(head) = read_head(&mut socket).await {
                    let length = if head.contains("/endless") { 100 } else { 2 };
                    counts.heads.lock().unwrap().push(head);
                    let response =
                        format!("HTTP/1.1 200 x\r\ncontent-length: {length}\r\n\r\n{{}}");
                    socket.write_all(response.as_bytes()).await?;
                    if closes {
                        break;
                    }
                }
                drop(socket);
                counts.open.fetch_sub(1, Ordering::SeqCst);
                io::Result::Ok(())
            });
        }
    });
    (url, counts)
}

fn limited(max: usize) -> HyperTransportBuilder {
    HyperTransport::builder()
        .no_proxy()
        .max_connections_per_host(max)
}

fn get(url: &str) -> http::Request<Body> {
    http::Request::get(url).body(Body::empty()).unwrap()
}

async fn exchange(transport: &HyperTransport, url: &str) {
    let response = timeout(TEST_TIMEOUT, transport.send(get(url))).await;
    let body = response.unwrap().unwrap().into_body();
    assert_eq!(body.collect().await.unwrap(), "{}");
}

#[tokio::test]
async fn connection_limit_of_http1_is_never_exceeded() {
    for closes in [false, true] {
        for max in [1, 3] {
            let (url, counts) = start(closes).await;
            let transport = limited(max).build().unwrap();
            join_all((0..40).map(|_| exchange(&transport, &url))).await;
            for _ in 0..10 {
                exchange(&transport, &url).await;
            }
            let (max_open, connections) = (
                counts.max_open.load(Ordering::SeqCst),
                counts.connections.load(Ordering::SeqCst),
            );
            assert!(closes || connections <= max, "{connections} of {max}");
            // A server that closes a connection counts it until it has seen the client's end.
            assert!(closes || max_open <= max, "{max_open} of {max}");
            assert_eq!(counts.heads.lock().unwrap().len(), 50);
        }
    }
}

#[tokio::test]
async fn connection_limit_is_not_exceeded_on_several_threads() {
    let (url, counts) = start(false).await;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let transport = limited(2).build().unwrap();
    let tasks = (0..100).map(|_| {
        let (transport, url) = (transport.clone(), url.clone());
        runtime.spawn(async move { exchange(&transport, &url).await })
    });
    let results = join_all(tasks.collect::<Vec<_>>()).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert!(counts.connections.load(Ordering::SeqCst) <= 2);
    runtime.shutdown_background();
}

#[tokio::test]
async fn connection_limit_is_held_by_a_response_until_its_end() {
    let (url, counts) = start(false).await;
    let transport = limited(1).build().unwrap();
    let endless = transport
        .send(get(&format!("{url}/endless")))
        .await
        .unwrap();
    let mut waiting = Box::pin(exchange(&transport, &url));
    assert!(poll!(&mut waiting).is_pending());
    // Another server has connections of its own.
    let (other, _) = start(false).await;
    exchange(&transport, &other).await;
    assert!(poll!(&mut waiting).is_pending());
    assert_eq!(counts.heads.lock().unwrap().len(), 1);
    drop(endless);
    waiting.await;
    assert_eq!(counts.heads.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn connection_limit_queue_is_left_by_a_call_that_is_dropped() {
    let (url, _) = start(false).await;
    let transport = limited(1).build().unwrap();
    let endless = transport
        .send(get(&format!("{url}/endless")))
        .await
        .unwrap();
    let mut dropped = Box::pin(exchange(&transport, &url));
    let mut waiting = Box::pin(exchange(&transport, &url));
    assert!(poll!(&mut dropped).is_pending());
    assert!(poll!(&mut waiting).is_pending());
    drop(endless);
    drop(dropped);
    waiting.await;
}

/// Makes `calls` calls at once. Returns the number of connections.
async fn connections(protocols: &[&str], calls: usize, max: Option<usize>) -> usize {
    let emulator = Emulator::start().unwrap();
    let server = TlsServer::start(emulator.url(), protocols).await;
    let mut builder = HyperTransport::builder()
        .no_proxy()
        .root_certificate_pem(server.pem());
    if let Some(max) = max {
        builder = builder.max_connections_per_host(max);
    }
    let api = MistralApi::new("emulator").unwrap();
    let client = Client::builder(api.base_url(&server.url).unwrap())
        .transport(builder.build().unwrap())
        .retry(RetryPolicy::none())
        .build()
        .unwrap();
    let calls = (0..calls).map(|_| client.models().list().into_future());
    for result in timeout(TEST_TIMEOUT, join_all(calls)).await.unwrap() {
        result.unwrap();
    }
    server.connections()
}

#[tokio::test]
async fn connection_limit_of_http2_counts_connections_and_not_streams() {
    assert!(connections(&["h2"], 200, None).await > 2); // 90 calls on each
    assert_eq!(connections(&["h2"], 200, Some(2)).await, 2);
    assert_eq!(connections(&["h2"], 200, Some(1)).await, 1);
}

#[tokio::test]
async fn connection_limit_of_http1_holds_over_tls() {
    assert!(connections(&["http/1.1"], 40, None).await > 2);
    assert!(connections(&["http/1.1"], 40, Some(2)).await <= 2);
}
