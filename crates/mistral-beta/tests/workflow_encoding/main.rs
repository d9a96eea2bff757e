//! Encoding of the payloads of workflows.
//!
//! The vectors were computed independently, with Python 3.13, its `hashlib`, `hmac`, `uuid` and
//! `json`, and with `AESGCM` of the package `cryptography` 48.0: `nonce + AESGCM(key).encrypt(nonce,
//! text, None)`, where the nonce is the bytes 0xa0 to 0xab. Compressed ones are frames of the
//! command `zstd -3` in MessagePack that was written byte by byte.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // helpers may panic as tests do

mod common;
mod decoding;
mod events;
mod inputs;
mod recorded;
mod settings;
mod storage;
