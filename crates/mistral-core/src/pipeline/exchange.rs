//! The exchanges of one call: authorize, sign, send, receive.

use std::future::{Future, ready};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, Method};
use tokio::time::Instant;

use super::Pipeline;
use super::classify::{RawResponse, Received, check_event_stream, error_response};
use super::collect::collect;
use super::compression::{check_plain, compression};
use super::credentials::Credentials;
use super::deadline::{Deadline, IdleTimer, Timeouts, Timer, timeout_at};
use super::redirect::Redirect;
use super::request::{CallOptions, RequestParts};
use super::route_cache::ResolvedRoute;
use super::signing::{ResponseFuture, Start, poll_stateless, set_deadline, sign};
use crate::error::{Error, Result, TimeoutPhase};
use crate::provider::Framing;
use crate::transport::{Body, BodyFuture, Payload, RequestContext, RequestTarget};

/// The result of an attempt. The outer error ends the call: nothing was sent, or the same
/// credentials would be rejected again.
pub(crate) type AttemptResult = Result<Result<Box<Received>>>;

/// The state of one call across its attempts.
pub(crate) struct Exchange<'a> {
    pub(super) pipeline: &'a Pipeline,
    pub(super) request: &'a RequestParts,
    pub(super) route: Arc<ResolvedRoute>,
    pub(super) body: Option<Payload>,
    pub(super) timeouts: Timeouts,
    pub(super) deadline: Option<Deadline>,
    pub(super) started: Instant,
    pub(crate) attempts: u32,
    pub(super) retries: u32,
    /// The cost of the last retry, which the retry quota gets back if the call succeeds.
    pub(super) cost_of_retry: Option<u32>,
    /// Whether the server may have processed an earlier attempt.
    pub(crate) may_have_arrived: bool,
    /// The time when the last chunk of a streamed body was sent.
    pub(super) body_sent_at: Option<Arc<Mutex<Instant>>>,
    /// The redirect that the current attempt follows.
    pub(super) redirect: Option<Box<Redirect>>,
    /// The provider's credentials in the last request.
    pub(super) credentials: Credentials,
    /// The credentials that the server rejected with a 401, and the error of that response.
    pub(super) rejected: Option<Box<(HeaderMap, Error)>>,
}

impl<'a> Exchange<'a> {
    // Inlined it would widen the stack frame of every poll, and it runs once.
    #[inline(never)]
    pub(crate) fn new(pipeline: &'a Pipeline, request: &'a RequestParts) -> Result<Self> {
        let operation = &*request.operation;
        let at = |error: Error| error.at(operation.name.clone(), 0);
        if request.signed_url().is_none() && !pipeline.provider.supports(operation) {
            let provider = pipeline.provider.name();
            return Err(at(Error::unsupported(provider, &operation.name)));
        }
        let route = pipeline.routes.resolve(&*pipeline.provider, request);
        let route = route.map_err(at)?;
        let timeouts = pipeline.timeouts_of(request);
        // A streamed call has no total timeout by default.
        let sends_stream = request.body.as_ref().is_some_and(Payload::is_streamed);
        let is_streamed = match operation.framing {
            Framing::Json | Framing::Nothing => sends_stream,
            Framing::Sse | Framing::JsonLines | Framing::Bytes(_) | Framing::WebSocket => true,
        };
        let total = if is_streamed {
            timeouts.stream_total
        } else {
            timeouts.total
        };
        let body = request.outgoing_body(route.model.as_deref()).map_err(at)?;
        let started = Instant::now();
        Ok(Self {
            pipeline,
            request,
            body,
            route,
            timeouts,
            deadline: total.and_then(|total| Deadline::of(started, total, TimeoutPhase::Total)),
            started,
            attempts: 0,
            retries: 0,
            cost_of_retry: None,
            may_have_arrived: false,
            body_sent_at: sends_stream.then(|| Arc::new(Mutex::new(Instant::now()))),
            redirect: None,
            credentials: Credentials::default(),
            rejected: None,
        })
    }

