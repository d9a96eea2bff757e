//! The members of a union that is told apart by the kind of JSON value.

use syn::{Ident, LitStr, Type};

/// The kinds of JSON values.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum JsonKind {
    String,
    Array,
    Object,
    Number,
    Bool,
    Null,
}

impl JsonKind {
    /// The kinds with their options and with what an error calls them.
    pub(crate) const ALL: [(Self, &'static str, &'static str); 6] = [
        (Self::String, "string", "a string"),
        (Self::Array, "array", "an array"),
        (Self::Object, "object", "an object"),
        (Self::Number, "number", "a number"),
        (Self::Bool, "bool", "a boolean"),
        (Self::Null, "null", "null"),
    ];
}

/// A variant, and the kind of JSON value that it is.
pub(crate) struct Untagged<'a> {
    pub(crate) kind: JsonKind,
    pub(super) option: Ident,
    pub(crate) variant: &'a Ident,
    /// The type that the variant holds, unless it is `null`.
    pub(crate) ty: Option<&'a Type>,
    /// The field that only this one of several objects has.
    pub(crate) with: Option<LitStr>,
}

pub(crate) struct UntaggedMembers<'a> {
    pub(crate) members: Vec<Untagged<'a>>,
    pub(crate) has_unknown: bool,
}

impl UntaggedMembers<'_> {
    /// Whether objects are told apart by their fields.
    pub(crate) fn has_several_objects(&self) -> bool {
        let mut objects = self.members.iter().filter(|it| it.kind == JsonKind::Object);
        objects.any(|it| it.with.is_some())
    }
}
