//! Types with the derives, read from and written to JSON.

// Helpers outside of test functions may panic as tests do.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod enums;
mod fields;
mod hygiene;
mod lenient;
mod requests;
mod tagged;
mod untagged;

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads a `T` from the text of `json` and from `json` itself, which must come to the same.
fn read<T: DeserializeOwned + PartialEq + Debug>(json: &Value) -> Result<T, String> {
    let from_text = serde_json::from_str::<T>(&json.to_string()).map_err(|error| error.to_string());
    let from_value = T::deserialize(json).ok();
    assert_eq!(from_text.as_ref().ok(), from_value.as_ref(), "{json}");
    let from_owned = serde_json::from_value::<T>(json.clone()).ok();
    assert_eq!(from_value, from_owned, "{json}");
    from_text
}

/// Reads a `T` and checks that it is written as it came.
#[track_caller]
fn round_trip<T>(json: &Value) -> T
where
    T: DeserializeOwned + Serialize + PartialEq + Debug,
{
    let read = read::<T>(json).unwrap_or_else(|error| panic!("{json}: {error}"));
    assert_eq!(serde_json::to_value(&read).unwrap(), *json);
    read
}
