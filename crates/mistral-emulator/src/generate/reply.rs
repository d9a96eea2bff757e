//! The content of completions: deterministic text, JSON and tool calls.

use serde_json::{Value, json};

use super::random::{Rng, hash};
use super::schema_instance;
use super::tokenizer;
use crate::json::{array, is_prefix, message_text, role, unsigned};

/// The maximum number of words of the prompt that a reply repeats.
const MAX_ECHOED_WORDS: usize = 12;

/// The questions with an answer of their own.
pub(crate) const KNOWN_QUESTIONS: [&str; 2] = [
    "Who painted Olympia?",
    "Who is the best French painter? Answer in one short sentence.",
];

/// One choice of a completion.
#[derive(Debug)]
pub(crate) struct Reply {
    /// The prefix from the client, which does not count as generated.
    pub(crate) prefix: String,
    /// The tokens of the reasoning, which precedes the text.
    pub(crate) thinking: Vec<String>,
    /// The tokens of the text.
    pub(crate) text: Vec<String>,
    pub(crate) tool_calls: Vec<Value>,
    pub(crate) finish_reason: &'static str,
}

impl Reply {
    /// Creates a reply to a validated request.
    pub(crate) fn new(request: &Value, index: usize, with_thinking: bool) -> Self {
        let messages = array(request, "messages");
        let mut reply = Self {
            prefix: String::new(),
            thinking: Vec::new(),
            text: Vec::new(),
            tool_calls: tool_calls(request, messages, index),
            finish_reason: "stop",
        };
        if with_thinking {
            let words = first_words(&prompt(messages));
            let thoughts = format!("The user said: \"{words}\". I answer without a real model.");
            reply.thinking = tokenizer::tokenize(&thoughts);
        }
        if reply.tool_calls.is_empty() {
            reply.write_text(request, messages, index);
        } else {
            reply.finish_reason = "tool_calls";
        }
        if let Some(max_tokens) = unsigned(request, "max_tokens") {
            reply.truncate(max_tokens);
        }
        reply
    }

    /// Creates a reply from a text, which `stop` and `max_tokens` may truncate.
    pub(crate) fn from_text(request: &Value, mut text: String) -> Self {
        truncate_at_stop(request, &mut text);
        let mut reply = Self {
            prefix: String::new(),
            thinking: Vec::new(),
            text: tokenizer::tokenize(&text),
            tool_calls: Vec::new(),
            finish_reason: "stop",
        };
        if let Some(max_tokens) = unsigned(request, "max_tokens") {
            reply.truncate(max_tokens);
        }
        reply
    }

    fn write_text(&mut self, request: &Value, messages: &[Value], index: usize) {
        let format = request
            .pointer("/response_format/type")
            .and_then(Value::as_str);
        let mut text = match format {
            Some("json_object") => json!({ "answer": reply_text(messages, index) }).to_string(),
            Some("json_schema") => {
                let schema = request.pointer("/response_format/json_schema/schema");
                schema_instance::instance(schema.unwrap_or(&Value::Null)).to_string()
            }
            _ => reply_text(messages, index),
        };
        if let Some(last) = messages.last().filter(|last| is_prefix(last)) {
            self.prefix = message_text(last);
            if !self.prefix.is_empty() && !self.prefix.ends_with(char::is_whitespace) {
                text.insert(0, ' ');
            }
        }
        truncate_at_stop(request, &mut text);
        self.text = tokenizer::tokenize(&text);
    }

    /// Truncates the reply to a maximum number of generated tokens.
    fn truncate(&mut self, max_tokens: usize) {
        if self.generated_tokens() <= max_tokens {
            return;
        }
        self.finish_reason = "length";
        self.thinking.truncate(max_tokens);
        let mut tokens_left = max_tokens.saturating_sub(self.thinking.len());
        self.text.truncate(tokens_left);
        self.tool_calls.retain_mut(|call| {
            let has_name = tokens_left > 0;
            tokens_left = tokens_left.saturating_sub(1);
            if let Some(arguments) = call.pointer_mut("/function/arguments") {
                let mut tokens = tokenizer::tokenize(arguments.as_str().unwrap_or_default());
                tokens.truncate(tokens_left);
                tokens_left = tokens_left.saturating_sub(tokens.len());
                *arguments = tokens.concat().into();
            }
            has_name
        });
    }

    /// Returns the number of generated tokens.
    pub(crate) fn generated_tokens(&self) -> usize {
        let tool_calls: usize = self.tool_calls.iter().map(tool_call_tokens).sum();
        self.thinking.len() + self.text.len() + tool_calls
    }
}

fn tool_call_tokens(call: &Value) -> usize {
    let arguments = call.pointer("/function/arguments").and_then(Value::as_str);
    1 + tokenizer::count_tokens(arguments.unwrap_or_default())
}

fn truncate_at_stop(request: &Value, text: &mut String) {
    if let Some(end) = stop_sequences(request)
        .filter_map(|stop| text.find(stop))
        .min()
    {
        text.truncate(end);
    }
}

fn stop_sequences(request: &Value) -> impl Iterator<Item = &str> {
    let (one, many) = match request.get("stop") {
        Some(Value::String(stop)) => (Some(stop.as_str()), &[] as &[Value]),
        Some(Value::Array(stop_sequences)) => (None, stop_sequences.as_slice()),
        _ => (None, &[] as &[Value]),
    };
    let many = many.iter().filter_map(Value::as_str);
    one.into_iter().chain(many).filter(|stop| !stop.is_empty())
}

