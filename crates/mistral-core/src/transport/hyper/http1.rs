//! One exchange over HTTP/1.1: handing the request to hyper, and waiting for the response.
//!
//! hyper hands a request to the task of a connection through a channel. A request that arrives there
//! while the task ends may stay in the channel, and hyper reports neither a response nor an error.
//! As long as hyper has not started to write such a request, it can be taken back.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use ::hyper::body::Incoming;
use hyper_util::client::legacy::ResponseFuture;
use tokio::time::{Instant, Sleep, sleep};

use super::body::into_response;
use super::classify::not_written;
use super::classify_error;
use super::connection_state::ConnectionState;
use super::pool::Lease;
use super::pool_state::PoolState;
use super::request_body::{RequestBody, RequestState};
use crate::transport::{Body, TransportError};

/// The time after the end of a connection in which hyper may still send a request on another one.
const GRACE: Duration = Duration::from_secs(1);

/// A request that was handed to hyper.
pub(super) struct Exchange {
    response: ResponseFuture,
    guard: ExchangeGuard,
}

impl Exchange {
    pub(super) fn start(request: http::Request<Body>, lease: Lease) -> Self {
        let request = request.map(RequestBody::new);
        let guard = ExchangeGuard {
            request: request.body().state(),
            connection: None,
            ended: lease.state().ended(),
            lease,
        };
        Self {
            response: guard.lease.request(request),
            guard,
        }
    }

    pub(super) async fn run(mut self) -> Result<http::Response<Body>, TransportError> {
        let state = self.guard.lease.state();
        let mut watch = Watch {
            request: &self.guard.request,
            pool: state,
            ended: self.guard.ended,
            timer: None,
        };
        match wait(&mut self.response, &mut watch).await {
            Some(Ok(response)) => Ok(self.guard.respond(response)),
            Some(Err(error)) => Err(classify_error(error)),
            None => Err(not_written()),
        }
    }
}

/// Waits for the response. Returns `None` if the request was lost with its connection, and so was
/// not sent.
async fn wait<F: Future + Unpin>(response: &mut F, watch: &mut Watch<'_>) -> Option<F::Output> {
    poll_fn(|cx| match Pin::new(&mut *response).poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => watch.poll(cx).map(|()| None),
    })
    .await
}

/// Notices that a request was lost with its connection.
struct Watch<'a> {
    request: &'a RequestState,
    pool: &'a Arc<PoolState>,
    /// The number of connections of the pool that had ended when this looked last.
    ended: usize,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Watch<'_> {
    /// Is ready if the request was lost. hyper reports the end of every request that it has started
    /// to write.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.request.watch(self.pool, cx.waker()) {
            return Poll::Pending;
        }
        if self.timer.is_none() && self.pool.ended() == self.ended {
            return Poll::Pending;
        }
        self.poll_timer(cx)
    }

    #[cold]
    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.ended = self.pool.ended();
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(GRACE)));
        while timer.as_mut().poll(cx).is_ready() {
            if !self.pool.is_connecting() {
                return match self.request.take_back() {
                    true => Poll::Ready(()),
                    false => Poll::Pending, // hyper has started to write it just now
                };
            }
            timer.as_mut().reset(Instant::now() + GRACE);
        }
        Poll::Pending
    }
}

/// Ends what belongs to an exchange, once the response was read or the exchange is dropped.
struct ExchangeGuard {
    request: Arc<RequestState>,
    /// The connection of the response.
    connection: Option<Arc<ConnectionState>>,
    /// The number of connections that had ended when the request was handed over.
    ended: usize,
    lease: Lease,
}

impl ExchangeGuard {
    /// Converts the response, which carries the guard from now on.
    fn respond(mut self, mut response: http::Response<Incoming>) -> http::Response<Body> {
        if !response.status().is_success() {
            self.request.pause();
        }
        self.connection = response.extensions_mut().remove();
        if let Some(connection) = &self.connection {
            connection.head_received(response.headers());
        }
        into_response(response, classify_error, self)
    }
}

impl Drop for ExchangeGuard {
    fn drop(&mut self) {
        let is_unfinished = self.request.stop();
        match &self.connection {
            Some(connection) if is_unfinished => connection.abort(),
            Some(connection) => connection.exchange_ended(),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use ::http_body::Body as _;

    use super::*;
    use crate::transport::TransportErrorKind;

    /// Waits for a response that never arrives, while the connection of the pool ends. Returns
    /// whether the request is given up.
    async fn is_given_up(body: &RequestBody, pool: &Arc<PoolState>) -> bool {
        let (mut response, state) = (pending::<()>(), body.state());
        let mut watch = Watch {
            request: &state,
            pool,
            ended: pool.ended(),
            timer: None,
        };
        let ending = async {
            tokio::task::yield_now().await;
            pool.connection_ended();
            sleep(Duration::from_secs(60)).await;
        };
        tokio::select! {
            response = wait(&mut response, &mut watch) => response.is_none(),
            () = ending => false,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn request_lost_with_its_connection_is_given_up_after_grace() {
        for text in ["text", ""] {
            let (mut body, started) = (RequestBody::new(text.into()), Instant::now());
            assert!(is_given_up(&body, &Arc::new(PoolState::http1())).await);
            assert_eq!(started.elapsed(), GRACE);
            // hyper cannot send it any more.
            assert!(!body.is_end_stream());
            let frame = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await;
            let error = frame.unwrap().unwrap_err();
            assert_eq!(error.kind(), TransportErrorKind::Interrupted);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn request_that_hyper_writes_is_not_given_up() {
        for text in ["text", ""] {
            let body = RequestBody::new(text.into());
            assert_eq!(body.is_end_stream(), text.is_empty());
            assert!(!is_given_up(&body, &Arc::new(PoolState::http1())).await);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn request_that_waits_for_a_connection_is_not_given_up() {
        let pool = Arc::new(PoolState::http1());
        let _connecting = pool.connecting();
        let body = RequestBody::new("text".into());
        assert!(!is_given_up(&body, &pool).await);
    }
}
