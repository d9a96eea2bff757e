//! One call from start to finish: route, authorize, send, classify, repeat.

use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use tokio::time::{Instant, sleep};

use crate::answer::{
    Answer, compressed, compression, failure, is_event_stream, sniff_event_stream,
};
use crate::error::{Error, Result, TimeoutPhase};
use crate::http::{Body, Gathered, Opening, Operation, Payload, Target, Transport, TransportError};
use crate::prepared::{CallOptions, Prepared};
use crate::provider::Provider;
use crate::redirect::{Redirect, Redirected};
use crate::retry::RetryPolicy;
use crate::retry_event::{OnRetry, RetryEvent};
use crate::routes::{ResolvedRoute, Routes};
use crate::timeouts::{Deadline, Timeouts, Timer, within};

/// What all calls of a client share.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) retry: RetryPolicy,
    pub(crate) on_retry: OnRetry,
    pub(crate) timeouts: Timeouts,
    pub(crate) max_event_size: usize,
    pub(crate) routes: Routes,
}

/// What a transport makes of a request.
type Sent = std::result::Result<http::Response<Body>, TransportError>;
type Sending<'a> = Pin<Box<dyn Future<Output = Sent> + Send + 'a>>;

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
    /// How long obtaining a credential may take where the call itself has no deadline.
    authorizing: Option<Duration>,
    /// When the last piece of a streamed body was taken.
    sent_at: Option<Arc<Mutex<Instant>>>,
    /// Where the server sent the call, if it did.
    redirect: Option<Box<Redirect>>,
}

/// What came of one exchange, unless it failed.
enum Received {
    Answer(Box<http::Response<Body>>),
    Redirect(Box<Redirect>),
}

impl Engine {
    /// Performs a call, in as many attempts as the retry policy allows.
    pub(crate) async fn perform(&self, request: &Prepared) -> Result<Answer> {
        let name = || request.endpoint.name.clone();
        if !self.provider.is_prepared() && self.provider.supports(&request.endpoint) {
            let prepared = Box::pin(self.prepare_provider(request)).await;
            prepared.map_err(|error| error.at(name(), 0))?;
        }
        let mut attempt = self.prepare(request).map_err(|error| error.at(name(), 0))?;
        let started = Instant::now();
        let (mut attempts, mut retries) = (0, 0);
        let mut refused: Option<Box<(HeaderMap, Error)>> = None;
        let mut timer: Timer<'_> = pin!(None);
        loop {
            // In a scope of its own, so that the future need not keep the headers.
            let (credentials, sending) = {
                let rejected = refused.as_ref().map(|refused| &refused.0);
                let headers = match attempt.authorize(rejected, timer.as_mut()).await {
                    Ok(headers) => headers,
                    Err(error) => return Err(error.at(name(), attempts)),
                };
                if let Some(refused) = refused.take_if(|refused| refused.0 == headers) {
                    return Err(refused.1.at(name(), attempts));
                }
                attempts += 1;
                let body = match attempt.opening() {
                    None => attempt.body(),
                    Some(opening) => match attempt.until_deadline(opening).await {
                        Ok(body) => attempt.watched(body),
                        Err(error) => return Err(error.at(name(), attempts - 1)),
                    },
                };
                attempt.send(headers, body, attempts)
            };
            let error = match attempt.receive(sending, timer.as_mut()).await {
                Ok(Received::Redirect(redirect)) => {
                    attempt.redirect = Some(redirect);
                    attempts -= 1; // the same attempt goes on
                    continue;
                }
                Ok(Received::Answer(response)) => {
                    return Ok(Answer {
                        response,
                        attempts,
                        deadline: attempt.deadline,
                        idle: attempt.idle,
                    });
                }
                Err(error) => error.at(name(), attempts),
            };
            if error.status() == Some(StatusCode::UNAUTHORIZED)
                && refused.is_none()
                && attempt.is_replayable()
                && let Some(credentials) = credentials.into_headers()
            {
                refused = Some(Box::new((credentials, error))); // there may be a fresher one
                continue;
            }
            let Some(delay) = attempt.delay(&error, retries, started) else {
                return Err(error);
            };
            retries += 1;
            sleep(delay).await;
        }
    }

    #[cold]
    async fn prepare_provider(&self, request: &Prepared) -> Result<()> {
        let deadline = Deadline::after(self.timeouts_of(request).total, TimeoutPhase::Total);
        within(pin!(None), deadline, self.provider.prepare().as_mut()).await?
    }

