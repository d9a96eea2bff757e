//! JSON: the runtime of API types, and fields with three states.

#[cfg(feature = "schemars")]
pub(crate) mod partial;
mod patch;
#[cfg(feature = "schemars")]
pub(crate) mod schema;
mod secret;
pub(crate) mod wire;

pub use self::patch::Patch;
pub use self::secret::Secret;
pub use self::wire::Object;
