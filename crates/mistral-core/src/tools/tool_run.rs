//! The result of a run.

use std::borrow::Cow;

use crate::api::chat::ChatCompletionResponse;
use crate::messages::{Message, UsageInfo};

/// The transcript of a run.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct ToolRun {
    /// The whole conversation: the messages of the request, the responses of the model and the
    /// results of the tools. A further request can continue it.
    pub messages: Vec<Message>,
    /// The responses of the model, one per turn. In the transcript of an error, the last one
    /// may be incomplete.
    pub responses: Vec<ChatCompletionResponse>,
}

impl ToolRun {
    /// Returns the text of the last response, without reasoning. Empty if there is none.
    pub fn text(&self) -> Cow<'_, str> {
        self.responses
            .last()
            .map_or("".into(), ChatCompletionResponse::text)
    }

    /// Returns the token usage of all turns: the sums of the three token counts.
    pub fn usage(&self) -> UsageInfo {
        let mut all = UsageInfo::default();
        for usage in self.responses.iter().filter_map(|it| it.usage.as_ref()) {
            all.add(usage);
        }
        all
    }
}
