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

/// The length of a line.
const WIDTH: usize = 100;

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

/// The participles before `_at`, as nouns.
const TIMES: [(&str, &str); 7] = [
    ("created", "creation"),
    ("updated", "the last update"),
    ("deleted", "deletion"),
    ("started", "the start"),
    ("ended", "the end"),
    ("completed", "completion"),
    ("expires", "expiry"),
];

/// Returns the sentence of a method.
pub(crate) fn method(method: &Method, overlay: &Overlay) -> String {
    let prose = overlay.prose.methods.get(&method.call);
    let note = overlay.methods.get(&method.call);
    let own = prose.and_then(|prose| prose.doc.as_ref());
    if let Some(doc) = own.or_else(|| note?.doc.as_ref()) {
        return doc.clone();
    }
    overlay.prose.note(format!("method {}", method.call));
    let noun = group_noun(method.group(), overlay);
    let name = overlay.method_name(&method.call);
    let name = name.unwrap_or(method.name());
    let parts = words(name);
    let (verb, rest) = match parts.split_first() {
        Some((first, rest)) => (first.as_str(), rest.join(" ")),
        None => ("", String::new()),
    };
    let Some((_, verb)) = VERBS.iter().find(|(name, _)| *name == verb) else {
        return format!(
            "Retrieves the {} of {}.",
            spelled(&parts.join(" ")),
            one(&noun)
        );
    };
    let object = match (*verb, rest.as_str()) {
        ("Lists" | "Searches", "") => noun,
        (_, "") => one(&noun),
        ("Lists" | "Searches", rest) => spelled(rest),
        ("Creates", rest) => with_article(&spelled(rest)),
        (_, rest) if rest.contains(&singular(&noun)) => with_article(&spelled(rest)),
        (_, rest) => format!("the {} of {}", spelled(rest), one(&noun)),
    };
    format!("{verb} {object}.")
}

/// Returns a noun in the plural as one: `documents of libraries` as `a document of a library`.
fn one(nouns: &str) -> String {
    let one: Vec<_> = nouns
        .split(" of ")
        .map(|it| with_article(&singular(it)))
        .collect();
    one.join(" of ")
}

/// Returns the noun of a group, in the plural.
pub(crate) fn group_noun(group: &str, overlay: &Overlay) -> String {
    let note = overlay.groups.get(group).and_then(|note| note.noun.clone());
    let last = group.rsplit('.').next().unwrap_or(group);
    note.unwrap_or_else(|| spelled(&words(last).join(" ")))
}

/// Returns the sentence of a schema: its noun.
pub(crate) fn schema(name: &str, overlay: &Overlay) -> String {
    let prose = overlay.prose.schemas.get(name);
    if let Some(doc) = prose.and_then(|prose| prose.doc.as_ref()) {
        return doc.clone();
    }
    overlay.prose.note(format!("type {name}"));
    let parts = words(overlay.type_name(name).unwrap_or(name));
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
pub(crate) fn value(owner: &str, text: &str, overlay: &Overlay) -> String {
    if let Some(sentence) = overlay.prose.value(owner, text) {
        return sentence.to_owned();
    }
    overlay.prose.note(format!("value {owner}.{text}"));
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

/// Returns the sentence of a member of a union with a tag.
pub(crate) fn member(owner: &str, tag: &str, schema: &str, overlay: &Overlay) -> String {
    let prose = &overlay.prose;
    let own = prose.value(owner, tag);
    let own = own.or_else(|| prose.value(owner, schema));
    let doc = || prose.schemas.get(schema)?.doc.as_deref();
    match own.or_else(doc) {
        Some(sentence) => sentence.to_owned(),
        None => value(owner, &tag.replace("[]", "_list"), overlay),
    }
}

/// Returns the sentence of a field, with its bounds and its default.
pub(crate) fn field(owner: &str, field: &Field, overlay: &Overlay) -> String {
    let mut text = match field
        .doc
        .as_deref()
        .or_else(|| overlay.prose.field(owner, &field.name))
    {
        Some(sentence) => sentence.trim_end_matches('.').to_owned(),
        None => {
            overlay.prose.note(format!("field {owner}.{}", field.name));
            named(&field.name, &field.ty)
        }
    };
    let bounds = bounds(&field.schema, &field.ty);
    let bounds = match text.contains("URL") {
        true => bounds.replace(", a URL", ""),
        false => bounds,
    };
    text.push_str(&bounds);
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
            _ => format!("Whether it is set: `{name}`"),
        };
    }
    if let Some(subject) = before(" ids") {
        return format!("The ids of the {}", plural(&subject));
    }
    if let Some(subject) = before(" id") {
        return format!("The id of the {subject}");
    }
    if let Some(subject) = before(" name") {
        return format!("The name of the {subject}");
    }
    if let Some(subject) = before(" at") {
        let event = TIMES.iter().find(|(it, _)| *it == subject);
        return match event {
            Some((_, event)) => format!("The time of {event}"),
            None => format!("The time of `{name}`"),
        };
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
        return format!("The number of {}", plural(&subject));
    }
    format!("The {text}")
}

fn plural(noun: &str) -> String {
    match noun.strip_suffix('y') {
        Some(start) if !noun.ends_with(['a', 'e', 'o']) => format!("{start}ies"),
        _ if noun.ends_with('s') => noun.to_owned(),
        _ => format!("{noun}s"),
    }
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
        (Some(minimum), Some(maximum)) if minimum == maximum => format!(", {minimum}{unit}"),
        (Some(minimum), Some(maximum)) => format!(", {minimum} to {maximum}{unit}"),
        (Some(1), None) => ", not empty".to_owned(),
        (Some(minimum), None) => format!(", {minimum}{unit} or more"),
        (None, Some(maximum)) => format!(", at most {maximum}{unit}"),
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
        range(spec.min_length, spec.max_length, " characters"),
        range(spec.min_items, spec.max_items, " of them")
    )
}

pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::Number(number) if number.is_f64() => {
            let text = number.to_string();
            text.trim_end_matches(".0").to_owned()
        }
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

/// Writes a text as a documentation comment, in lines of up to 100 columns.
pub(crate) fn comment(text: &str, indent: usize) -> String {
    let start = format!("{}///", " ".repeat(indent));
    let mut comment = String::new();
    for (index, paragraph) in text.split("\n\n").enumerate() {
        if index > 0 {
            comment += &format!("{start}\n");
        }
        let mut line = start.clone();
        for word in unbroken(paragraph) {
            if line.chars().count() + 1 + word.chars().count() > WIDTH && line != start {
                comment += &line;
                comment.push('\n');
                line.clone_from(&start);
            }
            line.push(' ');
            line += &word;
        }
        comment += &line;
        comment.push('\n');
    }
    comment
}

/// Splits a text into words. Code in backticks is one.
fn unbroken(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match words
            .last_mut()
            .filter(|it| it.matches('`').count() % 2 == 1)
        {
            Some(last) => {
                last.push(' ');
                last.push_str(word);
            }
            None => words.push(word.to_owned()),
        }
    }
    words
}
