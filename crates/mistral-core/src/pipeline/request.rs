//! Requests of the API, ready to be sent any number of times.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};
use url::Url;

use super::client_headers::{ClientHeaders, parse_header};
use super::deadline::TimeoutOverrides;
use super::hedging::Hedge;
use super::multipart::MultipartForm;
use super::telemetry::Propagate;
use crate::error::{Error, Result};
use crate::json::wire::Object;
use crate::provider::{Framing, Operation};
use crate::retry::RetryPolicy;
use crate::transport::Payload;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");
/// Of a response without content: only an error has a body, which JSON is preferred for.
const ANYTHING: HeaderValue = HeaderValue::from_static("application/json, */*;q=0.5");
const JSON_LINES: HeaderValue = HeaderValue::from_static("application/x-ndjson");

/// The capacity that the body of a short question fits into without growing.
const INITIAL_BODY_CAPACITY: usize = 256;

/// A request of the API: an [`Operation`] with its path, query and body filled in.
///
/// A group of operations builds one per method and hands it to [`Client::call`], which adds
/// everything else: route, credentials, retries, errors. The first mistake, such as a path
/// parameter that is missing, is kept and becomes the error of the call.
///
/// [`Client::call`]: crate::Client::call
///
/// ```
/// use mistral_sdk::operation::ApiRequest;
/// use mistral_sdk::provider::Operation;
///
/// static GET: Operation = Operation::get("prompts.get", "/v1/prompts/{prompt_id}");
///
/// let request = ApiRequest::new(&GET).path(&[("prompt_id", "greeting")]);
/// ```
#[derive(Debug)]
#[must_use = "a request does nothing until it is called"]
pub struct ApiRequest(Result<Box<RequestParts>>); // boxed, or every future of a call would hold it twice

/// Everything about a request that does not change from one attempt to the next.
#[derive(Debug, Clone)]
pub(crate) struct RequestParts {
    pub(crate) operation: Cow<'static, Operation>,
    /// The path, where it is not the operation's own.
    pub(crate) path: Option<String>,
    pub(crate) model: Option<Arc<str>>,
    pub(crate) body: Option<Payload>,
    content_type: HeaderValue,
    /// Boxed, because most calls have none.
    options: Option<Box<CallOptions>>,
}

/// Returns a copy of a request with a trace context.
pub(crate) type AddTraceContext = fn(&RequestParts, &Propagate) -> Result<Box<RequestParts>>;

/// The options of one call.
#[derive(Debug, Clone, Default)]
pub(crate) struct CallOptions {
    pub(crate) query: Vec<(String, String)>,
    pub(crate) extra_body: Map<String, Value>,
    pub(crate) headers: HeaderMap,
    /// Whether one of the headers takes the place of the provider's credentials.
    pub(crate) has_credential: bool,
    pub(crate) timeouts: TimeoutOverrides,
    pub(crate) retry: Option<RetryPolicy>,
    /// `Some(None)`: the call is not hedged, whatever the client's setting.
    pub(crate) hedge: Option<Option<Arc<dyn Hedge>>>,
    pub(crate) max_response_size: Option<usize>,
    pub(crate) base_url: Option<Url>,
    /// The URL of a request that is not the provider's.
    pub(crate) signed_url: Option<Url>,
    /// Adds a trace context. A function, so that programs without such operations do not contain it.
    pub(crate) add_trace_context: Option<AddTraceContext>,
}

impl CallOptions {
    /// Whether the call must not have the provider's credentials.
    pub(crate) fn has_credential(&self) -> bool {
        self.signed_url.is_some() || self.has_credential || self.headers.contains_key(AUTHORIZATION)
    }
}

impl ApiRequest {
    /// Creates a request of `operation` without query and body.
    pub fn new(operation: impl Into<Cow<'static, Operation>>) -> Self {
        Self(Ok(Box::new(RequestParts {
            operation: operation.into(),
            path: None,
            model: None,
            body: None,
            content_type: JSON,
            options: None,
        })))
    }

    /// Creates a request that fails with `error` when it is called.
    pub fn invalid(operation: &Operation, error: Error) -> Self {
        Self(Err(error.at(operation.name.clone(), 0)))
    }

    /// Fills the parameters of the path: pairs of name and value. Values are escaped.
    ///
    /// The call fails when a parameter is missing or unknown, and when a value is empty.
    pub fn path(self, values: &[(&str, &str)]) -> Self {
        self.update(|parts| {
            parts.path = Some(parts.operation.fill(values)?);
            Ok(())
        })
    }

    /// Adds the fields of `query` to the query string: a list as one entry per element, and
    /// an object as JSON.
    pub fn query(self, query: &impl Object) -> Self {
        self.query_exploded(query, &[])
    }

