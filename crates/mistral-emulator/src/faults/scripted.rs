//! The responses that faults send instead of serving the request.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::Fault;
use crate::responses::{ApiError, json_response};

impl Fault {
    /// Returns the response to send instead of serving the request, if the fault sets one.
    pub(crate) fn scripted_response(&self) -> Result<Option<Response>, String> {
        if self.status.is_none() && self.body.is_none() {
            return Ok(None);
        }
        let number = self.status.unwrap_or(200);
        let status = StatusCode::from_u16(number)
            .ok()
            .filter(|status| !status.is_informational());
        let status = status.ok_or_else(|| format!("{number} is not a status from 200 to 999"))?;
        let has_no_body = matches!(number, 204 | 205 | 304);
        let mut response = match &self.body {
            None if has_no_body => Response::default(),
            None if number < 400 => json_response(status, &json!({})),
            None => json_response(status, &ApiError::for_status(status).body),
            Some(text) => {
                let mut response = json_response(status, &Value::Null);
                *response.body_mut() = Body::from(text.clone());
                response
            }
        };
        *response.status_mut() = status;
        Ok(Some(response))
    }

    /// Returns the headers to set on the response.
    pub(crate) fn response_headers(&self) -> Result<HeaderMap, String> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let key = HeaderName::try_from(name)
                .map_err(|_| format!("{name:?} is not the name of a header"))?;
            let value = HeaderValue::try_from(value)
                .map_err(|_| format!("{value:?} cannot be the value of the header {name:?}"))?;
            headers.append(key, value);
        }
        Ok(headers)
    }

    /// Whether the request is not served.
    pub(crate) fn replaces_response(&self) -> bool {
        self.status.is_some() || self.body.is_some() || self.close
    }

    /// Returns the status that the fault sets, if it is valid.
    pub(crate) fn status_code(&self) -> Option<StatusCode> {
        StatusCode::from_u16(self.status?).ok()
    }

    pub(crate) fn affects_body(&self) -> bool {
        self.stall_after_events.is_some()
            || self.cut_after_bytes.is_some()
            || self
                .headers
                .iter()
                .any(|(name, _)| name.eq_ignore_ascii_case(header::CONTENT_LENGTH.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fault_invalid_status_or_header_is_rejected() {
        for status in [0, 99, 101, 1000] {
            assert!(
                Fault::status(status).scripted_response().is_err(),
                "{status}"
            );
        }
        assert!(
            Fault::default()
                .with_header("a b", "c")
                .response_headers()
                .is_err()
        );
        assert!(
            Fault::default()
                .with_header("a", "b\n")
                .response_headers()
                .is_err()
        );
    }
}
