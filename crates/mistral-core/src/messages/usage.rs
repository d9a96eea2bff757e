use serde_json::{Map, Value};

use crate::json::ApiObject;

/// The token usage of a call. Mirrors the API's `UsageInfo`.
///
/// Audio tokens may be counted only in `total_tokens`.
#[derive(Debug, Clone, PartialEq, Default, ApiObject)]
#[non_exhaustive]
pub struct UsageInfo {
    /// The number of tokens in the prompt.
    #[api(default)]
    pub prompt_tokens: i64,
    /// The number of generated tokens.
    #[api(default)]
    pub completion_tokens: i64,
    /// The total number of tokens.
    #[api(default)]
    pub total_tokens: i64,
    /// The duration of the audio in the prompt, in seconds.
    pub prompt_audio_seconds: Option<i64>,
    /// The number of prompt tokens read from the cache, in one of three spellings. See
    /// [`cached_tokens`](Self::cached_tokens).
    pub num_cached_tokens: Option<i64>,
    /// The breakdown of the prompt tokens.
    #[api(lenient_object)]
    pub prompt_tokens_details: Option<PromptTokensDetails>,
    /// The breakdown of the prompt tokens, as some endpoints spell it.
    #[api(lenient_object)]
    pub prompt_token_details: Option<PromptTokensDetails>,
    /// The service tier that processed the call.
    pub service_tier: Option<String>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl UsageInfo {
    /// Adds the token counts of another call.
    pub(crate) fn add(&mut self, other: &Self) {
        for (total, more) in [
            (&mut self.prompt_tokens, other.prompt_tokens),
            (&mut self.completion_tokens, other.completion_tokens),
            (&mut self.total_tokens, other.total_tokens),
        ] {
            *total = total.saturating_add(more);
        }
    }

    /// Replaces the counts that a later report of the same call has.
    ///
    /// A count of 0 replaces nothing: it is also that of a report without the count. Counts of one
    /// call only grow.
    pub(crate) fn update(&mut self, later: &Self) {
        for (count, new) in [
            (&mut self.prompt_tokens, later.prompt_tokens),
            (&mut self.completion_tokens, later.completion_tokens),
            (&mut self.total_tokens, later.total_tokens),
        ] {
            if new != 0 {
                *count = new;
            }
        }
        for (count, new) in [
            (&mut self.prompt_audio_seconds, later.prompt_audio_seconds),
            (&mut self.num_cached_tokens, later.num_cached_tokens),
        ] {
            *count = new.or(*count);
        }
        for (details, new) in [
            (
                &mut self.prompt_tokens_details,
                &later.prompt_tokens_details,
            ),
            (&mut self.prompt_token_details, &later.prompt_token_details),
        ] {
            if let Some(new) = new {
                details.get_or_insert_default().update(new);
            }
        }
        if later.service_tier.is_some() {
            self.service_tier.clone_from(&later.service_tier);
        }
        self.extra.extend(later.extra.clone());
    }

    /// Returns the number of prompt tokens read from the cache, in any of the server's
    /// spellings.
    pub fn cached_tokens(&self) -> i64 {
        [&self.prompt_tokens_details, &self.prompt_token_details]
            .into_iter()
            .filter_map(|details| details.as_ref()?.cached_tokens)
            .chain(self.num_cached_tokens)
            .max()
            .unwrap_or_default()
    }
}

/// The breakdown of prompt tokens. Mirrors the API's `PromptTokensDetails`.
#[derive(Debug, Clone, PartialEq, Default, ApiObject)]
#[non_exhaustive]
pub struct PromptTokensDetails {
    /// The number of tokens read from the cache.
    pub cached_tokens: Option<i64>,
    /// The number of audio tokens.
    pub audio_tokens: Option<i64>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl PromptTokensDetails {
    fn update(&mut self, later: &Self) {
        self.cached_tokens = later.cached_tokens.or(self.cached_tokens);
        self.audio_tokens = later.audio_tokens.or(self.audio_tokens);
        self.extra.extend(later.extra.clone());
    }
}
