use std::borrow::Cow;

use bytes::Bytes;
use serde_json::{Map, Value};

/// JSON that a program has from elsewhere: text, bytes, or a [`Value`].
///
/// ```
/// use mistral_sdk::chat::ChatCompletionRequest;
/// use serde_json::json;
///
/// let text = r#"{"model":"mistral-small-latest","messages":[{"role":"user","content":"Hello"}]}"#;
/// let of_text = ChatCompletionRequest::from_json(text)?;
/// let of_bytes = ChatCompletionRequest::from_json(text.as_bytes())?;
/// let of_value = ChatCompletionRequest::from_json(json!({
///     "model": "mistral-small-latest",
///     "messages": [{ "role": "user", "content": "Hello" }],
/// }))?;
/// assert!(of_text == of_bytes && of_bytes == of_value);
/// # Ok::<(), mistral_sdk::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not JSON",
    label = "expected text, bytes, or a `serde_json::Value`",
    note = "a type of your own is converted by `serde_json::to_value`"
)]
pub trait JsonInput {
    /// Returns the JSON text.
    fn to_json(&self) -> Cow<'_, [u8]>;
}

impl<T: JsonInput + ?Sized> JsonInput for &T {
    fn to_json(&self) -> Cow<'_, [u8]> {
        (**self).to_json()
    }
}

macro_rules! impl_for_bytes {
    ($($type:ty),+) => {
        $(
            impl JsonInput for $type {
                fn to_json(&self) -> Cow<'_, [u8]> {
                    let bytes: &[u8] = self.as_ref();
                    Cow::Borrowed(bytes)
                }
            }
        )+
    };
}
impl_for_bytes!(str, String, [u8], Vec<u8>, Bytes);

impl<const N: usize> JsonInput for [u8; N] {
    fn to_json(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(self)
    }
}

impl JsonInput for Value {
    fn to_json(&self) -> Cow<'_, [u8]> {
        Cow::Owned(self.to_string().into_bytes())
    }
}

impl JsonInput for Map<String, Value> {
    fn to_json(&self) -> Cow<'_, [u8]> {
        Cow::Owned(serde_json::to_vec(self).unwrap_or_default()) // a map of values can be written
    }
}
