//! The W3C trace context of operations that have it in their body as well.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderValue};
use serde_json::Value;
use serde_json::value::RawValue;

use super::request::{ApiRequest, RequestParts};
use super::telemetry::Propagate;
use crate::error::{Error, Result};

const TRACEPARENT: &str = "traceparent";

impl ApiRequest {
    /// Adds a W3C trace context: in the header `traceparent`, and in the field of that name of the
    /// JSON body.
    ///
    /// The context is that of the body, if the caller sets one there, otherwise that of the header,
    /// otherwise that of [`ClientBuilder::propagate`](crate::ClientBuilder::propagate) if it is
    /// sampled, otherwise a new one. The call fails before it is sent if the caller's is invalid.
    #[inline]
    pub fn trace_context(self) -> Self {
        self.update(|parts| {
            parts.options_mut().add_trace_context = Some(RequestParts::with_trace_context);
            Ok(())
        })
    }
}

impl RequestParts {
    /// Returns a copy with a trace context in the header and in the field `traceparent`.
    ///
    /// That of the body takes precedence over that of the header, then over that of `propagate` if
    /// it is sampled. Without any, the context is a new one.
    ///
    /// # Errors
    /// Fails when the caller's trace context is not one.
    #[inline]
    fn with_trace_context(&self, propagate: &Propagate) -> Result<Box<Self>> {
        let mut parts = Box::new(self.clone());
        let body = parts.body.take();
        let json = body.as_ref().and_then(|body| body.bytes());
        let json = json.map_or(&b"{}"[..], |bytes| bytes);
        let Ok(mut fields) = serde_json::from_slice::<BTreeMap<String, &RawValue>>(json) else {
            return Err(Error::config("the body is not a JSON object"));
        };
        let context = self.trace_context(&fields, propagate)?;
        let text = serde_json::value::to_raw_value(&context).map_err(invalid)?;
        fields.insert(TRACEPARENT.to_owned(), &text);
        let json = serde_json::to_vec(&fields).map_err(invalid)?;
        let header = HeaderValue::try_from(context).map_err(invalid)?;
        parts.body = Some(json.into());
        let options = parts.options_mut();
        options.extra_body.remove(TRACEPARENT);
        options.headers.insert(TRACEPARENT, header);
        Ok(parts)
    }

    #[inline]
    fn trace_context(
        &self,
        fields: &BTreeMap<String, &RawValue>,
        propagate: &Propagate,
    ) -> Result<String> {
        let options = self.options();
        let extra = options.and_then(|own| own.extra_body.get(TRACEPARENT));
        let field = extra.cloned().or_else(|| {
            let raw = fields.get(TRACEPARENT)?;
            serde_json::from_str(raw.get()).ok()
        });
        match field {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) if text.is_empty() => {}
            Some(Value::String(text)) if is_traceparent(&text) => return Ok(text),
            Some(value) => return Err(not_a_traceparent(&value.to_string())),
        }
        if let Some(header) = options.and_then(|own| own.headers.get(TRACEPARENT)) {
            let text = header.to_str().unwrap_or_default();
            if !is_traceparent(text) {
                return Err(not_a_traceparent(text));
            }
            return Ok(text.to_owned());
        }
        let mut headers = HeaderMap::new();
        propagate.add_headers(&mut headers);
        let current = headers.get(TRACEPARENT).and_then(|it| it.to_str().ok());
        let sampled = current.filter(|text| is_traceparent(text) && is_sampled(text));
        Ok(sampled.map_or_else(random_traceparent, str::to_owned))
    }
}

#[cold]
#[inline]
fn invalid(cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::config("`traceparent` cannot be sent").with_source(cause)
}

#[cold]
#[inline]
fn not_a_traceparent(text: &str) -> Error {
    Error::config(format!(
        "`traceparent` must be a W3C trace context such as \
         `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`, but is `{text}`"
    ))
}

/// Whether `text` is a `traceparent` by W3C Trace Context. Later versions may have further parts.
#[inline]
fn is_traceparent(text: &str) -> bool {
    let is_hex = |part: &str, length: usize| {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        part.len() == length && part.bytes().all(is_digit)
    };
    let is_id =
        |part: &str, length: usize| is_hex(part, length) && part.bytes().any(|it| it != b'0');
    let mut parts = text.split('-');
    let (version, trace, parent) = (parts.next(), parts.next(), parts.next());
    let flags = parts.next();
    version.is_some_and(|part| is_hex(part, 2) && part != "ff")
        && trace.is_some_and(|part| is_id(part, 32))
        && parent.is_some_and(|part| is_id(part, 16))
        && flags.is_some_and(|part| is_hex(part, 2))
        && (version != Some("00") || parts.next().is_none())
}

/// Whether the lowest bit of the flags is set, which are the fourth part.
#[inline]
fn is_sampled(traceparent: &str) -> bool {
    let flags = traceparent.split('-').nth(3);
    let flags = flags.and_then(|flags| u8::from_str_radix(flags, 16).ok());
    flags.is_some_and(|flags| flags & 1 == 1)
}

#[inline]
fn random_traceparent() -> String {
    let (trace, parent) = (fastrand::u128(1..), fastrand::u64(1..));
    format!("00-{trace:032x}-{parent:016x}-01")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traceparent_of_another_form_is_recognized_as_invalid() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let parent = "00f067aa0ba902b7";
        for valid in [
            format!("00-{trace}-{parent}-01"),
            format!("00-{trace}-{parent}-00"),
            format!("cc-{trace}-{parent}-01-what-the-future-brings"),
            random_traceparent(),
        ] {
            assert!(is_traceparent(&valid), "{valid}");
        }
        let zeros = "0".repeat(32);
        for invalid in [
            String::new(),
            "traceparent".to_owned(),
            format!("ff-{trace}-{parent}-01"),
            format!("00-{zeros}-{parent}-01"),
            format!("00-{trace}-0000000000000000-01"),
            format!("00-{}-{parent}-01", trace.to_uppercase()),
            format!("00-{trace}-{parent}-01-extra"),
            format!("00-{trace}-{parent}"),
            format!("00-{trace}-{parent}-1"),
        ] {
            assert!(!is_traceparent(&invalid), "{invalid}");
        }
    }
}
