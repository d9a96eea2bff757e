//! Requests and checks that the tests of agents, conversations and other resources share.

use mistral_emulator::Emulator;
use serde_json::Value;

use crate::client::{RawResponse, api_request};

/// Sends a request with a JSON body, or without one if it is null.
pub(crate) fn send(emulator: &Emulator, method: &str, path: &str, body: &Value) -> RawResponse {
    let request = api_request(emulator, method, path);
    match body {
        Value::Null => request.send(),
        body => request.json(body).send(),
    }
}

/// Returns the JSON of the response to a request, or null if it is empty. Panics unless the request
/// succeeds.
#[track_caller]
pub(crate) fn exchange(emulator: &Emulator, method: &str, path: &str, body: &Value) -> Value {
    let response = send(emulator, method, path, body);
    assert!(response.status < 300, "{path}: {}", response.text());
    match response.bytes().is_empty() {
        true => Value::Null,
        false => response.json(),
    }
}

/// Returns the location and the type of each error of a 422 that has a `detail` alone.
#[track_caller]
pub(crate) fn invalid_fields(response: &RawResponse) -> Vec<(Value, String)> {
    assert_eq!(response.status, 422, "{}", response.text());
    let body = response.json();
    let errors = body["detail"].as_array().unwrap().iter();
    let errors = errors.map(|error| {
        let error_type = error["type"].as_str().unwrap();
        (error["loc"].clone(), error_type.to_owned())
    });
    errors.collect()
}

/// Returns the values of a member of each object in a list.
pub(crate) fn members(list: &Value, name: &str) -> Vec<Value> {
    let items = list.as_array().unwrap().iter();
    items.map(|item| item[name].clone()).collect()
}
