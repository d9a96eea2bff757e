//! What every type of the API has in common, written once.

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

            fn known(value: &str) -> Option<Self> {
                match value {
                    $($text => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl From<&str> for $name {
            fn from(value: &str) -> Self {
                Self::known(value).unwrap_or_else(|| Self::Unknown(value.to_owned()))
            }
        }

        impl From<String> for $name {
            fn from(value: String) -> Self {
                Self::known(&value).unwrap_or(Self::Unknown(value))
            }
        }

        impl std::fmt::Display for $name {
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
                $crate::types::wire::deserialize_str(deserializer, |text| Self::from(text))
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

        impl<'de> $crate::types::wire::Union<'de> for $name {
            const TAG: &'static str = $tag;
            const DEFAULT: Option<&'static str> = tagged_union!(@default $($default)?);

            fn is_known(tag: &str) -> bool {
                matches!(tag, $($text)|+)
            }

            fn member<D: serde::Deserializer<'de>>(
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
                use $crate::types::wire::serialize_tagged;
                match self {
                    $(Self::$variant(member) => serialize_tagged($tag, $text, member, serializer),)+
                    Self::Unknown(value) => value.serialize(serializer),
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::types::wire::deserialize_union(deserializer)
            }
        }
    };
    (@default) => { None };
    (@default $default:literal) => { Some($default) };
}

/// Declares a JSON object with public fields, which keeps members it does not know.
///
/// `extra` wins over a declared field of the same name; no field is ever written twice.
///
/// `required` fields must be there, `defaulted` ones read as their default when they are
/// absent or null, `optional` ones are an `Option` that is left out when it is `None`.
/// All that is not declared goes to and from `extra`. Of a field that comes twice, the
/// last one counts.
///
/// A field may be marked `#[rename("…")]`, `#[read_with(function)]` where plain
/// [`value`](crate::types::wire::value) is not the way to read it, and
/// `#[write_with(wrapper)]` where it is written otherwise than by itself.
///
/// It does without serde's derive: `flatten` makes several times as much code of it, and
/// how much code a call runs through is what a short call costs.
///
/// `request!` adds `new`, which takes the required fields, and a setter for every other
/// one. What a setter takes is named after `=>`: the value itself (nothing is named),
/// anything that converts (`into`), or any iterator of what converts (`list Item`).
macro_rules! object {
    (
        $(#[$meta:meta])*
        $name:ident {
            $(required: {
                $($(#[doc = $rdoc:literal])* $(#[rename($rname:literal)])? $(#[read_with($rread:path)])?
                $required:ident: $rty:ty,)*
            })?
            $(defaulted: {
                $($(#[doc = $ddoc:literal])* $(#[rename($dname:literal)])? $(#[read_with($dread:path)])?
                $(#[write_with($dwrite:path)])?
                $defaulted:ident: $dty:ty,)*
            })?
            $(optional: {
                $($(#[doc = $odoc:literal])* $(#[rename($oname:literal)])? $(#[read_with($oread:path)])?
                $optional:ident: $oty:ty,)*
            })?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $($($(#[doc = $rdoc])* pub $required: $rty,)*)?
            $($($(#[doc = $ddoc])* pub $defaulted: $dty,)*)?
            $($($(#[doc = $odoc])* pub $optional: Option<$oty>,)*)?
            /// Fields that this version of the SDK does not know, as they came.
            pub extra: serde_json::Map<String, serde_json::Value>,
        }

        impl $crate::types::wire::Object for $name {
            fn read<'de, A: serde::de::MapAccess<'de>>(
                mut map: A,
                skipped: Option<&str>,
            ) -> Result<Self, A::Error> {
                use $crate::types::wire;
                $($(let mut $required: Option<$rty> = None;)*)?
                $($(let mut $defaulted: Option<$dty> = None;)*)?
                $($(let mut $optional: Option<$oty> = None;)*)?
                let mut extra = serde_json::Map::new();
                while let Some(wire::Text(key)) = map.next_key()? {
                    match &*key {
                        $($(key if key == object!(@key $required $($rname)?) => {
                            let read = object!(@read map $(, $rread)?);
                            $required = Some(read);
                        })*)?
                        $($(key if key == object!(@key $defaulted $($dname)?) => {
                            $defaulted = object!(@read map $(, $dread)?);
                        })*)?
                        $($(key if key == object!(@key $optional $($oname)?) => {
                            $optional = object!(@read map $(, $oread)?);
                        })*)?
                        key if Some(key) == skipped => {
                            wire::value::<_, serde::de::IgnoredAny>(&mut map)?;
                        }
                        _ => {
                            extra.insert(key.into_owned(), wire::value(&mut map)?);
                        }
                    }
                }
                Ok(Self {
                    $($($required: wire::required($required, object!(@key $required $($rname)?))?,)*)?
                    $($($defaulted: $defaulted.unwrap_or_default(),)*)?
                    $($($optional,)*)?
                    extra,
                })
            }

            fn write<M: serde::ser::SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
                use $crate::types::wire;
                let extra = &self.extra;
                $($(
                    wire::entry(map, extra, object!(@key $required $($rname)?), &self.$required)?;
                )*)?
                $($(
                    let field = object!(@write &self.$defaulted $(, $dwrite)?);
                    wire::entry(map, extra, object!(@key $defaulted $($dname)?), field)?;
                )*)?
                $($(
                    if let Some(field) = &self.$optional {
                        wire::optional_entry(map, extra, object!(@key $optional $($oname)?), field)?;
                    }
                )*)?
                wire::extra_entries(map, extra)
            }

            fn extra(&self) -> &serde_json::Map<String, serde_json::Value> {
                &self.extra
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::types::wire::deserialize_object(deserializer)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::types::wire::serialize_object(self, serializer)
            }
        }
    };
    (@key $field:ident) => { stringify!($field) };
    (@key $field:ident $key:literal) => { $key };
    (@write $field:expr) => { $field };
    (@write $field:expr, $wrapper:path) => { &$wrapper($field) };
    (@read $map:ident) => { $crate::types::wire::value(&mut $map)? };
    (@read $map:ident, $read:path) => { $read(&mut $map)? };
}

/// Declares an [`object!`] that users build: with `new` and setters.
macro_rules! request {
    (
        $(#[$meta:meta])*
        $name:ident {
            $(required: {
                $($(#[doc = $rdoc:literal])* $(#[rename($rname:literal)])? $(#[read_with($rread:path)])? $required:ident: $rty:ty $(=> $rkind:ident $($ritem:ty)?)?,)*
            })?
            $(optional: {
                $($(#[doc = $odoc:literal])* $(#[rename($oname:literal)])? $(#[read_with($oread:path)])? $optional:ident: $oty:ty $(=> $okind:ident $($oitem:ty)?)?,)*
            })?
        }
    ) => {
        object! {
            $(#[$meta])*
            $name {
                $(required: { $($(#[doc = $rdoc])* $(#[rename($rname)])? $(#[read_with($rread)])? $required: $rty,)* })?
                $(optional: { $($(#[doc = $odoc])* $(#[rename($oname)])? $(#[read_with($oread)])? $optional: $oty,)* })?
            }
        }

        impl $name {
            /// Makes one with what it is meaningless without. Everything else is unset.
            #[allow(clippy::new_without_default)] // where nothing is required, `Default` is derived
            pub fn new($($($required: request!(@argument $rty $(, $rkind $($ritem)?)?),)*)?) -> Self {
                Self {
                    $($($required: request!(@value $required $(, $rkind)?),)*)?
                    $($($optional: None,)*)?
                    extra: serde_json::Map::new(),
                }
            }

            $($(
                $(#[doc = $odoc])*
                #[must_use]
                pub fn $optional(mut self, $optional: request!(@argument $oty $(, $okind $($oitem)?)?)) -> Self {
                    self.$optional = Some(request!(@value $optional $(, $okind)?));
                    self
                }
            )*)?

            /// Adds a field that this version of the SDK does not know. It wins over a
            /// known field of the same name.
            #[must_use]
            pub fn extra(mut self, name: impl Into<String>, value: impl Into<serde_json::Value>) -> Self {
                self.extra.insert(name.into(), value.into());
                self
            }
        }
    };
    (@argument $ty:ty) => { $ty };
    (@argument $ty:ty, into) => { impl Into<$ty> };
    (@argument $ty:ty, list $item:ty) => { impl IntoIterator<Item = impl Into<$item>> };
    (@value $name:ident) => { $name };
    (@value $name:ident, into) => { $name.into() };
    (@value $name:ident, list) => { $name.into_iter().map(Into::into).collect() };
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
                $crate::types::wire::deserialize_string_or_object(
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

/// Declares the handle of an API group: what `client.chat()` and its like give.
macro_rules! group {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone)]
        pub struct $name<M: $crate::Mode = $crate::Async> {
            engine: std::sync::Arc<$crate::pipeline::Engine>,
            mode: M,
        }

        impl<M: $crate::Mode> $name<M> {
            pub(crate) fn new(
                engine: &std::sync::Arc<$crate::pipeline::Engine>,
                mode: &M,
            ) -> Self {
                Self {
                    engine: std::sync::Arc::clone(engine),
                    mode: mode.clone(),
                }
            }
        }
    };
}

/// Declares the operations of an API group, and the list of them all.
macro_rules! endpoints {
    ($($name:ident = $endpoint:expr;)+) => {
        $(static $name: $crate::Endpoint = $endpoint;)+

        pub(crate) static ENDPOINTS: &[&$crate::Endpoint] = &[$(&$name),+];
    };
}
