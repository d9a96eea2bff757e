//! Derives of the Mistral SDK for the objects, requests, enums and unions of an API.
//!
//! They are used through `mistral_core::json`, which has their runtime as well. A type with one
//! of them is plain Rust: its fields and variants are public, and it implements serde's
//! [`Serialize`] and [`Deserialize`]. It differs from a type with serde's own derives in that
//! nothing is lost which a server sends and the type does not declare.
//!
//! [`Serialize`]: https://docs.rs/serde/latest/serde/trait.Serialize.html
//! [`Deserialize`]: https://docs.rs/serde/latest/serde/trait.Deserialize.html

#![cfg_attr(docsrs, feature(doc_cfg))]

mod attributes;
mod field;
mod object;
mod open_enum;
mod request;
mod types;
mod union;

use proc_macro::TokenStream;
use syn::{DeriveInput, Error, Result, parse_macro_input};

/// Derives `Serialize` and `Deserialize` for a struct that is a JSON object.
///
/// ```
/// use mistral_sdk::json::ApiObject;
/// use serde_json::{Map, Value, json};
///
/// /// A model, as a list of models shows it.
/// #[derive(Debug, Clone, PartialEq, ApiObject)]
/// #[api(crate = mistral_sdk)]
/// pub struct ModelCard {
///     /// The model's id.
///     #[api(required)]
///     pub id: String,
///     /// The other names of the model.
///     #[api(default)]
///     pub aliases: Vec<String>,
///     /// The kind of model.
///     #[api(rename = "type")]
///     pub kind: Option<String>,
///     /// Fields that this type does not declare.
///     #[api(extra)]
///     pub extra: Map<String, Value>,
/// }
///
/// let json = json!({ "id": "m", "aliases": [], "type": "base", "new": true });
/// let card: ModelCard = serde_json::from_value(json.clone())?;
/// assert_eq!(card.kind.as_deref(), Some("base"));
/// assert_eq!(card.extra["new"], true);
/// assert_eq!(serde_json::to_value(&card)?, json);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Fields
///
/// | field | when absent or `null` |
/// | --- | --- |
/// | `#[api(required)] x: T` | An error that names the field. |
/// | `#[api(default)] x: T` | `T::default()`. |
/// | `x: Option<T>` | `None`. A `None` is not written. |
/// | `#[api(extra)] extra: Map<String, Value>` | The fields that are not declared, as they came. Each struct has one such field. |
///
/// A field in `extra` wins over a declared one of the same name when the object is written.
///
/// | option of a field | effect |
/// | --- | --- |
/// | `rename = "type"` | Sets the name in JSON. |
/// | `lenient` | Keeps a value that cannot be read in `extra`. If elements of a `Vec` cannot be read, the field has the others, and `extra` the list as it came. The same holds for the numbers of a `BTreeMap<String, _>`. A `Vec` of numbers is read as a whole. |
/// | `lenient_object` | The same, faster, for a struct all of whose fields are lenient: scalars that are not `required`, and fields with one of these two options. |
/// | `nullable` | Passes `null` on to the field's type, which has a value for it. A `required` `String` is empty, and `null` is kept and written again. |
/// | `read_with = path` | Reads the value with `path`, called with a `&mut impl MapAccess`. It returns a `Result` of the field's type, or of an `Option` of it for a `default` field. |
/// | `write_with = path` | Writes `path(&value)` instead of the value. |
///
/// # Numbers, strings and booleans
///
/// A response is not lost over one of its counters. A field whose type is a number (`i8` to
/// `i64`, `u8` to `u64`, `usize`, `f32`, `f64`) is read from `3`, `3.0`, `"3"` and `"3.0"` alike.
/// A value that does not fit is an error for a `required` field. For any other it goes to
/// `extra` as it came, and the field is unset. The same holds for a `String` or a `bool` that is
/// not `required` and whose value is of another kind. The types are recognized by their names.
///
/// A `Vec` that is not `required` is unset by `""` and `{}` as by `null`: servers in some
/// languages do not tell them from an empty list.
///
/// ```
/// # use mistral_sdk::json::ApiObject;
/// # use serde_json::{Map, Value, json};
/// #[derive(Debug, PartialEq, ApiObject)]
/// #[api(crate = mistral_sdk)]
/// pub struct Usage {
///     #[api(default)]
///     pub prompt_tokens: u64,
///     pub completion_tokens: Option<u64>,
///     #[api(extra)]
///     pub extra: Map<String, Value>,
/// }
///
/// let json = json!({ "prompt_tokens": "3", "completion_tokens": {} });
/// let usage: Usage = serde_json::from_value(json)?;
/// assert_eq!((usage.prompt_tokens, usage.completion_tokens), (3, None));
/// assert_eq!(usage.extra["completion_tokens"], json!({}));
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Options of the struct
///
/// | option | effect |
/// | --- | --- |
/// | `keep_nulls` | Keeps the `null` of an optional field in `extra`, and so writes it again. |
/// | `tag = "field", tag_value = "text"` | Writes this entry, which the struct does not declare. A union with the tag `field` writes its own in place of it. |
/// | `crate = path` | Names the crate that has the module `json`. Default: `::mistral_core`. |
#[proc_macro_derive(ApiObject, attributes(api))]
pub fn derive_api_object(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    tokens(object::expand(&input))
}

