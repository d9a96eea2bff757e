//! Names: from those of the API to those of Rust.

const KEYWORDS: [&str; 14] = [
    "as", "async", "await", "const", "dyn", "enum", "fn", "for", "in", "match", "move", "ref",
    "static", "use",
];

/// Splits a name into words, in lower case: `MCPServer_card` into `mcp`, `server`, `card`.
pub(crate) fn words(name: &str) -> Vec<String> {
    let chars: Vec<char> = name.chars().collect();
    let mut words = vec![String::new()];
    for (index, &char) in chars.iter().enumerate() {
        if !char.is_ascii_alphanumeric() {
            words.push(String::new());
            continue;
        }
        let before = index.checked_sub(1).and_then(|it| chars.get(it));
        let after = chars.get(index + 1);
        let starts = char.is_ascii_uppercase()
            && (before.is_some_and(|it| it.is_ascii_lowercase() || it.is_ascii_digit())
                || before.is_some_and(char::is_ascii_uppercase)
                    && after.is_some_and(char::is_ascii_lowercase));
        if starts {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(char.to_ascii_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Returns the name of a type: `McpServerCard`.
pub(crate) fn pascal(name: &str) -> String {
    let text: String = words(name).iter().map(|word| capital(word)).collect();
    if let Some(hours) = text.strip_suffix('h').filter(|it| it.parse::<u8>().is_ok()) {
        return format!("Hours{hours}");
    }
    if text.starts_with(|it: char| it.is_ascii_digit()) {
        return format!("N{text}");
    }
    match text.as_str() {
        "Self" => "Itself".to_owned(),
        "" if name == "*" => "All".to_owned(),
        "" => "Empty".to_owned(),
        // The derives keep this name for what is not declared.
        "Unknown" => "Unspecified".to_owned(),
        _ => text,
    }
}

pub(crate) fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars
        .next()
        .map(|first| first.to_ascii_uppercase().to_string() + chars.as_str())
        .unwrap_or_default()
}

/// Returns the name of a module, a method or a variable.
pub(crate) fn snake(name: &str) -> String {
    let text = words(name).join("_").replace("o_auth", "oauth");
    if KEYWORDS.contains(&text.as_str()) {
        return format!("r#{text}");
    }
    text
}

/// Returns the name of a field: `type` is `kind`, and what the derives define has a `_`.
pub(crate) fn field(name: &str, siblings: &[&str]) -> String {
    match snake(name).as_str() {
        "type" if siblings.contains(&"kind") => "type_".to_owned(),
        "type" => "kind".to_owned(),
        "new" | "extra" | "from_json" => format!("{}_", snake(name)),
        text if text.starts_with(|it: char| it.is_ascii_digit()) => format!("n{text}"),
        text => text.to_owned(),
    }
}

/// Returns a noun without its plural `s`.
pub(crate) fn singular(noun: &str) -> String {
    for (end, replacement) in [("ies", "y"), ("sses", "ss"), ("xes", "x"), ("s", "")] {
        if let Some(start) = noun.strip_suffix(end)
            && !noun.ends_with("ss")
            && !noun.ends_with("us")
        {
            return format!("{start}{replacement}");
        }
    }
    noun.to_owned()
}

/// Returns a noun with the indefinite article.
pub(crate) fn with_article(noun: &str) -> String {
    let is_vowel = noun.starts_with(['a', 'e', 'i', 'o'])
        || noun.starts_with("un") && !noun.starts_with("uni");
    let is_letter = ["mcp ", "http ", "sse ", "html "]
        .iter()
        .any(|it| noun.starts_with(it));
    let article = if is_vowel || is_letter { "an" } else { "a" };
    format!("{article} {noun}")
}

/// Writes acronyms as they are written.
pub(crate) fn spelled(text: &str) -> String {
    let words = text.split(' ').map(|word| match word {
        "url" | "uri" | "http" | "mcp" | "json" | "api" | "sse" | "ui" | "otel" | "ocr" | "sql" => {
            word.to_ascii_uppercase()
        }
        "urls" => "URLs".to_owned(),
        "oauth2" => "OAuth 2.0".to_owned(),
        "k8s" => "Kubernetes".to_owned(),
        word => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}