    /// Adds the fields of `query` as [`query`](Self::query) does, but for the objects named
    /// `exploded`: each of their members is a parameter of its own.
    ///
    /// ```
    /// use mistral_sdk::json::ApiRequest as Request;
    /// use mistral_sdk::operation::ApiRequest;
    /// use mistral_sdk::provider::Operation;
    /// use serde_json::{Map, Value};
    ///
    /// static LIST: Operation = Operation::get("prompts.list", "/v1/prompts");
    ///
    /// #[derive(Default, Request)]
    /// #[api(crate = mistral_sdk)]
    /// struct ListPromptsRequest {
    ///     filters: Option<Map<String, Value>>,
    ///     #[api(extra)]
    ///     extra: Map<String, Value>,
    /// }
    ///
    /// // `?owner=me`, and not `?filters={"owner":"me"}`
    /// let filters = Map::from_iter([("owner".to_owned(), "me".into())]);
    /// let query = ListPromptsRequest::new().filters(filters);
    /// let request = ApiRequest::new(&LIST).query_exploded(&query, &["filters"]);
    /// ```
    pub fn query_exploded(self, query: &impl Object, exploded: &[&str]) -> Self {
        self.update(|parts| parts.add_query(query, exploded))
    }

    /// Names the model that the request is for, which some providers route by.
    pub fn model<'a>(self, model: impl Into<Option<&'a str>>) -> Self {
        self.update(|parts| {
            parts.model = model.into().map(Arc::from);
            Ok(())
        })
    }

    /// Sets `body` as the JSON body. Adds `"stream": true` if the response of the operation is a
    /// stream of server-sent events.
    pub fn json(self, body: &impl Object) -> Self {
        self.update(|parts| parts.set_object(body))
    }

    /// Sets `body` as the JSON body, as it is: a union or a list, too. Nothing is added to it.
    ///
    /// ```
    /// use mistral_sdk::operation::ApiRequest;
    /// use mistral_sdk::provider::Operation;
    ///
    /// static TAG: Operation = Operation::put("prompts.tag", "/v1/prompts/{prompt_id}/tags");
    ///
    /// let request = ApiRequest::new(&TAG)
    ///     .path(&[("prompt_id", "greeting")])
    ///     .json_value(&["short", "friendly"]);
    /// ```
    pub fn json_value(self, body: &impl Serialize) -> Self {
        self.update(|parts| parts.set_json(body))
    }

    /// Sets a form as the body: multipart if it has a file, urlencoded otherwise.
    pub fn multipart(self, form: MultipartForm) -> Self {
        self.update(|parts| {
            let (body, content_type) = form.encode()?;
            parts.body = Some(body);
            parts.content_type = content_type;
            Ok(())
        })
    }

    /// Makes the call fail if another method of the client than `method` reads the response.
    pub(crate) fn for_method(self, method: &str) -> Self {
        self.update(|parts| {
            let (name, framing) = (&parts.operation.name, parts.operation.framing);
            match framing.client_method() {
                Some(expected) if expected == method => Ok(()),
                Some(expected) => Err(Error::config(format!(
                    "the response of `{name}` cannot be read by `Client::{method}`: \
                     use `Client::{expected}`"
                ))),
                None => Err(Error::config(format!(
                    "`{name}` is a WebSocket, which `Client::{method}` does not open: \
                     use `Transport::upgrade`"
                ))),
            }
        })
    }

    /// Changes the request, unless it has failed already.
    pub(crate) fn update(mut self, change: impl FnOnce(&mut RequestParts) -> Result<()>) -> Self {
        if let Ok(parts) = &mut self.0
            && let Err(error) = change(parts)
        {
            self.0 = Err(error.at(parts.operation.name.clone(), 0));
        }
        self
    }

    pub(crate) fn into_parts(self) -> Result<Box<RequestParts>> {
        self.0
    }

    pub(crate) fn parts(&self) -> Option<&RequestParts> {
        self.0.as_deref().ok()
    }

    /// Returns a copy. An error cannot be copied: it moves into the copy.
    pub(crate) fn take_or_clone(&mut self) -> Self {
        Self(match &self.0 {
            Ok(parts) => Ok(parts.clone()),
            Err(_) => {
                let taken = Error::config("an earlier page of this call failed");
                std::mem::replace(&mut self.0, Err(taken))
            }
        })
    }
}

impl RequestParts {
    pub(crate) fn options(&self) -> Option<&CallOptions> {
        self.options.as_deref()
    }

    pub(crate) fn options_mut(&mut self) -> &mut CallOptions {
        self.options.get_or_insert_default()
    }

    fn set_object(&mut self, body: &impl Object) -> Result<()> {
        struct Outgoing<'a, T>(&'a T, bool);

