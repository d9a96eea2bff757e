//! Verifies what a webhook receives about calls of voice agents, before it is trusted.

use mistral_sdk::http::HeaderMap;
use mistral_sdk::webhooks::{self, SIGNATURE_HEADER, SignatureError, WebhookEvent};

/// Handles a delivery, and returns the status of the response. A server calls it with the headers and
/// the body as they arrived.
fn handle(secret: &str, headers: &HeaderMap, body: &[u8]) -> u16 {
    match webhooks::verify(secret, headers, body) {
        Ok(WebhookEvent::CallEnded(event)) => {
            let seconds = event.data.duration_seconds.unwrap_or_default();
            println!("The call {} took {seconds} s", event.data.session_id);
            204
        }
        Ok(WebhookEvent::CallFailed(event)) => {
            println!(
                "The call {} failed: {:?}",
                event.data.session_id, event.data.error
            );
            204
        }
        // Also an event that the API adds later.
        Ok(_) => 204,
        Err(error @ SignatureError::InvalidBody(_)) => {
            println!("{error}");
            400
        }
        Err(error) => {
            println!("{error}");
            401
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let secret = std::env::var("WEBHOOK_SECRET").unwrap_or_else(|_| "my-secret".to_owned());

    // A delivery under the secret `my-secret`.
    let body = r#"{"event":"call_ended","created_at":"2026-01-01T12:01:00Z","data":{"session_id":"session-1","duration_seconds":42.5}}"#;
    let digits = "8c81ae5b15e9c3d2d1ec6e0aba63625825435f46819bd9fd1fa7c4005f611eb5";
    let mut headers = HeaderMap::new();
    headers.insert(SIGNATURE_HEADER, format!("hmac-sha256={digits}").parse()?);
    println!("{}", handle(&secret, &headers, body.as_bytes()));

    let forged = body.replace("42.5", "0.5");
    println!("{}", handle(&secret, &headers, forged.as_bytes()));
    Ok(())
}
