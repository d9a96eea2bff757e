//! Describes bodies that are not JSON: text, HTML and XML.

use serde::de::IgnoredAny;

use super::repair::BYTE_ORDER_MARK;

/// The part of a body that is not JSON which is searched for words.
const MAX_FOREIGN_BYTES: usize = 16 * 1024;
/// The maximum length of the words that are quoted of it.
const MAX_WORDS_BYTES: usize = 120;

/// Returns a message for a body that is not JSON. Of markup, only the element with the message.
pub(super) fn describe_text(body: &str) -> String {
    match describe_markup(body) {
        Some((kind, Some(text))) => format!("{kind}: {text}"),
        Some((kind, None)) => kind.to_owned(),
        None => body.to_owned(),
    }
}

/// Returns the kind of a body that is markup, and the element with the message.
fn describe_markup(body: &str) -> Option<(&'static str, Option<&str>)> {
    if !body.starts_with('<') {
        return None;
    }
    let lower = body.to_ascii_lowercase();
    let is_html = lower.contains("<html") || lower.contains("<!doctype html");
    let kind = if is_html || !lower.starts_with("<?xml") {
        "an HTML page"
    } else {
        "an XML document"
    };
    let element = |name: &str| {
        let start = lower.find(&format!("<{name}>"))? + name.len() + 2;
        let length = lower.get(start..)?.find(&format!("</{name}>"))?;
        let text = body.get(start..start + length)?.trim();
        (!text.is_empty()).then_some(text)
    };
    let text = ["message", "faultstring", "title"]
        .into_iter()
        .find_map(element);
    Some((kind, text))
}

/// Describes a body that is not JSON where JSON is due, with its first words. `None` if it is JSON,
/// or the beginning of a JSON object, array or string.
pub(super) fn describe_foreign(body: &[u8]) -> Option<String> {
    let start = body.get(..MAX_FOREIGN_BYTES).unwrap_or(body);
    let text = String::from_utf8_lossy(start);
    let text = text.trim_start_matches(BYTE_ORDER_MARK).trim();
    let is_json = text.is_empty()
        || text.starts_with(['{', '[', '"'])
        || serde_json::from_str::<IgnoredAny>(text).is_ok();
    if is_json {
        return None;
    }
    let (is, words) = match describe_markup(text) {
        Some((kind, Some(message))) => (format!("it is {kind}"), first_words(message)),
        Some((kind, None)) => (format!("it is {kind}"), first_words(&without_tags(text))),
        None => ("it is not".to_owned(), first_words(text)),
    };
    Some(if words.is_empty() {
        is
    } else {
        format!("{is}: `{words}`")
    })
}

/// Returns the text of markup.
fn without_tags(markup: &str) -> String {
    let parts = markup.split('<').map(|part| {
        let text = part.split_once('>').map_or("", |(_, text)| text);
        let is_code = part.starts_with("script") || part.starts_with("style");
        if is_code { "" } else { text }
    });
    parts.collect::<Vec<_>>().join(" ")
}

/// Returns the whole words at the start of `text`. No word is cut: it may be a credential, which is
/// masked where it is whole.
fn first_words(text: &str) -> String {
    let mut line = String::new();
    let is_separator = |it: char| it.is_whitespace() || it.is_control();
    for word in text.split(is_separator).filter(|word| !word.is_empty()) {
        if line.len() + word.len() > MAX_WORDS_BYTES {
            line.push_str(if line.is_empty() { "…" } else { " …" });
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}
