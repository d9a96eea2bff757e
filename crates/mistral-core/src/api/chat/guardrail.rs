request! {
    /// A check of the conversation that may block it. Mirrors the API's `GuardrailConfig`.
    #[derive(Default)]
    GuardrailConfig {
        optional: {
            /// Whether the request is refused when the check itself fails. Default: no.
            block_on_error: bool,
            /// The check by the first moderation model.
            moderation_llm_v1: ModerationLlmV1Config,
            /// The check by the second moderation model.
            moderation_llm_v2: ModerationLlmV2Config,
        }
    }
}

string_enum! {
    /// What happens when a threshold is exceeded. Mirrors the API's `ModerationLLMAction`.
    ModerationAction {
        /// The result is reported.
        None = "none",
        /// The request is refused.
        Block = "block",
    }
}

/// Declares a moderation model's settings and its categories.
macro_rules! moderation {
    (
        $(#[$cmeta:meta])* $config:ident,
        $(#[$tmeta:meta])* $thresholds:ident { $($category:ident,)+ }
    ) => {
        request! {
            $(#[$cmeta])*
            #[derive(Default)]
            $config {
                optional: {
                    /// The moderation model. Default: the newest of its kind.
                    model_name: String => into,
                    /// Thresholds other than the model's own.
                    custom_category_thresholds: $thresholds,
                    /// Whether only the categories with a threshold count. Default: no.
                    ignore_other_categories: bool,
                    /// What happens when a threshold is exceeded. Default: it is reported.
                    action: ModerationAction => into,
                }
            }
        }

        request! {
            $(#[$tmeta])*
            #[derive(Default)]
            $thresholds {
                optional: {
                    $(
                        /// The threshold of this category: 0 to 1.
                        $category: f64,
                    )+
                }
            }
        }
    };
}

moderation! {
    /// A check by the first moderation model. Mirrors the API's `ModerationLLMV1Config`.
    ModerationLlmV1Config,
    /// Thresholds by category. Mirrors the API's `ModerationLLMV1CategoryThresholds`.
    ModerationLlmV1CategoryThresholds {
        sexual,
        hate_and_discrimination,
        violence_and_threats,
        dangerous_and_criminal_content,
        selfharm,
        health,
        financial,
        law,
        pii,
    }
}

moderation! {
    /// A check by the second moderation model. Mirrors the API's `ModerationLLMV2Config`.
    ModerationLlmV2Config,
    /// Thresholds by category. Mirrors the API's `ModerationLLMV2CategoryThresholds`.
    ModerationLlmV2CategoryThresholds {
        sexual,
        hate_and_discrimination,
        violence_and_threats,
        dangerous,
        criminal,
        selfharm,
        health,
        financial,
        law,
        pii,
        jailbreaking,
    }
}