        impl<T: Object> Serialize for Outgoing<'_, T> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(None)?;
                self.0.write(&mut map)?;
                if self.1 {
                    map.serialize_entry("stream", &true)?;
                }
                map.end()
            }
        }

        let is_stream = self.operation.framing == Framing::Sse;
        let stream = body.extra().get("stream");
        if stream.is_some_and(|stream| is_stream || *stream != false) {
            return Err(Error::config(
                "`stream` is set by the method that is called: \
                 call `stream` or `complete`, and leave the field out",
            ));
        }
        self.set_json(&Outgoing(body, is_stream))
    }

    /// Sets the body.
    pub(crate) fn set_json(&mut self, body: &impl Serialize) -> Result<()> {
        let mut json = Vec::with_capacity(INITIAL_BODY_CAPACITY);
        serde_json::to_writer(&mut json, body).map_err(|error| {
            Error::config("the request cannot be written as JSON").with_source(error)
        })?;
        self.body = Some(Bytes::from(json).into());
        Ok(())
    }

    fn is_form(&self) -> bool {
        self.content_type != JSON
    }

    /// Sets a header that the caller names.
    pub(crate) fn set_header<N, V>(&mut self, name: N, value: V) -> Result<()>
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        let (name, value) = parse_header(name, value)?;
        self.options_mut().headers.insert(name, value);
        Ok(())
    }

    /// Sets a header that takes the place of the provider's credentials.
    pub(crate) fn set_credential<N>(&mut self, name: N, secret: &SecretString) -> Result<()>
    where
        N: TryInto<HeaderName>,
    {
        let (name, mut value) = parse_header(name, secret.expose_secret())?;
        value.set_sensitive(true);
        let options = self.options_mut();
        options.headers.insert(name, value);
        options.has_credential = true;
        Ok(())
    }

    /// Adds to an attempt's credentials the SDK's headers and, on top, those of the call. Those of
    /// the client replace none. Returns whether the user agent is the SDK's own name.
    pub(crate) fn add_headers(&self, headers: &mut HeaderMap, client: &ClientHeaders) -> bool {
        let accept = match self.operation.framing {
            Framing::Bytes(media_type) => HeaderValue::from_static(media_type),
            Framing::Sse => EVENT_STREAM,
            Framing::JsonLines => JSON_LINES,
            Framing::Nothing => ANYTHING,
            Framing::Json | Framing::WebSocket => JSON,
        };
        headers.insert(ACCEPT, accept);
        headers.insert(USER_AGENT, client.user_agent());
        if self.body.is_some() || self.options().is_some_and(|own| !own.extra_body.is_empty()) {
            headers.insert(CONTENT_TYPE, self.content_type.clone());
        }
        let mut is_default = client.has_default_user_agent();
        for (name, value) in self.options().into_iter().flat_map(|own| &own.headers) {
            is_default &= name != USER_AGENT;
            headers.insert(name, value.clone());
        }
        if self.signed_url().is_none() {
            client.add_to(headers);
        }
        is_default
    }

    /// The path on Mistral's own API.
    pub(crate) fn path_str(&self) -> &str {
        self.path.as_deref().unwrap_or(&self.operation.path)
    }

    /// The body as it goes out: with the fields added to this call, and with the model
    /// that the route asks for.
    pub(crate) fn outgoing_body(&self, model: Option<&str>) -> Result<Option<Payload>> {
        let rename = model.filter(|model| Some(*model) != self.model.as_deref());
        let extra = self
            .options()
            .map(|options| &options.extra_body)
            .filter(|extra| !extra.is_empty());
        if extra.is_none() && rename.is_none() {
            return Ok(self.body.clone());
        }
        let reject = |why| Err(Error::config(format!("`extra_body`: {why}")));
        if self
            .body
            .as_ref()
            .is_some_and(|body| body.bytes().is_none() || self.is_form())
            && extra.is_none()
        {
            return Err(Error::config(
                "`model`: a form is sent as it is, and cannot name the model as the provider \
                 does: name it so in the request",
            ));
        }
        let mut object = match &self.body {
            None => Map::new(),
            Some(body) => match body.bytes().map(|bytes| serde_json::from_slice(bytes)) {
                Some(Ok(Value::Object(object))) => object,
                _ => return reject("this call's body is not a JSON object"),
            },
        };
        if let Some(model) = rename {
            object.insert("model".to_owned(), model.into());
        }
        if !self.operation.is_raw && extra.is_some_and(|extra| extra.contains_key("stream")) {
            return reject("`stream` is set by the method that is called");
        }
        for (name, value) in extra.into_iter().flatten() {
            object.insert(name.clone(), value.clone());
        }
        serde_json::to_vec(&object)
            .map(|json| Some(json.into()))
            .map_err(|error| Error::config("`extra_body` is not JSON").with_source(error))
    }
}
