object! {
    /// What a call consumed. Mirrors the API's `UsageInfo`.
    ///
    /// Tokens of audio may be counted in `total_tokens` alone.
    #[derive(Default)]
    UsageInfo {
        defaulted: {
            /// Tokens of the request.
            prompt_tokens: i64,
            /// Tokens of the answer.
            completion_tokens: i64,
            /// All tokens.
            total_tokens: i64,
        }
        optional: {
            /// Seconds of audio in the request.
            prompt_audio_seconds: i64,
            /// Tokens of the request that came from the cache: one of three spellings. See
            /// [`cached_tokens`](Self::cached_tokens).
            num_cached_tokens: i64,
            /// What the tokens of the request are made of.
            prompt_tokens_details: PromptTokensDetails,
            /// The same under another name, as some endpoints spell it.
            prompt_token_details: PromptTokensDetails,
            /// The service tier that served the call.
            service_tier: String,
        }
    }
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

object! {
    /// What the tokens of a request are made of. Mirrors the API's `PromptTokensDetails`.
    #[derive(Default)]
    PromptTokensDetails {
        optional: {
            /// Tokens that came from the cache.
            cached_tokens: i64,
            /// Tokens of audio.
            audio_tokens: i64,
        }
    }
}
