//! The differences between prompts and skills.

use super::fields;
use crate::requests::fields::Field;
use crate::state::registry::Registry;
use crate::state::store::Store;

/// A kind of entries of the registry.
pub(super) trait Kind: 'static {
    /// The name in ids and page tokens.
    const NAME: &'static str;
    /// The name in messages.
    const TITLE: &'static str;
    const CREATE: &'static [Field];
    const CREATE_VERSION: &'static [Field];
    const UPDATE: &'static [Field];
    /// The members that all versions share and that an update may set.
    const SHARED: &'static [&'static str];
    /// Whether an entry names the user who created it.
    const HAS_AUTHOR: bool;

    fn registry(store: &mut Store) -> &mut Registry;
}

pub(super) struct Prompts;

impl Kind for Prompts {
    const NAME: &'static str = "prompts";
    const TITLE: &'static str = "Prompt";
    const CREATE: &'static [Field] = fields::CREATE_PROMPT;
    const CREATE_VERSION: &'static [Field] = fields::CREATE_PROMPT_VERSION;
    const UPDATE: &'static [Field] = fields::UPDATE_PROMPT;
    const SHARED: &'static [&'static str] = &["title", "description", "sharingScope"];
    const HAS_AUTHOR: bool = true;

    fn registry(store: &mut Store) -> &mut Registry {
        &mut store.prompts
    }
}

pub(super) struct Skills;

impl Kind for Skills {
    const NAME: &'static str = "skills";
    const TITLE: &'static str = "Skill";
    const CREATE: &'static [Field] = fields::CREATE_SKILL;
    const CREATE_VERSION: &'static [Field] = fields::CREATE_SKILL_VERSION;
    const UPDATE: &'static [Field] = fields::UPDATE_SKILL;
    const SHARED: &'static [&'static str] = &["sharingScope"];
    const HAS_AUTHOR: bool = false;

    fn registry(store: &mut Store) -> &mut Registry {
        &mut store.skills
    }
}