    /// Sends the request once, and reads the response unless it is streamed.
    pub(crate) async fn attempt(&mut self, mut timer: Timer<'_>) -> AttemptResult {
        // In a scope of its own, so that the future need not keep the headers.
        let mut until;
        let start = {
            let headers = self.authorize(timer.as_mut()).await?;
            if let Some(rejected) = self.rejected.take_if(|rejected| rejected.0 == headers) {
                return Err(rejected.1);
            }
            let body = match self.body_future() {
                None => self.body(),
                Some(opening) => self.track_sent(self.open_body(opening).await?),
            };
            self.attempts += 1;
            self.credentials = Credentials::of(&headers);
            until = self.first_byte_deadline();
            self.start(headers, body, until)
        };
        let response = match start {
            Start::Send(response) => response,
            Start::Sign(mut signing) => {
                let deadline = self.provider_deadline();
                let signed = timeout_at(timer.as_mut(), deadline, signing.as_mut()).await;
                drop(signing);
                let mut request = match signed {
                    Ok(Ok(request)) => request,
                    Ok(Err(error)) | Err(error) => {
                        self.attempts -= 1; // nothing was sent
                        return Err(error);
                    }
                };
                self.credentials.add_signed(request.headers());
                until = self.first_byte_deadline();
                set_deadline(&mut request, until);
                self.pipeline.transport.send(request)
            }
        };
        Ok(self.receive(response, until, timer).await)
    }

    /// Obtains the provider's credentials, unless the caller set some.
    async fn authorize(&self, timer: Timer<'_>) -> Result<HeaderMap> {
        let mut headers = HeaderMap::with_capacity(6); // the usual number of headers
        let options = self.request.options();
        if !options.is_some_and(CallOptions::has_credential) {
            let rejected = self.rejected.as_ref().map(|rejected| &rejected.0);
            let provider = &self.pipeline.provider;
            let mut authorized = provider.authorize(rejected, &mut headers);
            timeout_at(timer, self.provider_deadline(), authorized.as_mut()).await??;
        }
        Ok(headers)
    }

