//! A tokenizer that splits text into words, and log probabilities of tokens.

use serde_json::{Value, json};

use super::random::{Rng, hash};

/// Longer words become several tokens, as with a real tokenizer.
const MAX_TOKEN_CHARS: usize = 12;

/// Splits text into words, each with the white space before it. Joined, they equal the text.
pub(crate) fn tokenize(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut token = String::new();
    let mut letters = 0;
    for character in text.chars() {
        let word_ends = character.is_whitespace() && letters > 0;
        if word_ends || letters == MAX_TOKEN_CHARS {
            tokens.push(std::mem::take(&mut token));
            letters = 0;
        }
        token.push(character);
        if !character.is_whitespace() {
            letters += 1;
        }
    }
    if !token.is_empty() {
        tokens.push(token);
    }
    tokens
}

/// Splits JSON into words, single digits, punctuation and white space, as a real tokenizer does.
pub(crate) fn tokenize_json(text: &str) -> Vec<String> {
    #[derive(PartialEq)]
    enum Kind {
        Digit,
        Word,
        Space,
        Mark,
    }
    let mut tokens: Vec<String> = Vec::new();
    let mut previous = Kind::Digit;
    for character in text.chars() {
        let kind = match character {
            '0'..='9' => Kind::Digit,
            ' ' => Kind::Space,
            _ if character.is_alphanumeric() => Kind::Word,
            _ => Kind::Mark,
        };
        // White space belongs to the word or the punctuation after it.
        let continues = previous == kind || (previous == Kind::Space && kind != Kind::Digit);
        match tokens.last_mut() {
            Some(token)
                if continues && kind != Kind::Digit && token.chars().count() < MAX_TOKEN_CHARS =>
            {
                token.push(character);
            }
            _ => tokens.push(character.into()),
        }
        previous = kind;
    }
    tokens
}

pub(crate) fn count_tokens(text: &str) -> usize {
    tokenize(text).len()
}

/// Returns the log probabilities of tokens, with a number of alternatives for each token.
pub(crate) fn logprobs(tokens: &[String], alternatives: usize) -> Value {
    let content: Vec<Value> = tokens
        .iter()
        .map(|token| {
            let mut entry = logprob(token, 0);
            let others: Vec<Value> = (0..alternatives)
                .map(|rank| match rank {
                    0 => logprob(token, 0),
                    _ => logprob(&format!(" alternative{rank}"), rank),
                })
                .collect();
            if let Some(fields) = entry.as_object_mut() {
                fields.insert("top_logprobs".into(), others.into());
            }
            entry
        })
        .collect();
    json!({ "content": content })
}

fn logprob(token: &str, rank: usize) -> Value {
    let mut rng = Rng::new(hash(token.as_bytes()));
    let below_the_best = u32::try_from(rank).unwrap_or(u32::MAX);
    let fraction = u32::try_from(rng.below(1000)).unwrap_or(0);
    json!({
        "token": token,
        "token_id": rng.below(131_072),
        "logprob": -f64::from(below_the_best) - f64::from(fraction) / 1000.0,
        "bytes": token.as_bytes(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_join_to_text_and_keep_characters_whole() {
        let text =
            "  Édouard Manet\n\npainted   incomprehensibilities 日本語テキスト日本語テキスト ";
        let tokens = tokenize(text);
        assert_eq!(tokens.concat(), text);
        assert!(tokens.len() > 6, "{tokens:?}");
        assert!(
            tokens
                .iter()
                .all(|token| token.trim().chars().count() <= MAX_TOKEN_CHARS)
        );
    }

    #[test]
    fn json_tokens_are_those_of_a_real_tokenizer() {
        let tokens = tokenize_json(r#"{"x": 17, "y": 25}"#);
        let expected = [
            "{\"", "x", "\":", " ", "1", "7", ",", " \"", "y", "\":", " ", "2", "5", "}",
        ];
        assert_eq!(tokens, expected);
    }

    #[test]
    fn tokens_of_empty_text_are_none() {
        assert_eq!(count_tokens(""), 0);
    }

    #[test]
    fn logprobs_best_alternative_is_token_itself() {
        let logprobs = logprobs(&["Manet".to_owned()], 3);
        let entry = &logprobs["content"][0];
        assert_eq!(entry["bytes"], json!(b"Manet"));
        assert_eq!(entry["top_logprobs"].as_array().unwrap().len(), 3);
        assert_eq!(entry["top_logprobs"][0]["token_id"], entry["token_id"]);
        let worse = entry["top_logprobs"][2]["logprob"].as_f64().unwrap();
        assert!(worse < entry["top_logprobs"][0]["logprob"].as_f64().unwrap());
    }
}
