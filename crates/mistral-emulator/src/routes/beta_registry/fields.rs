//! The fields of requests for prompts and skills.

use crate::requests::fields::{Field, Type, optional, required};

pub(super) const CREATE_PROMPT: &[Field] = &[
    required("name", Type::String),
    required("definition", PROMPT),
    TITLE,
    DESCRIPTION,
    NOTES,
    SHARING_SCOPE,
    ALIASES,
    WORKSPACE_RELATION,
];

pub(super) const CREATE_SKILL: &[Field] = &[
    required("name", Type::String),
    required("definition", SKILL),
    NOTES,
    SHARING_SCOPE,
    ALIASES,
    WORKSPACE_RELATION,
];

pub(super) const CREATE_PROMPT_VERSION: &[Field] =
    &[required("definition", PROMPT), NOTES, ALIASES];

pub(super) const CREATE_SKILL_VERSION: &[Field] = &[required("definition", SKILL), NOTES, ALIASES];

pub(super) const UPDATE_PROMPT: &[Field] = &[TITLE, DESCRIPTION, SHARING_SCOPE, WORKSPACE_RELATION];

pub(super) const UPDATE_SKILL: &[Field] = &[SHARING_SCOPE, WORKSPACE_RELATION];

pub(super) const UPDATE_VERSION: &[Field] = &[
    NOTES,
    optional(
        "aliases",
        Type::OpenObject(&[optional("values", Type::Array(0, &Type::String))]),
    ),
];

const TITLE: Field = optional("title", Type::String);
const DESCRIPTION: Field = optional("description", Type::String);
const NOTES: Field = optional("notes", Type::String);
const ALIASES: Field = optional("aliases", Type::Array(0, &Type::String));
const SHARING_SCOPE: Field = optional("sharingScope", Type::String);
const WORKSPACE_RELATION: Field = optional(
    "workspaceRelation",
    Type::Enum(&["share_relation_unspecified", "reader", "writer"]),
);

const PROMPT: Type = Type::OpenObject(&[
    required("content", Type::String),
    optional(
        "variables",
        Type::Array(0, &Type::OpenObject(&[optional("name", Type::String)])),
    ),
]);

const SKILL: Type = Type::OpenObject(&[
    optional("description", Type::String),
    optional("body", Type::String),
    optional("assets", Type::Map(&ASSET)),
]);

static ASSET: Type = Type::OpenObject(&[
    optional("textContent", Type::String),
    optional("rawContent", Type::String),
    optional("isExecutable", Type::Boolean),
]);