fn reply_text(messages: &[Value], index: usize) -> String {
    let text = match messages.last() {
        Some(last) if role(last) == "tool" => reply_to_tool(messages),
        _ => reply_to_prompt(&prompt(messages)),
    };
    match index {
        0 => text,
        other => format!("{text} (Choice {}.)", other + 1),
    }
}

fn reply_to_prompt(prompt: &str) -> String {
    let question = prompt
        .trim()
        .trim_end_matches(['?', '.', '!', ' '])
        .to_lowercase();
    match question.as_str() {
        "who painted olympia" => "Édouard Manet painted Olympia in 1863.".to_owned(),
        "who is the best french painter? answer in one short sentence" => {
            "Claude Monet is often called the best French painter.".to_owned()
        }
        "" => "This is the Mistral emulator. Your message has no text. \
               A real model would answer here."
            .to_owned(),
        _ => format!(
            "This is the Mistral emulator. You said: \"{}\". A real model would answer here.",
            first_words(prompt)
        ),
    }
}

fn reply_to_tool(messages: &[Value]) -> String {
    let results: Vec<&Value> = messages
        .iter()
        .rev()
        .take_while(|message| role(message) == "tool")
        .collect();
    let sentences: Vec<String> = results
        .iter()
        .rev()
        .map(|result| {
            let name = tool_name(messages, result);
            format!("The tool {name} answered: {}", message_text(result))
        })
        .collect();
    sentences.join("\n")
}

fn tool_name<'a>(messages: &'a [Value], result: &'a Value) -> &'a str {
    let id = result.get("tool_call_id");
    let called_name = messages
        .iter()
        .flat_map(|message| array(message, "tool_calls"))
        .find(|call| id.is_some() && call.get("id") == id)
        .and_then(|call| call.pointer("/function/name"));
    result
        .get("name")
        .or(called_name)
        .and_then(Value::as_str)
        .unwrap_or("you called")
}

fn tool_calls(request: &Value, messages: &[Value], index: usize) -> Vec<Value> {
    let tools: Vec<&Value> = array(request, "tools")
        .iter()
        .filter_map(|tool| tool.get("function"))
        .collect();
    let ends_with_user = messages.last().is_some_and(|last| role(last) == "user");
    let prompt = prompt(messages).to_lowercase();
    let mentioned = tools
        .iter()
        .copied()
        .filter(|tool| mentions(&prompt, name_in(tool)));
    let choice = request.get("tool_choice");
    let mut calls: Vec<&Value> = match choice.and_then(Value::as_str) {
        Some("none") => Vec::new(),
        Some("any" | "required") => {
            let mentioned: Vec<&Value> = mentioned.collect();
            if mentioned.is_empty() {
                tools.first().copied().into_iter().collect()
            } else {
                mentioned
            }
        }
        _ => match choice.and_then(|choice| choice.pointer("/function/name")) {
            Some(name) => tools
                .iter()
                .copied()
                .filter(|tool| tool.get("name") == Some(name))
                .collect(),
            None if ends_with_user => mentioned.collect(),
            None => Vec::new(),
        },
    };
    if request.get("parallel_tool_calls") == Some(&Value::Bool(false)) {
        calls.truncate(1);
    }
    let seed = hash(request.to_string().as_bytes()).wrapping_add(index as u64);
    let mut ids = Rng::new(seed);
    calls
        .iter()
        .enumerate()
        .map(|(index, tool)| tool_call(tool, index, &ids.alphanumeric(9)))
        .collect()
}

fn tool_call(tool: &Value, index: usize, id: &str) -> Value {
    let arguments = schema_instance::instance(tool.get("parameters").unwrap_or(&Value::Null));
    let arguments = if arguments.is_object() {
        arguments
    } else {
        json!({})
    };
    json!({
        "id": id,
        "type": "function",
        "index": index,
        "function": { "name": name_in(tool), "arguments": arguments.to_string() },
    })
}

/// Whether the text contains the name as a separate word.
fn mentions(text: &str, name: &str) -> bool {
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

/// Returns the text of the last user message.
fn prompt(messages: &[Value]) -> String {
    let last = messages
        .iter()
        .rev()
        .find(|message| role(message) == "user");
    last.map(message_text).unwrap_or_default()
}

/// Returns the beginning of a text, which a reply repeats.
pub(crate) fn first_words(text: &str) -> String {
    let mut words = text.split_whitespace();
    let mut first: Vec<String> = words
        .by_ref()
        .take(MAX_ECHOED_WORDS)
        .map(|word| word.chars().take(40).collect())
        .collect();
    if words.next().is_some() {
        first.push("…".to_owned());
    }
    first.join(" ")
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
    fn reply_to_known_question_is_canned() {
        assert_eq!(
            reply_to_prompt(" who painted OLYMPIA "),
            "Édouard Manet painted Olympia in 1863."
        );
        let painter = "Who is the best French painter? Answer in one short sentence.";
        assert!(reply_to_prompt(painter).contains("Monet"));
        assert!(reply_to_prompt("Who painted Guernica?").contains("\"Who painted Guernica?\""));
    }

    #[test]
    fn reply_repeats_first_words_of_long_prompt() {
        let prompt = "word ".repeat(100);
        assert!(first_words(&prompt).ends_with("word …"));
        assert_eq!(
            first_words(&prompt).split(' ').count(),
            MAX_ECHOED_WORDS + 1
        );
    }
}
