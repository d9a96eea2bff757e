//! The `use` lines of generated files.

use std::collections::{BTreeMap, BTreeSet};

use crate::files::Files;

/// The names that generated code uses besides its own types.
const KNOWN: [(&str, &str); 22] = [
    ("Secret", "mistral_core::json"),
    ("ListPage", "crate"),
    ("ApiEnum", "mistral_core::json"),
    ("ApiObject", "mistral_core::json"),
    ("ApiUnion", "mistral_core::json"),
    ("Patch", "mistral_core::json"),
    ("Page", "mistral_core::call"),
    ("NextPage", "mistral_core::call"),
    ("StreamEvent", "mistral_core::call"),
    ("Call", "mistral_core::operation"),
    ("DownloadCall", "mistral_core::operation"),
    ("StreamCall", "mistral_core::operation"),
    ("MultipartForm", "mistral_core::operation"),
    ("Operation", "mistral_core::operation"),
    ("RetrySafety", "mistral_core::operation"),
    ("FileSource", "mistral_core::files"),
    ("Client", "mistral_core"),
    ("Async", "mistral_core::mode"),
    ("Mode", "mistral_core::mode"),
    ("BTreeMap", "std::collections"),
    ("Value", "serde_json"),
    ("Map", "serde_json"),
];

/// The part of a module that a file is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Part {
    Types,
    /// The module's own file.
    Module,
    Methods,
}

impl Files<'_> {
    /// Returns the `use` lines of what a text names.
    pub(crate) fn imports(
        &self,
        body: &str,
        home: &[String],
        own: &BTreeSet<String>,
        part: Part,
    ) -> String {
        let tokens = tokens(body);
        let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut add = |path: &str, name: &str| {
            uses.entry(path.to_owned())
                .or_default()
                .insert(name.to_owned());
        };
        let derive = if part == Part::Types {
            "mistral_core::json"
        } else {
            "mistral_core::operation"
        };
        let more = [("ApiRequest", derive), ("Number", "serde_json")];
        let known = KNOWN.iter().chain(&more);
        for (name, path) in known {
            if tokens.contains(*name) {
                add(path, name);
            }
        }
        for (rust, module) in &self.homes {
            if !tokens.contains(rust.as_str()) || own.contains(rust) {
                continue;
            }
            match (module == home, module.first().map(String::as_str)) {
                (true, _) if part != Part::Module => add("super", rust),
                (true, _) => {}
                (false, Some("shared")) => add("crate::shared", rust),
                (false, _) => add(&format!("crate::{}", module.join("::")), rust),
            }
        }
        for path in self.model.overlay.core.values() {
            if let Some((module, name)) = path.rsplit_once("::")
                && tokens.contains(name)
                && !self.homes.contains_key(name)
            {
                add(module, name);
            }
        }
        // In groups: the standard library, other crates, this crate.
        let mut groups = [const { String::new() }; 3];
        for (path, names) in uses {
            let index = match path.split("::").next() {
                Some("std") => 0,
                Some("crate" | "super" | "self") => 2,
                _ => 1,
            };
            let names: Vec<_> = names.into_iter().collect();
            if let Some(group) = groups.get_mut(index) {
                *group += &format!("use {path}::{{{}}};\n", names.join(", "));
            }
        }
        let groups: Vec<_> = groups.into_iter().filter(|it| !it.is_empty()).collect();
        groups.join("\n")
    }
}

/// Returns the identifiers in a text, without those in comments and strings.
fn tokens(text: &str) -> BTreeSet<String> {
    let mut tokens = BTreeSet::new();
    for line in text.lines().filter(|it| !it.trim_start().starts_with("//")) {
        // The name of a variant is not that of a type.
        let line = match line.trim_start().split_once('(') {
            Some((name, rest))
                if name
                    .chars()
                    .all(|it| it.is_ascii_alphanumeric() || it == '_') =>
            {
                rest
            }
            _ if !line.trim().contains([':', ' ']) => continue,
            _ => line,
        };
        for code in line.split('"').step_by(2) {
            let names = code.split(|it: char| !it.is_ascii_alphanumeric() && it != '_');
            tokens.extend(names.map(str::to_owned));
        }
    }
    tokens
}
