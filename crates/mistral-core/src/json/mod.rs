//! Runtime of the derives, and JSON helpers.
//!
//! [`ApiObject`] and [`ApiRequest`] are for objects, [`ApiEnum`] for open string enums,
//! [`ApiUnion`] for unions. What they implement loses nothing that a server sends: fields,
//! values and variants that a type does not declare are kept, and written again as they came.

mod lenient;
mod lenient_object;
mod open_enum;
#[cfg(feature = "schemars")]
pub(crate) mod partial;
mod patch;
mod raw;
#[cfg(feature = "schemars")]
pub(crate) mod schema;
mod secret;
pub(crate) mod unions;
pub(crate) mod wire;

pub use mistral_macros::{ApiEnum, ApiObject, ApiRequest, ApiUnion};

pub use self::patch::Patch;
pub use self::secret::Secret;
pub use self::wire::Object;

/// The names that the code of the derives uses. Not part of the public API.
#[doc(hidden)]
pub mod __private {
    pub use std::boxed::Box;
    pub use std::convert::{AsRef, From, Into};
    pub use std::default::Default;
    pub use std::fmt;
    pub use std::iter::{IntoIterator, Iterator};
    pub use std::option::Option::{self, None, Some};
    pub use std::result::Result::{self, Err, Ok};
    pub use std::string::{String, ToString};
    pub use std::vec::Vec;

    pub use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
    pub use serde::de::{Error, IgnoredAny, IntoDeserializer, MapAccess, SeqAccess, Visitor};
    pub use serde::ser::SerializeMap;
    pub use serde::{self, Deserialize, Deserializer, Serialize, Serializer};
    pub use serde_json::{self, Map, Value};

    pub use super::lenient::{Scalar, keep_null, number, scalar};
    pub use super::lenient_object::lenient_object;
    pub use super::open_enum::deserialize_enum;
    pub use super::raw::lenient;
    pub use super::unions::{Union, deserialize_union};
    pub use super::wire::{
        Object, deserialize_object, entry, extra_entries, next_key, nullable, optional_entry,
        required, serialize_object, serialize_tagged, value,
    };
}
