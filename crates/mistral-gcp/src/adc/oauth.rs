//! Requests to token endpoints, and their responses.

use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{Request, StatusCode};
use mistral_core::provider::Token;
use mistral_core::transport::{Body, Transport};
use secrecy::ExposeSecret;
use serde_json::{Map, Value};
use tokio::time::sleep;
use url::form_urlencoded::Serializer;

use super::file::{Credentials, CredentialsKind};
use super::http::{RawResponse, send};
use super::{Failure, assertion};

const ASSERTION_GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// The number of requests before a failure that may be transient is final.
const MAX_ATTEMPTS: u32 = 4;
const MIN_DELAY: Duration = Duration::from_millis(100);
/// The lifetime of a token whose response does not state it.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(3600);
/// The longest lifetime that Google gives to a token.
const MAX_LIFETIME: Duration = Duration::from_secs(12 * 3600);
/// The largest part of an error that is shown, in characters.
const MAX_ERROR: usize = 500;

/// Fetches a token for the credentials of a file.
pub(super) async fn token(
    transport: &dyn Transport,
    credentials: &Credentials,
) -> Result<Token, Failure> {
    let form = form(&credentials.kind)?;
    let (mut attempt, mut delay) = (1, MIN_DELAY);
    loop {
        let request = Request::post(credentials.token_uri.as_str());
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = request.body(Body::from(form.clone()));
        let request = request.map_err(|error| Failure::config(error.to_string()))?;
        let (error, is_transient) = match send(transport, request).await {
            Ok(response) if response.status.is_success() => return parse_token(&response),
            Ok(response) => (
                error_of(&response, credentials),
                is_transient(response.status),
            ),
            Err(error) => {
                let is_transient = !error.is_config;
                (error.context("the token request failed: "), is_transient)
            }
        };
        if !is_transient || attempt >= MAX_ATTEMPTS {
            return Err(error);
        }
        sleep(delay).await;
        attempt += 1;
        delay *= 2;
    }
}

/// Returns the body of the token request.
fn form(kind: &CredentialsKind) -> Result<String, Failure> {
    let mut form = Serializer::new(String::new());
    match kind {
        CredentialsKind::ServiceAccount(account) => form
            .append_pair("grant_type", ASSERTION_GRANT)
            .append_pair("assertion", &assertion::sign(account)?),
        CredentialsKind::AuthorizedUser(user) => form
            .append_pair("grant_type", "refresh_token")
            .append_pair("client_id", &user.client_id)
            .append_pair("client_secret", user.client_secret.expose_secret())
            .append_pair("refresh_token", user.refresh_token.expose_secret()),
    };
    Ok(form.finish())
}

fn is_transient(status: StatusCode) -> bool {
    status.is_server_error()
        || [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS].contains(&status)
}

/// Returns the token in a response. No message contains a part of the response.
pub(super) fn parse_token(response: &RawResponse) -> Result<Token, Failure> {
    let fields: Map<String, Value> = serde_json::from_slice(&response.body)
        .map_err(|_| "the response of the token endpoint is not a JSON object".to_owned())?;
    let token = fields.get("access_token").and_then(Value::as_str);
    let token = token.map(str::trim).filter(|token| !token.is_empty());
    let token =
        token.ok_or("the response of the token endpoint has no `access_token`".to_owned())?;
    Ok(Token::new(token).expires_in(lifetime(fields.get("expires_in"))))
}

/// Reads a number of seconds in any form. What cannot be a lifetime is replaced.
fn lifetime(value: Option<&Value>) -> Duration {
    let seconds = match value {
        Some(Value::Number(number)) => number.as_f64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        _ => None,
    };
    let seconds = seconds.filter(|seconds: &f64| seconds.is_finite());
    seconds.map_or(DEFAULT_LIFETIME, |seconds| {
        Duration::from_secs_f64(seconds.clamp(0.0, MAX_LIFETIME.as_secs_f64()))
    })
}

/// Describes the error response of a token endpoint in the server's words.
fn error_of(response: &RawResponse, credentials: &Credentials) -> Failure {
    let fields = serde_json::from_slice::<Map<String, Value>>(&response.body).unwrap_or_default();
    let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::trim);
    let mut message = format!(
        "the token request failed with status {}",
        response.status.as_u16()
    );
    for words in [text("error"), text("error_description")]
        .into_iter()
        .flatten()
    {
        message.push_str(": ");
        message.extend(words.chars().take(MAX_ERROR));
    }
    Failure::from(credentials.redact(&message))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn token_lifetime_absurd_is_bounded() {
        for (value, seconds) in [
            (json!(3599), 3599),
            (json!(3599.0), 3599),
            (json!("3599"), 3599),
            (json!(0), 0),
            (json!(-1), 0),
            (json!(1_u64 << 62), 12 * 3600),
            (json!(1e300), 12 * 3600),
            (json!("1e400"), 3600),
            (json!("soon"), 3600),
            (json!(null), 3600),
            (json!([]), 3600),
        ] {
            assert_eq!(lifetime(Some(&value)).as_secs(), seconds, "{value}");
        }
        assert_eq!(lifetime(None), DEFAULT_LIFETIME);
    }

    #[test]
    fn token_response_without_token_is_an_error_without_its_content() {
        for body in [
            "",
            "s3cret",
            "[\"s3cret\"]",
            "{\"access_token\": \"s3cret",
            "{\"id_token\": \"s3cret\"}",
            "{\"access_token\": 1, \"x\": \"s3cret\"}",
            "{\"access_token\": \" \"}",
        ] {
            let response = RawResponse {
                status: StatusCode::OK,
                body: body.as_bytes().to_vec(),
            };
            let error = parse_token(&response).unwrap_err();
            assert!(!error.message.contains("s3cret"), "{body}: {error:?}");
        }
    }
}
