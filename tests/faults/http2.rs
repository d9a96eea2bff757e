//! A misbehaving HTTP/2 server, whose connections carry many exchanges.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use h2::server::{self, SendResponse};
use h2::{Ping, PingPong, Reason, RecvStream};
use http::{Request, Response};
use mistral_sdk::transport::HyperTransport;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Mutex;

use super::operations::OperationKind;
use super::responses::first_part;
use super::server::{Counter, Server, wait_for_close};

/// The server's response to a request.
#[derive(Debug, Clone, Copy)]
pub enum Action {
    Respond,
    /// Sends nothing until the client closes the connection.
    Stall,
    /// Resets the stream before the head.
    Reset(Reason),
    /// Resets the stream after the first part of the body.
    ResetInBody(Reason),
    /// Sends GOAWAY without having processed the request.
    GoAwayUnprocessed,
    /// Sends GOAWAY after the head, then the body.
    GoAwayAndRespond,
    /// Sends GOAWAY and closes the connection during the exchange.
    GoAwayAbruptly(Reason),
    /// Closes the connection without GOAWAY.
    Close,
}

/// Starts a server that handles request number `n` by `script(n)`.
pub async fn start(
    operation: OperationKind,
    script: impl Fn(usize) -> Action + Send + Sync + 'static,
) -> Server {
    let script: Arc<dyn Fn(usize) -> Action + Send + Sync> = Arc::new(script);
    Server::serving(move |socket, counter| serve(socket, counter, Arc::clone(&script), operation))
        .await
}

/// Returns a transport with HTTP/2 prior knowledge.
pub fn transport() -> HyperTransport {
    HyperTransport::new(Duration::from_secs(10))
        .unwrap()
        .http2_prior_knowledge()
}

async fn serve(
    mut socket: TcpStream,
    counter: Counter,
    script: Arc<dyn Fn(usize) -> Action + Send + Sync>,
    operation: OperationKind,
) {
    if matches!(script(counter.requests()), Action::GoAwayUnprocessed) {
        return go_away_unprocessed(&mut socket, &counter).await;
    }
    let Ok(mut connection) = server::handshake(socket).await else {
        return;
    };
    let ping = Arc::new(Mutex::new(connection.ping_pong().unwrap()));
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        match script(counter.request()) {
            Action::Respond | Action::GoAwayUnprocessed => {
                tokio::spawn(respond_fully(request, respond, operation));
            }
            Action::Stall => {
                let counter = counter.clone();
                tokio::spawn(async move {
                    if std::future::poll_fn(|cx| respond.poll_reset(cx))
                        .await
                        .is_ok()
                    {
                        counter.reset();
                    }
                });
            }
            Action::Reset(reason) => respond.send_reset(reason),
            Action::ResetInBody(reason) => {
                tokio::spawn(reset_in_body(
                    request,
                    respond,
                    operation,
                    reason,
                    Arc::clone(&ping),
                ));
            }
            Action::GoAwayAndRespond => {
                let mut body = send_head(&mut respond, operation);
                connection.graceful_shutdown();
                tokio::spawn(async move {
                    read_to_end(request).await;
                    let _ = body.send_data(operation.body().into(), true);
                });
            }
            Action::GoAwayAbruptly(reason) => connection.abrupt_shutdown(reason),
            Action::Close => return,
        }
    }
}

fn send_head(respond: &mut SendResponse<Bytes>, operation: OperationKind) -> h2::SendStream<Bytes> {
    let head = Response::builder().header("content-type", operation.content_type());
    respond
        .send_response(head.body(()).unwrap(), false)
        .unwrap()
}

async fn read_to_end(request: Request<RecvStream>) {
    let mut body = request.into_body();
    while let Some(Ok(data)) = body.data().await {
        let _ = body.flow_control().release_capacity(data.len());
    }
}

async fn respond_fully(
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    operation: OperationKind,
) {
    read_to_end(request).await;
    let mut body = send_head(&mut respond, operation);
    let _ = body.send_data(operation.body().into(), true);
}

async fn reset_in_body(
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    operation: OperationKind,
    reason: Reason,
    ping: Arc<Mutex<PingPong>>,
) {
    read_to_end(request).await;
    let mut body = send_head(&mut respond, operation);
    let _ = body.send_data(first_part(operation).into(), false);
    // A reset discards unsent data. The response to a ping shows that all data was sent.
    let _ = ping.lock().await.ping(Ping::opaque()).await;
    body.send_reset(reason);
}

/// Sends GOAWAY with last stream id 0 once the head of a request has arrived.
async fn go_away_unprocessed(socket: &mut TcpStream, counter: &Counter) {
    const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    // Last stream id 0, error code NO_ERROR.
    const GO_AWAY: [u8; 17] = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let _ = socket.write_all(&SETTINGS).await;
    read_until_headers(socket).await;
    counter.request();
    let _ = socket.write_all(&GO_AWAY).await;
    wait_for_close(socket).await;
}

/// Reads frames until the head of a request has arrived.
async fn read_until_headers(socket: &mut TcpStream) {
    const PREFACE: usize = 24;
    const FRAME_HEAD: usize = 9;
    const HEADERS: u8 = 1;
    let mut read = Vec::new();
    let mut at = PREFACE;
    loop {
        while let Some(&[high, middle, low, kind, ..]) = read.get(at..at + FRAME_HEAD) {
            if kind == HEADERS {
                return;
            }
            at += FRAME_HEAD + u32::from_be_bytes([0, high, middle, low]) as usize;
        }
        if !matches!(socket.read_buf(&mut read).await, Ok(1..)) {
            return;
        }
    }
}
