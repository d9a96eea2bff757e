//! Signatures and events of deliveries to webhooks.
//!
//! The signatures of RFC 4231 are those of the document. The others were computed by OpenSSL:
//! `printf '%s' "$body" | openssl dgst -sha256 -hmac whsec_test`.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers may panic as tests do

use http::{HeaderMap, HeaderValue};
use mistral_sdk::webhooks::{SIGNATURE_HEADER, SignatureError, WebhookEvent, verify};
use serde_json::json;

const SECRET: &str = "whsec_test";
const STARTED: &str = r#"{"event":"call_started","data":{"session_id":"s"}}"#;
const STARTED_SIGNATURE: &str =
    "hmac-sha256=654fde0b8d08b537980106772f20758196dcfcd4e92e39adc107c17168d297dd";

fn started(signature: &str) -> Result<WebhookEvent, SignatureError> {
    verify(SECRET, signature, STARTED.as_bytes())
}

#[test]
fn signatures_of_rfc_4231_match() {
    let cases: [(&[u8], &[u8], &str); 4] = [
        (
            &[0x0b; 20],
            b"Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        ),
        (
            b"Jefe",
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            &[0xaa; 20],
            &[0xdd; 50],
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
        ),
        (
            &[0xaa; 131],
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
    ];
    for (key, data, digits) in cases {
        let signature = format!("hmac-sha256={digits}");
        let error = verify(key, signature.as_str(), data).unwrap_err();
        // The signature is right, but these bodies are not JSON.
        assert!(matches!(error, SignatureError::InvalidBody(_)), "{error:?}");
    }
}

#[test]
fn delivery_with_headers_is_verified_and_decoded() {
    let body = concat!(
        r#"{"event":"call_ended","created_at":"2026-01-01T00:00:00Z","data":{"session_id":"s","#,
        r#""agent_id":"a","model":"m","duration_seconds":1.5,"ended_at":"2026-01-01T00:00:02Z","#,
        r#""transcript":[{"role":"user","text":"Hi"}]}}"#
    );
    let signature = "hmac-sha256=ade1ac2407119724563c543e30519a30a3b024d2da2ec38a5061caa4ab2f7805";
    let mut headers = HeaderMap::new();
    headers.insert(SIGNATURE_HEADER, HeaderValue::from_static(signature));
    let WebhookEvent::CallEnded(event) = verify(SECRET, &headers, body.as_bytes()).unwrap() else {
        panic!("another event");
    };
    assert_eq!(event.created_at.as_deref(), Some("2026-01-01T00:00:00Z"));
    assert_eq!(event.data.session_id, "s");
    assert_eq!(event.data.agent_id.as_deref(), Some("a"));
    assert_eq!(event.data.duration_seconds, Some(1.5));
    assert_eq!(
        event.data.transcript,
        Some(json!([{"role": "user", "text": "Hi"}]))
    );
}

#[test]
fn event_that_is_not_declared_is_kept() {
    let signature = "hmac-sha256=c90e41aec2ca947f1d44162cc38b42b8c23b0d2f272dc8efd6e313b811653133";
    let body = r#"{"event":"call_paused","data":{}}"#;
    let event = verify(SECRET, signature, body.as_bytes()).unwrap();
    assert_eq!(
        event,
        WebhookEvent::Unknown(json!({"event": "call_paused", "data": {}}))
    );
}

#[test]
fn error_of_failed_call_is_kept_as_json() {
    let signature = "hmac-sha256=344ef4e192204adf735426f6ca5f86f9a0ae78ff334d79c61333da19e2c026ad";
    let body = r#"{"event":"call_failed","data":{"session_id":"s","error":"lost"}}"#;
    let WebhookEvent::CallFailed(event) = verify(SECRET, signature, body.as_bytes()).unwrap()
    else {
        panic!("another event");
    };
    assert_eq!(event.data.error, Some(json!("lost")));
}

#[test]
fn signature_in_upper_case_digits_is_accepted() {
    let digits = STARTED_SIGNATURE
        .trim_start_matches("hmac-sha256=")
        .to_uppercase();
    assert!(started(&format!("hmac-sha256={digits}")).is_ok());
    assert!(started(STARTED_SIGNATURE).is_ok());
}

#[test]
fn signature_that_differs_in_any_digit_is_rejected() {
    let start = "hmac-sha256=".len();
    for at in start..STARTED_SIGNATURE.len() {
        let digit = if STARTED_SIGNATURE.as_bytes()[at] == b'0' {
            "1"
        } else {
            "0"
        };
        let mut signature = STARTED_SIGNATURE.to_owned();
        signature.replace_range(at..=at, digit);
        let error = started(&signature).unwrap_err();
        assert!(matches!(error, SignatureError::Mismatch), "{at}: {error:?}");
    }
}

#[test]
fn body_or_secret_that_differs_is_rejected() {
    let body = STARTED.replace("\"s\"", "\"t\"");
    let error = verify(SECRET, STARTED_SIGNATURE, body.as_bytes()).unwrap_err();
    assert!(matches!(error, SignatureError::Mismatch), "{error:?}");
    let error = verify("whsec_other", STARTED_SIGNATURE, STARTED.as_bytes()).unwrap_err();
    assert!(matches!(error, SignatureError::Mismatch), "{error:?}");
}

#[test]
fn empty_secret_is_rejected_even_with_its_own_signature() {
    // printf '' | openssl dgst -sha256 -mac HMAC -macopt key:
    let signature = "hmac-sha256=b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad";
    let error = verify("", signature, b"").unwrap_err();
    assert!(matches!(error, SignatureError::EmptySecret), "{error:?}");
}

#[test]
fn malformed_signatures_are_rejected() {
    let digits = STARTED_SIGNATURE.trim_start_matches("hmac-sha256=");
    let short = &STARTED_SIGNATURE[..STARTED_SIGNATURE.len() - 1];
    let cases = [
        String::new(),
        digits.to_owned(),
        format!("hmac-sha1={digits}"),
        short.to_owned(),
        format!("{STARTED_SIGNATURE}0"),
        format!("{short}g"),
        format!("hmac-sha256={}é", &digits[..62]),
        format!("{STARTED_SIGNATURE},{STARTED_SIGNATURE}"),
    ];
    for signature in cases {
        let error = started(&signature).unwrap_err();
        assert!(
            matches!(error, SignatureError::Malformed),
            "{signature}: {error:?}"
        );
    }
}

#[test]
fn headers_without_signature_or_with_two_are_rejected() {
    let mut headers = HeaderMap::new();
    let error = verify(SECRET, &headers, STARTED.as_bytes()).unwrap_err();
    assert!(matches!(error, SignatureError::Missing), "{error:?}");
    assert!(error.to_string().contains(SIGNATURE_HEADER));
    headers.append(
        SIGNATURE_HEADER,
        HeaderValue::from_static(STARTED_SIGNATURE),
    );
    assert!(verify(SECRET, &headers, STARTED.as_bytes()).is_ok());
    headers.append(
        SIGNATURE_HEADER,
        HeaderValue::from_static(STARTED_SIGNATURE),
    );
    let error = verify(SECRET, &headers, STARTED.as_bytes()).unwrap_err();
    assert!(matches!(error, SignatureError::Malformed), "{error:?}");
}

#[test]
fn errors_do_not_contain_secret_or_signature() {
    let error = started("hmac-sha256=0123").unwrap_err();
    for text in [format!("{error}"), format!("{error:?}")] {
        assert!(!text.contains(SECRET) && !text.contains("0123"), "{text}");
    }
}
