//! Strict reading of JSON that a caller has passed: a member of a union that is not what its tag
//! says is an error with its path, and not kept as unknown.

use std::cell::Cell;

use serde::de::DeserializeOwned;

use super::input::JsonInput;
use crate::error::{DecodeError, Error, ErrorKind, Result, locate};

thread_local! {
    /// The failure of the strict read in progress on this thread, if one is in progress.
    ///
    /// The members of unions are texts of their own to the parser, and their readers take nothing
    /// but a deserializer. A read is synchronous, so that the flag cannot reach another one.
    static READ: Cell<Option<Failure>> = const { Cell::new(None) };
}

/// The innermost member that could not be read.
#[derive(Default)]
struct Failure {
    cause: String,
    /// The paths within each member, from the innermost one out.
    paths: Vec<String>,
}

impl Failure {
    /// Returns the path from the outermost document to the failure.
    fn path(&self, outermost: String) -> String {
        let mut path = outermost;
        for inner in self.paths.iter().rev().filter(|inner| !inner.is_empty()) {
            if !path.is_empty() && !inner.starts_with('[') {
                path.push('.');
            }
            path.push_str(inner);
        }
        path
    }
}

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
    fn start() -> Self {
        READ.try_with(|read| read.set(Some(Failure::default())))
            .unwrap_or_default();
        Self
    }

    fn failure(&self) -> Failure {
        let failure = READ.try_with(Cell::take).ok().flatten();
        failure.unwrap_or_default()
    }
}

impl Drop for StrictRead {
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

/// Records the path of a member that could not be read, and returns the cause.
#[cold]
pub(super) fn record(error: DecodeError) -> String {
    let (path, cause) = error.into_parts();
    update(|failure| {
        // The cause of an inner member is passed on as it is.
        if failure.paths.is_empty() || failure.cause != cause {
            *failure = Failure {
                cause: cause.clone(),
                paths: Vec::new(),
            };
        }
        failure.paths.push(path);
    });
    cause
}

/// Reads a value of the type that is called `name`.
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
        let is_of_member = !failure.paths.is_empty() && error.to_string().contains(&failure.cause);
        let error = locate(text.as_bytes(), error);
        if !is_of_member {
            return invalid(&error);
        }
        let (outermost, _) = error.into_parts();
        let (path, cause) = (failure.path(outermost), &failure.cause);
        invalid(&format_args!("at `{path}`: {cause}"))
    })
}
