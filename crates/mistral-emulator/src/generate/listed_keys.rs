//! Finds the keys of an object in a prompt that lists them.

use serde_json::{Map, Value, json};

/// The words that precede a list of keys.
const MARKERS: &[&str] = &["keys", "fields", "properties"];
/// The texts that may stand between such a word and the list.
const LINKS: &[&str] = &[":", "named ", "called ", "are "];
const QUOTES: &[(char, char)] = &[('\'', '\''), ('"', '"'), ('`', '`'), ('“', '”'), ('‘', '’')];
const MAX_KEYS: usize = 100;

/// An item of a list, such as `'name'` or `age (integer)`.
#[derive(Debug)]
struct Item<'a> {
    name: &'a str,
    is_quoted: bool,
    /// The text in parentheses after the name.
    hint: Option<&'a str>,
}

/// Returns the schema of an object with the keys that a text lists, if it lists any.
pub(super) fn schema(text: &str) -> Option<Value> {
    let lists = MARKERS.iter().flat_map(|marker| {
        text.match_indices(marker)
            .filter_map(|(start, marker)| text.get(start + marker.len()..))
    });
    let items = lists.map(list).find(|items| !items.is_empty())?;
    let required: Vec<&str> = items.iter().map(|item| item.name).collect();
    let properties: Map<String, Value> = items
        .iter()
        .map(|item| (item.name.to_owned(), type_of(item.hint.unwrap_or_default())))
        .collect();
    Some(json!({ "type": "object", "properties": properties, "required": required }))
}

/// Returns the items of the list at the start of a text: none if it is not clearly a list.
fn list(text: &str) -> Vec<Item<'_>> {
    let mut items: Vec<Item<'_>> = Vec::new();
    if !text.starts_with([' ', ':']) {
        return items;
    }
    let mut rest = text.trim_start();
    for link in LINKS {
        rest = rest.strip_prefix(link).unwrap_or(rest).trim_start();
    }
    while let Some((item, after)) = item(rest).filter(|_| items.len() < MAX_KEYS) {
        // The text goes on where the manner of writing changes: `'a' and 'b', please`.
        if items.last().is_some_and(|last| {
            last.is_quoted != item.is_quoted || last.hint.is_some() != item.hint.is_some()
        }) {
            break;
        }
        items.push(item);
        rest = after;
        match separator(rest) {
            Some(after) => rest = after,
            None => break,
        }
    }
    let is_marked = items
        .first()
        .is_some_and(|item| item.is_quoted || item.hint.is_some());
    let is_bare_list = items.len() > 1 && !rest.trim_start().starts_with(char::is_alphanumeric);
    if is_marked || is_bare_list {
        items
    } else {
        Vec::new()
    }
}

/// Splits a text after the item at its start.
fn item(text: &str) -> Option<(Item<'_>, &str)> {
    let quotes = QUOTES.iter().find(|(open, _)| text.starts_with(*open));
    let (name, rest) = match quotes {
        Some((open, close)) => text.strip_prefix(*open)?.split_once(*close)?,
        None => {
            let is_outside = |letter: char| !letter.is_alphanumeric() && letter != '_';
            text.split_at_checked(text.find(is_outside).unwrap_or(text.len()))?
        }
    };
    if name.is_empty() || name.contains(['\n', '{', '}']) {
        return None;
    }
    let hint = rest.trim_start().strip_prefix('(');
    let (hint, rest) = hint
        .and_then(|hint| hint.split_once(')'))
        .map_or((None, rest), |(hint, rest)| (Some(hint), rest));
    let item = Item {
        name,
        is_quoted: quotes.is_some(),
        hint,
    };
    Some((item, rest))
}

/// Returns the text after the comma or conjunction at its start.
fn separator(text: &str) -> Option<&str> {
    let text = text.trim_start();
    let after_comma = text.strip_prefix(',').map(str::trim_start);
    let rest = after_comma.unwrap_or(text);
    let after_and = rest.strip_prefix("and ").map(str::trim_start);
    after_and.or(after_comma)
}

/// Returns the schema of a value that is described in words, which is a text by default.
fn type_of(hint: &str) -> Value {
    let hint = hint.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| hint.contains(word));
    if has(&["array", "list"]) {
        return json!({ "type": "array", "items": { "type": "string" } });
    }
    let name = if has(&["int"]) {
        "integer"
    } else if has(&["number", "float"]) {
        "number"
    } else if has(&["bool"]) {
        "boolean"
    } else if has(&["object", "dict"]) {
        "object"
    } else {
        "string"
    };
    json!({ "type": name })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> String {
        let schema = schema(text).unwrap_or_default();
        let required = crate::json::array(&schema, "required").iter();
        let names: Vec<&str> = required.filter_map(Value::as_str).collect();
        names.join(" ")
    }

    #[test]
    fn keys_are_found_in_every_manner_of_listing() {
        for text in [
            "a blob with keys 'a' and 'b'. Hello",
            "the keys `a`, `b`, please",
            "fields: \"a\", \"b\"",
            "properties named a and b.",
            "its keys are a (string) and b (int), or else",
            "keys “a” (text), and “b” (text)",
        ] {
            assert_eq!(keys(text), "a b", "{text}");
        }
        assert_eq!(keys("with keys 'only'"), "only");
    }

    #[test]
    fn keys_in_prose_are_no_list() {
        for text in [
            "Where are the keys of the house and the car?",
            "keys, fields",
            "fields below, and reply with JSON",
            "keysmith 'a'",
            "keys '",
            "",
        ] {
            assert_eq!(schema(text), None, "{text}");
        }
    }

    #[test]
    fn keys_have_the_types_of_their_hints() {
        let schema = schema("keys a (list of texts), b (Boolean), c (a float), d (object), e (x)");
        let type_name = |key: &str| {
            let pointer = format!("/properties/{key}/type");
            schema.as_ref().and_then(|it| it.pointer(&pointer)).cloned()
        };
        let types = ["a", "b", "c", "d", "e"].map(|key| type_name(key).unwrap_or_default());
        assert_eq!(types, ["array", "boolean", "number", "object", "string"]);
    }
}
