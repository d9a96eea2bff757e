//! The models that an emulator accepts beside its own.

/// Settings of the models.
#[derive(Debug, Clone, Default)]
pub(crate) struct ModelSettings {
    /// Whether any model is accepted. An unknown one is served as a suitable known one.
    pub(crate) any: bool,
}

impl ModelSettings {
    pub(crate) fn from_list(_: &[u8]) -> Result<Self, String> {
        Ok(Self::default())
    }
}
