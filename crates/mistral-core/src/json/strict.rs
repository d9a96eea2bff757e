//! Strict reading of JSON that a caller has passed: a member of a union that is not what its tag
//! says is an error with its path, and not kept as unknown.

use std::cell::Cell;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::input::JsonInput;
use crate::error::{DecodeError, Error, ErrorKind, Result, locate};

thread_local! {
    /// The failure of the strict read in progress on this thread, if one is in progress.
    ///
    /// The members of unions are texts of their own to the parser, and their readers take nothing
    /// but a deserializer. A read is synchronous, so that the flag cannot reach another one.
    static READ: Cell<Option<Failure>> = const { Cell::new(None) };
}

/// The innermost member of a union that could not be read.
#[derive(Default)]
struct Failure {
    cause: String,
    /// The path within the member.
    path: String,
    /// The member, once it is known.
    member: Option<Value>,
}

impl Failure {
    /// Returns the path of the failure in `document`, below the path `start`.
    ///
    /// The parser has no position of a member, which is a text of its own to it. Of equal members of
    /// a list, the first is the one that was read.
    #[inline]
    fn path(&self, document: &str, start: String) -> String {
        let document: Value = serde_json::from_str(document).unwrap_or_default();
        let mut path = String::new();
        let member = self.member.as_ref();
        if !member.is_some_and(|member| find(&document, member, &start, &mut path)) {
            return start;
        }
        join(&mut path, &self.path);
        path
    }
}

/// Whether `value` has `member` below the path `start`. `path` is the path of `value`, and then that
/// of the member.
#[inline]
fn find(value: &Value, member: &Value, start: &str, path: &mut String) -> bool {
    if value == member && path.starts_with(start) {
        return true;
    }
    let length = path.len();
    let mut is_in = |segment: &str, value: &Value| {
        join(path, segment);
        let is_found = find(value, member, start, path);
        if !is_found {
            path.truncate(length);
        }
        is_found
    };
    match value {
        Value::Array(items) => {
            let mut items = items.iter().enumerate();
            items.any(|(at, item)| is_in(&format!("[{at}]"), item))
        }
        Value::Object(fields) => fields.iter().any(|(name, field)| is_in(name, field)),
        _ => false,
    }
}

#[inline]
fn join(path: &mut String, segment: &str) {
    if !path.is_empty() && !segment.is_empty() && !segment.starts_with('[') {
        path.push('.');
    }
    path.push_str(segment);
}

#[inline]
fn update(change: impl FnOnce(&mut Failure)) {
    let update = |read: &Cell<Option<Failure>>| {
        let mut failure = read.take();
        if let Some(failure) = &mut failure {
            change(failure);
        }
        read.set(failure);
    };
    READ.try_with(update).unwrap_or_default();
}

/// Ends the strict read when it is dropped.
struct StrictRead;

impl StrictRead {
    #[inline]
    fn start() -> Self {
        READ.try_with(|read| read.set(Some(Failure::default())))
            .unwrap_or_default();
        Self
    }

    #[inline]
    fn failure(&self) -> Failure {
        let failure = READ.try_with(Cell::take).ok().flatten();
        failure.unwrap_or_default()
    }
}

impl Drop for StrictRead {
    #[inline]
    fn drop(&mut self) {
        READ.try_with(Cell::take).unwrap_or_default();
    }
}

/// Whether a strict read is in progress.
#[cold]
pub(super) fn is_strict() -> bool {
    let mut is_strict = false;
    update(|_| is_strict = true);
    is_strict
}

/// Records the error of a member of a union, or of the fields of one, and returns the cause.
#[cold]
pub(super) fn record(error: DecodeError, member: Option<&str>) -> String {
    let (path, cause) = error.into_parts();
    update(|failure| {
        // The cause of an inner member is passed on as it is.
        if failure.cause != cause {
            *failure = Failure {
                cause: cause.clone(),
                path,
                member: None,
            };
        }
        if failure.member.is_none() {
            failure.member = member.and_then(|json| serde_json::from_str(json).ok());
        }
    });
    cause
}

/// The result of `from_json`.
pub type JsonResult<T> = Result<T>;

/// Reads a value of the type that is called `name`.
#[inline]
pub fn from_json<T: DeserializeOwned>(json: &impl JsonInput, name: &str) -> Result<T> {
    let json = json.to_json();
    let invalid = |why: &dyn std::fmt::Display| {
        let message = format!("the JSON is not a `{name}`: {why}");
        Error::new(ErrorKind::Decode, message)
    };
    let text = std::str::from_utf8(&json).map_err(|error| invalid(&error))?;
    let read = StrictRead::start();
    serde_json::from_str(text).map_err(|error| {
        let failure = read.failure();
        let is_of_member = failure.member.is_some() && error.to_string().contains(&failure.cause);
        let error = locate(text.as_bytes(), error);
        if !is_of_member {
            return invalid(&error);
        }
        let (start, _) = error.into_parts();
        let path = failure.path(text, start);
        invalid(&format_args!("at `{path}`: {}", failure.cause))
    })
}
