//! Signature Version 4 as AWS's documentation describes it, without code of the SDK.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;

use super::RecordedRequest;

pub const ACCESS_KEY_ID: &str = "AKIDEXAMPLE";
pub const SECRET_ACCESS_KEY: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// A request, as far as its signature covers it.
#[derive(Debug, Clone)]
pub struct Signed<'a> {
    pub method: &'a str,
    /// The path as it is sent.
    pub path: &'a str,
    pub query: &'a str,
    /// The signed headers, in any order.
    pub headers: Vec<(&'a str, &'a str)>,
    pub body: &'a [u8],
    /// The time, such as `20150830T123600Z`.
    pub date: &'a str,
    pub region: &'a str,
    pub service: &'a str,
}

impl Signed<'_> {
    pub fn signature(&self, secret: &str) -> String {
        let mut headers: Vec<_> = self
            .headers
            .iter()
            .map(|(name, value)| {
                let words: Vec<_> = value.split_whitespace().collect();
                (name.to_ascii_lowercase(), words.join(" "))
            })
            .collect();
        headers.sort();
        let lines: String = headers.iter().map(|(n, v)| format!("{n}:{v}\n")).collect();
        let names: Vec<_> = headers.iter().map(|(name, _)| name.as_str()).collect();
        let mut query: Vec<_> = self.query.split('&').collect();
        query.sort_unstable();
        let canonical = format!(
            "{}\n{}\n{}\n{lines}\n{}\n{}",
            self.method,
            canonical_path(self.path),
            query.join("&"),
            names.join(";"),
            hex(digest(&SHA256, self.body).as_ref()),
        );
        let (day, _) = self.date.split_once('T').unwrap();
        let scope = format!("{day}/{}/{}/aws4_request", self.region, self.service);
        let hash = hex(digest(&SHA256, canonical.as_bytes()).as_ref());
        let text = format!("AWS4-HMAC-SHA256\n{}\n{scope}\n{hash}", self.date);
        let first = format!("AWS4{secret}").into_bytes();
        let steps = [day, self.region, self.service, "aws4_request", &text];
        hex(&steps.iter().fold(first, |key, step| sign(&key, step)))
    }
}

fn canonical_path(path: &str) -> String {
    let mut canonical = String::new();
    for byte in path.bytes() {
        match byte {
            b'/' if canonical.ends_with('/') => {}
            b'/' | b'-' | b'.' | b'_' | b'~' => canonical.push(byte.into()),
            _ if byte.is_ascii_alphanumeric() => canonical.push(byte.into()),
            _ => canonical.push_str(&format!("%{byte:02X}")),
        }
    }
    canonical
}

fn sign(key: &[u8], text: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The parts of an `authorization` header.
#[derive(Debug)]
pub struct Authorization {
    pub access_key_id: String,
    pub region: String,
    pub service: String,
    pub signed_headers: String,
    pub signature: String,
}

impl Authorization {
    pub fn parse(request: &RecordedRequest) -> Self {
        let header = request.header("authorization");
        let rest = header.strip_prefix("AWS4-HMAC-SHA256 ").unwrap();
        let part = |name: &str| {
            let mut parts = rest.split(", ");
            let value = parts.find_map(|part| part.strip_prefix(name)).unwrap();
            value.strip_prefix('=').unwrap().to_owned()
        };
        let credential = part("Credential");
        let scope: Vec<_> = credential.split('/').collect();
        let [access_key_id, day, region, service, "aws4_request"] = scope[..] else {
            panic!("{credential}");
        };
        assert!(
            request.header("x-amz-date").starts_with(day),
            "{credential}"
        );
        Self {
            access_key_id: access_key_id.to_owned(),
            region: region.to_owned(),
            service: service.to_owned(),
            signed_headers: part("SignedHeaders"),
            signature: part("Signature"),
        }
    }
}

/// Checks the signature of a request against this implementation, and returns its parts.
pub fn verify(request: &RecordedRequest, secret: &str) -> Authorization {
    let authorization = Authorization::parse(request);
    let url = &request.url;
    let host = url.host_str().unwrap();
    let host = url
        .port()
        .map_or(host.to_owned(), |port| format!("{host}:{port}"));
    let names = authorization.signed_headers.split(';');
    let headers = names.map(|name| match name {
        "host" => ("host", host.as_str()),
        _ => (name, request.header(name)),
    });
    let signed = Signed {
        method: &request.method,
        path: url.path(),
        query: url.query().unwrap_or_default(),
        headers: headers.collect(),
        body: &request.body,
        date: request.header("x-amz-date"),
        region: &authorization.region,
        service: &authorization.service,
    };
    assert_eq!(
        authorization.signature,
        signed.signature(secret),
        "{request:?}"
    );
    let hash = hex(digest(&SHA256, &request.body).as_ref());
    assert_eq!(request.header("x-amz-content-sha256"), hash);
    authorization
}
