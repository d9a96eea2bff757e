//! Reasoning: as chunks of the content, or beside it, where other servers send it.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::content::Content;

/// The undeclared fields of a message in which other servers send the reasoning of the model. A
/// server may send both with the same text.
pub(crate) const REASONING_FIELDS: [&str; 2] = ["reasoning_content", "reasoning"];

/// Returns the reasoning of a message: that of its content or, where the content has none, that of
/// the first of [`REASONING_FIELDS`] that has a text. Empty if there is none.
pub(crate) fn reasoning<'a>(
    content: Option<&'a Content>,
    extra: &'a Map<String, Value>,
) -> Cow<'a, str> {
    let in_content = content.map_or("".into(), Content::thinking);
    if !in_content.is_empty() || extra.is_empty() {
        return in_content;
    }
    let beside = REASONING_FIELDS
        .into_iter()
        .filter_map(|name| extra.get(name)?.as_str())
        .find(|text| !text.is_empty());
    beside.map_or(in_content, Cow::Borrowed)
}
