//! Removes secrets from an exchange before it is written.

use std::borrow::Cow;
use std::net::IpAddr;
use std::ops::Range;

use http::{HeaderMap, Uri};
use memchr::memmem;
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::private::{is_account, is_private_name, is_private_parameter};
use crate::redact::names::{is_shown_header, is_shown_parameter};
use crate::redact::{MASK, MIN_SECRET_LENGTH};

/// The secrets of one exchange.
#[derive(Clone)]
pub(super) struct Scrubber {
    /// The longest first, since one may be part of another.
    secrets: Vec<String>,
}

impl Scrubber {
    /// Creates a scrubber of the texts in `named`.
    pub(super) fn new(named: &[String]) -> Self {
        let mut this = Self {
            secrets: named.to_vec(),
        };
        this.sort();
        this
    }

    fn sort(&mut self) {
        let order = |secret: &String| (std::cmp::Reverse(secret.len()), secret.clone());
        self.secrets.sort_by_cached_key(order);
        self.secrets.dedup();
    }

    /// Adds one value, whatever its name is.
    pub(super) fn add(&mut self, value: &str) {
        if value.len() >= MIN_SECRET_LENGTH {
            self.secrets.push(value.to_owned());
            self.sort();
        }
    }

    /// Adds what may be a credential among the headers of a request.
    pub(super) fn add_headers(&mut self, headers: &HeaderMap) {
        for (name, value) in headers {
            if let Ok(text) = value.to_str()
                && (value.is_sensitive() || !is_shown_header(name))
            {
                self.add(text.rsplit(' ').next().unwrap_or(text)); // without its scheme
            }
        }
    }

    /// Adds the accounts and credentials that a URL names.
    pub(super) fn add_url(&mut self, uri: &Uri) {
        let host = uri.host().unwrap_or_default();
        let mut labels = host.split('.');
        let is_address = host.parse::<IpAddr>().is_ok();
        if let (Some(first), false, true) = (labels.next(), is_address, labels.count() > 2) {
            self.add(first); // the name of a resource, on hosts that have one for each
            self.add(host);
        }
        for (segment, names_account) in segments(uri.path()) {
            if names_account {
                self.add(segment);
            }
        }
        self.add_pairs(uri.query().unwrap_or_default(), is_shown_parameter);
    }

    /// Adds the credentials in a form.
    pub(super) fn add_form(&mut self, form: &str) {
        self.add_pairs(form, |name| !is_private_parameter(name));
    }

