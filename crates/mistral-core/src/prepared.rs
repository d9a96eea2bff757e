//! One request, ready to be sent any number of times.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};
use url::Url;

use crate::endpoint::Endpoint;
use crate::error::{Error, Result};
use crate::form::Form;
use crate::http::{Payload, is_secret_header};
use crate::json::wire::{Object, serialize_object};
use crate::retry::RetryPolicy;
use crate::timeouts::TimeoutOverrides;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");
const SDK_NAME: HeaderValue =
    HeaderValue::from_static(concat!("mistral-sdk-rust/", env!("CARGO_PKG_VERSION")));

/// Room for the body of a short question, so that writing it grows nothing.
const USUAL_BODY: usize = 256;

/// Everything about a request that does not change from one attempt to the next.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    pub(crate) endpoint: Cow<'static, Endpoint>,
    /// The path, where it is not the endpoint's own.
    pub(crate) path: Option<String>,
    pub(crate) model: Option<Arc<str>>,
    pub(crate) body: Option<Payload>,
    content_type: HeaderValue,
    /// Most calls have none.
    options: Option<Box<CallOptions>>,
}

/// What the caller wants of this one call.
#[derive(Debug, Clone, Default)]
pub(crate) struct CallOptions {
    pub(crate) query: Vec<(String, String)>,
    pub(crate) extra_body: Map<String, Value>,
    pub(crate) headers: HeaderMap,
    pub(crate) timeouts: TimeoutOverrides,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) base_url: Option<Url>,
}

impl Prepared {
    /// A request without a body.
    pub(crate) fn new(endpoint: impl Into<Cow<'static, Endpoint>>) -> Self {
        Self {
            endpoint: endpoint.into(),
            path: None,
            model: None,
            body: None,
            content_type: JSON,
            options: None,
        }
    }

    pub(crate) fn options(&self) -> Option<&CallOptions> {
        self.options.as_deref()
    }

    pub(crate) fn options_mut(&mut self) -> &mut CallOptions {
        self.options.get_or_insert_default()
    }

    /// Says in an error which operation it is about.
    fn at(&self, error: Error) -> Error {
        error.at(self.endpoint.name.clone(), 0)
    }

    /// Fills in the parameters of the path.
    pub(crate) fn path(mut self, parameters: &[(&str, &str)]) -> Result<Self> {
        let filled = self.endpoint.fill(parameters);
        self.path = Some(filled.map_err(|error| self.at(error))?);
        Ok(self)
    }

    /// Adds the entries of `parameters` to the query: a list as one entry per element, and
    /// what is structured as JSON.
    pub(crate) fn query(mut self, parameters: &impl Object) -> Result<Self> {
        let entries = serialize_object(parameters, serde_json::value::Serializer);
        let entries = entries.map_err(|error| {
            self.at(Error::config("the query cannot be written").with_source(error))
        })?;
        for (name, value) in entries.as_object().into_iter().flatten() {
            let values = match value {
                Value::Array(elements) => elements.as_slice(),
                value => std::slice::from_ref(value),
            };
            for value in values {
                let text = match value {
                    Value::String(text) => text.clone(),
                    value => value.to_string(),
                };
                self.options_mut().query.push((name.clone(), text));
            }
        }
        Ok(self)
    }

    /// The number that a parameter of the query has.
    pub(crate) fn query_number(&self, name: &str) -> Option<u64> {
        let query = &self.options()?.query;
        let (_, value) = query.iter().rfind(|(it, _)| it == name)?;
        value.parse().ok()
    }

    /// Sets a parameter of the query, in place of any of that name.
    pub(crate) fn set_query(&mut self, name: &str, value: impl ToString) {
        let query = &mut self.options_mut().query;
        query.retain(|(it, _)| it != name);
        query.push((name.to_owned(), value.to_string()));
    }

    /// Sets a form as the body, and the model that it names.
    pub(crate) fn form(mut self, model: Option<&str>, form: Form) -> Result<Self> {
        let (body, content_type) = form.encode().map_err(|error| self.at(error))?;
        self.model = model.map(Arc::from);
        self.body = Some(body);
        self.content_type = content_type;
        Ok(self)
    }

    /// Sets the body, and the model that it names. A streamed call says so in its body.
    pub(crate) fn json<'a>(
        mut self,
        model: impl Into<Option<&'a str>>,
        body: &impl Object,
    ) -> Result<Self> {
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

        if body.extra().contains_key("stream") {
            return Err(self.at(Error::config(
                "`stream` is set by the method that is called: \
                 call `stream` or `complete`, and leave the field out",
            )));
        }
        self.model = model.into().map(Arc::from);
        let stream = self.endpoint.stream;
        self.set_json(&Outgoing(body, stream))?;
        Ok(self)
    }

    /// Sets the body.
    pub(crate) fn set_json(&mut self, body: &impl Serialize) -> Result<()> {
        let mut json = Vec::with_capacity(USUAL_BODY);
        serde_json::to_writer(&mut json, body).map_err(|error| {
            self.at(Error::config("the request cannot be written as JSON").with_source(error))
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
        let name = name.try_into().map_err(|_| {
            Error::config("`header`: the name is not one that HTTP allows (letters, digits, `-`)")
        })?;
        // The value may be a secret, so the message does not show it.
        let mut value = value.try_into().map_err(|_| {
            Error::config(format!(
                "`header`: the value of `{name}` has characters that HTTP does not allow, \
                 for example a line break"
            ))
        })?;
        if is_secret_header(&name) {
            value.set_sensitive(true);
        }
        self.options_mut().headers.insert(name, value);
        Ok(())
    }

    /// Adds to an attempt's credentials the SDK's headers and, on top, the caller's.
    pub(crate) fn add_headers(&self, headers: &mut HeaderMap) {
        headers.insert(
            ACCEPT,
            match self.endpoint.download {
                Some(media_type) => HeaderValue::from_static(media_type),
                None if self.endpoint.stream => EVENT_STREAM,
                None => JSON,
            },
        );
        headers.insert(USER_AGENT, SDK_NAME);
        if self.body.is_some() || self.options().is_some_and(|own| !own.extra_body.is_empty()) {
            headers.insert(CONTENT_TYPE, self.content_type.clone());
        }
        for (name, value) in self.options().into_iter().flat_map(|own| &own.headers) {
            headers.insert(name, value.clone());
        }
    }

    /// The path on Mistral's own API.
    pub(crate) fn path_str(&self) -> &str {
        self.path.as_deref().unwrap_or(&self.endpoint.path)
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
        let refuse = |why| Err(Error::config(format!("`extra_body`: {why}")));
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
                _ => return refuse("this call's body is not a JSON object"),
            },
        };
        if let Some(model) = rename {
            object.insert("model".to_owned(), model.into());
        }
        let is_modelled = matches!(self.endpoint, Cow::Borrowed(_));
        if is_modelled && extra.is_some_and(|extra| extra.contains_key("stream")) {
            return refuse("`stream` is set by the method that is called");
        }
        for (name, value) in extra.into_iter().flatten() {
            object.insert(name.clone(), value.clone());
        }
        serde_json::to_vec(&object)
            .map(|json| Some(json.into()))
            .map_err(|error| Error::config("`extra_body` is not JSON").with_source(error))
    }
}

impl From<&'static Endpoint> for Cow<'static, Endpoint> {
    fn from(endpoint: &'static Endpoint) -> Self {
        Cow::Borrowed(endpoint)
    }
}

impl From<Endpoint> for Cow<'static, Endpoint> {
    fn from(endpoint: Endpoint) -> Self {
        Cow::Owned(endpoint)
    }
}
