//! The types that the schemas become.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use crate::Result;
use crate::facts::{Additional, Schema, Schemas};
use crate::overlay::Overlay;

/// A type in a signature or of a field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Type {
    Text,
    /// A text that is never shown.
    Secret,
    Bool,
    Integer,
    /// An integer that is not negative.
    Count,
    Float,
    /// A number of either kind.
    Number,
    /// Any JSON value.
    Any,
    /// A JSON object of any kind.
    Object,
    File,
    List(Box<Self>),
    Map(Box<Self>),
    Nullable(Box<Self>),
    /// A schema by its name.
    Named(String),
}

/// A definition, by the name of its schema.
#[derive(Debug, Clone)]
pub(crate) enum Definition {
    Struct(Vec<Field>),
    Enum(Vec<String>),
    /// A union that is told apart by a field, with the tag and the type of each member.
    Tagged(String, Vec<(String, String)>),
    /// A union that is told apart by the kind of JSON value.
    Untagged(Vec<Member>),
}

#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) name: String,
    /// The sentence, where it is not that of the field of a schema.
    pub(crate) doc: Option<String>,
    pub(crate) ty: Type,
    pub(crate) presence: Presence,
    pub(crate) schema: Schema,
}

/// The tag of a union, and the members by it.
pub(crate) type Tagged = (String, Vec<(String, String)>);

/// Whether a field must be there, and what `null` means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Presence {
    Required,
    /// Required, but may be `null`.
    Nullable,
    Optional,
    /// Absent, `null` and a value differ.
    ThreeState,
    Constant,
}

/// A member of a union that is told apart by the kind of JSON value.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) ty: Type,
    /// The kind of JSON value.
    pub(crate) kind: &'static str,
    /// The field that only this object has.
    pub(crate) with: Option<String>,
}

/// All schemas, and what they become.
#[derive(Debug)]
pub(crate) struct Model<'a> {
    pub(crate) schemas: HashMap<&'a str, &'a Schema>,
    pub(crate) overlay: &'a Overlay,
    /// The fields that tell a struct apart in its unions.
    pub(crate) tags: BTreeMap<String, BTreeSet<String>>,
    /// The structs with tags that requests have outside of unions.
    pub(crate) alone: BTreeSet<String>,
    /// The unions whose members are being read.
    open: RefCell<BTreeSet<String>>,
}

impl<'a> Model<'a> {
    pub(crate) fn new(schemas: &'a Schemas, overlay: &'a Overlay) -> Result<Self> {
        let entries = schemas.definitions.0.iter();
        let schemas: HashMap<_, _> = entries.map(|(name, it)| (name.as_str(), it)).collect();
        let mut model = Self {
            schemas,
            overlay,
            tags: BTreeMap::new(),
            alone: BTreeSet::new(),
            open: RefCell::default(),
        };
        model.check_same()?;
        model.tags = model.find_tags()?;
        model.alone = model.find_alone()?;
        Ok(model)
    }

