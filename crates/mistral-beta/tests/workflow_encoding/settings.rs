//! Invalid settings, secrets, and calls of other groups.

use mistral_sdk::ErrorKind;
use mistral_sdk::beta::workflow_encoding::{PayloadCompression, PayloadEncryption};
use serde_json::json;

use crate::common::{KEY, always, client, full};

#[test]
fn key_that_is_invalid_is_rejected_without_quoting_it() {
    let odd = &KEY[1..];
    let other = KEY.replace('0', "g");
    for key in ["", "00", odd, &other, "ünï-ünï-ünï-ünï-ünï-ünï-"] {
        let error = PayloadEncryption::full(key).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("hexadecimal"), "{error}");
        assert!(key.is_empty() || !error.to_string().contains(key));
        let encryption = PayloadEncryption::partial(KEY).unwrap();
        let error = encryption.secondary_key(key).unwrap_err();
        assert!(error.to_string().contains("secondary key"), "{error}");
    }
}

#[test]
fn level_of_compression_outside_of_its_range_is_rejected() {
    for level in [0, 23] {
        let error = PayloadCompression::new().level(level).unwrap_err();
        assert!(error.to_string().contains(&level.to_string()), "{error}");
    }
    for level in [1, 22] {
        PayloadCompression::new().level(level).unwrap();
    }
}

#[test]
fn debug_output_has_no_key() {
    let mock = always(json!({}));
    let text = format!("{:?} {:?}", full(), client(&full(), &mock));
    assert!(text.contains("PayloadEncryption"), "{text}");
    assert!(!text.contains(KEY) && !text.contains(&KEY[..16]));
    assert!(!text.contains("0, 1, 2, 3"), "{text}");
}

#[tokio::test]
async fn calls_of_other_groups_pass_unchanged() {
    let mock = always(json!({"data": [{"id": "m", "result": {"b64payload": "x"}}]}));
    let models = client(&full(), &mock).models().list().await.unwrap();
    assert_eq!(models.data.len(), 1);
}
