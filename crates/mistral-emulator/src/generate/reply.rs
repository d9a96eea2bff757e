//! What the emulator says: deterministic text, JSON and tool calls.

use serde_json::{Value, json};

use super::random::{Rng, hash};
use super::schema_instance;
use super::tokenizer;
use crate::json::{array, is_prefix, message_text, role, unsigned};

/// How many words of the prompt an answer repeats.
const WORDS_REPEATED: usize = 12;

/// One choice of a completion.
#[derive(Debug)]
pub(crate) struct Reply {
    /// What the client had begun to say for the model; not counted as generated.
    pub(crate) prefix: String,
    /// Pieces of the thoughts before the answer.
    pub(crate) thinking: Vec<String>,
    /// Pieces of the answer.
    pub(crate) text: Vec<String>,
    pub(crate) tool_calls: Vec<Value>,
    pub(crate) finish_reason: &'static str,
}

impl Reply {
    /// The reply to a request that was checked before.
    pub(crate) fn new(request: &Value, index: usize, thinks: bool) -> Self {
        let messages = array(request, "messages");
        let mut reply = Self {
            prefix: String::new(),
            thinking: Vec::new(),
            text: Vec::new(),
            tool_calls: tool_calls(request, messages, index),
            finish_reason: "stop",
        };
        if thinks {
            let words = first_words(&prompt(messages));
            let thoughts = format!("The user said: \"{words}\". I answer without a real model.");
            reply.thinking = tokenizer::tokenize(&thoughts);
        }
        if reply.tool_calls.is_empty() {
            reply.speak(request, messages, index);
        } else {
            reply.finish_reason = "tool_calls";
        }
        if let Some(most) = unsigned(request, "max_tokens") {
            reply.keep(most);
        }
        reply
    }

    /// A reply that says the text, as far as `stop` and `max_tokens` let it.
    pub(crate) fn saying(request: &Value, mut text: String) -> Self {
        cut_at_stop(request, &mut text);
        let mut reply = Self {
            prefix: String::new(),
            thinking: Vec::new(),
            text: tokenizer::tokenize(&text),
            tool_calls: Vec::new(),
            finish_reason: "stop",
        };
        if let Some(most) = unsigned(request, "max_tokens") {
            reply.keep(most);
        }
        reply
    }

    fn speak(&mut self, request: &Value, messages: &[Value], index: usize) {
        let format = request
            .pointer("/response_format/type")
            .and_then(Value::as_str);
        let mut text = match format {
            Some("json_object") => json!({ "answer": answer(messages, index) }).to_string(),
            Some("json_schema") => {
                let schema = request.pointer("/response_format/json_schema/schema");
                schema_instance::instance(schema.unwrap_or(&Value::Null)).to_string()
            }
            _ => answer(messages, index),
        };
        if let Some(last) = messages.last().filter(|last| is_prefix(last)) {
            self.prefix = message_text(last);
            if !self.prefix.is_empty() && !self.prefix.ends_with(char::is_whitespace) {
                text.insert(0, ' ');
            }
        }
        cut_at_stop(request, &mut text);
        self.text = tokenizer::tokenize(&text);
    }

    /// Keeps so many generated tokens and drops the rest.
    fn keep(&mut self, most: usize) {
        if self.generated() <= most {
            return;
        }
        self.finish_reason = "length";
        self.thinking.truncate(most);
        let left = most.saturating_sub(self.thinking.len());
        self.text.truncate(left);
        let mut left = left;
        self.tool_calls.retain_mut(|call| {
            let enough_for_the_name = left > 0;
            left = left.saturating_sub(1);
            if let Some(arguments) = call.pointer_mut("/function/arguments") {
                let mut pieces = tokenizer::tokenize(arguments.as_str().unwrap_or_default());
                pieces.truncate(left);
                left = left.saturating_sub(pieces.len());
                *arguments = pieces.concat().into();
            }
            enough_for_the_name
        });
    }

    /// How many tokens the reply took to generate.
    pub(crate) fn generated(&self) -> usize {
        let of_calls: usize = self.tool_calls.iter().map(tokens_of_call).sum();
        self.thinking.len() + self.text.len() + of_calls
    }
}

fn tokens_of_call(call: &Value) -> usize {
    let arguments = call.pointer("/function/arguments").and_then(Value::as_str);
    1 + tokenizer::count_tokens(arguments.unwrap_or_default())
}

fn cut_at_stop(request: &Value, text: &mut String) {
    if let Some(end) = stops(request).filter_map(|stop| text.find(stop)).min() {
        text.truncate(end);
    }
}

