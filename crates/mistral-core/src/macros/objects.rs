//! Objects: what is read, and what users build.

/// Declares a JSON object with public fields, which keeps members it does not know.
///
/// `extra` wins over a declared field of the same name; no field is ever written twice.
///
/// `required` fields must be there, `defaulted` ones read as their default when they are
/// absent or null, `optional` ones are an `Option` that is left out when it is `None`.
/// All that is not declared goes to and from `extra`. Of a field that comes twice, the
/// last one counts.
///
/// An object `with nulls` is the body of a request: the `null` of an optional field is not
/// the same as its absence there, and stays in `extra`. Elsewhere it is: an assistant's
/// message with `"tool_calls": null` is refused when it goes back with it.
///
/// A field may be marked `#[rename("…")]`, `#[read_with(function)]` where plain
/// [`value`](crate::json::wire::value) is not the way to read it, and
/// `#[write_with(wrapper)]` where it is written otherwise than by itself.
///
/// It does without serde's derive: `flatten` makes several times as much code of it, and
/// how much code a call runs through is what a short call costs.
///
/// `request!` adds `new`, which takes the required fields, and a setter for every other
/// one. What a setter takes is named after `=>`: the value itself (nothing is named),
/// anything that converts (`into`, or `boxed Item` for what is large and rare), or any
/// iterator of what converts (`list Item`).
macro_rules! object {
    (
        $(#[$meta:meta])*
        $name:ident $(with $nulls:ident)? {
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

        impl $crate::json::wire::Object for $name {
            const KEEPS_NULLS: bool = object!(@keeps $($nulls)?);

            fn read<'de, A: serde::de::MapAccess<'de>>(
                mut map: A,
                skipped: Option<&str>,
            ) -> Result<Self, A::Error> {
                use $crate::json::wire;
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
                            if Self::KEEPS_NULLS && $optional.is_none() {
                                extra.insert(key.to_owned(), serde_json::Value::Null);
                            }
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
                use $crate::json::wire;
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
                $crate::json::wire::deserialize_object(deserializer)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::json::wire::serialize_object(self, serializer)
            }
        }
    };
    (@keeps) => { false };
    (@keeps nulls) => { true };
    (@key $field:ident) => { stringify!($field) };
    (@key $field:ident $key:literal) => { $key };
    (@write $field:expr) => { $field };
    (@write $field:expr, $wrapper:path) => { &$wrapper($field) };
    (@read $map:ident) => { $crate::json::wire::value(&mut $map)? };
    (@read $map:ident, $read:path) => { $read(&mut $map)? };
}

/// Declares an [`object!`] that users build: with `new` and setters.
macro_rules! request {
    (
        $(#[$meta:meta])*
        $name:ident $(with $nulls:ident)? {
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
            $name $(with $nulls)? {
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
                    self.extra.remove(object!(@key $optional $($oname)?));
                    self
                }
            )*)?

            /// Adds a field that this version of the SDK does not know, or an explicit `null`.
            /// It wins over a known field of the same name, unless that is set later.
            #[must_use]
            pub fn extra(mut self, name: impl Into<String>, value: impl Into<serde_json::Value>) -> Self {
                self.extra.insert(name.into(), value.into());
                self
            }
        }
    };
    (@argument $ty:ty) => { $ty };
    (@argument $ty:ty, into) => { impl Into<$ty> };
    (@argument $ty:ty, boxed $item:ty) => { impl Into<$item> };
    (@argument $ty:ty, list $item:ty) => { impl IntoIterator<Item = impl Into<$item>> };
    (@value $name:ident) => { $name };
    (@value $name:ident, into) => { $name.into() };
    (@value $name:ident, boxed) => { Box::new($name.into()) };
    (@value $name:ident, list) => { $name.into_iter().map(Into::into).collect() };
}
