//! One call from start to finish: route, authorize, send, classify, repeat.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use http::response::Parts;
use http::{HeaderMap, StatusCode};
use tokio::time::{Instant, sleep, timeout_at};

use crate::error::{ApiError, Error, ErrorKind, Result, TimeoutPhase, unexpected};
use crate::http::{Body, Operation, Payload, Transport, TransportError};
use crate::prepared::{CallOptions, Prepared};
use crate::provider::Provider;
use crate::retry::RetryPolicy;
use crate::routes::{ResolvedRoute, Routes};
use crate::timeouts::Timeouts;

/// How much of an error's body is read, and for how long.
const ERROR_BODY_BYTES: usize = 1024 * 1024;
const ERROR_BODY_TIME: Duration = Duration::from_secs(10);

/// What all calls of a client share.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) retry: RetryPolicy,
    pub(crate) timeouts: Timeouts,
    pub(crate) max_event_size: usize,
    pub(crate) routes: Routes,
}

/// A successful response. Its body is all here, unless it is a stream of events.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) head: Parts,
    pub(crate) body: Body,
    pub(crate) attempts: u32,
    pub(crate) deadline: Option<Deadline>,
    pub(crate) idle: Duration,
}

/// A deadline, and what to say when it has passed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    pub(crate) at: Instant,
    pub(crate) limit: Duration,
}

impl Deadline {
    /// `None` if the time is so long that it never comes.
    pub(crate) fn after(limit: Option<Duration>) -> Option<Self> {
        let limit = limit?;
        let at = Instant::now().checked_add(limit)?;
        Some(Self { at, limit })
    }
}

/// What a transport makes of a request.
type Sent = std::result::Result<http::Response<Body>, TransportError>;

/// What all attempts of one call share.
struct Attempt<'a> {
    engine: &'a Engine,
    request: &'a Prepared,
    route: Arc<ResolvedRoute>,
    body: Option<Payload>,
    connect: Duration,
    first_byte: Duration,
    idle: Duration,
    deadline: Option<Deadline>,
}

impl Engine {
    /// Performs a call, in as many attempts as the retry policy allows.
    pub(crate) async fn perform(&self, request: &Prepared) -> Result<Answer> {
        let endpoint = &*request.endpoint;
        let name = || endpoint.name.clone();
        let attempt = self.prepare(request).map_err(|error| error.at(name(), 0))?;
        let started = Instant::now();
        let (mut attempts, mut retries) = (0, 0);
        let mut refused: Option<Box<(HeaderMap, Error)>> = None;
        loop {
            let rejected = refused.as_ref().map(|refused| &refused.0);
            let headers = match attempt.authorize(rejected).await {
                Ok(headers) => headers,
                Err(error) => return Err(error.at(name(), attempts)),
            };
            if let Some(refused) = refused.take_if(|refused| refused.0 == headers) {
                return Err(refused.1.at(name(), attempts));
            }
            // The map itself goes out with the request: only this much of it is kept.
            let credentials: Vec<_> = headers
                .iter()
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect();
            let once_refused = refused.is_some();
            attempts += 1;
            let sent = attempt.send(headers, attempts);
            let error = match attempt.receive(sent).await {
                Ok((head, body)) => return Ok(attempt.answer(head, body, attempts)),
                Err(error) => error,
            };
            if error.status() == Some(StatusCode::UNAUTHORIZED)
                && !once_refused
                && !credentials.is_empty()
                && attempt.is_replayable()
            {
                let credentials = credentials.into_iter().collect();
                refused = Some(Box::new((credentials, error))); // there may be a fresher one
                continue;
            }
            let delay = match attempt.delay(&error, retries, started) {
                Some(delay) => delay,
                None => return Err(error.at(name(), attempts)),
            };
            retries += 1;
            sleep(delay).await;
        }
    }

