//! One attempt of a call: what is sent, and what is made of the answer.

use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use tokio::time::Instant;

use crate::error::{Error, Result, TimeoutPhase};
use crate::pipeline::classify::{
    compressed, compression, failure, is_event_stream, sniff_event_stream,
};
use crate::pipeline::deadline::{Deadline, Timer, within};
use crate::pipeline::redirect::{Redirect, Redirected};
use crate::pipeline::request::{CallOptions, Prepared};
use crate::pipeline::route_cache::ResolvedRoute;
use crate::pipeline::telemetry::Propagate;
use crate::provider::Provider;
use crate::transport::{
    Body, Gathered, Opening, Payload, RequestContext, Target, Transport, TransportError,
};

/// What a transport makes of a request.
type Sent = std::result::Result<http::Response<Body>, TransportError>;
pub(crate) type Sending<'a> = Pin<Box<dyn Future<Output = Sent> + Send + 'a>>;

/// What all attempts of one call share.
pub(crate) struct Attempt<'a> {
    pub(crate) provider: &'a dyn Provider,
    pub(crate) transport: &'a dyn Transport,
    pub(crate) propagate: &'a Propagate,
    pub(crate) request: &'a Prepared,
    pub(crate) route: Arc<ResolvedRoute>,
    pub(crate) body: Option<Payload>,
    pub(crate) connect: Duration,
    pub(crate) first_byte: Duration,
    pub(crate) idle: Duration,
    pub(crate) deadline: Option<Deadline>,
    /// How long obtaining a credential may take where the call itself has no deadline.
    pub(crate) authorizing: Option<Duration>,
    /// When the last piece of a streamed body was taken.
    pub(crate) sent_at: Option<Arc<Mutex<Instant>>>,
    /// Where the server sent the call, if it did.
    pub(crate) redirect: Option<Box<Redirect>>,
}

/// What came of one exchange, unless it failed.
pub(crate) enum Received {
    Answer(Box<http::Response<Body>>),
    Redirect(Box<Redirect>),
}

impl Attempt<'_> {
    pub(crate) fn is_replayable(&self) -> bool {
        self.body.as_ref().is_none_or(Payload::is_replayable)
    }

    /// The provider's credentials, unless the caller brought some.
    pub(crate) async fn authorize(
        &self,
        rejected: Option<&HeaderMap>,
        timer: Timer<'_>,
    ) -> Result<HeaderMap> {
        let mut headers = HeaderMap::with_capacity(6); // what a request usually has in all
        let has_own = |options: &CallOptions| options.headers.contains_key(AUTHORIZATION);
        if !self.request.options().is_some_and(has_own) {
            let mut authorized = self.provider.authorize(rejected, &mut headers);
            let until = match self.deadline {
                None => Deadline::after(self.authorizing, TimeoutPhase::Total),
                deadline => deadline,
            };
            within(timer, until, authorized.as_mut()).await??;
        }
        Ok(headers)
    }

    #[inline(never)]
    pub(crate) fn send(
        &self,
        headers: HeaderMap,
        body: Body,
        number: u32,
    ) -> (Credentials, Sending<'_>) {
        let credentials = Credentials::of(&headers);
        let sending = self
            .transport
            .send(self.http_request(headers, body, number));
        (credentials, sending)
    }

    pub(crate) async fn receive(
        &self,
        mut sending: Sending<'_>,
        mut timer: Timer<'_>,
    ) -> Result<Received> {
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
        if self.request.operation.download.is_some() {
            return Ok(());
        }
        if self.request.operation.stream {
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
        let mut gathered = Gathered::of(body);
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

    pub(crate) fn body(&self) -> Body {
        let body = self.payload().and_then(Payload::body);
        self.watched(body.unwrap_or_default())
    }

    pub(crate) fn watched(&self, body: Body) -> Body {
        let Some(sent_at) = self.sent_at.clone() else {
            return body;
        };
        body.on_taken(move |_| {
            *sent_at.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        })
    }

    /// What opens the body, where it must be opened.
    #[inline(never)]
    pub(crate) fn opening(&self) -> Option<Opening> {
        self.payload().and_then(Payload::opening)
    }

    #[cold]
    pub(crate) fn until_deadline(
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
        redirect.map_or(&self.request.operation.method, |redirect| &redirect.method)
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
        self.propagate.add_headers(&mut headers);
        self.request.add_headers(&mut headers);
        if self.redirect.is_some() && self.payload().is_none() {
            headers.remove(CONTENT_TYPE);
        }
        *http.headers_mut() = headers;
        let first_byte = Deadline::after(Some(self.first_byte), TimeoutPhase::FirstByte);
        let until = Deadline::earlier(first_byte, self.deadline);
        http.extensions_mut().insert(RequestContext {
            name: self.request.operation.name.clone(),
            model: self.request.model.clone(),
            attempt: number,
            target: Arc::clone(self.target()),
            connect_timeout: self.connect,
            deadline: until.map(|until| until.at),
        });
        http
    }
}

/// What an attempt showed to be let in, kept for the case that it is refused.
///
/// The map itself goes out with the request. Mostly it has one header.
pub(crate) struct Credentials {
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
    pub(crate) fn into_headers(self) -> Option<HeaderMap> {
        let first = self.first?;
        Some([first].into_iter().chain(self.others).collect())
    }
}
