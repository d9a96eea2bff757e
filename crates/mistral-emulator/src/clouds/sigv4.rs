//! Verification of Signature Version 4.

use hmac_sha256::{HMAC, Hash};
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use serde_json::json;

use crate::responses::ApiError;
use crate::time::parse_timestamp;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const DATE: &str = "x-amz-date";
const CONTENT_SHA256: &str = "x-amz-content-sha256";
/// The longest time between a signature and its verification, in seconds.
const MAX_AGE: i64 = 15 * 60;

/// The reason why a signature is rejected: the name of the error and its message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rejection(&'static str, String);

impl Rejection {
    pub(super) fn new(name: &'static str, message: impl Into<String>) -> Self {
        Self(name, message.into())
    }

    fn incomplete(message: impl Into<String>) -> Self {
        Self::new("IncompleteSignatureException", message)
    }

    pub(super) fn into_error(self) -> ApiError {
        let Self(name, message) = self;
        ApiError {
            status: StatusCode::FORBIDDEN,
            body: json!({ "__type": name, "message": message }),
        }
    }
}

/// The parts of an `authorization` header.
#[derive(Debug)]
pub(super) struct Signature<'a> {
    pub(super) access_key_id: &'a str,
    day: &'a str,
    region: &'a str,
    pub(super) service: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

impl<'a> Signature<'a> {
    /// Reads the header, or returns `None` if it is of another kind or missing.
    pub(super) fn parse(headers: &'a HeaderMap) -> Option<Result<Self, Rejection>> {
        let header = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let rest = header.strip_prefix(ALGORITHM)?;
        let parts = || {
            rest.split(',')
                .filter_map(|part| part.trim().split_once('='))
        };
        let part = |name: &str| {
            let found = parts().find(|(other, _)| *other == name);
            found.map(|(_, value)| value).ok_or_else(|| {
                Rejection::incomplete(format!("Authorization header requires '{name}' parameter."))
            })
        };
        let parsed = || {
            let credential = part("Credential")?;
            let mut scope = credential.splitn(5, '/');
            let mut next = || scope.next().unwrap_or_default();
            let signature = Self {
                access_key_id: next(),
                day: next(),
                region: next(),
                service: next(),
                signed_headers: part("SignedHeaders")?,
                signature: part("Signature")?,
            };
            if next() != "aws4_request" {
                return Err(Rejection::incomplete(format!(
                    "Credential must have exactly 5 slash-delimited elements, got '{credential}'"
                )));
            }
            Ok(signature)
        };
        Some(parsed())
    }

    /// Verifies the signature of a request at the time `now`, in Unix seconds.
    pub(super) fn verify(
        &self,
        request: &Parts,
        body: &[u8],
        secret: &str,
        now: i64,
    ) -> Result<(), Rejection> {
        let invalid = |message: &str| Rejection::new("InvalidSignatureException", message);
        let date = header_value(request, DATE);
        if !date.starts_with(self.day) || self.day.is_empty() {
            return Err(invalid(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date",
            ));
        }
        let signed_at = signing_time(&date);
        if signed_at.is_none_or(|time| (now - time).abs() > MAX_AGE) {
            return Err(invalid(&format!(
                "Signature expired: {date} is not within 15 min. of the time of the server"
            )));
        }
        let names: Vec<_> = self.signed_headers.split(';').collect();
        for required in ["host", DATE, CONTENT_SHA256, "content-type"] {
            let is_sent = required == "host" || request.headers.contains_key(required);
            if is_sent && !names.contains(&required) {
                let message = format!("'{required}' must be a 'SignedHeader'.");
                return Err(Rejection::incomplete(message));
            }
        }
        let body_hash = hex(&Hash::hash(body));
        let sent_hash = header_value(request, CONTENT_SHA256);
        if !sent_hash.is_empty() && sent_hash != body_hash {
            return Err(invalid(
                "The hash of the body is not that in x-amz-content-sha256",
            ));
        }
        let headers: String = names
            .iter()
            .map(|name| format!("{name}:{}\n", header_value(request, name)))
            .collect();
        let canonical = format!(
            "{}\n{}\n{}\n{headers}\n{}\n{body_hash}",
            request.method,
            canonical_path(request.uri.path()),
            canonical_query(request.uri.query().unwrap_or_default()),
            self.signed_headers,
        );
        if self.sign(secret, &date, &canonical) == self.signature {
            return Ok(());
        }
        Err(invalid(
            "The request signature we calculated does not match the signature you provided. Check \
             your AWS Secret Access Key and signing method.",
        ))
    }