    // What happens once is not inlined: it would widen the stack frame of every poll.
    #[inline(never)]
    fn prepare<'a>(&'a self, request: &'a Prepared) -> Result<Attempt<'a>> {
        let endpoint = &*request.endpoint;
        if !self.provider.supports(endpoint) {
            return Err(Error::unsupported(self.provider.name(), &endpoint.name));
        }
        let route = self.routes.resolve(&*self.provider, request)?;
        let overrides = request.options().map(|options| &options.timeouts);
        let timeouts = overrides.map_or(self.timeouts, |overrides| overrides.over(&self.timeouts));
        let total = if endpoint.stream {
            timeouts.stream_total
        } else {
            timeouts.total
        };
        Ok(Attempt {
            engine: self,
            request,
            body: request.outgoing_body(route.model.as_deref())?,
            route,
            connect: timeouts.connect,
            first_byte: timeouts.first_byte,
            idle: timeouts.idle,
            deadline: Deadline::after(total),
        })
    }
}

impl Attempt<'_> {
    fn answer(self, head: Parts, body: Body, attempts: u32) -> Answer {
        Answer {
            head,
            body,
            attempts,
            deadline: self.deadline,
            idle: self.idle,
        }
    }

    fn is_replayable(&self) -> bool {
        self.body.as_ref().is_none_or(Payload::is_replayable)
    }

    /// How long to wait before the call is repeated, if it is.
    #[cold]
    fn delay(&self, error: &Error, retries: u32, started: Instant) -> Option<Duration> {
        let own_policy = self
            .request
            .options()
            .and_then(|options| options.retry.as_ref());
        let policy = own_policy.unwrap_or(&self.engine.retry);
        let endpoint = &self.request.endpoint;
        let delay = policy.next_delay(error, endpoint.repeat, retries, started.elapsed())?;
        let in_time = self.deadline.is_none_or(|deadline| {
            let then = Instant::now().checked_add(delay);
            then.is_some_and(|then| then < deadline.at)
        });
        if !in_time || !self.is_replayable() {
            return None;
        }
        tracing::debug!(operation = %endpoint.name, retries, ?delay, %error, "repeating");
        Some(delay)
    }

    /// The provider's credentials, unless the caller brought some.
    async fn authorize(&self, rejected: Option<&HeaderMap>) -> Result<HeaderMap> {
        let mut headers = HeaderMap::with_capacity(6); // what a request usually has in all
        let has_own = |options: &CallOptions| options.headers.contains_key(AUTHORIZATION);
        if !self.request.options().is_some_and(has_own) {
            let provider = &self.engine.provider;
            self.until_deadline(provider.authorize(rejected, &mut headers))
                .await??;
        }
        Ok(headers)
    }

    #[inline(never)]
    fn send(&self, headers: HeaderMap, number: u32) -> impl Future<Output = Sent> + Send + '_ {
        // Not through the `Arc`, which is a transport too and would box the future once more.
        let transport: &dyn Transport = &*self.engine.transport;
        transport.send(self.http_request(headers, number))
    }

    async fn receive(&self, sent: impl Future<Output = Sent>) -> Result<(Parts, Body)> {
        let response = self.in_time(sent).await?;
        let (head, body) = response.into_parts();
        if !head.status.is_success() {
            let until = Instant::now() + ERROR_BODY_TIME;
            let until = self
                .deadline
                .map_or(until, |deadline| until.min(deadline.at));
            return Err(failure(head, body, until).await);
        }
        match self.read(&head, body).await {
            Ok(body) => Ok((head, body)),
            Err(error) => {
                let id = crate::error::request_id(&head.headers);
                Err(error.with_request_id(id))
            }
        }
    }

    /// Reads the body to its end or, where a stream is asked for, makes sure that it is one.
    async fn read(&self, head: &Parts, body: Body) -> Result<Body> {
        if self.request.endpoint.stream {
            return self
                .until_deadline(Box::pin(event_stream(head, body)))
                .await?;
        }
        // Pinned here and lent: passed on, it would be held twice.
        let collected = pin!(body.collect());
        Ok(self.until_deadline(collected).await??.into())
    }

    fn http_request(&self, mut headers: HeaderMap, number: u32) -> http::Request<Body> {
        let endpoint = &self.request.endpoint;
        let body = self
            .body
            .as_ref()
            .and_then(Payload::body)
            .unwrap_or_default();
        let mut http = http::Request::new(body);
        *http.method_mut() = endpoint.method.clone();
        *http.uri_mut() = self.route.uri.clone();
        self.request.add_headers(&mut headers);
        *http.headers_mut() = headers;
        http.extensions_mut().insert(Operation {
            name: endpoint.name.clone(),
            model: self.request.model.clone(),
            attempt: number,
            target: (self.route.uri.clone(), Arc::clone(&self.route.url)),
            connect_timeout: self.connect,
        });
        http
    }

    /// Waits for the head of a response, as long as there is time.
    async fn in_time(&self, sent: impl Future<Output = Sent>) -> Result<http::Response<Body>> {
        let first_byte = Deadline::after(Some(self.first_byte));
        let (deadline, phase) = match (first_byte, self.deadline) {
            (Some(first), Some(total)) if total.at < first.at => (total, TimeoutPhase::Total),
            (Some(first), _) => (first, TimeoutPhase::FirstByte),
            (None, Some(total)) => (total, TimeoutPhase::Total),
            (None, None) => return Ok(sent.await?),
        };
        match timeout_at(deadline.at, sent).await {
            Ok(response) => Ok(response?),
            Err(_) => Err(Error::timeout(phase, deadline.limit)),
        }
    }

    async fn until_deadline<T>(&self, work: impl Future<Output = T>) -> Result<T> {
        let Some(deadline) = self.deadline else {
            return Ok(work.await);
        };
        timeout_at(deadline.at, work)
            .await
            .map_err(|_| Error::timeout(TimeoutPhase::Total, deadline.limit))
    }
}

