//! The assertion with which a service account requests a token: a JSON Web Token, signed with its key.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use base64_simd::URL_SAFE_NO_PAD;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::file::ServiceAccount;
use super::{Failure, SCOPE};

/// The lifetime of an assertion, in seconds. Google accepts an hour at most.
const LIFETIME: u64 = 3600;

/// Returns a signed assertion.
pub(super) fn sign(account: &ServiceAccount) -> Result<String, Failure> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.unwrap_or_default().as_secs();
    let claims = json!({
        "iss": account.client_email,
        "aud": account.token_uri,
        "scope": SCOPE,
        "iat": now,
        "exp": now + LIFETIME,
    });
    let mut header = json!({ "alg": "RS256", "typ": "JWT" });
    if let (Some(fields), Some(id)) = (header.as_object_mut(), &account.key_id) {
        fields.insert("kid".to_owned(), Value::from(id.as_str()));
    }
    let encode = |part: &[u8]| URL_SAFE_NO_PAD.encode_to_string(part);
    let signed = format!(
        "{}.{}",
        encode(header.to_string().as_bytes()),
        encode(claims.to_string().as_bytes())
    );
    let key = key_pair(account.private_key.expose_secret())
        .ok_or_else(|| "its private key is not an RSA key in PEM: download it again".to_owned())?;
    let mut signature = vec![0; key.public_modulus_len()];
    let random = SystemRandom::new();
    key.sign(
        &RSA_PKCS1_SHA256,
        &random,
        signed.as_bytes(),
        &mut signature,
    )
    .map_err(|_| "its private key cannot sign: download it again".to_owned())?;
    Ok(format!("{signed}.{}", encode(&signature)))
}

/// Reads a key from PEM, in PKCS#8 or in PKCS#1. Line breaks may be escaped, as in a value that
/// was quoted twice.
fn key_pair(pem: &str) -> Option<KeyPair> {
    let pem = pem.replace("\\n", "\n");
    let (_, rest) = pem.split_once("-----BEGIN ")?;
    let (label, rest) = rest.split_once("-----")?;
    let (base64, _) = rest.split_once("-----END ")?;
    let der = base64_simd::forgiving_decode_to_vec(base64.as_bytes()).ok()?;
    match label {
        "PRIVATE KEY" => KeyPair::from_pkcs8(&der).ok(),
        "RSA PRIVATE KEY" => KeyPair::from_der(&der).ok(),
        _ => None,
    }
}
