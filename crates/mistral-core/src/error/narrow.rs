//! Narrows the location of a decoding error down to the value that causes it.
//!
//! serde buffers a value of a tagged or untagged enum before it decodes it. An error of such a value
//! has no position of its own and gets that of the end of the container around it.

use serde_json::{Map, Value};

/// The number of members up to which an object is searched.
const MAX_MEMBERS: usize = 100;

/// Decodes a document, and returns the error without its position.
pub(super) type Attempt<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Returns the path of the innermost value that `attempt` fails at with `message`: without it, or
/// without the elements from it on, decoding fails otherwise or not at all.
pub(super) fn narrow(document: Value, message: &str, attempt: Attempt<'_>) -> String {
    let mut search = Search {
        document,
        message,
        attempt,
    };
    let (mut pointer, mut path) = (String::new(), String::new());
    loop {
        let index = match search.document.pointer(&pointer) {
            Some(Value::Array(elements)) => search.element(&pointer, elements),
            Some(Value::Object(members)) => match search.member(&pointer, members) {
                Some(name) => {
                    pointer += &format!("/{}", name.replace('~', "~0").replace('/', "~1"));
                    path += if path.is_empty() { "" } else { "." };
                    path += &name;
                    continue;
                }
                None => None,
            },
            _ => None,
        };
        let Some(index) = index else { return path };
        // The elements after it would only slow the search down.
        if let Some(Value::Array(elements)) = search.document.pointer_mut(&pointer) {
            elements.truncate(index.saturating_add(1));
        }
        pointer += &format!("/{index}");
        path += &format!("[{index}]");
    }
}

struct Search<'a> {
    document: Value,
    message: &'a str,
    attempt: Attempt<'a>,
}

impl Search<'_> {
    /// Whether the document fails alike once `change` has changed the value at `pointer`.
    fn fails(&self, pointer: &str, change: impl FnOnce(&mut Value)) -> bool {
        let mut document = self.document.clone();
        if let Some(value) = document.pointer_mut(pointer) {
            change(value);
        }
        (self.attempt)(&document.to_string()).as_deref() == Some(self.message)
    }

    /// Returns the index of the first element with which the document fails.
    fn element(&self, pointer: &str, elements: &[Value]) -> Option<usize> {
        let fails_with_first = |count: usize| {
            self.fails(pointer, |value| {
                if let Value::Array(elements) = value {
                    elements.truncate(count);
                }
            })
        };
        let (mut passes, mut fails) = (0, elements.len());
        if fails_with_first(passes) || !fails_with_first(fails) {
            return None;
        }
        while fails.saturating_sub(passes) > 1 {
            let middle = passes.midpoint(fails);
            if fails_with_first(middle) {
                fails = middle;
            } else {
                passes = middle;
            }
        }
        Some(passes)
    }

    /// Returns the name of the only member without which the document does not fail alike. The tag
    /// of an enum is one, too: next to it no member is certain.
    fn member(&self, pointer: &str, members: &Map<String, Value>) -> Option<String> {
        if members.len() > MAX_MEMBERS || !self.fails(pointer, |_| {}) {
            return None;
        }
        let is_needed = |name: &&String| {
            !self.fails(pointer, |value| {
                if let Value::Object(members) = value {
                    members.remove(*name);
                }
            })
        };
        let mut needed = members.keys().filter(is_needed);
        let (first, second) = (needed.next(), needed.next());
        first.filter(|_| second.is_none()).cloned()
    }
}