/// Makes an error of a response that is not a success. What its body says helps, but the
/// status alone must do: a body that stalls or breaks off changes nothing.
///
/// Boxed, and boxed apart: what is rare would make every call's future larger.
#[cold]
fn failure(
    head: Parts,
    mut body: Body,
    until: Instant,
) -> Pin<Box<dyn Future<Output = Error> + Send>> {
    Box::pin(async move {
        let mut text = BytesMut::new();
        let read = async {
            while let Some(Ok(chunk)) = body.chunk().await {
                let room = ERROR_BODY_BYTES.saturating_sub(text.len());
                text.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
                if text.len() == ERROR_BODY_BYTES {
                    break;
                }
            }
        };
        let _ = timeout_at(until, read).await;
        if head.status.is_redirection() {
            let to = head.headers.get(LOCATION).and_then(|to| to.to_str().ok());
            return redirected(head.status, to);
        }
        ApiError::parse(head.status, head.headers, &text).into()
    })
}

fn redirected(status: StatusCode, to: Option<&str>) -> Error {
    let to = to.unwrap_or("another address");
    Error::config(format!(
        "{status}: the server redirects to `{to}`, which is not followed because the \
         credentials would go there: set that address as the base URL if you trust it"
    ))
}

/// Checks that a successful response is a stream of events.
///
/// Some gateways forget the content type, so the first bytes decide where it is another.
async fn event_stream(head: &Parts, mut body: Body) -> Result<Body> {
    let content_type = head
        .headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = content_type
        .and_then(|value| value.split(';').next())
        .unwrap_or_default();
    if essence.trim().eq_ignore_ascii_case("text/event-stream") {
        return Ok(body);
    }
    let mut first = Bytes::new();
    while first.is_empty() {
        first = match body.chunk().await.transpose()? {
            Some(chunk) => chunk,
            None => return Err(Error::new(ErrorKind::Truncated, "the response is empty")),
        };
    }
    let looks_like_events = [b"data:".as_slice(), b"event:", b"id:", b":"]
        .into_iter()
        .any(|start| first.starts_with(start));
    if looks_like_events {
        return Ok(body.unread(first));
    }
    let mut text = BytesMut::from(first);
    while text.len() < ERROR_BODY_BYTES
        && let Some(Ok(chunk)) = body.chunk().await
    {
        text.extend_from_slice(&chunk);
    }
    text.truncate(ERROR_BODY_BYTES);
    let found = content_type.unwrap_or("no content type");
    let cause = format!("a stream of events was asked for, and `{found}` came");
    Err(unexpected(head.status, head.headers.clone(), &text, cause))
}
