//! Deliveries to webhooks: their signature and their event.

use std::error::Error;
use std::fmt;

use aws_lc_rs::hmac;
use http::HeaderMap;
use mistral_core::json::{ApiObject, ApiUnion};
use serde_json::{Map, Value};

/// The header with the signature of a delivery.
pub const SIGNATURE_HEADER: &str = "x-mistral-signature";

/// The prefix of a signature.
const SCHEME: &str = "hmac-sha256=";
/// The length of a signature in bytes.
const LENGTH: usize = 32;

/// Verifies the signature of a delivery, and returns the event that it reports.
///
/// `secret` is the signing secret of the webhook. `signature` is the request's headers, or the value
/// of the header [`SIGNATURE_HEADER`]. `body` is the body as it arrived: JSON that was decoded and
/// encoded again has another signature. The comparison takes the same time for every wrong signature.
///
/// A delivery has no expiry. One that is recorded and sent again is verified again.
///
/// ```
/// use mistral_sdk::webhooks::{self, SignatureError, WebhookEvent};
///
/// /// Handles a request, and returns the status of the response.
/// fn handle(secret: &str, headers: &http::HeaderMap, body: &[u8]) -> u16 {
///     match webhooks::verify(secret, headers, body) {
///         Ok(WebhookEvent::CallEnded(event)) => {
///             println!("{:?} seconds", event.data.duration_seconds);
///             204
///         }
///         Ok(_) => 204,
///         Err(SignatureError::InvalidBody(_)) => 400,
///         Err(_) => 401,
///     }
/// }
/// # let mut headers = http::HeaderMap::new();
/// # let body = br#"{"event":"call_started","data":{"session_id":"s"}}"#;
/// # let digits = "8b14e3ef4af1358facf5e22e940fa9dcd5a0e28b8db807987232547846614aa3";
/// # headers.insert(webhooks::SIGNATURE_HEADER, format!("hmac-sha256={digits}").parse()?);
/// # assert_eq!(handle("secret", &headers, body), 204);
/// # assert_eq!(handle("secret", &headers, b"{}"), 401);
/// # Ok::<(), http::header::InvalidHeaderValue>(())
/// ```
///
/// # Errors
/// Fails if the secret is empty, if the signature is missing, malformed or another one, or if the
/// signed body is not JSON.
pub fn verify<'a>(
    secret: impl AsRef<[u8]>,
    signature: impl Into<WebhookSignature<'a>>,
    body: &[u8],
) -> Result<WebhookEvent, SignatureError> {
    let secret = secret.as_ref();
    if secret.is_empty() {
        return Err(SignatureError::EmptySecret);
    }
    let signature = decode(signature.into())?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    hmac::verify(&key, body, &signature).map_err(|_| SignatureError::Mismatch)?;
    serde_json::from_slice(body).map_err(SignatureError::InvalidBody)
}

/// The signature of a delivery: its header's value, or the headers that contain it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum WebhookSignature<'a> {
    /// The value of the header [`SIGNATURE_HEADER`].
    Value(&'a [u8]),
    /// The headers of the request.
    Headers(&'a HeaderMap),
}

impl<'a> From<&'a str> for WebhookSignature<'a> {
    fn from(value: &'a str) -> Self {
        Self::Value(value.as_bytes())
    }
}

impl<'a> From<&'a [u8]> for WebhookSignature<'a> {
    fn from(value: &'a [u8]) -> Self {
        Self::Value(value)
    }
}

impl<'a> From<&'a HeaderMap> for WebhookSignature<'a> {
    fn from(headers: &'a HeaderMap) -> Self {
        Self::Headers(headers)
    }
}

/// The reason that a delivery is not accepted.
#[derive(Debug)]
#[non_exhaustive]
pub enum SignatureError {
    /// The secret is empty, so that anyone could sign with it.
    EmptySecret,
    /// The request has no header [`SIGNATURE_HEADER`].
    Missing,
    /// The signature is not of the form `hmac-sha256=…` with 64 hexadecimal digits.
    Malformed,
    /// The signature is not that of the body under the secret.
    Mismatch,
    /// The signature is right, but the body is not JSON.
    InvalidBody(serde_json::Error),
}

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptySecret => f.write_str("the secret of the webhook is empty"),
            Self::Missing => write!(f, "the delivery has no header `{SIGNATURE_HEADER}`"),
            Self::Malformed => write!(
                f,
                "the header `{SIGNATURE_HEADER}` is not `{SCHEME}` with 64 hexadecimal digits"
            ),
            Self::Mismatch => write!(
                f,
                "the signature does not match: check the secret, and verify the body as it arrived"
            ),
            Self::InvalidBody(_) => f.write_str("the body of the delivery is not JSON"),
        }
    }
}

