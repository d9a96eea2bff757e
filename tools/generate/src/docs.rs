//! Sentences about fields, types and methods.

use serde_json::Value;

use crate::facts::{Bounds, Method, Schema};
use crate::model::{Field, Presence, Type};
use crate::names::{capital, singular, spelled, with_article, words};
use crate::overlay::Overlay;

/// The third person of the verbs that methods begin with.
const VERBS: [(&str, &str); 52] = [
    ("activate", "Activates"),
    ("add", "Adds"),
    ("aggregate", "Aggregates"),
    ("append", "Appends to"),
    ("archive", "Archives"),
    ("call", "Calls"),
    ("cancel", "Cancels"),
    ("close", "Closes"),
    ("compute", "Computes"),
    ("count", "Counts"),
    ("create", "Creates"),
    ("deactivate", "Deactivates"),
    ("delete", "Deletes"),
    ("execute", "Executes"),
    ("export", "Exports"),
    ("fetch", "Retrieves"),
    ("generate", "Generates"),
    ("get", "Retrieves"),
    ("grep", "Searches by pattern in"),
    ("import", "Imports"),
    ("ingest", "Ingests"),
    ("judge", "Judges"),
    ("list", "Lists"),
    ("navigate", "Navigates in"),
    ("pause", "Pauses"),
    ("query", "Queries"),
    ("read", "Reads"),
    ("register", "Registers"),
    ("reprocess", "Reprocesses"),
    ("reset", "Resets"),
    ("restart", "Restarts"),
    ("resume", "Resumes"),
    ("schedule", "Schedules"),
    ("search", "Searches"),
    ("set", "Sets"),
    ("share", "Shares"),
    ("signal", "Signals"),
    ("start", "Starts"),
    ("stop", "Stops"),
    ("stream", "Streams"),
    ("terminate", "Terminates"),
    ("trigger", "Triggers"),
    ("unarchive", "Unarchives"),
    ("unharden", "Unhardens"),
    ("unregister", "Unregisters"),
    ("unschedule", "Unschedules"),
    ("unshare", "Unshares"),
    ("update", "Updates"),
    ("upload", "Uploads"),
    ("whoami", "Retrieves the caller's"),
    ("bulk", "Changes in bulk"),
    ("batch", "Changes in a batch"),
];

/// The beginnings of the names of booleans, with the sentence.
const SWITCHES: [(&str, &str); 10] = [
    ("is", "Whether this is"),
    ("has", "Whether there is"),
    ("include", "Whether the response includes"),
    ("enable", "Whether to enable"),
    ("allow", "Whether to allow"),
    ("use", "Whether to use"),
    ("only", "Whether to select only"),
    ("exclude", "Whether to leave out"),
    ("supports", "Whether it supports"),
    ("can", "Whether the caller can"),
];

/// Returns the sentence of a method.
pub(crate) fn method(method: &Method, overlay: &Overlay) -> String {
    let note = overlay.methods.get(&method.call);
    if let Some(doc) = note.and_then(|note| note.doc.as_ref()) {
        return doc.clone();
    }
    let noun = group_noun(method.group(), overlay);
    let name = note
        .and_then(|note| note.name.as_deref())
        .unwrap_or(method.name());
    let parts = words(name);
    let (verb, rest) = match parts.split_first() {
        Some((first, rest)) => (first.as_str(), rest.join(" ")),
        None => ("", String::new()),
    };
    let Some((_, verb)) = VERBS.iter().find(|(name, _)| *name == verb) else {
        return format!(
            "Retrieves the {} of {}.",
            spelled(&parts.join(" ")),
            with_article(&singular(&noun))
        );
    };
    let object = match (*verb, rest.as_str()) {
        ("Lists" | "Searches", "") => noun,
        (_, "") => with_article(&singular(&noun)),
        ("Lists" | "Searches", rest) => spelled(rest),
        ("Creates", rest) => with_article(&spelled(rest)),
        (_, rest) if rest.contains(&singular(&noun)) => with_article(&spelled(rest)),
        (_, rest) => format!(
            "the {} of {}",
            spelled(rest),
            with_article(&singular(&noun))
        ),
    };
    format!("{verb} {object}.")
}

/// Returns the noun of a group, in the plural.
pub(crate) fn group_noun(group: &str, overlay: &Overlay) -> String {
    let note = overlay.groups.get(group).and_then(|note| note.noun.clone());
    let last = group.rsplit('.').next().unwrap_or(group);
    note.unwrap_or_else(|| spelled(&words(last).join(" ")))
}

/// Returns the sentence of a schema: its noun.
pub(crate) fn schema(name: &str, overlay: &Overlay) -> String {
    if let Some(doc) = overlay.schemas.get(name) {
        return doc.clone();
    }
    let parts = words(overlay.types.get(name).map_or(name, String::as_str));
    let text = spelled(&parts.join(" "));
    if let Some(subject) = text.strip_suffix(" request") {
        let (verb, object) = subject.split_once(' ').unwrap_or((subject, ""));
        if VERBS.iter().any(|(name, _)| *name == verb) && !object.is_empty() {
            return format!("A request to {verb} {}.", with_article(object));
        }
    }
    if let Some(subject) = text.strip_suffix(" response") {
        return format!("The response about {}.", with_article(subject));
    }
    format!("{}.", capital(&with_article(&text)))
}