fn stops(request: &Value) -> impl Iterator<Item = &str> {
    let (one, many) = match request.get("stop") {
        Some(Value::String(stop)) => (Some(stop.as_str()), &[] as &[Value]),
        Some(Value::Array(stops)) => (None, stops.as_slice()),
        _ => (None, &[] as &[Value]),
    };
    let many = many.iter().filter_map(Value::as_str);
    one.into_iter().chain(many).filter(|stop| !stop.is_empty())
}

fn answer(messages: &[Value], index: usize) -> String {
    let text = match messages.last() {
        Some(last) if role(last) == "tool" => tool_answer(messages),
        _ => prompt_answer(&prompt(messages)),
    };
    match index {
        0 => text,
        other => format!("{text} (Choice {}.)", other + 1),
    }
}

fn prompt_answer(prompt: &str) -> String {
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

fn tool_answer(messages: &[Value]) -> String {
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
    let called = messages
        .iter()
        .flat_map(|message| array(message, "tool_calls"))
        .find(|call| id.is_some() && call.get("id") == id)
        .and_then(|call| call.pointer("/function/name"));
    result
        .get("name")
        .or(called)
        .and_then(Value::as_str)
        .unwrap_or("you called")
}

fn tool_calls(request: &Value, messages: &[Value], index: usize) -> Vec<Value> {
    let tools: Vec<&Value> = array(request, "tools")
        .iter()
        .filter_map(|tool| tool.get("function"))
        .collect();
    let asked = messages.last().is_some_and(|last| role(last) == "user");
    let prompt = prompt(messages).to_lowercase();
    let mentioned = tools
        .iter()
        .copied()
        .filter(|tool| mentions(&prompt, name_of(tool)));
    let choice = request.get("tool_choice");
    let mut called: Vec<&Value> = match choice.and_then(Value::as_str) {
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
            None if asked => mentioned.collect(),
            None => Vec::new(),
        },
    };
    if request.get("parallel_tool_calls") == Some(&Value::Bool(false)) {
        called.truncate(1);
    }
    let seed = hash(request.to_string().as_bytes()).wrapping_add(index as u64);
    let mut ids = Rng::new(seed);
    let calls = called.iter().enumerate();
    calls
        .map(|(place, tool)| tool_call(tool, place, &ids.alphanumeric(9)))
        .collect()
}

fn tool_call(tool: &Value, place: usize, id: &str) -> Value {
    let arguments = schema_instance::instance(tool.get("parameters").unwrap_or(&Value::Null));
    let arguments = if arguments.is_object() {
        arguments
    } else {
        json!({})
    };
    json!({
        "id": id,
        "type": "function",
        "index": place,
        "function": { "name": name_of(tool), "arguments": arguments.to_string() },
    })
}

/// Whether the text has the name as a word of its own.
fn mentions(text: &str, name: &str) -> bool {
    let name = name.to_lowercase();
    let inside_a_name = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-');
    !name.is_empty()
        && text.match_indices(&name).any(|(start, found)| {
            let before = text.get(..start).and_then(|text| text.chars().next_back());
            let after = text
                .get(start + found.len()..)
                .and_then(|text| text.chars().next());
            !before.is_some_and(inside_a_name) && !after.is_some_and(inside_a_name)
        })
}

fn name_of(tool: &Value) -> &str {
    tool.get("name").and_then(Value::as_str).unwrap_or_default()
}

/// The text of the last message of the user.
fn prompt(messages: &[Value]) -> String {
    let last = messages
        .iter()
        .rev()
        .find(|message| role(message) == "user");
    last.map(message_text).unwrap_or_default()
}

/// The words that an answer repeats of a text.
pub(crate) fn first_words(text: &str) -> String {
    let mut words = text.split_whitespace();
    let mut first: Vec<String> = words
        .by_ref()
        .take(WORDS_REPEATED)
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
    fn names_are_found_as_words() {
        assert!(mentions("please call get_weather.", "get_weather"));
        assert!(mentions("get_weather", "get_Weather"));
        assert!(!mentions("call get_weather_now", "get_weather"));
        assert!(!mentions("forget_weather", "get_weather"));
        assert!(!mentions("anything", ""));
    }

    #[test]
    fn the_known_questions_are_answered() {
        assert_eq!(
            prompt_answer(" who painted OLYMPIA "),
            "Édouard Manet painted Olympia in 1863."
        );
        let painter = "Who is the best French painter? Answer in one short sentence.";
        assert!(prompt_answer(painter).contains("Monet"));
        assert!(prompt_answer("Who painted Guernica?").contains("\"Who painted Guernica?\""));
    }

    #[test]
    fn long_prompts_are_cut_to_their_first_words() {
        let prompt = "word ".repeat(100);
        assert!(first_words(&prompt).ends_with("word …"));
        assert_eq!(first_words(&prompt).split(' ').count(), WORDS_REPEATED + 1);
    }
}
