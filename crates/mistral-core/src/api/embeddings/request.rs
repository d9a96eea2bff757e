use serde_json::{Map, Value};

use crate::json::{ApiEnum, ApiRequest, ApiUnion};

/// Asks for the vectors of texts. Mirrors the API's `EmbeddingRequest`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[api(keep_nulls)]
#[non_exhaustive]
pub struct EmbeddingRequest {
    /// The model's id, for example `mistral-embed`.
    #[api(required, into)]
    pub model: String,
    /// One text, or several: the server takes 256 at most.
    #[api(required, into)]
    pub input: EmbeddingInput,
    /// How many numbers a vector has. Default: the model's own.
    pub output_dimension: Option<u64>,
    /// What a number is. Default: a float.
    #[api(into)]
    pub output_dtype: Option<EmbeddingDtype>,
    /// How vectors travel: as numbers, or as base64, which is a quarter of the
    /// bytes and ten times as fast to read. Default: as numbers.
    #[api(into)]
    pub encoding_format: Option<EncodingFormat>,
    /// Facts that are kept with the request.
    pub metadata: Option<Map<String, Value>>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The text, or the texts, to make vectors of.
#[derive(Debug, Clone, PartialEq, Eq, ApiUnion)]
#[api(untagged)]
#[non_exhaustive]
pub enum EmbeddingInput {
    /// One text.
    #[api(string)]
    Text(String),
    /// Several texts.
    #[api(array)]
    Texts(Vec<String>),
}

/// What a number of a vector is. Mirrors the API's `EmbeddingDtype`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum EmbeddingDtype {
    /// A 32-bit float.
    #[api("float")]
    Float,
    /// A signed byte.
    #[api("int8")]
    Int8,
    /// An unsigned byte.
    #[api("uint8")]
    Uint8,
    /// A bit; eight of them make a signed byte.
    #[api("binary")]
    Binary,
    /// A bit; eight of them make an unsigned byte.
    #[api("ubinary")]
    Ubinary,
    /// A value that this version of the SDK does not know, as it came.
    Unknown(String),
}

/// How vectors travel. Mirrors the API's `EncodingFormat`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum EncodingFormat {
    /// As numbers.
    #[api("float")]
    Float,
    /// As base64 of the numbers' bytes, the least significant byte first.
    #[api("base64")]
    Base64,
    /// A value that this version of the SDK does not know, as it came.
    Unknown(String),
}
