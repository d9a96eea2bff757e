//! Removes credentials that a server quotes in an error.

use http::{HeaderMap, HeaderValue};

use super::{ApiError, Error};
use crate::redact::Secrets;
use crate::redact::names::is_secret_header;

impl Error {
    /// Replaces the credentials of the attempt that failed wherever the server quotes them.
    #[cold]
    pub(crate) fn without_secrets(mut self, secrets: &Secrets) -> Self {
        secrets.mask(&mut self.0.message);
        if let Some(id) = &mut self.0.request_id {
            secrets.mask(id);
        }
        if let Some(url) = &mut self.0.url {
            let mut path = url.path().to_owned();
            secrets.mask(&mut path);
            if path != url.path() {
                url.set_path(&path);
            }
        }
        if let Some(api) = &mut self.0.api {
            api.mask(secrets);
        }
        self
    }
}

impl ApiError {
    fn mask(&mut self, secrets: &Secrets) {
        let optional = [
            &mut self.code,
            &mut self.error_type,
            &mut self.param,
            &mut self.request_id,
        ];
        let texts = optional.into_iter().flatten();
        texts
            .chain([&mut self.body, &mut self.message])
            .for_each(|text| secrets.mask(text));
        for detail in &mut self.details {
            secrets.mask(&mut detail.location);
            secrets.mask(&mut detail.message);
            secrets.mask(&mut detail.error_type);
        }
        for value in self.headers.values_mut() {
            mask_header(value, secrets);
        }
    }
}

fn mask_header(value: &mut HeaderValue, secrets: &Secrets) {
    let Ok(text) = value.to_str() else { return };
    let mut masked = text.to_owned();
    secrets.mask(&mut masked);
    if masked == text {
        return;
    }
    if let Ok(mut masked) = HeaderValue::try_from(masked) {
        masked.set_sensitive(value.is_sensitive());
        *value = masked;
    }
}

/// Marks the headers that are credentials, such as cookies, so that `Debug` does not print them.
pub(super) fn mark_secrets(headers: &mut HeaderMap) {
    for (name, value) in headers {
        if is_secret_header(name) {
            value.set_sensitive(true);
        }
    }
}
