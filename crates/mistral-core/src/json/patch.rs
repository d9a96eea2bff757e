use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A change to a field in an update request. A field that is left unset keeps its value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Patch<T> {
    /// Sets the field to this value.
    Set(T),
    /// Removes the field's value. Serialized as `null`.
    Clear,
}

impl From<&str> for Patch<String> {
    fn from(text: &str) -> Self {
        Self::Set(text.to_owned())
    }
}

impl<T> From<T> for Patch<T> {
    fn from(value: T) -> Self {
        Self::Set(value)
    }
}

impl<T: Into<String>, const N: usize> From<[T; N]> for Patch<Vec<String>> {
    fn from(texts: [T; N]) -> Self {
        Self::Set(texts.into_iter().map(Into::into).collect())
    }
}

/// Converts `None` to [`Patch::Clear`].
impl<T> From<Option<T>> for Patch<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Clear, Self::Set)
    }
}

impl<T: Serialize> Serialize for Patch<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Set(value) => value.serialize(serializer),
            Self::Clear => serializer.serialize_none(),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self::from)
    }
}
