//! Types as Rust.

use std::collections::{BTreeMap, BTreeSet};

use crate::Result;
use crate::docs;
use crate::model::{Definition, Field, Member, Model, Presence, Type, name_in};
use crate::names::{field, pascal};

/// Returns the Rust name of a schema.
pub(crate) fn type_name(name: &str, model: &Model<'_>) -> String {
    if let Some(path) = model.overlay.core.get(name) {
        return path.rsplit("::").next().unwrap_or(path).to_owned();
    }
    let renamed = model.overlay.type_name(name);
    renamed.map_or_else(|| pascal(name), str::to_owned)
}

/// Returns a type as Rust.
pub(crate) fn rust(ty: &Type, model: &Model<'_>) -> String {
    match ty {
        Type::Text => "String".to_owned(),
        Type::Secret => "Secret".to_owned(),
        Type::Bool => "bool".to_owned(),
        Type::Integer => "i64".to_owned(),
        Type::Count => "u64".to_owned(),
        Type::Float => "f64".to_owned(),
        Type::Number => "Number".to_owned(),
        Type::Any => "Value".to_owned(),
        Type::Object => "Map<String, Value>".to_owned(),
        Type::File => "FileSource".to_owned(),
        Type::List(ty) => format!("Vec<{}>", rust(ty, model)),
        Type::Map(ty) => format!("BTreeMap<String, {}>", rust(ty, model)),
        Type::Nullable(ty) => format!("Option<{}>", rust(ty, model)),
        Type::Named(name) => type_name(name, model),
    }
}

/// The types that must be boxed in their owners, because they would hold themselves.
#[derive(Debug, Default)]
pub(crate) struct Cycles(BTreeMap<String, BTreeSet<String>>);

impl Cycles {
    /// Finds, for each of `names`, the types that it holds in place.
    pub(crate) fn find(names: &[String], model: &Model<'_>) -> Result<Self> {
        let mut held = BTreeMap::new();
        for name in names {
            let mut types = BTreeSet::new();
            let mut add = |ty: &Type| {
                let in_place = match ty {
                    Type::Nullable(ty) => ty,
                    ty => ty,
                };
                if let Type::Named(name) = in_place {
                    types.insert(name.clone());
                }
            };
            match model.definition(name)? {
                Definition::Struct(fields) => fields.iter().for_each(|it| add(&it.ty)),
                Definition::Untagged(members) => members.iter().for_each(|it| add(&it.ty)),
                Definition::Tagged(_, members) => {
                    for (_, member) in members {
                        types.insert(model.canonical(&member)?.to_owned());
                    }
                }
                Definition::Enum(_) => {}
            }
            held.insert(name.clone(), types);
        }
        Ok(Self(held))
    }

    /// Whether a value of `inner` holds an `owner` in place.
    pub(crate) fn is_cycle(&self, owner: &str, inner: &str) -> bool {
        let (mut seen, mut next) = (BTreeSet::new(), vec![inner]);
        while let Some(name) = next.pop() {
            if name == owner {
                return true;
            }
            if seen.insert(name) {
                next.extend(self.0.get(name).into_iter().flatten().map(String::as_str));
            }
        }
        false
    }
}

/// Writes definitions.
pub(crate) struct Writer<'a> {
    pub(crate) model: &'a Model<'a>,
    pub(crate) cycles: &'a Cycles,
    /// The schemas of bodies that change something, whose fields can be cleared.
    pub(crate) updates: &'a BTreeSet<String>,
    /// The sentences of the schemas that are the body of one method.
    pub(crate) bodies: &'a BTreeMap<String, String>,
}

