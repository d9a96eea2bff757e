//! Selects and executes the tools that the server itself runs.

use serde_json::{Value, json};

use super::messages::{kind, text};
use crate::generate::document::placeholder_image;
use crate::generate::reply::first_words;
use crate::generate::tool_calls::{mentions, refuses_tools, topic_words};
use crate::json::array;
use crate::json_format::to_spaced_string;

/// The words of a prompt that make the model use a tool.
const TOPICS: &[(&str, &[&str])] = &[
    ("web_search", WEB),
    ("web_search_premium", WEB),
    (
        "code_interpreter",
        &[
            "calculate",
            "code",
            "compute",
            "execute",
            "plot",
            "program",
            "python",
            "run",
        ],
    ),
    (
        "image_generation",
        &[
            "draw",
            "generate",
            "illustration",
            "image",
            "paint",
            "photo",
            "picture",
        ],
    ),
    ("document_library", &["document", "file", "library"]),
];

const WEB: &[&str] = &[
    "current",
    "internet",
    "last",
    "latest",
    "news",
    "now",
    "online",
    "recent",
    "search",
    "today",
    "web",
    "yesterday",
];

/// A document of a library that contains a word of the prompt.
#[derive(Debug, Clone)]
pub(crate) struct Hit {
    pub(crate) name: String,
    pub(crate) sentence: String,
    /// The number of words that the prompt has as well.
    pub(crate) shared_words: usize,
}

/// The execution of a tool.
#[derive(Debug)]
pub(crate) struct Execution {
    pub(crate) name: String,
    pub(crate) arguments: String,
    pub(crate) info: Value,
    /// The text that the model reads.
    pub(crate) result: String,
    /// The chunks that the message refers to it with.
    pub(crate) chunks: Vec<Value>,
    /// The image that was created, if one was.
    pub(crate) image: Option<Vec<u8>>,
}

impl Execution {
    /// Returns the result of a call that was denied, for which nothing is executed.
    pub(crate) fn denied(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            arguments: String::new(),
            info: Value::Null,
            result: "The call was denied.".to_owned(),
            chunks: Vec::new(),
            image: None,
        }
    }

    pub(crate) fn is_denied(&self) -> bool {
        self.info.is_null()
    }
}

/// Returns the name of a tool of the server: its type, or the id of the connector.
pub(crate) fn name(tool: &Value) -> &str {
    match kind(tool) {
        "connector" => text(tool, "connector_id"),
        other => other,
    }
}

/// Whether a person must confirm each use of the tool. The list of a connector names its tools, and
/// each of them counts, since the emulator does not distinguish them.
pub(crate) fn needs_confirmation(tool: &Value) -> bool {
    let is_connector = kind(tool) == "connector";
    configured(tool, "requires_confirmation").any(|listed| is_connector || listed == name(tool))
}

fn configured<'a>(tool: &'a Value, list: &str) -> impl Iterator<Item = &'a str> {
    let configuration = tool.get("tool_configuration").unwrap_or(&Value::Null);
    array(configuration, list).iter().filter_map(Value::as_str)
}

/// Returns the tools of the server that the model uses for a prompt.
pub(crate) fn selected<'a>(
    tools: &'a [Value],
    choice: Option<&str>,
    prompt: &str,
    hits: &[Hit],
) -> Vec<&'a Value> {
    let is_function = |tool: &Value| matches!(kind(tool), "function" | "");
    let offered = tools.iter().filter(|tool| {
        !is_function(tool) && !configured(tool, "exclude").any(|listed| listed == name(tool))
    });
    let offered: Vec<&Value> = offered.collect();
    if choice == Some("none") || refuses_tools(prompt) {
        return Vec::new();
    }
    let lowercase = prompt.to_lowercase();
    let words = topic_words(prompt);
    let is_wanted = |tool: &&Value| {
        let topics = TOPICS.iter().find(|(known, _)| *known == kind(tool));
        let mut topics = topics.map_or(&[][..], |(_, words)| words).iter();
        mentions(&lowercase, name(tool))
            // `words` has neither plurals nor words that are too general for functions.
            || topics.any(|topic| words.iter().any(|word| word == topic) || mentions(&lowercase, topic))
            || (kind(tool) == "document_library" && !hits.is_empty())
    };
    let wanted: Vec<&Value> = offered.iter().copied().filter(is_wanted).collect();
    let is_required = matches!(choice, Some("any" | "required")) && !tools.iter().any(is_function);
    match wanted.is_empty() && is_required {
        true => offered.into_iter().take(1).collect(),
        false => wanted,
    }
}