    /// Returns the names of all schemas.
    pub(crate) fn names(&self) -> BTreeSet<&'a str> {
        self.schemas.keys().copied().collect()
    }

    pub(crate) fn schema(&self, name: &str) -> Result<&'a Schema> {
        let schema = self.schemas.get(name).copied();
        schema.ok_or_else(|| format!("there is no schema `{name}`").into())
    }

    /// Returns the type of a schema that may be written in place.
    pub(crate) fn type_of(&self, schema: &Schema) -> Result<Type> {
        let (inner, is_nullable) = schema.without_null();
        let ty = match inner {
            Some(inner) => self.plain_type(inner)?,
            None => self.inline_union(schema)?,
        };
        Ok(match ty {
            Type::Any | Type::Nullable(_) => ty,
            ty if is_nullable => Type::Nullable(Box::new(ty)),
            ty => ty,
        })
    }

    fn plain_type(&self, schema: &Schema) -> Result<Type> {
        if let Some(name) = schema.reference() {
            return self.named_type(name);
        }
        if !schema.any_of.is_empty() {
            return self.inline_union(schema);
        }
        let Some(kind) = &schema.kind else {
            return Ok(Type::Any);
        };
        let is_count = schema.spec.as_ref().is_some_and(|spec| {
            let minimum = spec.minimum.as_ref().and_then(Value::as_i64);
            minimum.is_some_and(|minimum| minimum >= 0)
        });
        Ok(match kind.as_str() {
            "string" if schema.format.as_deref() == Some("binary") => Type::File,
            "string" => Type::Text,
            "boolean" => Type::Bool,
            "integer" if is_count => Type::Count,
            "integer" => Type::Integer,
            "number" => Type::Float,
            "array" => {
                let items = schema.items.as_ref().ok_or("a list without items")?;
                Type::List(Box::new(self.type_of(items)?))
            }
            "object" => match &schema.additional {
                Some(Additional::Typed(schema)) => match self.type_of(schema)? {
                    Type::Any => Type::Object,
                    ty => Type::Map(Box::new(ty)),
                },
                _ => Type::Object,
            },
            kind => return Err(format!("unknown kind of schema: `{kind}`").into()),
        })
    }

    /// Returns the type of a union that has no name.
    fn inline_union(&self, schema: &Schema) -> Result<Type> {
        let members = self.members(schema)?;
        match members.as_slice() {
            [only] => Ok(only.ty.clone()),
            _ => Ok(Type::Any),
        }
    }

    /// Returns the type of a schema by its name: that of its only member, or its own.
    pub(crate) fn named_type(&self, name: &str) -> Result<Type> {
        let name = self.canonical(name)?;
        if self.overlay.core.contains_key(name) {
            return Ok(Type::Named(name.to_owned()));
        }
        if self.overlay.opaque.contains_key(name) {
            return Ok(Type::Any);
        }
        let schema = self.schema(name)?;
        let is_text = schema.kind.as_deref() == Some("string");
        let named = Type::Named(name.to_owned());
        if name == "File" {
            return Ok(Type::File);
        }
        if !schema.properties.0.is_empty() {
            return Ok(named);
        }
        if is_text && (!schema.values.is_empty() || schema.constant.is_some()) {
            return Ok(named);
        }
        if schema.any_of.is_empty() {
            return self.plain_type(schema);
        }
        if schema.open_enum {
            let is_number = |it: &Schema| it.kind.as_deref() == Some("integer");
            let number = schema.any_of.iter().all(is_number);
            return Ok(if number { Type::Integer } else { named });
        }
        if self.tagged(schema)?.is_some() {
            return Ok(named);
        }
        // A union may be a member of itself.
        if !self.open.borrow_mut().insert(name.to_owned()) {
            return Ok(named);
        }
        let members = self.members(schema);
        self.open.borrow_mut().remove(name);
        let members = members?;
        match members.as_slice() {
            [only] => Ok(only.ty.clone()),
            members if members.iter().any(|it| it.ty == Type::Any) => Ok(Type::Any),
            _ => Ok(named),
        }
    }

    /// Returns what a named schema becomes.
    pub(crate) fn definition(&self, name: &str) -> Result<Definition> {
        let schema = self.schema(name)?;
        if !schema.properties.0.is_empty() {
            return self.fields(name, schema).map(Definition::Struct);
        }
        let open = schema.any_of.first().filter(|_| schema.open_enum);
        let enumeration = open.unwrap_or(schema);
        if enumeration.kind.as_deref() == Some("string") {
            let values = enumeration.values.iter().chain(&enumeration.constant);
            let values = values.filter_map(Value::as_str).map(str::to_owned);
            return Ok(Definition::Enum(values.collect()));
        }
        if let Some((tag, members)) = self.tagged(schema)? {
            return Ok(Definition::Tagged(tag, members));
        }
        if schema.any_of.is_empty() {
            return Err(format!("`{name}` is of an unknown construct").into());
        }
        self.members(schema).map(Definition::Untagged)
    }

    fn fields(&self, name: &str, schema: &Schema) -> Result<Vec<Field>> {
        let mut fields = Vec::new();
        for (property, schema) in &schema.properties.0 {
            let is_tag = self
                .tags
                .get(name)
                .is_some_and(|tags| tags.contains(property));
            let key = format!("{name}.{property}");
            if is_tag || self.overlay.omitted.contains_key(&key) {
                continue;
            }
            let ty = self
                .type_of(schema)
                .map_err(|error| format!("`{key}`: {error}"))?;
            let ty = match self.overlay.secrets.contains(&key) {
                true => secret(ty).ok_or_else(|| format!("the secret `{key}` is no text"))?,
                false => ty,
            };
            fields.push(Field {
                name: property.clone(),
                doc: None,
                ty,
                presence: presence(&key, schema)?,
                schema: schema.clone(),
            });
        }
        Ok(fields)
    }

    /// Returns the names of the schemas that a definition refers to.
    pub(crate) fn references(&self, name: &str) -> Result<Vec<String>> {
        let mut names = Vec::new();
        let mut add = |ty: &Type| {
            names.extend(name_in(ty).map(str::to_owned));
        };
        match self.definition(name)? {
            Definition::Struct(fields) => fields.iter().for_each(|it| add(&it.ty)),
            Definition::Untagged(members) => members.iter().for_each(|it| add(&it.ty)),
            Definition::Tagged(_, members) => {
                for (_, member) in members {
                    names.push(self.canonical(&member)?.to_owned());
                }
            }
            Definition::Enum(_) => {}
        }
        Ok(names)
    }

    pub(crate) fn is_core(&self, name: &str) -> bool {
        self.overlay.core.contains_key(name)
    }
}

/// Returns the name of the schema in a type.
pub(crate) fn name_in(ty: &Type) -> Option<&str> {
    match ty {
        Type::Named(name) => Some(name),
        Type::List(ty) | Type::Map(ty) | Type::Nullable(ty) => name_in(ty),
        _ => None,
    }
}

fn presence(key: &str, schema: &Schema) -> Result<Presence> {
    Ok(match schema.presence.as_deref() {
        Some("required") => Presence::Required,
        Some("nullable") => Presence::Nullable,
        Some("optional" | "defaulted") => Presence::Optional,
        Some("three-state" | "null-default") => Presence::ThreeState,
        Some("const") => Presence::Constant,
        other => return Err(format!("`{key}` has an unknown presence: {other:?}").into()),
    })
}

/// Returns the type of a secret text, or of secret texts by name, such as headers.
fn secret(ty: Type) -> Option<Type> {
    match ty {
        Type::Text => Some(Type::Secret),
        Type::Nullable(ty) => secret(*ty).map(|ty| Type::Nullable(Box::new(ty))),
        Type::Map(_) | Type::Object => Some(Type::Map(Box::new(Type::Secret))),
        _ => None,
    }
}