impl Writer<'_> {
    /// Writes the definition of a schema.
    pub(crate) fn define(&self, name: &str) -> Result<String> {
        // A schema that stands for a part of a request as well has the constructor of one.
        let same = self.model.overlay.same.iter();
        let same = same
            .filter(|(_, it)| *it == name)
            .map(|(it, _)| it.as_str());
        let in_request = std::iter::once(name).chain(same).any(|name| {
            let roles = self.model.schema(name).map(|it| it.roles.as_slice());
            let mut roles = roles.unwrap_or_default().iter();
            roles.any(|it| it == "request" || it == "parameter")
        });
        let sentence = match self.bodies.get(name) {
            Some(sentence) if !self.has_doc(name) => sentence.clone(),
            _ => docs::schema(name, self.model.overlay),
        };
        let head = format!("{sentence} Mirrors the API's `{name}`.");
        Ok(docs::comment(&head, 0)
            + &match self.model.definition(name)? {
                Definition::Struct(fields) => {
                    let tag = self.model.own_tag(name)?;
                    self.structure(name, &fields, in_request, tag)
                }
                Definition::Enum(values) => self.enumeration(name, &values),
                Definition::Tagged(tag, members) => self.tagged(name, &tag, &members)?,
                Definition::Untagged(members) => self.untagged(name, &members),
            })
    }

    fn has_doc(&self, name: &str) -> bool {
        let prose = self.model.overlay.prose.schemas.get(name);
        prose.is_some_and(|prose| prose.doc.is_some())
    }

    /// Writes the fields of a struct, and the struct around them.
    pub(crate) fn structure(
        &self,
        name: &str,
        fields: &[Field],
        is_request: bool,
        tag: Option<(String, String)>,
    ) -> String {
        let is_set = |it: &&Field| it.presence == Presence::Constant || is_required(it, is_request);
        let default = match is_request && !fields.iter().any(|it| is_set(&it)) {
            true => "Default, ",
            false => "",
        };
        let derive = if is_request {
            "ApiRequest"
        } else {
            "ApiObject"
        };
        let mut options = Vec::new();
        options.extend(is_request.then(|| "keep_nulls".to_owned()));
        if let Some((tag, value)) = tag {
            options.push(format!("tag = {tag:?}, tag_value = {value:?}"));
        }
        let options = match options.is_empty() {
            true => String::new(),
            false => format!("#[api({})]\n", options.join(", ")),
        };
        let names: Vec<_> = fields.iter().map(|it| it.name.as_str()).collect();
        let mut text = format!(
            "#[derive(Debug, Clone, PartialEq, {default}{derive})]\n{options}#[non_exhaustive]\n\
             pub struct {} {{\n",
            type_name(name, self.model)
        );
        let mut idents = BTreeSet::new();
        for it in fields {
            let mut ident = field(&it.name, &names);
            while !idents.insert(ident.clone()) {
                ident.push('_');
            }
            text += &self.field(name, it, &ident, is_request);
        }
        text + "    /// Fields that this version of the SDK does not declare.\n    \
                #[api(extra)]\n    pub extra: Map<String, Value>,\n}\n"
    }

    fn field(&self, owner: &str, field: &Field, ident: &str, is_request: bool) -> String {
        let inner = match &field.ty {
            Type::Nullable(ty) => ty,
            ty => ty,
        };
        let mut rust = rust(inner, self.model);
        let mut options = Vec::new();
        let required = is_required(field, is_request);
        if required {
            options.push("required".to_owned());
        }
        if ident.trim_start_matches("r#") != field.name {
            options.push(format!("rename = {:?}", field.name));
        }
        let is_cleared = is_request
            && *inner != Type::Any
            && (field.presence == Presence::Nullable
                || field.presence == Presence::ThreeState && self.updates.contains(owner));
        let boxed = name_in(inner)
            .is_some_and(|it| matches!(inner, Type::Named(_)) && self.cycles.is_cycle(owner, it));
        if name_in(inner) == Some(owner) {
            rust = rust.replace(&type_name(owner, self.model), "Self");
        }
        if boxed {
            rust = format!("Box<{rust}>");
        }
        if is_cleared {
            rust = format!("Patch<{rust}>");
        }
        let setter = match inner {
            _ if is_cleared => "into",
            _ if boxed => "boxed",
            Type::Text | Type::Secret | Type::Any => "into",
            Type::List(_) => "list",
            Type::Named(name) if !self.is_struct(name) => "into",
            _ => "",
        };
        match &field.schema.constant {
            Some(constant) if field.presence == Presence::Constant && is_request => {
                options.push(format!("initial = {constant}"));
                options.extend((setter == "into").then(|| "into".to_owned()));
            }
            _ if is_request && !setter.is_empty() => options.push(setter.to_owned()),
            _ => {}
        }
        if is_cleared && !required {
            options.push("nullable".to_owned());
        }
        if !required {
            rust = format!("Option<{rust}>");
        }
        let attribute = match options.is_empty() {
            true => String::new(),
            false => format!("    #[api({})]\n", options.join(", ")),
        };
        let doc = docs::field(owner, field, self.model.overlay);
        let doc = docs::comment(&doc, 4);
        format!("{doc}{attribute}    pub {ident}: {rust},\n")
    }

    fn is_struct(&self, name: &str) -> bool {
        let definition = self.model.definition(name);
        matches!(definition, Ok(Definition::Struct(_)))
    }

    fn enumeration(&self, name: &str, values: &[String]) -> String {
        let mut text = format!(
            "#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]\n#[non_exhaustive]\n\
             pub enum {} {{\n",
            type_name(name, self.model)
        );
        let mut names = BTreeSet::new();
        for value in values {
            let mut ident = pascal(value);
            while !names.insert(ident.clone()) {
                ident.push('_');
            }
            let doc = docs::value(name, value, self.model.overlay);
            let doc = docs::comment(&doc, 4);
            text += &format!("{doc}    #[api({value:?})]\n    {ident},\n");
        }
        text + "    /// A value that this version of the SDK does not declare.\n    \
                Unknown(String),\n}\n"
    }

    fn tagged(&self, name: &str, tag: &str, members: &[(String, String)]) -> Result<String> {
        let mut text = format!(
            "#[derive(Debug, Clone, PartialEq, ApiUnion)]\n#[api(tag = {tag:?})]\n\
             #[non_exhaustive]\npub enum {} {{\n",
            type_name(name, self.model)
        );
        for (value, member) in members {
            let ident = pascal(&value.replace("[]", "_list"));
            let member = self.model.canonical(member)?;
            let doc = docs::member(name, value, member, self.model.overlay);
            let is_union = self.model.tagged(self.model.schema(member)?)?.is_some();
            let option = if is_union { ", union" } else { "" };
            let mut rust = type_name(member, self.model);
            if self.cycles.is_cycle(name, member) {
                rust = format!("Box<{rust}>");
            }
            text += &format!(
                "{}    #[api({value:?}{option})]\n    {ident}({rust}),\n",
                docs::comment(&doc, 4)
            );
        }
        Ok(text
            + "    /// A member that this version of the SDK does not declare.\n    \
               Unknown(Value),\n}\n")
    }

    fn untagged(&self, name: &str, members: &[Member]) -> String {
        let mut text = format!(
            "#[derive(Debug, Clone, PartialEq, ApiUnion)]\n#[api(untagged)]\n\
             #[non_exhaustive]\npub enum {} {{\n",
            type_name(name, self.model)
        );
        for member in members {
            let mut rust = rust(&member.ty, self.model);
            let (variant, doc) = match &member.ty {
                Type::Text => ("Text".to_owned(), "A text.".to_owned()),
                Type::Bool => ("Bool".to_owned(), "A boolean.".to_owned()),
                Type::List(_) => ("List".to_owned(), "A list.".to_owned()),
                Type::Object | Type::Map(_) => ("Object".to_owned(), "An object.".to_owned()),
                Type::Named(inner) => {
                    if self.cycles.is_cycle(name, inner) {
                        rust = format!("Box<{rust}>");
                    }
                    let ident = type_name(inner, self.model);
                    (ident, docs::schema(inner, self.model.overlay))
                }
                _ => ("Number".to_owned(), "A number.".to_owned()),
            };
            let own = self.own_sentence(name, member);
            let doc = docs::comment(&own.unwrap_or(doc), 4);
            let with = member.with.as_ref();
            let with = with.map_or_else(String::new, |it| format!(", with = {it:?}"));
            text += &format!(
                "{doc}    #[api({}{with})]\n    {variant}({rust}),\n",
                member.kind
            );
        }
        text + "    /// A value that this version of the SDK does not declare.\n    \
                Unknown(Value),\n}\n"
    }
}

impl Writer<'_> {
    /// Returns the sentence that the prose has about a member of an untagged union.
    fn own_sentence(&self, owner: &str, member: &Member) -> Option<String> {
        let prose = &self.model.overlay.prose;
        let kind = match member.kind {
            "bool" => "boolean",
            "number" => "integer",
            kind => kind,
        };
        let named = name_in(&member.ty).filter(|_| matches!(member.ty, Type::Named(_)));
        let by_name = named.and_then(|it| prose.value(owner, it));
        by_name
            .or_else(|| prose.value(owner, kind))
            .map(str::to_owned)
    }
}

fn is_required(field: &Field, is_request: bool) -> bool {
    match field.presence {
        Presence::Required => !matches!(field.ty, Type::Nullable(_)),
        Presence::Nullable => is_request,
        _ => false,
    }
}
