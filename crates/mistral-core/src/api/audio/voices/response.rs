use crate::call::{NextPage, Page};

string_enum! {
    /// The gender of a voice's speaker. Mirrors the API's `gender`.
    VoiceGender {
        /// Female.
        Female = "female",
        /// Male.
        Male = "male",
        /// Neutral.
        Neutral = "neutral",
    }
}

string_enum! {
    /// Whose voice it is. Mirrors the API's `type`.
    VoiceType {
        /// Mistral offers it.
        Preset = "preset",
        /// A user has made it.
        Custom = "custom",
    }
}

string_enum! {
    /// How a voice was made. Mirrors the API's `kind`.
    VoiceKind {
        /// Instantly, of a short recording.
        Ivc = "ivc",
        /// Professionally, of long ones.
        Pvc = "pvc",
    }
}

object! {
    /// A voice. Mirrors the API's `VoiceResponse`.
    VoiceResponse {
        required: {
            /// The voice's id.
            id: String,
        }
        defaulted: {
            /// Its name.
            name: String,
            /// The languages that it speaks.
            languages: Vec<String>,
        }
        optional: {
            /// A short name that can stand for the id.
            slug: String,
            /// What it is like.
            description: String,
            /// Whose voice it is.
            #[rename("type")]
            voice_type: VoiceType,
            /// How it was made.
            kind: VoiceKind,
            /// The speaker's gender.
            gender: String,
            /// The speaker's age, in years.
            age: i64,
            /// Words to find it by.
            tags: Vec<String>,
            /// The colour that it is shown in.
            color: String,
            /// How many days ahead the end of its retention is told.
            retention_notice: i64,
            /// How many seconds of the recording were cut off.
            trimmed_seconds: f64,
            /// When it was made, by RFC 3339.
            created_at: String,
            /// The id of the user who has made it.
            user_id: String,
        }
    }
}

object! {
    /// A page of a list of voices. Mirrors the API's `VoiceListResponse`.
    VoiceListResponse {
        required: {
            /// The voices.
            items: Vec<VoiceResponse>,
        }
        optional: {
            /// How many voices there are in all.
            total: i64,
            /// Which page this is.
            page: i64,
            /// How many voices a page has.
            page_size: i64,
            /// How many pages there are.
            total_pages: i64,
        }
    }
}

impl Page for VoiceListResponse {
    type Item = VoiceResponse;

    fn into_items(self) -> Vec<VoiceResponse> {
        self.items
    }

    fn len(&self) -> usize {
        self.items.len()
    }

    fn next(&self) -> Option<NextPage> {
        NextPage::offset(self.total)
    }
}
