//! Speech, voices and transcriptions.

mod speech;
mod transcriptions;

use mistral_core::{Error, EventStream};

use mistral_core::call::StreamEvent;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use mistral_core::testing::MockChunk;

use crate::common::bytes;

/// Deserializes `json`, and checks that it serializes to the same value.
fn same<T: Serialize + for<'de> Deserialize<'de>>(json: &Value) -> T {
    let read: T = serde_json::from_str(&json.to_string()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), *json);
    read
}

type Fields = Vec<(String, String)>;

fn pairs(pairs: &[(&str, &str)]) -> Fields {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

fn event(name: Option<&str>, data: &Value) -> MockChunk {
    let name = name.map_or(String::new(), |name| format!("event: {name}\n"));
    bytes(format!("{name}data: {data}\n\n"))
}

/// The same event with its type in the `event:` line alone.
fn named(mut data: Value) -> MockChunk {
    let name = data.as_object_mut().unwrap().remove("type").unwrap();
    event(name.as_str(), &data)
}

async fn read<T: StreamEvent>(stream: &mut EventStream<T>) -> (Vec<T>, Option<Error>) {
    let (mut events, mut error) = (Vec::new(), None);
    while let Some(event) = stream.next().await {
        match event {
            Ok(event) => events.push(event),
            Err(failed) => error = Some(failed),
        }
    }
    (events, error)
}
