//! The same server for HTTP/2, where a connection carries many exchanges.

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

use super::answers::first_part;
use super::operation::Operation;
use super::server::{Counter, Server, gone};

/// What becomes of a request.
#[derive(Debug, Clone, Copy)]
pub enum Act {
    Answer,
    /// Nothing, until the client leaves.
    Stall,
    /// The stream is reset before the head.
    Reset(Reason),
    /// The stream is reset after the first part of the body.
    ResetInBody(Reason),
    /// The server leaves (GOAWAY) and has not looked at the request.
    LeaveUnseen,
    /// The server leaves after the head, and sends the body all the same.
    LeaveAndAnswer,
    /// The server leaves in the middle of the exchange.
    LeaveAbruptly(Reason),
    /// The connection ends without a word.
    Close,
}

/// A server that does to request number `n` what `script(n)` says.
pub async fn start(
    operation: Operation,
    script: impl Fn(usize) -> Act + Send + Sync + 'static,
) -> Server {
    let script: Arc<dyn Fn(usize) -> Act + Send + Sync> = Arc::new(script);
    Server::serving(move |socket, counter| serve(socket, counter, Arc::clone(&script), operation))
        .await
}

/// A transport that speaks HTTP/2 from the first byte on.
pub fn transport() -> HyperTransport {
    HyperTransport::new(Duration::from_secs(10))
        .unwrap()
        .http2_prior_knowledge()
}

async fn serve(
    mut socket: TcpStream,
    counter: Counter,
    script: Arc<dyn Fn(usize) -> Act + Send + Sync>,
    operation: Operation,
) {
    if matches!(script(counter.requests()), Act::LeaveUnseen) {
        return leave_unseen(&mut socket, &counter).await;
    }
    let Ok(mut connection) = server::handshake(socket).await else {
        return;
    };
    let ping = Arc::new(Mutex::new(connection.ping_pong().unwrap()));
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        match script(counter.request()) {
            Act::Answer | Act::LeaveUnseen => {
                tokio::spawn(answer(request, respond, operation));
            }
            Act::Stall => {
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
            Act::Reset(reason) => respond.send_reset(reason),
            Act::ResetInBody(reason) => {
                tokio::spawn(break_off(
                    request,
                    respond,
                    operation,
                    reason,
                    Arc::clone(&ping),
                ));
            }
            Act::LeaveAndAnswer => {
                let mut body = send_head(&mut respond, operation);
                connection.graceful_shutdown();
                tokio::spawn(async move {
                    read_to_end(request).await;
                    let _ = body.send_data(operation.body().into(), true);
                });
            }
            Act::LeaveAbruptly(reason) => connection.abrupt_shutdown(reason),
            Act::Close => return,
        }
    }
}

fn send_head(respond: &mut SendResponse<Bytes>, operation: Operation) -> h2::SendStream<Bytes> {
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

async fn answer(
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    operation: Operation,
) {
    read_to_end(request).await;
    let mut body = send_head(&mut respond, operation);
    let _ = body.send_data(operation.body().into(), true);
}

async fn break_off(
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    operation: Operation,
    reason: Reason,
    ping: Arc<Mutex<PingPong>>,
) {
    read_to_end(request).await;
    let mut body = send_head(&mut respond, operation);
    let _ = body.send_data(first_part(operation).into(), false);
    // A reset takes back what still waits to be sent, and the answer to a ping shows that
    // nothing does.
    let _ = ping.lock().await.ping(Ping::opaque()).await;
    body.send_reset(reason);
}

/// Says that no stream was looked at, once the head of a request is there.
async fn leave_unseen(socket: &mut TcpStream, counter: &Counter) {
    const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    // The last stream looked at is 0, and there is no error.
    const GO_AWAY: [u8; 17] = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let _ = socket.write_all(&SETTINGS).await;
    read_until_headers(socket).await;
    counter.request();
    let _ = socket.write_all(&GO_AWAY).await;
    gone(socket).await;
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
