//! What the tests of recordings share.

#![allow(unreachable_pub)] // it is a module of several crates
#![allow(clippy::unwrap_used)] // helpers outside of test functions may panic as tests do

use mistral_core::{Error, EventStream};

use mistral_core::call::StreamEvent;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::common::{Piece, bytes};

/// Reads `json` and makes sure that it is written as it came.
pub fn same<T: Serialize + for<'de> Deserialize<'de>>(json: &Value) -> T {
    let read: T = serde_json::from_str(&json.to_string()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), *json);
    read
}

pub type Fields = Vec<(String, String)>;

pub fn pairs(pairs: &[(&str, &str)]) -> Fields {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

pub fn event(name: Option<&str>, data: &Value) -> Piece {
    let name = name.map_or(String::new(), |name| format!("event: {name}\n"));
    bytes(format!("{name}data: {data}\n\n"))
}

/// The same event with its kind in the `event:` line alone.
pub fn named(mut data: Value) -> Piece {
    let name = data.as_object_mut().unwrap().remove("type").unwrap();
    event(name.as_str(), &data)
}

pub async fn read<T: StreamEvent>(stream: &mut EventStream<T>) -> (Vec<T>, Option<Error>) {
    let (mut events, mut error) = (Vec::new(), None);
    while let Some(event) = stream.next().await {
        match event {
            Ok(event) => events.push(event),
            Err(failed) => error = Some(failed),
        }
    }
    (events, error)
}