    fn sign(&self, secret: &str, date: &str, canonical: &str) -> String {
        let Self {
            day,
            region,
            service,
            ..
        } = self;
        let hash = hex(&Hash::hash(canonical.as_bytes()));
        let text = format!("{ALGORITHM}\n{date}\n{day}/{region}/{service}/aws4_request\n{hash}");
        let key = format!("AWS4{secret}").into_bytes();
        let steps = [day, region, service, "aws4_request", &text];
        let signed = steps
            .iter()
            .fold(key, |key, step| HMAC::mac(step, key).to_vec());
        hex(&signed)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns the value of a header without white space around it and between its words. HTTP/2 sends
/// the host as a part of the URL.
fn header_value(request: &Parts, name: &str) -> String {
    let values = request.headers.get_all(name).iter();
    let values: Vec<_> = values
        .filter_map(|value| value.to_str().ok())
        .map(|value| value.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    match request.uri.authority() {
        Some(authority) if name == "host" && values.is_empty() => authority.to_string(),
        _ => values.join(","),
    }
}

/// Reads a time like `20150830T123600Z`.
fn signing_time(date: &str) -> Option<i64> {
    let part = |from: usize, to: usize| date.get(from..to);
    if date.len() != "20150830T123600Z".len() {
        return None;
    }
    parse_timestamp(&format!(
        "{}-{}-{}T{}:{}:{}",
        part(0, 4)?,
        part(4, 6)?,
        part(6, 8)?,
        part(9, 11)?,
        part(11, 13)?,
        part(13, 16)?,
    ))
}

/// Escapes the path as it was sent, and removes empty segments.
fn canonical_path(path: &str) -> String {
    let mut canonical = String::new();
    for byte in path.bytes() {
        match byte {
            b'/' if canonical.ends_with('/') => {}
            b'/' => canonical.push('/'),
            _ => push_escaped(&mut canonical, byte),
        }
    }
    canonical
}

/// Sorts the parameters, which are escaped already.
fn canonical_query(query: &str) -> String {
    let parameters = query.split('&').filter(|parameter| !parameter.is_empty());
    let mut parameters: Vec<_> = parameters
        .map(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let escaped = |text: &str| {
                text.bytes().fold(String::new(), |mut escaped, byte| {
                    match byte {
                        b'%' => escaped.push('%'),
                        _ => push_escaped(&mut escaped, byte),
                    }
                    escaped
                })
            };
            (escaped(name), escaped(value))
        })
        .collect();
    parameters.sort();
    let parameters: Vec<_> = parameters
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    parameters.join("&")
}

fn push_escaped(text: &mut String, byte: u8) {
    if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        text.push(byte.into());
    } else {
        text.push_str(&format!("%{byte:02X}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A time of the published test vectors: 2015-08-30T12:36:00Z.
    const NOW: i64 = 1_440_938_160;
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    fn verify(
        request: http::request::Builder,
        signed_headers: &str,
        body: &str,
        signature: &str,
        now: i64,
    ) -> Result<(), Rejection> {
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders={signed_headers}, Signature={signature}"
        );
        let request = request
            .header("host", "example.amazonaws.com")
            .header("x-amz-date", "20150830T123600Z")
            .header("authorization", authorization);
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let signature = Signature::parse(&parts.headers).unwrap()?;
        assert_eq!(signature.access_key_id, "AKIDEXAMPLE");
        signature.verify(&parts, body.as_bytes(), SECRET, now)
    }

    /// Of the suite that AWS publishes with its signers, `aws-signing-test-suite/v4`.
    #[test]
    fn sigv4_of_published_vectors_is_accepted() {
        let get = |uri: &str| http::Request::get(uri);
        let names = "host;x-amz-date";
        for (uri, signature) in [
            (
                "/",
                "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
            ),
            (
                "/?Param2=value2&Param1=value1",
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            ),
            (
                "//example//",
                "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84",
            ),
        ] {
            assert_eq!(verify(get(uri), names, "", signature, NOW), Ok(()), "{uri}");
        }
        let hash = "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e";
        let form = http::Request::post("/")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("content-length", "13")
            .header("x-amz-content-sha256", hash);
        let names = "content-length;content-type;host;x-amz-content-sha256;x-amz-date";
        let signature = "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b";
        assert_eq!(verify(form, names, "Param1=value1", signature, NOW), Ok(()));
    }

    #[test]
    fn sigv4_of_another_request_body_or_time_is_rejected() {
        let signature = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
        let names = "host;x-amz-date";
        let get = || http::Request::get("/");
        let zeros = "0".repeat(64);
        let hash = || get().header("x-amz-content-sha256", &zeros);
        for (request, names, body, now, expected) in [
            (http::Request::post("/"), names, "", NOW, "does not match"),
            (http::Request::get("/a"), names, "", NOW, "does not match"),
            (get(), names, "body", NOW, "does not match"),
            (get(), names, "", NOW + 901, "Signature expired"),
            (get(), names, "", NOW - 901, "Signature expired"),
            (get(), "host", "", NOW, "'x-amz-date' must be"),
            (
                get().header("content-type", "a/b"),
                names,
                "",
                NOW,
                "'content-type' must be",
            ),
            (
                hash(),
                "host;x-amz-content-sha256;x-amz-date",
                "",
                NOW,
                "hash of the body",
            ),
        ] {
            let Rejection(_, message) = verify(request, names, body, signature, now).unwrap_err();
            assert!(message.contains(expected), "{message}");
        }
    }
}