impl Error for SignatureError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::InvalidBody(error) => Some(error),
            _ => None,
        }
    }
}

/// Returns the bytes of a signature.
fn decode(signature: WebhookSignature<'_>) -> Result<[u8; LENGTH], SignatureError> {
    let value = match signature {
        WebhookSignature::Value(value) => value,
        WebhookSignature::Headers(headers) => {
            let mut values = headers.get_all(SIGNATURE_HEADER).iter();
            let value = values.next().ok_or(SignatureError::Missing)?;
            if values.next().is_some() {
                return Err(SignatureError::Malformed);
            }
            value.as_bytes()
        }
    };
    let digits = value.trim_ascii().strip_prefix(SCHEME.as_bytes());
    let digits = digits.filter(|digits| digits.len() == 2 * LENGTH);
    let (pairs, _) = digits.ok_or(SignatureError::Malformed)?.as_chunks::<2>();
    let mut bytes = [0; LENGTH];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        let digit = |digit: &u8| char::from(*digit).to_digit(16);
        let value = digit(high)
            .zip(digit(low))
            .map(|(high, low)| high << 4 | low);
        let value = value.and_then(|value| u8::try_from(value).ok());
        *byte = value.ok_or(SignatureError::Malformed)?;
    }
    Ok(bytes)
}

/// An event that a webhook is notified of. Returned by [`verify`].
#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(tag = "event")]
#[non_exhaustive]
pub enum WebhookEvent {
    /// A call with a voice agent started.
    #[api("call_started")]
    CallStarted(CallStartedEvent),
    /// A call with a voice agent ended.
    #[api("call_ended")]
    CallEnded(CallEndedEvent),
    /// A call with a voice agent failed.
    #[api("call_failed")]
    CallFailed(CallFailedEvent),
    /// An event that this version of the SDK does not declare.
    Unknown(Value),
}

/// Reports that a call with a voice agent started.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct CallStartedEvent {
    /// The time of the event, in RFC 3339.
    #[api(lenient)]
    pub created_at: Option<String>,
    /// The call.
    #[api(required)]
    pub data: StartedCall,
    /// Fields that this version of the SDK does not declare.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A call that started.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct StartedCall {
    /// The id of the session.
    #[api(required)]
    pub session_id: String,
    /// The id of the voice agent. Absent for a session without a saved agent.
    #[api(lenient)]
    pub agent_id: Option<String>,
    /// The id of the model.
    #[api(lenient)]
    pub model: Option<String>,
    /// The time at which the call started, in RFC 3339.
    #[api(lenient)]
    pub started_at: Option<String>,
    /// Fields that this version of the SDK does not declare.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// Reports that a call with a voice agent ended.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct CallEndedEvent {
    /// The time of the event, in RFC 3339.
    #[api(lenient)]
    pub created_at: Option<String>,
    /// The call.
    #[api(required)]
    pub data: EndedCall,
    /// Fields that this version of the SDK does not declare.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A call that ended.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct EndedCall {
    /// The id of the session.
    #[api(required)]
    pub session_id: String,
    /// The id of the voice agent. Absent for a session without a saved agent.
    #[api(lenient)]
    pub agent_id: Option<String>,
    /// The id of the model.
    #[api(lenient)]
    pub model: Option<String>,
    /// The duration of the call, in seconds.
    #[api(lenient)]
    pub duration_seconds: Option<f64>,
    /// The time at which the call ended, in RFC 3339.
    #[api(lenient)]
    pub ended_at: Option<String>,
    /// The transcript of the call, as JSON.
    pub transcript: Option<Value>,
    /// Fields that this version of the SDK does not declare.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// Reports that a call with a voice agent failed.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct CallFailedEvent {
    /// The time of the event, in RFC 3339.
    #[api(lenient)]
    pub created_at: Option<String>,
    /// The call.
    #[api(required)]
    pub data: FailedCall,
    /// Fields that this version of the SDK does not declare.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A call that failed.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct FailedCall {
    /// The id of the session.
    #[api(required)]
    pub session_id: String,
    /// The id of the voice agent. Absent for a session without a saved agent.
    #[api(lenient)]
    pub agent_id: Option<String>,
    /// The id of the model.
    #[api(lenient)]
    pub model: Option<String>,
    /// The error that ended the call, as JSON.
    pub error: Option<Value>,
    /// Fields that this version of the SDK does not declare.
    #[api(extra)]
    pub extra: Map<String, Value>,
}
