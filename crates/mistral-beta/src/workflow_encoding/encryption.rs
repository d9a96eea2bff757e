//! Encryption of payloads.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_128_GCM, AES_192_GCM, AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce};
use aws_lc_rs::{aead, hmac, rand};
use mistral_core::{Error, Result};
use serde_json::Value;

use super::EncodingError;

/// The field that marks an object as text to be encrypted, and its value.
const FIELD_TYPE: (&str, &str) = ("field_type", "__encrypted_str__");
/// The message from which the key of the hashes of schedules is derived.
const SCHEDULE_HASH: &[u8] = b"schedule-input-hash";

/// Encrypts payloads with AES-GCM, under a key that the workers have as well.
///
/// ```
/// use mistral_sdk::beta::workflow_encoding::PayloadEncryption;
///
/// let key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
/// let encryption = PayloadEncryption::full(key)?;
/// # let _ = encryption;
/// # Ok::<_, mistral_sdk::Error>(())
/// ```
#[derive(Clone)]
pub struct PayloadEncryption {
    is_full: bool,
    main: Key,
    secondary: Option<Key>,
    schedule_hash: hmac::Key,
}

/// A key of AES-GCM. Shared, because a key cannot be cloned.
#[derive(Clone)]
struct Key(Arc<LessSafeKey>);

impl PayloadEncryption {
    /// Encrypts whole payloads under `key`: 16, 24 or 32 bytes as hexadecimal digits.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Config`](mistral_core::ErrorKind::Config) if the key is not one.
    pub fn full(key: impl AsRef<str>) -> Result<Self> {
        Self::new(key.as_ref(), true)
    }

    /// Encrypts only the texts that are marked, so that the rest of a payload stays readable on the
    /// server. A text is marked by an object in its place:
    /// `{"field_type": "__encrypted_str__", "data": "the text"}`.
    ///
    /// # Errors
    /// Fails as [`full`](Self::full) does.
    pub fn partial(key: impl AsRef<str>) -> Result<Self> {
        Self::new(key.as_ref(), false)
    }

    /// Sets a further key that is tried where the main key does not fit, while keys are rotated.
    /// Nothing is encrypted with it. Default: none.
    ///
    /// # Errors
    /// Fails as [`full`](Self::full) does.
    pub fn secondary_key(mut self, key: impl AsRef<str>) -> Result<Self> {
        let bytes = decode_key("the secondary key", key.as_ref())?;
        self.secondary = Some(Key::new(&bytes)?);
        Ok(self)
    }