    fn add_pairs(&mut self, text: &str, is_kept: impl Fn(&str) -> bool) {
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            if !is_kept(&name) {
                self.add(&value);
            }
        }
    }

    /// Adds the credentials and the accounts that are fields of `value`.
    pub(super) fn add_json(&mut self, value: &Value) {
        self.add_field(value, false);
    }

    fn add_field(&mut self, value: &Value, secret: bool) {
        match value {
            Value::String(text) if secret => self.add(text),
            Value::Array(items) => items.iter().for_each(|item| self.add_field(item, secret)),
            Value::Object(fields) => {
                for (name, value) in fields {
                    self.add_field(value, secret_field(fields, name, secret));
                }
            }
            _ => {}
        }
    }

    /// Scrubs a path and its query.
    pub(super) fn url(&self, path: &str, query: Option<&str>) -> String {
        let clean = segments(path).map(|(segment, names_account)| {
            if names_account {
                MASK.into()
            } else {
                self.text(segment)
            }
        });
        let path = clean.collect::<Vec<Cow<'_, str>>>().join("/");
        match query {
            None => path,
            Some(query) => format!("{path}?{}", self.query(query)),
        }
    }

    /// Scrubs a query: the values of all parameters but those of the API.
    pub(super) fn query(&self, query: &str) -> String {
        self.pairs(query, is_shown_parameter)
    }

    /// Scrubs a form.
    pub(super) fn form(&self, form: &str) -> String {
        self.pairs(form, |name| !is_private_parameter(name))
    }

    fn pairs(&self, text: &str, is_kept: impl Fn(&str) -> bool) -> String {
        let mut clean = form_urlencoded::Serializer::new(String::new());
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            let value = if is_kept(&name) {
                self.text(&value)
            } else {
                MASK.into()
            };
            clean.append_pair(&self.text(&name), &value);
        }
        clean.finish()
    }

    /// Scrubs JSON.
    pub(super) fn json(&self, value: &mut Value) {
        self.field(value, false);
    }

    fn field(&self, value: &mut Value, secret: bool) {
        match value {
            Value::String(text) if secret && !text.is_empty() => MASK.clone_into(text),
            Value::Number(_) if secret => *value = 0.into(),
            Value::String(text) => {
                if let Cow::Owned(clean) = self.text(text) {
                    *text = clean;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.field(item, secret)),
            Value::Object(fields) => {
                let before = std::mem::take(fields);
                for (name, value) in &before {
                    let mut value = value.clone();
                    self.field(&mut value, secret_field(&before, name, secret));
                    fields.insert(self.text(name).into_owned(), value);
                }
            }
            Value::Number(_) | Value::Bool(_) | Value::Null => {}
        }
    }

    /// Scrubs a text: a whole string of JSON, or a line.
    pub(super) fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        if let Some(clean) = self.signed_url(&text).or_else(|| fine_tuned(&text)) {
            text = clean.into();
        }
        for secret in &self.secrets {
            if text.contains(secret) {
                text = text.replace(secret, MASK).into();
            }
        }
        text
    }

    /// Returns a URL without its credentials and signatures.
    fn signed_url(&self, text: &str) -> Option<String> {
        if !text.starts_with("http://") && !text.starts_with("https://") {
            return None;
        }
        let mut url = Url::parse(text).ok()?;
        if url.password().is_none() && url.username().is_empty() && url.query().is_none() {
            return None;
        }
        let without_user = url.set_username("").and_then(|()| url.set_password(None));
        without_user.ok()?; // a URL of HTTP can always be without
        let query = url.query().map(|query| self.query(query));
        url.set_query(query.as_deref());
        Some(url.into())
    }

    /// Scrubs a body that is no JSON document: line by line, for lines may be JSON, and as a
    /// whole. Moves the ends of its chunks with it.
    pub(super) fn bytes(&self, body: &[u8], ends: &mut [usize]) -> Vec<u8> {
        let body = edit(body, &self.lines(body), ends);
        edit(&body, &self.occurrences(&body), ends)
    }

    fn lines(&self, body: &[u8]) -> Vec<Edit> {
        let mut edits = Vec::new();
        for (start, data) in lines(body) {
            let clean = match serde_json::from_str::<Value>(data) {
                Ok(before) => {
                    let mut value = before.clone();
                    self.json(&mut value);
                    (value != before).then(|| value.to_string())
                }
                Err(_) => match self.text(data) {
                    Cow::Owned(clean) => Some(clean),
                    Cow::Borrowed(_) => None,
                },
            };
            if let Some(text) = clean {
                let range = start..start + data.len();
                edits.push(Edit { range, text });
            }
        }
        edits
    }

    fn occurrences(&self, body: &[u8]) -> Vec<Edit> {
        let mut edits: Vec<Edit> = Vec::new();
        for secret in &self.secrets {
            for start in memmem::find_iter(body, secret) {
                let range = start..start + secret.len();
                let apart = |it: &Edit| it.range.end <= range.start || range.end <= it.range.start;
                if edits.iter().all(apart) {
                    let text = MASK.to_owned();
                    edits.push(Edit { range, text });
                }
            }
        }
        edits.sort_by_key(|edit| edit.range.start);
        edits
    }
}

/// The segments of a path, and whether each names an account. The name of an account says nothing
/// about the segment after it, even if the account is called `users`.
fn segments(path: &str) -> impl Iterator<Item = (&str, bool)> {
    let mut before = "";
    path.split('/').map(move |segment| {
        let names_account = is_account(before) && !segment.is_empty();
        before = if names_account { "" } else { segment };
        (segment, names_account)
    })
}