/// Derives what [`ApiObject`](macro@ApiObject) derives, and a constructor and setters.
///
/// `new` takes the required fields, in their order. Each other field has a setter, with the
/// field's documentation and deprecation. `extra` adds a field that the struct does not declare.
/// `from_json` reads the struct from text, bytes or a `Value`, with the path of what does not fit.
/// All of them are as visible as the struct.
///
/// ```
/// use mistral_sdk::json::ApiRequest;
/// use serde_json::{Map, Value, json};
///
/// /// A request for a completion.
/// #[derive(Debug, Clone, PartialEq, ApiRequest)]
/// #[api(crate = mistral_sdk, keep_nulls)]
/// pub struct CompletionRequest {
///     /// The model's id.
///     #[api(required, into)]
///     pub model: String,
///     /// The sampling temperature, 0 to 1.5.
///     pub temperature: Option<f64>,
///     /// The texts before which the model stops.
///     #[api(list)]
///     pub stop: Option<Vec<String>>,
///     /// Fields that this type does not declare.
///     #[api(extra)]
///     pub extra: Map<String, Value>,
/// }
///
/// let request = CompletionRequest::new("m")
///     .temperature(0.5)
///     .stop(["\n"])
///     .extra("top_k", 40);
/// let json = json!({ "model": "m", "temperature": 0.5, "stop": ["\n"], "top_k": 40 });
/// assert_eq!(serde_json::to_value(&request)?, json);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// `initial = "text"` makes `new` set an optional field to a literal, as for a field that must be
/// sent and has one value. Besides this and the options of `ApiObject`, a field has one for its
/// argument in `new` or in its setter:
///
/// | option | type of the field | argument |
/// | --- | --- | --- |
/// | none | `T` | `T` |
/// | `into` | `T` | `impl Into<T>` |
/// | `boxed` | `Box<T>` | `impl Into<T>` |
/// | `list` | `Vec<T>` | `impl IntoIterator<Item = impl Into<T>>` |
/// | `argument = Trait::method` | `T` | `impl Trait<Kind>`, of which `method` returns a `T`. `Kind` is a type parameter that is inferred, so that the trait can have implementations for types that overlap. |
#[proc_macro_derive(ApiRequest, attributes(api))]
pub fn derive_api_request(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    tokens(request::expand(&input))
}

/// Derives the conversions of an enum of strings that keeps values it does not declare.
///
/// The derive implements `as_str`, `From<&str>`, `From<String>`, `Display`, `Serialize` and
/// `Deserialize`.
///
/// ```
/// use mistral_sdk::json::ApiEnum;
///
/// /// Why the model stopped.
/// #[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
/// #[api(crate = mistral_sdk)]
/// #[non_exhaustive]
/// pub enum FinishReason {
///     /// A natural end.
///     #[api("stop")]
///     Stop,
///     /// The limit of tokens.
///     #[api("length", alias = "model_length")]
///     Length,
///     /// A value that this type does not declare.
///     Unknown(String),
/// }
///
/// let reason: FinishReason = serde_json::from_str(r#""stop""#)?;
/// assert_eq!(reason, FinishReason::Stop);
/// assert_eq!(FinishReason::from("model_length").as_str(), "length");
/// assert_eq!(FinishReason::from("new"), FinishReason::Unknown("new".to_owned()));
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// Each variant has the text that it is written as, and possibly texts that are read as it, too:
/// `alias = "…"`. A number, a boolean, an array or an object is read as `Unknown` with its JSON
/// text. The enum's only option is `crate = path`, see [`ApiObject`](macro@ApiObject).
#[proc_macro_derive(ApiEnum, attributes(api))]
pub fn derive_api_enum(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    tokens(open_enum::expand(&input))
}

