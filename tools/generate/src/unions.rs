//! Unions: how their members are told apart.

use std::collections::{BTreeMap, BTreeSet};

use crate::Result;
use crate::facts::Schema;
use crate::model::{Definition, Member, Model, Tagged, Type, name_in};

impl Model<'_> {
    /// Returns the tag of a union whose members are objects with one each, and the members by it.
    pub(crate) fn tagged(&self, schema: &Schema) -> Result<Option<Tagged>> {
        if let Some(it) = &schema.discriminator {
            let mut members = Vec::new();
            for (tag, reference) in &it.mapping.0 {
                let name = reference.strip_prefix("#/$defs/").unwrap_or(reference);
                members.push((tag.clone(), name.to_owned()));
            }
            return Ok(Some((it.property.clone(), members)));
        }
        if schema.any_of.len() < 2 || schema.open_enum {
            return Ok(None);
        }
        let mut found: Option<Tagged> = None;
        for member in &schema.any_of {
            let Some(name) = member.reference() else {
                return Ok(None);
            };
            let properties = &self.schema(name)?.properties.0;
            let tag = properties.iter().find_map(|(property, schema)| {
                let value = schema.constant.as_ref()?.as_str()?;
                let names = ["type", "event_type"];
                names
                    .contains(&property.as_str())
                    .then_some((property, value))
            });
            let Some((property, value)) = tag else {
                return Ok(None);
            };
            let (tag, members) = found.get_or_insert_with(|| (property.clone(), Vec::new()));
            if tag != property || members.iter().any(|(other, _)| other == value) {
                return Ok(None);
            }
            members.push((value.to_owned(), name.to_owned()));
        }
        Ok(found)
    }

    /// Returns the members of a union that is told apart by the kind of JSON value.
    pub(crate) fn members(&self, schema: &Schema) -> Result<Vec<Member>> {
        let mut members: Vec<Member> = Vec::new();
        for member in &schema.any_of {
            if member.kind.as_deref() == Some("null") {
                continue;
            }
            let ty = self.type_of(member)?;
            let kind = self.json_kind(&ty)?;
            let same = members
                .iter_mut()
                .find(|it| it.kind == kind && it.kind != "object");
            match same {
                Some(same) => same.ty = joined(&same.ty, &ty),
                None => members.push(Member {
                    ty,
                    kind,
                    with: None,
                }),
            }
        }
        self.tell_apart(&mut members)?;
        Ok(members)
    }

    fn json_kind(&self, ty: &Type) -> Result<&'static str> {
        Ok(match ty {
            Type::Text | Type::Secret => "string",
            Type::Bool => "bool",
            Type::Integer | Type::Count | Type::Float | Type::Number => "number",
            Type::List(_) => "array",
            Type::Object | Type::Map(_) => "object",
            Type::Any | Type::File | Type::Nullable(_) => "any",
            Type::Named(name) => {
                let schema = self.schema(name)?;
                let is_text = schema.open_enum || schema.kind.as_deref() == Some("string");
                if is_text { "string" } else { "object" }
            }
        })
    }

    /// Returns the fields of an object, or of all members of a union of objects.
    fn field_names(&self, name: &str) -> Result<Vec<&str>> {
        let schema = self.schema(name)?;
        let own = schema.properties.0.iter().map(|(it, _)| it.as_str());
        let mut names: Vec<_> = own.collect();
        for (_, member) in self.tagged(schema)?.into_iter().flat_map(|(_, it)| it) {
            names.extend(self.field_names(self.canonical(&member)?)?);
        }
        Ok(names)
    }

    /// Finds for each of several objects a field that the ones after it have not, and puts them in
    /// an order in which the first whose field is there is the one. The last needs none. Without
    /// such an order, no member is left.
    fn tell_apart(&self, members: &mut Vec<Member>) -> Result<()> {
        let all = std::mem::take(members);
        let (mut objects, others): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|it| it.kind == "object");
        if objects.len() < 2 {
            members.extend(objects);
            members.extend(others);
            return Ok(());
        }
        objects.sort_by_key(|it| matches!(it.ty, Type::Object | Type::Map(_)));
        let mut rest = Vec::new();
        for object in objects {
            let (fields, required) = match &object.ty {
                Type::Named(name) => (
                    self.field_names(name)?,
                    self.schema(name)?.required.as_slice(),
                ),
                _ => (Vec::new(), Default::default()),
            };
            rest.push((object, fields, required));
        }
        let all: Vec<_> = rest.iter().map(|(_, fields, _)| fields.clone()).collect();
        let mut ordered = Vec::new();
        while rest.len() > 1 {
            let is_own = |index: usize, field: &str| {
                let mut others = rest.iter().enumerate().filter(|(it, _)| *it != index);
                !others.any(|(_, (_, fields, _))| fields.contains(&field))
            };
            let by_required = rest
                .iter()
                .enumerate()
                .find_map(|(index, (_, _, required))| {
                    let field = required.iter().find(|it| is_own(index, it))?;
                    Some((index, field.clone()))
                });
            let by_any = || {
                rest.iter()
                    .enumerate()
                    .rev()
                    .find_map(|(index, (_, fields, _))| {
                        let field = fields.iter().find(|it| is_own(index, it))?;
                        Some((index, (*field).to_owned()))
                    })
            };
            let Some((index, field)) = by_required.or_else(by_any) else {
                return Ok(());
            };
            let (mut member, ..) = rest.remove(index);
            member.with = Some(field);
            ordered.push(member);
        }
        for (mut last, fields, required) in rest {
            let count =
                |field: &&String| all.iter().filter(|it| it.contains(&field.as_str())).count();
            let own = required.iter().find(|it| count(it) == 1);
            last.with = own.filter(|_| !fields.is_empty()).cloned();
            ordered.push(last);
        }
        members.extend(ordered);
        members.extend(others);
        Ok(())
    }

    /// Finds the fields that tell each struct apart in its unions. The members of a union in a
    /// union have the tags of both.
    pub(crate) fn find_tags(&self) -> Result<BTreeMap<String, BTreeSet<String>>> {
        let mut tags: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for name in self.names() {
            let Some((tag, members)) = self.tagged(self.schema(name)?)? else {
                continue;
            };
            let mut members: Vec<_> = members.into_iter().map(|(_, member)| member).collect();
            while let Some(member) = members.pop() {
                let member = self.canonical(&member)?;
                tags.entry(member.to_owned())
                    .or_default()
                    .insert(tag.clone());
                if let Some((_, inner)) = self.tagged(self.schema(member)?)? {
                    members.extend(inner.into_iter().map(|(_, member)| member));
                }
            }
        }
        Ok(tags)
    }

    /// Returns the tag that a struct has when it is used outside of its unions, as part of a
    /// request.
    pub(crate) fn own_tag(&self, name: &str) -> Result<Option<(String, String)>> {
        if !self.alone.contains(name) {
            return Ok(None);
        }
        let schema = self.schema(name)?;
        for tag in self.tags.get(name).into_iter().flatten() {
            let property = schema.properties.0.iter().find(|(it, _)| it == tag);
            let Some((_, property)) = property else {
                continue;
            };
            let value = property.constant.as_ref().or(property.default.as_ref());
            let value = value.and_then(|value| value.as_str());
            let value = value.ok_or_else(|| format!("`{name}` alone has no value of `{tag}`"))?;
            return Ok(Some((tag.clone(), value.to_owned())));
        }
        Ok(None)
    }

    /// Finds the structs with a tag that parts of requests hold outside of their unions.
    pub(crate) fn find_alone(&self) -> Result<BTreeSet<String>> {
        let mut alone = BTreeSet::new();
        for name in self.names() {
            let is_request = self.schema(name)?.roles.iter().any(|it| it == "request");
            if !is_request
                || self.is_core(name)
                || self.named_type(name)? != Type::Named(name.to_owned())
            {
                continue;
            }
            let types: Vec<_> = match self.definition(name)? {
                Definition::Struct(fields) => fields.into_iter().map(|it| it.ty).collect(),
                Definition::Untagged(members) => members.into_iter().map(|it| it.ty).collect(),
                _ => continue,
            };
            let names = types.iter().filter_map(name_in);
            let tagged = names.filter(|it| self.tags.contains_key(*it) && !self.is_core(it));
            alone.extend(tagged.map(str::to_owned));
        }
        Ok(alone)
    }
}

/// Returns the type that has the values of both.
fn joined(one: &Type, other: &Type) -> Type {
    match (one, other) {
        (one, other) if one == other => one.clone(),
        // The enums are open.
        (Type::Named(name), Type::Text) | (Type::Text, Type::Named(name)) => {
            Type::Named(name.clone())
        }
        (Type::List(one), Type::List(other)) => Type::List(Box::new(match (&**one, &**other) {
            (Type::Any | Type::Object, _) | (_, Type::Any | Type::Object) => Type::Any,
            (one, other) if one == other => one.clone(),
            _ => Type::Any,
        })),
        _ => Type::Number,
    }
}
