use base64_simd::STANDARD;

use super::response::VoiceGender;
use crate::json::wire::nullable;
use crate::types::Patch;

request! {
    /// Which voices to list. Mirrors the query of `GET /v1/audio/voices`.
    #[derive(Default)]
    ListVoicesRequest {
        optional: {
            /// How many voices a page has at most. Default: 10.
            limit: u64,
            /// How many voices come before the first page. Default: 0.
            offset: u64,
            /// Whose voices. Default: all.
            #[rename("type")]
            filter: VoiceFilter => into,
        }
    }
}

string_enum! {
    /// Whose voices to list. Mirrors the parameter `type` of `GET /v1/audio/voices`.
    VoiceFilter {
        /// All.
        All = "all",
        /// Those that Mistral offers.
        Preset = "preset",
        /// Those that users have made.
        Custom = "custom",
    }
}

request! {
    /// A voice to be made. Mirrors the API's `VoiceCreateRequest`.
    VoiceCreateRequest with nulls {
        required: {
            /// The voice's name.
            name: String => into,
        }
        optional: {
            /// A short name that can stand for the voice's id.
            slug: String => into,
            /// What the voice is like.
            description: String => into,
            /// The languages that it speaks.
            languages: Vec<String> => list String,
            /// The speaker's gender.
            gender: VoiceGender => into,
            /// The speaker's age, in years.
            age: u64,
            /// Words to find it by.
            tags: Vec<String> => list String,
            /// The colour that it is shown in.
            color: String => into,
            /// How many days ahead the end of its retention is told. Default: 30.
            retention_notice: u64,
            /// The recording to make it of, as base64.
            sample_audio: String => into,
            /// The recording's file name: its extension tells the format.
            sample_filename: String => into,
        }
    }
}

impl VoiceCreateRequest {
    /// Makes a voice called `name` of a recording; the extension of `file_name` tells the
    /// recording's format. Everything else is unset.
    pub fn from_sample(
        name: impl Into<String>,
        file_name: impl Into<String>,
        recording: impl AsRef<[u8]>,
    ) -> Self {
        Self::new(name)
            .sample_audio(STANDARD.encode_to_string(recording))
            .sample_filename(file_name)
    }
}

request! {
    /// What is to change about a voice. Mirrors the API's `VoiceUpdateRequest`.
    ///
    /// A field that is not set stays as it is.
    ///
    /// ```
    /// use mistral_core::audio::VoiceUpdateRequest;
    /// use mistral_core::types::Patch;
    ///
    /// let request = VoiceUpdateRequest::new().age(30).gender(Patch::Clear);
    /// let sent = serde_json::to_value(&request)?;
    /// assert_eq!(sent, serde_json::json!({ "age": 30, "gender": null }));
    /// # Ok::<_, serde_json::Error>(())
    /// ```
    #[derive(Default)]
    VoiceUpdateRequest {
        optional: {
            /// The voice's name.
            #[read_with(nullable)]
            name: Patch<String> => into,
            /// The languages that it speaks.
            #[read_with(nullable)]
            languages: Patch<Vec<String>> => into,
            /// The speaker's gender.
            #[read_with(nullable)]
            gender: Patch<VoiceGender> => into,
            /// The speaker's age, in years.
            #[read_with(nullable)]
            age: Patch<u64> => into,
            /// Words to find it by.
            #[read_with(nullable)]
            tags: Patch<Vec<String>> => into,
        }
    }
}