/// Executes a tool for a prompt.
pub(crate) fn execute(name: &str, prompt: &str, hits: &[Hit]) -> Execution {
    let words = first_words(prompt);
    let mut execution = Execution {
        name: name.to_owned(),
        arguments: to_spaced_string(&json!({ "query": prompt })),
        info: json!({}),
        result: "A real connector would respond here.".to_owned(),
        chunks: Vec::new(),
        image: None,
    };
    match name {
        "web_search" | "web_search_premium" => {
            execution.result = format!("Results for: {words}");
            let (title, about) = (&execution.result, "The emulator searches no pages.");
            let url = Some("https://example.com/");
            execution.chunks = vec![reference(name, title, url, about)];
        }
        "code_interpreter" => {
            let code = format!("print({words:?})");
            execution.arguments = to_spaced_string(&json!({ "code": code }));
            execution.info = json!({ "code": code, "code_output": format!("{words}\n") });
            execution.result = words;
        }
        "image_generation" => {
            execution.arguments = to_spaced_string(&json!({ "prompt": prompt }));
            execution.result = format!("An image of: {words}");
            execution.image = Some(placeholder_image());
        }
        "document_library" => {
            let found = hits
                .iter()
                .map(|hit| format!("{}: {}", hit.name, hit.sentence));
            execution.result = match hits {
                [] => "No document contains a word of the question.".to_owned(),
                _ => found.collect::<Vec<_>>().join("\n"),
            };
            let references = hits
                .iter()
                .map(|hit| reference(name, &hit.name, None, &hit.sentence));
            execution.chunks = references.collect();
        }
        _ => {}
    }
    execution
}

fn reference(tool: &str, title: &str, url: Option<&str>, description: &str) -> Value {
    json!({
        "type": "tool_reference",
        "tool": tool,
        "title": title,
        "url": url,
        "favicon": null,
        "description": description,
    })
}

/// Returns the sentence of the pages with the most words of the prompt, or the first one if only the
/// name of the document has one.
pub(crate) fn search(prompt: &str, name: &str, pages: &[String]) -> Option<Hit> {
    let words = topic_words(prompt);
    let shared = |text: &str| {
        let found = topic_words(text);
        found.iter().filter(|word| words.contains(word)).count()
    };
    let lines = pages.iter().flat_map(|page| page.lines());
    let sentences = lines
        .flat_map(|line| line.split_inclusive(['.', '!', '?']))
        .map(str::trim)
        .filter(|sentence| !sentence.is_empty());
    let mut best = ("", 0);
    for sentence in sentences {
        let count = shared(sentence);
        // Of equal sentences the first one counts.
        if count > best.1 || best.0.is_empty() {
            best = (sentence, count);
        }
    }
    let shared_words = best.1 + shared(name);
    (shared_words > 0).then(|| Hit {
        name: name.to_owned(),
        sentence: best.0.to_owned(),
        shared_words,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tool_is_selected_by_topic_name_or_hit() {
        let tools = [
            json!({"type": "web_search"}),
            json!({"type": "document_library", "library_ids": ["l"]}),
            json!({"type": "connector", "connector_id": "gmail"}),
            json!({"type": "function", "function": {"name": "search"}}),
        ];
        let names = |prompt: &str, choice: Option<&str>, hits: &[Hit]| -> Vec<String> {
            let found = selected(&tools, choice, prompt, hits);
            found.iter().map(|tool| name(tool).to_owned()).collect()
        };
        let hit = search(
            "Who painted Olympia?",
            "a.txt",
            &["Olympia is old.".to_owned()],
        );
        assert_eq!(names("What is the latest news?", None, &[]), ["web_search"]);
        assert_eq!(names("Ask Gmail", None, &[]), ["gmail"]);
        assert_eq!(
            names("Who painted Olympia?", None, hit.as_slice()),
            ["document_library"]
        );
        assert_eq!(names("Hello", None, &[]), [""; 0]);
        // A function can satisfy the choice as well.
        assert_eq!(names("Hello", Some("any"), &[]), [""; 0]);
        assert_eq!(selected(&tools[..2], Some("any"), "Hello", &[]).len(), 1);
        assert_eq!(names("Search the web", Some("none"), &[]), [""; 0]);
        assert_eq!(names("Do not use tools to search.", None, &[]), [""; 0]);
    }

    #[test]
    fn confirmation_is_needed_for_listed_tool_and_tools_of_connector() {
        let tool = |mut tool: Value, listed: &[&str]| {
            tool["tool_configuration"] = json!({ "requires_confirmation": listed });
            tool
        };
        let web = json!({"type": "web_search"});
        assert!(needs_confirmation(&tool(web.clone(), &["web_search"])));
        assert!(!needs_confirmation(&tool(web, &["code_interpreter"])));
        let connector = json!({"type": "connector", "connector_id": "gmail"});
        assert!(needs_confirmation(&tool(connector.clone(), &["search"])));
        assert!(!needs_confirmation(&tool(connector.clone(), &[])));
        assert!(!needs_confirmation(&connector));
    }

    #[test]
    fn search_returns_sentence_with_word_of_prompt() {
        let pages = ["A horse.\nCats sleep. A dog sleeps. Dogs bark!".to_owned()];
        let sentence = |prompt: &str| Some(search(prompt, "animals.txt", &pages)?.sentence);
        assert_eq!(sentence("Does a dog bark?").as_deref(), Some("Dogs bark!"));
        assert_eq!(sentence("All animals, please").as_deref(), Some("A horse."));
        assert_eq!(sentence("Who painted Olympia?"), None);
    }
}
