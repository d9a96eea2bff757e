//! Selects the tools that a completion calls.

use serde_json::{Value, json};

use super::arguments::arguments;
use super::random::{Rng, hash};
use super::tokenizer;
use crate::json::{array, prompt, role};
use crate::json_format::to_spaced_string;

/// The tokens of a call besides its arguments: the name and the marks around it.
const CALL_TOKENS: usize = 3;
/// Arguments that are shorter are withheld.
const MIN_ARGUMENT_TOKENS: usize = 2;

/// Words in the names of tools that do not tell what a tool is about.
const GENERIC_WORDS: &[&str] = &[
    "and", "call", "create", "current", "data", "delete", "fetch", "find", "for", "function",
    "get", "info", "list", "look", "lookup", "make", "query", "return", "returns", "run", "search",
    "set", "show", "the", "tool", "update", "use", "with",
];

/// Returns the calls of the choice with an index. There are none if the reply is text alone.
pub(super) fn tool_calls(request: &Value, messages: &[Value], index: usize) -> Vec<Value> {
    let tools: Vec<&Value> = array(request, "tools")
        .iter()
        .filter_map(|tool| tool.get("function"))
        .collect();
    if tools.is_empty() {
        return Vec::new();
    }
    let prompt = prompt(messages);
    let ends_with_user = messages.last().is_some_and(|last| role(last) == "user");
    let choice = request.get("tool_choice");
    let named = choice.and_then(|choice| choice.pointer("/function/name"));
    let mut calls: Vec<&Value> = match (choice.and_then(Value::as_str), named) {
        (Some("none"), _) => Vec::new(),
        (Some("any" | "required"), _) => match requested(&tools, &prompt).as_slice() {
            [] => tools.first().copied().into_iter().collect(),
            requested => requested.to_vec(),
        },
        (_, Some(name)) => tools
            .iter()
            .copied()
            .filter(|tool| tool.get("name") == Some(name))
            .collect(),
        _ if ends_with_user && !refuses_tools(&prompt) => requested(&tools, &prompt),
        _ => Vec::new(),
    };
    if request.get("parallel_tool_calls") == Some(&Value::Bool(false)) {
        calls.truncate(1);
    }
    let seed = hash(request.to_string().as_bytes()).wrapping_add(index as u64);
    let mut ids = Rng::new(seed);
    calls
        .iter()
        .enumerate()
        .map(|(index, tool)| tool_call(tool, index, &ids.alphanumeric(9), &prompt))
        .collect()
}

/// Returns the tools that the prompt mentions, or else those that are about what it says.
pub(crate) fn requested<'a>(tools: &[&'a Value], prompt: &str) -> Vec<&'a Value> {
    let lowercase = prompt.to_lowercase();
    let mentioned = tools
        .iter()
        .copied()
        .filter(|tool| mentions(&lowercase, name_in(tool)));
    let mentioned: Vec<&Value> = mentioned.collect();
    if !mentioned.is_empty() {
        return mentioned;
    }
    let is_only_tool = tools.len() == 1;
    if is_only_tool && tools.iter().all(|tool| is_type_name(name_in(tool))) {
        return tools.to_vec();
    }
    let words = topic_words(prompt);
    let is_related = |tool: &&Value| {
        let shared = |text: &str| {
            let topics = topic_words(text);
            topics.iter().filter(|topic| words.contains(topic)).count()
        };
        let description = tool.get("description").and_then(Value::as_str);
        shared(name_in(tool)) > 0 || (is_only_tool && shared(description.unwrap_or_default()) > 1)
    };
    tools.iter().copied().filter(is_related).collect()
}

/// Whether a tool is named as a type, such as `Person`, and not as a function.
///
/// Libraries offer the schema of a structured output as such a tool, and some leave `tool_choice`
/// to its default, because a real model calls it.
fn is_type_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_uppercase())
        && name.chars().all(char::is_alphanumeric)
        && words(name)
            .first()
            .is_some_and(|first| !GENERIC_WORDS.contains(&first.as_str()))
}

/// Returns the words of a text or a name that tell what it is about, in lower case and singular.
pub(crate) fn topic_words(text: &str) -> Vec<String> {
    let mut words = words(text);
    words.retain(|word| word.chars().count() > 2 && !GENERIC_WORDS.contains(&word.as_str()));
    for word in &mut words {
        if let Some(singular) = word.strip_suffix('s').filter(|rest| rest.len() > 2) {
            *word = singular.to_owned();
        }
    }
    words.sort_unstable();
    words.dedup();
    words
}

/// Returns the words of a text or a name in lower case.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut previous = ' ';
    for letter in text.chars() {
        let starts_word = !previous.is_alphanumeric()
            // The words of a name may be written as `getWeather`.
            || (letter.is_uppercase() && previous.is_lowercase());
        if letter.is_alphanumeric() {
            if starts_word {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.extend(letter.to_lowercase());
            }
        }
        previous = letter;
    }
    words
}

