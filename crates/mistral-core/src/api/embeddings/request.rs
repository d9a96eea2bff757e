use serde_json::{Map, Value};

request! {
    /// Asks for the vectors of texts. Mirrors the API's `EmbeddingRequest`.
    EmbeddingRequest with nulls {
        required: {
            /// The model's id, for example `mistral-embed`.
            model: String => into,
            /// One text, or several: the server takes 256 at most.
            input: EmbeddingInput => into,
        }
        optional: {
            /// How many numbers a vector has. Default: the model's own.
            output_dimension: u64,
            /// What a number is. Default: a float.
            output_dtype: EmbeddingDtype => into,
            /// How vectors travel: as numbers, or as base64, which is a quarter of the
            /// bytes and ten times as fast to read. Default: as numbers.
            encoding_format: EncodingFormat => into,
            /// Facts that are kept with the request.
            metadata: Map<String, Value>,
        }
    }
}

text_or_texts! {
    /// The text, or the texts, to make vectors of.
    EmbeddingInput {
        /// One text.
        Text,
        /// Several texts.
        Texts,
    }
}

string_enum! {
    /// What a number of a vector is. Mirrors the API's `EmbeddingDtype`.
    EmbeddingDtype {
        /// A 32-bit float.
        Float = "float",
        /// A signed byte.
        Int8 = "int8",
        /// An unsigned byte.
        Uint8 = "uint8",
        /// A bit; eight of them make a signed byte.
        Binary = "binary",
        /// A bit; eight of them make an unsigned byte.
        Ubinary = "ubinary",
    }
}

string_enum! {
    /// How vectors travel. Mirrors the API's `EncodingFormat`.
    EncodingFormat {
        /// As numbers.
        Float = "float",
        /// As base64 of the numbers' bytes, the least significant byte first.
        Base64 = "base64",
    }
}
