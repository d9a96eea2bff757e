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
        total_usage(&self.responses)
    }

    /// Parses the text of the last response into a `T`, for a run that was requested to end in JSON,
    /// as [`RunCall::parse`](super::RunCall::parse) does.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Decode`](crate::ErrorKind::Decode) if the response is not a `T`, and
    /// if there is none. The message has the reason and the path of the value that does not match,
    /// and [`Error::partial`](crate::Error::partial) is this transcript.
    #[cfg(feature = "schemars")]
    pub fn parse<T: serde::de::DeserializeOwned>(&self) -> crate::error::Result<T> {
        let value = match self.responses.last() {
            Some(response) => response.parse(),
            None => Err(crate::error::Error::new(
                crate::error::ErrorKind::Decode,
                "the run has no response",
            )),
        };
        value.map_err(|error| error.with_partial(Box::new(self.clone())))
    }
}

/// Returns the sums of the token counts of the responses.
pub(super) fn total_usage(responses: &[ChatCompletionResponse]) -> UsageInfo {
    let mut all = UsageInfo::default();
    for usage in responses.iter().filter_map(|it| it.usage.as_ref()) {
        all.add(usage);
    }
    all
}