    fn timeouts_of(&self, request: &Prepared) -> Timeouts {
        let overrides = request.options().map(|options| &options.timeouts);
        overrides.map_or(self.timeouts, |overrides| overrides.over(&self.timeouts))
    }

    // What happens once is not inlined: it would widen the stack frame of every poll.
    #[inline(never)]
    fn prepare<'a>(&'a self, request: &'a Prepared) -> Result<Attempt<'a>> {
        let endpoint = &*request.endpoint;
        if !self.provider.supports(endpoint) {
            return Err(Error::unsupported(self.provider.name(), &endpoint.name));
        }
        let route = self.routes.resolve(&*self.provider, request)?;
        let timeouts = self.timeouts_of(request);
        // What is streamed, up or down, takes as long as it takes.
        let sends_stream = request.body.as_ref().is_some_and(Payload::is_streamed);
        let total = if endpoint.stream || endpoint.download.is_some() || sends_stream {
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
            deadline: Deadline::after(total, TimeoutPhase::Total),
            authorizing: timeouts.total,
            sent_at: sends_stream.then(|| Arc::new(Mutex::new(Instant::now()))),
            redirect: None,
        })
    }
}

impl Attempt<'_> {
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
        self.engine.on_retry.tell(&RetryEvent {
            operation: &endpoint.name,
            attempt: error.attempts(),
            delay,
            reason: error,
        });
        Some(delay)
    }

    /// The provider's credentials, unless the caller brought some.
    async fn authorize(&self, rejected: Option<&HeaderMap>, timer: Timer<'_>) -> Result<HeaderMap> {
        let mut headers = HeaderMap::with_capacity(6); // what a request usually has in all
        let has_own = |options: &CallOptions| options.headers.contains_key(AUTHORIZATION);
        if !self.request.options().is_some_and(has_own) {
            let mut authorized = self.engine.provider.authorize(rejected, &mut headers);
            let until = match self.deadline {
                None => Deadline::after(self.authorizing, TimeoutPhase::Total),
                deadline => deadline,
            };
            within(timer, until, authorized.as_mut()).await??;
        }
        Ok(headers)
    }

    #[inline(never)]
    fn send(&self, headers: HeaderMap, body: Body, number: u32) -> (Credentials, Sending<'_>) {
        let credentials = Credentials::of(&headers);
        // Not through the `Arc`, which is a transport too and would box the future once more.
        let transport: &dyn Transport = &*self.engine.transport;
        let sending = transport.send(self.http_request(headers, body, number));
        (credentials, sending)
    }

    async fn receive(&self, mut sending: Sending<'_>, mut timer: Timer<'_>) -> Result<Received> {
        let first_byte = Deadline::after(Some(self.first_byte), TimeoutPhase::FirstByte);
        let mut until = Deadline::earlier(first_byte, self.deadline);
        let response = loop {
            match within(timer.as_mut(), until, sending.as_mut()).await {
                Ok(response) => break response?,
                Err(error) => until = self.longer(error)?,
            }
        };
        drop(sending);
        let mut response = Box::new(response);
        if response.status().is_redirection() {
            let redirect = self
                .redirected()
                .follow(response.status(), response.headers());
            return redirect.map(|redirect| Received::Redirect(Box::new(redirect)));
        }
        if !response.status().is_success() {
            return Err(failure(response, self.deadline).await);
        }
        if let Some(encoding) = compression(response.headers()) {
            return Err(compressed(&response, encoding));
        }
        match self.read(&mut response, timer).await {
            Ok(()) => Ok(Received::Answer(response)),
            Err(error) => {
                let id = crate::error::request_id(response.headers());
                Err(error.with_request_id(id))
            }
        }
    }

    /// The deadline for the head of a response while the request is still being sent: the
    /// server's time begins with the last piece. Gives `error` back if it is over.
    #[cold]
    fn longer(&self, error: Error) -> Result<Option<Deadline>> {
        let Some(sent_at) = &self.sent_at else {
            return Err(error);
        };
        let sent_at = *sent_at.lock().unwrap_or_else(PoisonError::into_inner);
        let first_byte = Deadline::of(sent_at, self.first_byte, TimeoutPhase::FirstByte);
        let until = Deadline::earlier(first_byte, self.deadline);
        match until {
            Some(until) if until.at <= Instant::now() => Err(error),
            until => Ok(until),
        }
    }

    /// Reads the body to its end or, where a stream is asked for, makes sure that it is one.
    async fn read(&self, response: &mut http::Response<Body>, timer: Timer<'_>) -> Result<()> {
        if self.request.endpoint.download.is_some() {
            return Ok(());
        }
        if self.request.endpoint.stream {
            if is_event_stream(response.headers()) {
                return Ok(());
            }
            let until = self.until_silent();
            let mut checked = Box::pin(sniff_event_stream(response, until));
            return within(timer, until, checked.as_mut()).await?;
        }
        self.fill(response.body_mut(), timer).await
    }

    /// Reads the whole body, as long as it is not silent for too long.
    async fn fill(&self, body: &mut Body, mut timer: Timer<'_>) -> Result<()> {
        if body.bytes().is_some() {
            return Ok(());
        }
        let mut gathered = Gathered::default();
        loop {
            let chunk = pin!(body.chunk());
            match within(timer.as_mut(), self.until_silent(), chunk).await? {
                Some(chunk) => gathered.push(chunk?),
                None => break,
            }
        }
        *body = gathered.into_bytes().into();
        Ok(())
    }

    fn until_silent(&self) -> Option<Deadline> {
        let idle = Deadline::after(Some(self.idle), TimeoutPhase::Idle);
        Deadline::earlier(self.deadline, idle)
    }

    /// The body that the next exchange sends.
    fn payload(&self) -> Option<&Payload> {
        let drops_it = |redirect: &Redirect| !redirect.keeps_body;
        let body = self.body.as_ref();
        body.filter(|_| !self.redirect.as_deref().is_some_and(drops_it))
    }

    fn body(&self) -> Body {
        let body = self.payload().and_then(Payload::body);
        self.watched(body.unwrap_or_default())
    }

    fn watched(&self, body: Body) -> Body {
        let Some(sent_at) = self.sent_at.clone() else {
            return body;
        };
        body.on_taken(move |_| {
            *sent_at.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        })
    }

    /// What opens the body, where it must be opened.
    #[inline(never)]
    fn opening(&self) -> Option<Opening> {
        self.payload().and_then(Payload::opening)
    }

    #[cold]
    fn until_deadline(
        &self,
        opening: Opening,
    ) -> Pin<Box<dyn Future<Output = Result<Body>> + Send>> {
        let deadline = self.deadline;
        Box::pin(async move {
            let mut opening = opening;
            Ok(within(pin!(None), deadline, opening.as_mut()).await??)
        })
    }

    fn target(&self) -> &Arc<Target> {
        let redirect = self.redirect.as_deref();
        redirect.map_or(&self.route.target, |redirect| &redirect.target)
    }

    fn method(&self) -> &Method {
        let redirect = self.redirect.as_deref();
        redirect.map_or(&self.request.endpoint.method, |redirect| &redirect.method)
    }

    #[cold]
    fn redirected(&self) -> Redirected<'_> {
        Redirected {
            from: self.target(),
            method: self.method(),
            has_body: self.payload().is_some(),
            is_replayable: self.is_replayable(),
            previous: self.redirect.as_deref(),
        }
    }

    fn http_request(&self, mut headers: HeaderMap, body: Body, number: u32) -> http::Request<Body> {
        let mut http = http::Request::new(body);
        *http.method_mut() = self.method().clone();
        *http.uri_mut() = self.target().uri.clone();
        self.request.add_headers(&mut headers);
        if self.redirect.is_some() && self.payload().is_none() {
            headers.remove(CONTENT_TYPE);
        }
        *http.headers_mut() = headers;
        http.extensions_mut().insert(Operation {
            name: self.request.endpoint.name.clone(),
            model: self.request.model.clone(),
            attempt: number,
            target: Arc::clone(self.target()),
            connect_timeout: self.connect,
        });
        http
    }
}

/// What an attempt showed to be let in, kept for the case that it is refused.
///
/// The map itself goes out with the request. Mostly it has one header.
struct Credentials {
    first: Option<(HeaderName, HeaderValue)>,
    others: Vec<(HeaderName, HeaderValue)>,
}

impl Credentials {
    fn of(headers: &HeaderMap) -> Self {
        let mut headers = headers
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()));
        Self {
            first: headers.next(),
            others: headers.collect(),
        }
    }

    /// The headers, if there are any.
    fn into_headers(self) -> Option<HeaderMap> {
        let first = self.first?;
        Some([first].into_iter().chain(self.others).collect())
    }
}