    /// Sends the request, or signs it first.
    ///
    /// A request that need not be signed is not awaited before it is sent, so that the future of
    /// every call need not have room for it.
    #[inline(never)]
    fn start(&self, headers: HeaderMap, body: Body, until: Option<Deadline>) -> Start<'a> {
        let pipeline = self.pipeline;
        let mut parts = self.http_parts(headers, until);
        match poll_stateless(&*pipeline.provider, self.request, &mut parts, &body) {
            Poll::Ready(Ok(())) => {
                let request = http::Request::from_parts(parts, body);
                Start::Send(pipeline.transport.send(request))
            }
            Poll::Ready(Err(error)) => Start::Sign(Box::pin(ready(Err(error)))),
            Poll::Pending => {
                // Built anew: a provider may have changed them before its future was polled.
                let parts = self.http_parts(self.credentials.to_headers(), until);
                Start::Sign(sign(&*pipeline.provider, parts, body))
            }
        }
    }

    /// The deadline for what the provider does. A streamed call has none of its own.
    fn provider_deadline(&self) -> Option<Deadline> {
        self.deadline
            .or_else(|| Deadline::after(self.timeouts.total, TimeoutPhase::Total))
    }

    async fn receive(
        &self,
        mut sending: ResponseFuture<'_>,
        mut until: Option<Deadline>,
        mut timer: Timer<'_>,
    ) -> Result<Box<Received>> {
        let response = loop {
            match timeout_at(timer.as_mut(), until, sending.as_mut()).await {
                Ok(response) => break response?,
                Err(error) => until = self.extend_first_byte(error)?,
            }
        };
        drop(sending);
        let mut response = Received::new(response, Arc::clone(self.target()));
        if response.status().is_redirection() {
            return Ok(response);
        }
        if !response.status().is_success() {
            return Err(error_response(response, self.deadline).await);
        }
        if compression(response.headers()).is_some() {
            Box::pin(check_plain(&mut response, self.idle_timer())).await?;
        }
        if let Err(error) = self.read(&mut response).await {
            let id = crate::error::request_id(response.headers());
            return Err(error.with_request_id(id));
        }
        Ok(response)
    }

    /// The deadline for the head of the response, if the request is sent now.
    fn first_byte_deadline(&self) -> Option<Deadline> {
        let first_byte = Deadline::after(Some(self.timeouts.first_byte), TimeoutPhase::FirstByte);
        Deadline::earlier(first_byte, self.deadline)
    }

    /// Moves the deadline for the first byte of the response while the request is still being
    /// sent: it counts from the last chunk. Returns `error` if that has passed as well.
    #[cold]
    fn extend_first_byte(&self, error: Error) -> Result<Option<Deadline>> {
        let Some(sent_at) = &self.body_sent_at else {
            return Err(error);
        };
        let sent_at = *sent_at.lock().unwrap_or_else(PoisonError::into_inner);
        let limit = self.timeouts.first_byte;
        let first_byte = Deadline::of(sent_at, limit, TimeoutPhase::FirstByte);
        let until = Deadline::earlier(first_byte, self.deadline);
        match until {
            Some(until) if until.at <= Instant::now() => Err(error),
            until => Ok(until),
        }
    }

    /// Reads the body to its end or, where a stream is due, checks that it is one.
    async fn read(&self, response: &mut http::Response<Body>) -> Result<()> {
        let framing = self.request.operation.framing;
        match framing {
            Framing::Json | Framing::Nothing => {
                let limit = self.pipeline.max_response_size(self.request);
                collect(response.body_mut(), &mut self.idle_timer(), limit).await
            }
            Framing::Sse | Framing::JsonLines => {
                check_event_stream(framing, response, self.idle_timer()).await
            }
            Framing::Bytes(_) | Framing::WebSocket => Ok(()),
        }
    }

    fn idle_timer(&self) -> IdleTimer {
        IdleTimer::new(self.timeouts.idle, self.deadline)
    }

    /// The body of the next request. A redirect may drop it.
    pub(super) fn payload(&self) -> Option<&Payload> {
        let drops_body = |redirect: &Redirect| !redirect.keeps_body;
        let body = self.body.as_ref();
        body.filter(|_| !self.redirect.as_deref().is_some_and(drops_body))
    }

    fn body(&self) -> Body {
        let body = self.payload().and_then(Payload::body);
        self.track_sent(body.unwrap_or_default())
    }

    /// Records when each chunk of a streamed body is sent.
    fn track_sent(&self, body: Body) -> Body {
        let Some(sent_at) = self.body_sent_at.clone() else {
            return body;
        };
        body.on_chunk(move |_| {
            *sent_at.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        })
    }

    /// Returns the future that opens the body, if it must be opened.
    #[inline(never)]
    fn body_future(&self) -> Option<BodyFuture> {
        self.payload().and_then(Payload::open_body)
    }

    #[cold]
    fn open_body(
        &self,
        mut opening: BodyFuture,
    ) -> Pin<Box<dyn Future<Output = Result<Body>> + Send>> {
        let until = self.deadline;
        Box::pin(async move { Ok(timeout_at(pin!(None), until, opening.as_mut()).await??) })
    }

    pub(super) fn target(&self) -> &Arc<RequestTarget> {
        let redirect = self.redirect.as_deref();
        redirect.map_or(&self.route.target, |redirect| &redirect.target)
    }

    pub(super) fn method(&self) -> &Method {
        let redirect = self.redirect.as_deref();
        redirect.map_or(&self.request.operation.method, |redirect| &redirect.method)
    }

    fn http_parts(&self, mut headers: HeaderMap, until: Option<Deadline>) -> Parts {
        let mut parts = http::Request::new(()).into_parts().0;
        parts.method = self.method().clone();
        parts.uri = self.target().uri.clone();
        let propagate = &self.pipeline.propagate;
        self.request.add_trace_headers(propagate, &mut headers);
        let client = &self.pipeline.headers;
        let has_default_user_agent = self.request.add_headers(&mut headers, client);
        if self.redirect.is_some() && self.payload().is_none() {
            headers.remove(CONTENT_TYPE);
        }
        parts.headers = headers;
        parts.extensions.insert(RequestContext {
            name: self.request.operation.name.clone(),
            model: self.request.model.clone(),
            attempt: self.attempts,
            target: Arc::clone(self.target()),
            connect_timeout: self.timeouts.connect,
            deadline: until.map(|until| until.at),
            has_default_user_agent,
        });
        parts
    }

    pub(crate) fn into_response(mut self, mut response: Box<Received>) -> RawResponse {
        let all = &mut response.context.credentials;
        std::mem::swap(all, &mut self.credentials);
        all.add_own(self.request, &self.pipeline.headers, &self.target().url);
        RawResponse {
            response,
            attempts: self.attempts,
            deadline: self.deadline,
            idle: self.timeouts.idle,
            trace: None,
        }
    }
}
