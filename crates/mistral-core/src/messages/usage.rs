use serde_json::{Map, Value};

use crate::json::ApiObject;

/// What a call consumed. Mirrors the API's `UsageInfo`.
///
/// Tokens of audio may be counted in `total_tokens` alone.
#[derive(Debug, Clone, PartialEq, Default, ApiObject)]
#[non_exhaustive]
pub struct UsageInfo {
    /// Tokens of the request.
    #[api(default)]
    pub prompt_tokens: i64,
    /// Tokens of the answer.
    #[api(default)]
    pub completion_tokens: i64,
    /// All tokens.
    #[api(default)]
    pub total_tokens: i64,
    /// Seconds of audio in the request.
    pub prompt_audio_seconds: Option<i64>,
    /// Tokens of the request that came from the cache: one of three spellings. See
    /// [`cached_tokens`](Self::cached_tokens).
    pub num_cached_tokens: Option<i64>,
    /// What the tokens of the request are made of.
    #[api(lenient_object)]
    pub prompt_tokens_details: Option<PromptTokensDetails>,
    /// The same under another name, as some endpoints spell it.
    #[api(lenient_object)]
    pub prompt_token_details: Option<PromptTokensDetails>,
    /// The service tier that served the call.
    pub service_tier: Option<String>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl UsageInfo {
    /// Adds the three counts of tokens of another call.
    pub(crate) fn add(&mut self, other: &Self) {
        for (all, more) in [
            (&mut self.prompt_tokens, other.prompt_tokens),
            (&mut self.completion_tokens, other.completion_tokens),
            (&mut self.total_tokens, other.total_tokens),
        ] {
            *all = all.saturating_add(more);
        }
    }

    /// How many tokens of the request came from the cache, however the server spells it.
    pub fn cached_tokens(&self) -> i64 {
        [&self.prompt_tokens_details, &self.prompt_token_details]
            .into_iter()
            .filter_map(|details| details.as_ref()?.cached_tokens)
            .chain(self.num_cached_tokens)
            .max()
            .unwrap_or_default()
    }
}

/// What the tokens of a request are made of. Mirrors the API's `PromptTokensDetails`.
#[derive(Debug, Clone, PartialEq, Default, ApiObject)]
#[non_exhaustive]
pub struct PromptTokensDetails {
    /// Tokens that came from the cache.
    pub cached_tokens: Option<i64>,
    /// Tokens of audio.
    pub audio_tokens: Option<i64>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}