    fn new(key: &str, is_full: bool) -> Result<Self> {
        let bytes = decode_key("the key", key)?;
        let main = hmac::Key::new(hmac::HMAC_SHA256, &bytes);
        let derived = hmac::sign(&main, SCHEDULE_HASH);
        Ok(Self {
            is_full,
            main: Key::new(&bytes)?,
            secondary: None,
            schedule_hash: hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()),
        })
    }

    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    /// Returns the hash of a schedule's input, which the server compares but cannot compute.
    pub(super) fn hash(&self, text: &str) -> impl AsRef<[u8]> + use<> {
        hmac::sign(&self.schedule_hash, text.as_bytes())
    }

    /// Returns a random nonce, followed by the ciphertext and its tag.
    pub(super) fn encrypt(&self, plaintext: &[u8]) -> Result<Vec<u8>, EncodingError> {
        let failed = |_| EncodingError::new("the payload cannot be encrypted");
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).map_err(failed)?;
        let mut ciphertext = plaintext.to_vec();
        let unique = Nonce::assume_unique_for_key(nonce);
        let key = &self.main.0;
        key.seal_in_place_append_tag(unique, Aad::empty(), &mut ciphertext)
            .map_err(failed)?;
        let mut encrypted = nonce.to_vec();
        encrypted.append(&mut ciphertext);
        Ok(encrypted)
    }

    pub(super) fn decrypt(&self, encrypted: &[u8]) -> Result<Vec<u8>, EncodingError> {
        let keys = [Some(&self.main), self.secondary.as_ref()];
        let mut keys = keys.into_iter().flatten();
        keys.find_map(|key| key.decrypt(encrypted)).ok_or_else(|| {
            EncodingError::new(if self.secondary.is_some() {
                "the payload cannot be decrypted: neither the key nor the secondary key fits"
            } else {
                "the payload cannot be decrypted: the key does not fit"
            })
        })
    }

    /// Encrypts the texts in `value` that are marked. Returns whether there were any.
    pub(super) fn encrypt_marked(&self, value: &mut Value) -> Result<bool, EncodingError> {
        let mut has_any = false;
        each_marked(value, &mut |text| {
            has_any = true;
            let encrypted = self.encrypt(text.as_bytes())?;
            *text = base64_simd::STANDARD.encode_to_string(encrypted);
            Ok(())
        })?;
        Ok(has_any)
    }

    /// Decrypts the texts in `value` that are marked.
    pub(super) fn decrypt_marked(&self, value: &mut Value) -> Result<(), EncodingError> {
        each_marked(value, &mut |text| {
            *text = self.decrypt_text(text)?;
            Ok(())
        })
    }

    pub(super) fn decrypt_text(&self, base64: &str) -> Result<String, EncodingError> {
        let encrypted = super::decode_base64(base64)?;
        String::from_utf8(self.decrypt(&encrypted)?)
            .map_err(|_| EncodingError::new("the decrypted text is not UTF-8"))
    }
}

fn each_marked(
    value: &mut Value,
    change: &mut impl FnMut(&mut String) -> Result<(), EncodingError>,
) -> Result<(), EncodingError> {
    match value {
        Value::Array(elements) => elements
            .iter_mut()
            .try_for_each(|element| each_marked(element, change)),
        Value::Object(members) => {
            let (name, mark) = FIELD_TYPE;
            let is_marked = members.get(name).is_some_and(|it| it == mark);
            match members.get_mut("data") {
                Some(Value::String(text)) if is_marked => change(text),
                _ => members
                    .values_mut()
                    .try_for_each(|member| each_marked(member, change)),
            }
        }
        _ => Ok(()),
    }
}

fn decode_key(what: &str, digits: &str) -> Result<Vec<u8>> {
    let invalid = || {
        let message = "must be 16, 24 or 32 bytes as hexadecimal digits";
        Error::config(format!("{what} of workflow payloads {message}"))
    };
    let digits = digits.trim();
    if ![32, 48, 64].contains(&digits.len()) || !digits.bytes().all(|it| it.is_ascii_hexdigit()) {
        return Err(invalid());
    }
    let pairs = digits.as_bytes().chunks(2);
    let pairs = pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    pairs.collect::<Option<Vec<_>>>().ok_or_else(invalid)
}

impl Key {
    fn new(bytes: &[u8]) -> Result<Self> {
        let algorithm = match bytes.len() {
            16 => &AES_128_GCM,
            24 => &AES_192_GCM,
            _ => &AES_256_GCM,
        };
        let key = aead::UnboundKey::new(algorithm, bytes)
            .map_err(|_| Error::config("the key of workflow payloads is not one of AES-GCM"))?;
        Ok(Self(Arc::new(LessSafeKey::new(key))))
    }

    fn decrypt(&self, encrypted: &[u8]) -> Option<Vec<u8>> {
        let (nonce, ciphertext) = encrypted.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut plaintext = ciphertext.to_vec();
        let length = self
            .0
            .open_in_place(nonce, Aad::empty(), &mut plaintext)
            .ok()?
            .len();
        plaintext.truncate(length);
        Some(plaintext)
    }
}

/// Writes no key.
impl fmt::Debug for PayloadEncryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PayloadEncryption")
            .field("is_full", &self.is_full)
            .field("has_secondary_key", &self.secondary.is_some())
            .finish_non_exhaustive()
    }
}
