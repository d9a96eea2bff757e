//! The overlay: what people decide, and the facts do not say.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::prose::Prose;

/// The content of `spec/overlay.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Overlay {
    /// The areas, in the order of the documentation.
    pub(crate) area: Vec<Area>,
    /// Groups whose sentence or whose type is not the one that their name gives.
    pub(crate) groups: BTreeMap<String, GroupNote>,
    /// The files of groups, with the types that open them.
    #[serde(default)]
    pub(crate) files: BTreeMap<String, FileTable>,
    /// Methods whose name or sentence is not the one that their name gives.
    pub(crate) methods: BTreeMap<String, MethodNote>,
    /// The Rust names of schemas.
    pub(crate) types: BTreeMap<String, String>,
    /// Schemas that the core models, by the paths of its types.
    pub(crate) core: BTreeMap<String, String>,
    /// Schemas that are the same as another one.
    pub(crate) same: BTreeMap<String, String>,
    /// Prefixes of names: schemas of the first that are equal to those of the second are these.
    pub(crate) same_prefix: BTreeMap<String, String>,
    /// Schemas that are passed on as JSON, with the reason.
    pub(crate) opaque: BTreeMap<String, String>,
    /// Fields that are left out, with the reason.
    pub(crate) omitted: BTreeMap<String, String>,
    /// Fields with a secret, by `Schema.field`: they are never shown.
    #[serde(default)]
    pub(crate) secrets: BTreeSet<String>,
    /// Groups that are the same as another one.
    pub(crate) twins: BTreeMap<String, String>,
    /// Calls that belong to a group of the core, with the path of the method.
    pub(crate) stable: BTreeMap<String, String>,
    /// Lists of pages, by the schema of the page, where it has several.
    #[serde(default)]
    pub(crate) lists: BTreeMap<String, String>,
    /// Cases of the conformance suite that the SDK answers otherwise, with the reason.
    #[serde(default, rename = "exceptions")]
    pub(crate) _exceptions: BTreeMap<String, String>,
    #[serde(skip)]
    pub(crate) prose: Prose,
}

/// The files of a group, by their names, with the Rust types that open them. One without types has
/// those that are in no other file.
pub(crate) type FileTable = BTreeMap<String, Vec<String>>;

/// An area: a cargo feature, and the groups that it has.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Area {
    pub(crate) feature: String,
    /// The feature of `mistral-sdk`, where its name differs.
    pub(crate) facade: Option<String>,
    pub(crate) groups: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupNote {
    /// The name of the type. Default: the last part of the group's name.
    pub(crate) name: Option<String>,
    /// The noun that the operations are on: `the operations on …`.
    pub(crate) noun: Option<String>,
    /// The modules beside the generated ones that are written by hand, with the names that they
    /// export.
    #[serde(default)]
    pub(crate) modules: BTreeMap<String, Vec<String>>,
    /// The schemas of events whose `StreamEvent` one of these modules implements.
    #[serde(default)]
    pub(crate) events: Vec<String>,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MethodNote {
    pub(crate) name: Option<String>,
    pub(crate) doc: Option<String>,
    /// Whether it runs a model: `Operation::inference`.
    #[serde(default)]
    pub(crate) inference: bool,
    /// Whether sending it twice is the same as sending it once.
    #[serde(default)]
    pub(crate) idempotent: bool,
    /// Whether a list that has a parameter for its page is returned as it is, without pages.
    #[serde(default)]
    pub(crate) unpaged: bool,
    /// Whether every request has a trace context in its header and its body.
    #[serde(default)]
    pub(crate) trace_context: bool,
}

impl Overlay {
    /// Returns the Rust name of a method, where it is not that of the facts.
    pub(crate) fn method_name(&self, call: &str) -> Option<&str> {
        let prose = self.prose.methods.get(call);
        let name = prose.and_then(|prose| prose.name.as_deref());
        name.or_else(|| self.methods.get(call)?.name.as_deref())
    }

    /// Returns the Rust name of a schema, where it is not that of the facts.
    pub(crate) fn type_name(&self, schema: &str) -> Option<&str> {
        let prose = self.prose.schemas.get(schema);
        let name = prose.and_then(|prose| prose.name.as_deref());
        name.or_else(|| self.types.get(schema).map(String::as_str))
    }

    /// Returns the feature of a group.
    pub(crate) fn feature(&self, group: &str) -> Option<&str> {
        let is_in = |prefix: &String| {
            let rest = group.strip_prefix(prefix.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let area = self.area.iter().find(|area| area.groups.iter().any(is_in));
        area.map(|area| area.feature.as_str())
    }
}
