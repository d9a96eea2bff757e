//! Enums and unions.

/// Declares an open string enum: one that keeps values it does not know.
///
/// ```text
/// string_enum! {
///     /// Why the model stopped.
///     FinishReason {
///         /// A natural end.
///         Stop = "stop",
///     }
/// }
/// ```
macro_rules! string_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$vmeta])* $variant,)+
            /// A value that this version of the SDK does not know, as it came.
            Unknown(String),
        }

        impl $name {
            /// The value on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Unknown(value) => value,
                }
            }

            #[inline]
            fn known(value: &str) -> Option<Self> {
                match value {
                    $($text => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl From<&str> for $name {
            #[inline]
            fn from(value: &str) -> Self {
                Self::known(value).unwrap_or_else(|| Self::Unknown(value.to_owned()))
            }
        }

        impl From<String> for $name {
            #[inline]
            fn from(value: String) -> Self {
                Self::known(&value).unwrap_or(Self::Unknown(value))
            }
        }

        impl std::fmt::Display for $name {
            #[inline]
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::json::wire::deserialize_str(deserializer, |text| Self::from(text))
            }
        }
    };
}

/// Declares a JSON union told apart by one field, which keeps members it does not know.
///
/// A known member that is malformed is an error; `#[serde(untagged)]` would hide it. A
/// tag after `or` is the member meant when the field is missing.
///
/// ```text
/// tagged_union! {
///     /// Part of a message.
///     ContentChunk by "type" {
///         /// Text.
///         Text(TextChunk) = "text",
///     }
/// }
/// ```
macro_rules! tagged_union {
    (
        $(#[$meta:meta])*
        $name:ident by $tag:literal $(or $default:literal)? {
            $($(#[$vmeta:meta])* $variant:ident($ty:ty) = $text:literal,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$vmeta])* $variant($ty),)+
            /// A member that this version of the SDK does not know, as it came.
            Unknown(serde_json::Value),
        }

        $(impl From<$ty> for $name {
            fn from(member: $ty) -> Self {
                Self::$variant(member)
            }
        })+

        impl $crate::json::unions::Union for $name {
            const TAG: &'static str = $tag;
            const DEFAULT: Option<&'static str> = tagged_union!(@default $($default)?);

            #[inline]
            fn is_known(tag: &str) -> bool {
                matches!(tag, $($text)|+)
            }

            fn member<'de, D: serde::Deserializer<'de>>(
                tag: &str,
                deserializer: D,
            ) -> Result<Self, D::Error> {
                match tag {
                    $($text => <$ty as serde::Deserialize>::deserialize(deserializer).map(Self::$variant),)+
                    _ => serde::Deserialize::deserialize(deserializer).map(Self::Unknown),
                }
            }

            fn unknown(value: serde_json::Value) -> Self {
                Self::Unknown(value)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use $crate::json::wire::serialize_tagged;
                match self {
                    $(Self::$variant(member) => serialize_tagged($tag, $text, member, serializer),)+
                    Self::Unknown(value) => value.serialize(serializer),
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::json::unions::deserialize_union(deserializer)
            }
        }
    };
    (@default) => { None };
    (@default $default:literal) => { Some($default) };
}

/// Declares a union of a string (or of what is written as one) and an object.
macro_rules! string_or_object {
    ($(#[$meta:meta])* $name:ident {
        $(#[$smeta:meta])* $string:ident($sty:ty),
        $(#[$ometa:meta])* $object:ident($oty:ty),
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize)]
        #[serde(untagged)]
        #[non_exhaustive]
        pub enum $name {
            $(#[$smeta])*
            $string($sty),
            $(#[$ometa])*
            $object($oty),
        }

        impl From<&str> for $name {
            #[inline]
            fn from(text: &str) -> Self {
                Self::$string(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::$string(text.into())
            }
        }

        impl From<$oty> for $name {
            fn from(object: $oty) -> Self {
                Self::$object(object)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::json::unions::deserialize_string_or_object(
                    deserializer,
                    |text| Self::$string(text.into()),
                    Self::$object,
                )
            }
        }
    };
}

/// Declares a union of one text and several.
macro_rules! text_or_texts {
    ($(#[$meta:meta])* $name:ident {
        $(#[$tmeta:meta])* Text,
        $(#[$smeta:meta])* Texts,
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(untagged)]
        #[non_exhaustive]
        pub enum $name {
            $(#[$tmeta])*
            Text(String),
            $(#[$smeta])*
            Texts(Vec<String>),
        }

        impl From<&str> for $name {
            #[inline]
            fn from(text: &str) -> Self {
                Self::Text(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::Text(text)
            }
        }

        impl<T: Into<String>> From<Vec<T>> for $name {
            fn from(texts: Vec<T>) -> Self {
                Self::Texts(texts.into_iter().map(Into::into).collect())
            }
        }

        impl<T: Into<String>, const N: usize> From<[T; N]> for $name {
            fn from(texts: [T; N]) -> Self {
                Self::Texts(texts.into_iter().map(Into::into).collect())
            }
        }

        impl<T: AsRef<str>> From<&[T]> for $name {
            fn from(texts: &[T]) -> Self {
                Self::Texts(texts.iter().map(|text| text.as_ref().to_owned()).collect())
            }
        }
    };
}