/// Whether a sentence of the prompt says not to call tools.
pub(crate) fn refuses_tools(prompt: &str) -> bool {
    let prompt = prompt.to_lowercase();
    let sentences = prompt.split(['.', '!', '?', ';', '\n']);
    sentences.into_iter().any(|sentence| {
        let negation = ["not ", "n't ", "never ", "without "]
            .iter()
            .filter_map(|word| sentence.find(word))
            .min();
        let rest = negation.and_then(|start| sentence.get(start..));
        rest.is_some_and(|rest| rest.contains("tool") || rest.contains("function"))
    })
}

fn tool_call(tool: &Value, index: usize, id: &str, prompt: &str) -> Value {
    let arguments = arguments(tool.get("parameters").unwrap_or(&Value::Null), prompt);
    json!({
        "id": id,
        "type": "function",
        "index": index,
        "function": { "name": name_in(tool), "arguments": to_spaced_string(&arguments) },
    })
}

/// Returns the number of generated tokens of a call.
pub(super) fn count_tokens(call: &Value) -> usize {
    CALL_TOKENS + tokenizer::tokenize_json(arguments_of(call)).len()
}

/// Truncates a call to the tokens that are left. Returns `false` if nothing remains of it.
///
/// As on the real server, a call that ends early has a name without arguments.
pub(super) fn truncate(call: &mut Value, tokens_left: &mut usize) -> bool {
    if *tokens_left < CALL_TOKENS {
        *tokens_left = 0;
        return false;
    }
    *tokens_left -= CALL_TOKENS;
    let mut tokens = tokenizer::tokenize_json(arguments_of(call));
    if tokens.len() > *tokens_left {
        tokens.truncate(*tokens_left);
        if tokens.len() < MIN_ARGUMENT_TOKENS {
            tokens.clear();
        }
    }
    *tokens_left = tokens_left.saturating_sub(tokens.len());
    if let Some(arguments) = call.pointer_mut("/function/arguments") {
        *arguments = tokens.concat().into();
    }
    true
}

fn arguments_of(call: &Value) -> &str {
    let arguments = call.pointer("/function/arguments");
    arguments.and_then(Value::as_str).unwrap_or_default()
}

/// Whether the text contains the name as a separate word.
pub(crate) fn mentions(text: &str, name: &str) -> bool {
    let name = name.to_lowercase();
    let is_name_character =
        |character: char| character.is_alphanumeric() || matches!(character, '_' | '-');
    !name.is_empty()
        && text.match_indices(&name).any(|(start, found)| {
            let before = text.get(..start).and_then(|text| text.chars().next_back());
            let after = text
                .get(start + found.len()..)
                .and_then(|text| text.chars().next());
            !before.is_some_and(is_name_character) && !after.is_some_and(is_name_character)
        })
}

fn name_in(tool: &Value) -> &str {
    tool.get("name").and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tool_name_is_matched_as_whole_word() {
        assert!(mentions("please call get_weather.", "get_weather"));
        assert!(mentions("get_weather", "get_Weather"));
        assert!(!mentions("call get_weather_now", "get_weather"));
        assert!(!mentions("forget_weather", "get_weather"));
        assert!(!mentions("anything", ""));
    }

    #[test]
    fn tool_is_requested_by_its_topic() {
        let tools = [
            json!({"name": "get_weather", "description": "Returns the weather of a city."}),
            json!({"name": "convertMoney", "description": "Converts amounts."}),
        ];
        let names = |tools: &[&Value], prompt: &str| -> Vec<String> {
            let found = requested(tools, prompt);
            found.iter().map(|tool| name_in(tool).to_owned()).collect()
        };
        let both: Vec<&Value> = tools.iter().collect();
        assert_eq!(
            names(&both, "How is the weather in Paris?"),
            ["get_weather"]
        );
        assert_eq!(names(&both, "Money, please"), ["convertMoney"]);
        assert_eq!(names(&both, "Get the list"), [""; 0]);
        // A description counts only if there is no other tool, and only with two words.
        assert_eq!(names(&both[1..], "Which amounts?"), [""; 0]);
        let single = json!({"name": "f", "description": "Adds two large numbers."});
        assert_eq!(names(&[&single], "Add these large numbers"), ["f"]);
        assert_eq!(names(&[&single], "Name large cities"), [""; 0]);
    }

    #[test]
    fn tool_refusal_is_recognized_within_a_sentence() {
        assert!(refuses_tools("Return 42 and do not call tools: {}"));
        assert!(refuses_tools("Don't use any function."));
        assert!(!refuses_tools("Call the add tool. Do not answer in prose."));
    }
}