/// Returns the sentence of an enum's value or of a union's member.
pub(crate) fn value(text: &str) -> String {
    match text {
        "asc" => return "Ascending.".to_owned(),
        "desc" => return "Descending.".to_owned(),
        _ => {}
    }
    let text = spelled(&words(text).join(" "));
    if text.is_empty() {
        return "Empty.".to_owned();
    }
    format!("{}.", capital(&text))
}

/// Returns the sentence of a field, with its bounds and its default.
pub(crate) fn field(owner: &str, field: &Field, overlay: &Overlay) -> String {
    let own = overlay.fields.get(&format!("{owner}.{}", field.name));
    let common = || overlay.fields.get(&field.name);
    let mut text = match own.or_else(common) {
        Some(sentence) => sentence.trim_end_matches('.').to_owned(),
        None => named(&field.name, &field.ty),
    };
    text.push_str(&bounds(&field.schema, &field.ty));
    text.push('.');
    if let (Presence::Constant, Some(value)) = (field.presence, &field.schema.constant) {
        text = format!("{} Always `{}`.", text, plain(value));
    } else if let Some(default) = field.schema.default.as_ref().filter(|it| !it.is_null()) {
        text = format!("{text} Default: {}.", shown(default));
    }
    text
}

/// Returns the sentence of a field by its name.
fn named(name: &str, ty: &Type) -> String {
    let parts = words(name);
    let text = spelled(&parts.join(" "));
    let before = |end: &str| text.strip_suffix(end).map(str::to_owned);
    if matches!(inner(ty), Type::Bool) {
        let first = parts.first().map_or("", String::as_str);
        let rest = spelled(&parts.get(1..).unwrap_or_default().join(" "));
        return match SWITCHES.iter().find(|(it, _)| *it == first) {
            Some((_, start)) if !rest.is_empty() => format!("{start} {rest}"),
            _ => format!("Whether {text} applies"),
        };
    }
    if let Some(subject) = before(" ids") {
        return format!("The ids of the {subject}s");
    }
    if let Some(subject) = before(" id") {
        return format!("The id of the {subject}");
    }
    if let Some(subject) = before(" name") {
        return format!("The name of the {subject}");
    }
    if let Some(subject) = before(" at") {
        return format!("The time at which it was {subject}, in RFC 3339");
    }
    if let Some(subject) = before(" ms") {
        return format!("The {subject}, in milliseconds");
    }
    if let Some(subject) = before(" seconds") {
        return format!("The {subject}, in seconds");
    }
    if let Some(subject) = text.strip_prefix("num ") {
        return format!("The number of {subject}");
    }
    if let Some(subject) = text.strip_prefix("max ") {
        return format!("The maximum of {subject}");
    }
    if let Some(subject) = text.strip_prefix("min ") {
        return format!("The minimum of {subject}");
    }
    if let Some(subject) = before(" count") {
        return format!("The number of {subject}s");
    }
    format!("The {text}")
}

fn inner(ty: &Type) -> &Type {
    match ty {
        Type::Nullable(ty) => inner(ty),
        ty => ty,
    }
}

/// Returns the bounds of a value, after a comma.
fn bounds(schema: &Schema, ty: &Type) -> String {
    let mut text = String::new();
    let Some(spec) = &schema.spec else {
        return text;
    };
    let number = |it: &Option<Value>| it.as_ref().map(plain);
    match (number(&spec.minimum), number(&spec.maximum)) {
        (Some(minimum), Some(maximum)) => text += &format!(", {minimum} to {maximum}"),
        (Some(minimum), None) if minimum == "0" && matches!(inner(ty), Type::Count) => {}
        (Some(minimum), None) => text += &format!(", {minimum} or more"),
        (None, Some(maximum)) => text += &format!(", at most {maximum}"),
        (None, None) => {}
    }
    if let Some(minimum) = number(&spec.exclusive_minimum) {
        text += &format!(", above {minimum}");
    }
    if let Some(maximum) = number(&spec.exclusive_maximum) {
        text += &format!(", below {maximum}");
    }
    text += &lengths(spec);
    if let Some(pattern) = &spec.pattern {
        text += &format!(", matching `{pattern}`");
    }
    text
}

fn lengths(spec: &Bounds) -> String {
    let range = |minimum: Option<u64>, maximum: Option<u64>, unit: &str| match (minimum, maximum) {
        (Some(minimum), Some(maximum)) if minimum == maximum => format!(", {minimum} {unit}"),
        (Some(minimum), Some(maximum)) => format!(", {minimum} to {maximum} {unit}"),
        (Some(1), None) => ", not empty".to_owned(),
        (Some(minimum), None) => format!(", {minimum} {unit} or more"),
        (None, Some(maximum)) => format!(", at most {maximum} {unit}"),
        (None, None) => String::new(),
    };
    let format = match spec.format.as_deref() {
        Some("uuid") => ", a UUID",
        Some("uri") => ", a URL",
        Some("email") => ", an e-mail address",
        _ => "",
    };
    format!(
        "{format}{}{}",
        range(spec.min_length, spec.max_length, "characters"),
        range(spec.min_items, spec.max_items, "elements")
    )
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Array(list) if list.is_empty() => "none".to_owned(),
        Value::Object(object) if object.is_empty() => "empty".to_owned(),
        Value::String(text) if text.is_empty() => "empty".to_owned(),
        value => format!("`{}`", plain(value)),
    }
}