/// The lines of a body that are text and where each starts, without what marks the data of an
/// event.
pub(super) fn lines(body: &[u8]) -> impl Iterator<Item = (usize, &str)> {
    let mut start = 0;
    let lines = body.split_inclusive(|byte| matches!(byte, b'\n' | b'\r'));
    lines.filter_map(move |line| {
        let end = start + line.len();
        let begin = std::mem::replace(&mut start, end);
        let line = str::from_utf8(line).ok()?;
        let data = line.strip_prefix("data:").unwrap_or(line);
        let data = data.strip_prefix(' ').unwrap_or(data);
        let at = begin + line.len() - data.len();
        Some((at, data.trim_end_matches(['\n', '\r'])))
    })
}

/// Replaces `range` by `text`.
#[derive(Debug)]
struct Edit {
    range: Range<usize>,
    text: String,
}

/// Applies the edits, which are in order, and moves the ends of the chunks with them.
fn edit(body: &[u8], edits: &[Edit], ends: &mut [usize]) -> Vec<u8> {
    let mut edited = Vec::with_capacity(body.len());
    let mut moved = ends.to_vec();
    let mut at = 0;
    for Edit { range, text } in edits {
        edited.extend_from_slice(body.get(at..range.start).unwrap_or_default());
        for (end, moved) in ends.iter().zip(&mut moved) {
            if *end >= range.end {
                *moved = edited.len() + text.len() + (*end - range.end);
            } else if *end > range.start {
                *moved = edited.len() + (*end - range.start).min(text.len());
            }
        }
        edited.extend_from_slice(text.as_bytes());
        at = range.end;
    }
    edited.extend_from_slice(body.get(at..).unwrap_or_default());
    ends.copy_from_slice(&moved);
    edited
}

/// Whether the value of a field must be scrubbed. `within`: whether its object must be.
fn secret_field(fields: &serde_json::Map<String, Value>, name: &str, within: bool) -> bool {
    // `token` with a `logprob` beside it is a token of the completion.
    let is_completion_token = name == "token" && fields.contains_key("logprob");
    (within && name != "type") || (is_private_name(name) && !is_completion_token)
}

/// The name of a fine-tuned model without the organization in it, which stands before the date:
/// `ft:open-mistral-7b:ORGANIZATION:20260101:suffix`.
fn fine_tuned(name: &str) -> Option<String> {
    let colon = if name.starts_with("ft:") { ":" } else { "%3A" };
    let mut parts: Vec<_> = name.split(colon).collect();
    if parts.first() != Some(&"ft") {
        return None;
    }
    let is_date = |part: &&str| part.len() == 8 && part.bytes().all(|byte| byte.is_ascii_digit());
    let date = parts.iter().position(is_date)?;
    *parts.get_mut(date.checked_sub(1)?)? = MASK;
    Some(parts.join(colon))
}

#[cfg(test)]
mod tests {
    use super::{Edit, edit, fine_tuned};

    #[test]
    fn the_ends_of_chunks_move_with_the_text() {
        let edits = [
            Edit {
                range: 2..4,
                text: "long".to_owned(),
            },
            Edit {
                range: 6..10,
                text: "s".to_owned(),
            },
        ];
        let mut ends: Vec<_> = (0..=12).collect();
        let edited = edit(b"0123456789ab", &edits, &mut ends);
        assert_eq!(edited, b"01long45sab");
        assert_eq!(ends, [0, 1, 2, 3, 6, 7, 8, 9, 9, 9, 9, 10, 11]);
    }

    #[test]
    fn names_of_fine_tuned_models_lose_their_organization() {
        for (name, clean) in [
            (
                "ft:open-mistral-7b:abcdef12:20260101:x",
                Some("ft:open-mistral-7b:***:20260101:x"),
            ),
            (
                "ft:classifier:a:b:20260101:x",
                Some("ft:classifier:a:***:20260101:x"),
            ),
            (
                "ft%3Aa%3Ab%3A20260101%3Ax",
                Some("ft%3Aa%3A***%3A20260101%3Ax"),
            ),
            ("ft: a text", None),
            ("20260101:ft", None),
            ("mistral-small-latest", None),
        ] {
            assert_eq!(fine_tuned(name).as_deref(), clean, "{name}");
        }
    }
}
