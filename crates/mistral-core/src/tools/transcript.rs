use std::borrow::Cow;

use crate::api::chat::ChatCompletionResponse;
use crate::messages::{Message, UsageInfo};

/// What was said in a run.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct ToolRun {
    /// The whole conversation: the request's messages, every answer of the model, and every
    /// answer of a tool. It can go on from here.
    pub messages: Vec<Message>,
    /// The model's answers, one per turn. The last one is the answer to the question; in an
    /// error, as much of it as had come.
    pub responses: Vec<ChatCompletionResponse>,
}

impl ToolRun {
    /// The text of the last answer, without reasoning. Empty if there is none.
    pub fn text(&self) -> Cow<'_, str> {
        self.responses
            .last()
            .map_or("".into(), ChatCompletionResponse::text)
    }

    /// What all turns consumed together: the three counts of tokens.
    pub fn usage(&self) -> UsageInfo {
        let mut all = UsageInfo::default();
        for usage in self.responses.iter().filter_map(|it| it.usage.as_ref()) {
            all.add(usage);
        }
        all
    }
}