/// Derives `Serialize`, `Deserialize` and `From` for an enum of several types.
///
/// # Told apart by a field
///
/// ```
/// use mistral_sdk::json::{ApiObject, ApiUnion};
/// use serde_json::{Map, Value, json};
///
/// /// Text.
/// #[derive(Debug, Clone, PartialEq, ApiObject)]
/// #[api(crate = mistral_sdk)]
/// pub struct TextChunk {
///     /// The text.
///     #[api(required)]
///     pub text: String,
///     /// Fields that this type does not declare.
///     #[api(extra)]
///     pub extra: Map<String, Value>,
/// }
///
/// /// A part of a message.
/// #[derive(Debug, Clone, PartialEq, ApiUnion)]
/// #[api(crate = mistral_sdk, tag = "type", default = "text")]
/// #[non_exhaustive]
/// pub enum ContentChunk {
///     /// Text.
///     #[api("text")]
///     Text(TextChunk),
///     /// A part of a kind that this type does not declare.
///     Unknown(Value),
/// }
///
/// let text: ContentChunk = serde_json::from_value(json!({ "type": "text", "text": "Hello" }))?;
/// assert!(matches!(text, ContentChunk::Text(chunk) if chunk.text == "Hello"));
/// let other: ContentChunk = serde_json::from_value(json!({ "type": "video" }))?;
/// assert_eq!(other, ContentChunk::Unknown(json!({ "type": "video" })));
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// Each variant holds a type with [`ApiObject`](macro@ApiObject) or
/// [`ApiRequest`](macro@ApiRequest), possibly in a `Box`. `default` is the tag of an object that
/// has none. An object with `alias = "…"` as its tag is read as the variant, and is written with
/// the variant's own tag. An object with a known tag that cannot be read is `Unknown`, too, with a
/// warning in the log, unless it is an error of the server.
///
/// A variant with the option `union`, as in `#[api("tag", union)]`, holds a union that another field
/// tells apart.
///
/// # Told apart by the kind of JSON value
///
/// ```
/// use mistral_sdk::json::ApiUnion;
///
/// /// One text, or several.
/// #[derive(Debug, Clone, PartialEq, ApiUnion)]
/// #[api(crate = mistral_sdk, untagged)]
/// pub enum Stop {
///     /// One text.
///     #[api(string)]
///     Text(String),
///     /// Several texts.
///     #[api(array)]
///     Texts(Vec<String>),
/// }
///
/// let stop: Stop = serde_json::from_str(r#"["a", "b"]"#)?;
/// assert_eq!(stop, Stop::from(["a", "b"]));
/// assert_eq!(Stop::from("a"), Stop::Text("a".to_owned()));
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// | option of a variant | type that the variant holds | conversions |
/// | --- | --- | --- |
/// | `string` | `T: From<String>` | `From<&str>`, `From<String>`, `From<&String>` |
/// | `array` | `Vec<T>` | `From<Vec<_>>` and `From<[_; N]>` of what converts into `T`; for texts also from references to them and to slices |
/// | `object`, `number`, `bool` | `T: Deserialize` | `From<T>` |
/// | `object, with = "field"` | the same, for one of several objects: the first whose field is there | `From<T>` |
/// | `null` | none | none |
///
/// A variant `Unknown(Value)` is optional here. Without it a value of another kind is an error
/// that lists the kinds.
///
/// In both forms `From<T>` is implemented for a type `T` that one variant holds, and not if
/// several variants do. The option `crate = path` is that of [`ApiObject`](macro@ApiObject).
#[proc_macro_derive(ApiUnion, attributes(api))]
pub fn derive_api_union(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    tokens(union::expand(&input))
}

/// Returns the derived code, or the errors as code that fails to compile.
fn tokens(expanded: Result<proc_macro2::TokenStream>) -> TokenStream {
    expanded.unwrap_or_else(Error::into_compile_error).into()
}
