use serde_json::{Map, Value};

use crate::json::{ApiEnum, ApiRequest, ApiUnion};

/// A request for the vectors of texts. Mirrors the API's `EmbeddingRequest`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[api(keep_nulls)]
#[non_exhaustive]
pub struct EmbeddingRequest {
    /// The model's id, for example `mistral-embed`.
    #[api(required, into)]
    pub model: String,
    /// The text, or the texts, to embed: at most 256.
    #[api(required, into)]
    pub input: EmbeddingInput,
    /// The number of dimensions of a vector, greater than 0. Default: the model's
    /// own.
    pub output_dimension: Option<u64>,
    /// The data type of the elements of a vector. Default: `float`.
    #[api(into)]
    pub output_dtype: Option<EmbeddingDtype>,
    /// The encoding of vectors in the response. Base64 has a quarter of the size
    /// of numbers and is decoded ten times as fast. Default: `float`.
    #[api(into)]
    pub encoding_format: Option<EncodingFormat>,
    /// Metadata to store with the request.
    pub metadata: Option<Map<String, Value>>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The text, or the texts, to embed.
///
/// ```
/// use mistral_sdk::embeddings::EmbeddingRequest;
///
/// let texts = vec!["a cat".to_owned(), "a dog".to_owned()];
/// let of_list = EmbeddingRequest::new("mistral-embed", &texts);
/// let of_array = EmbeddingRequest::new("mistral-embed", ["a cat", "a dog"]);
/// assert_eq!(of_list, of_array);
/// ```
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

/// The data type of the elements of a vector. Mirrors the API's `EmbeddingDtype`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum EmbeddingDtype {
    /// 32-bit floats.
    #[api("float")]
    Float,
    /// 8-bit signed integers.
    #[api("int8")]
    Int8,
    /// 8-bit unsigned integers.
    #[api("uint8")]
    Uint8,
    /// Bits, packed into signed bytes.
    #[api("binary")]
    Binary,
    /// Bits, packed into unsigned bytes.
    #[api("ubinary")]
    Ubinary,
    /// A value that this version of the SDK does not declare.
    Unknown(String),
}

/// The encoding of vectors in a response. Mirrors the API's `EncodingFormat`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum EncodingFormat {
    /// JSON arrays of numbers.
    #[api("float")]
    Float,
    /// Base64 strings of the numbers' bytes, in little-endian order.
    #[api("base64")]
    Base64,
    /// A value that this version of the SDK does not declare.
    Unknown(String),
}
