//! The content of completions: deterministic text, JSON and tool calls.

use serde_json::{Value, json};

use super::json_answer::{self, Answer};
use super::tokenizer;
use super::tool_calls::{self, tool_calls};
use crate::json::{array, is_prefix, message_text, prompt, role, unsigned};
use crate::json_format::to_spaced_string;

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
        let has_format = request.get("response_format").is_some_and(is_json_format);
        // As on the real server, JSON and calls can be in one message.
        if reply.tool_calls.is_empty() || has_format {
            reply.write_text(request, messages, index);
        }
        if !reply.tool_calls.is_empty() {
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
        let mut text = match json_answer::answer(request, messages) {
            Some(Answer::Json(value)) => to_spaced_string(&value),
            Some(Answer::Text) => {
                let text = reply_text(messages, index);
                to_spaced_string(&json!({ "answer": text }))
            }
            None => with_min_tokens(request, reply_text(messages, index)),
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
        tokens_left = tokens_left.saturating_sub(self.text.len());
        self.tool_calls
            .retain_mut(|call| tool_calls::truncate(call, &mut tokens_left));
    }

    /// Returns the number of generated tokens.
    pub(crate) fn generated_tokens(&self) -> usize {
        let tool_calls: usize = self.tool_calls.iter().map(tool_calls::count_tokens).sum();
        self.thinking.len() + self.text.len() + tool_calls
    }
}

/// Bounds the text for a large `min_tokens`.
const MAX_MIN_TOKENS: usize = 10_000;

fn with_min_tokens(request: &Value, mut text: String) -> String {
    let min = unsigned(request, "min_tokens")
        .unwrap_or(0)
        .min(MAX_MIN_TOKENS);
    let missing = min.saturating_sub(tokenizer::count_tokens(&text));
    text.push_str(&" more".repeat(missing));
    text
}

fn is_json_format(format: &Value) -> bool {
    let kind = format.get("type").and_then(Value::as_str);
    matches!(kind, Some("json_object" | "json_schema"))
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
        _ if exact_reply(prompt).is_some() => exact_reply(prompt).unwrap_or_default().to_owned(),
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

/// Returns the text that the prompt dictates: what follows `Echo:`, or the colon in sentences such
/// as `Reply with exactly: …`.
fn exact_reply(prompt: &str) -> Option<&str> {
    const VERBS: &[&str] = &[
        "answer", "echo", "output", "print", "repeat", "reply", "respond", "return", "say", "write",
    ];
    let (before, text) = prompt.split_once(':')?;
    let sentence = before.rsplit(['.', '!', '?', '\n']).next()?.to_lowercase();
    let mut words = sentence.split(|letter: char| !letter.is_alphanumeric());
    let is_echo = sentence.trim() == "echo";
    let is_dictated = sentence.contains("exactly") && words.any(|word| VERBS.contains(&word));
    let text = text.trim();
    let quoted = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    ((is_echo || is_dictated) && !text.is_empty()).then(|| quoted.unwrap_or(text))
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
    let own_name = result.get("name").filter(|name| name.is_string());
    own_name
        .or(called_name)
        .and_then(Value::as_str)
        .unwrap_or("you called")
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
    fn reply_to_dictated_text_is_that_text() {
        for (prompt, expected) in [
            ("Echo: Hello, world!", Some("Hello, world!")),
            ("Reply with exactly: cobalt", Some("cobalt")),
            (
                "Do not call any tools. Reply with exactly these two words: probe ready",
                Some("probe ready"),
            ),
            ("Say exactly this: \"a: b\"", Some("a: b")),
            ("Explain exactly: why?", None),
            ("Reply: yes", None),
            ("Echo:", None),
        ] {
            assert_eq!(exact_reply(prompt), expected, "{prompt}");
        }
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
