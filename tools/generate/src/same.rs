//! Schemas that are the same as another one.

use crate::Result;
use crate::facts::{Additional, Schema};
use crate::model::Model;

impl<'a> Model<'a> {
    /// Returns the schema that stands for this one and those that are the same.
    pub(crate) fn canonical(&self, name: &str) -> Result<&'a str> {
        let mut name = self.known(name)?;
        loop {
            let next = self.overlay.same.get(name).map(String::as_str);
            let next = match next {
                Some(next) => Some(self.known(next)?),
                None => self.same_by_prefix(name).or_else(|| {
                    let schema = self.schemas.get(name)?;
                    let known = self.schemas.get_key_value(schema.reference()?)?;
                    Some(*known.0)
                }),
            };
            match next {
                Some(next) => name = next,
                None => return Ok(name),
            }
        }
    }

    fn known(&self, name: &str) -> Result<&'a str> {
        let known = self.schemas.get_key_value(name).map(|(name, _)| *name);
        known.ok_or_else(|| format!("there is no schema `{name}`").into())
    }

    /// Returns the schema that is the same by the prefix of its name.
    pub(crate) fn same_by_prefix(&self, name: &str) -> Option<&'a str> {
        let mut prefixes = self.overlay.same_prefix.iter();
        prefixes.find_map(|(prefix, other)| {
            let rest = name
                .strip_prefix(prefix.as_str())
                .filter(|it| !it.is_empty())?;
            let (other, _) = self
                .schemas
                .get_key_value(format!("{other}{rest}").as_str())?;
            (*other != name).then_some(*other)
        })
    }

    /// Fails if schemas are not equal to those that the overlay says they are the same as, and names
    /// all of them.
    pub(crate) fn check_same(&self) -> Result<()> {
        let mut differing = Vec::new();
        for name in self.names() {
            let other = self.canonical(name)?;
            if self.schema(name)?.reference().is_some() || other == name {
                continue;
            }
            let compared = self.compare(name, self.schema(name)?, other, self.schema(other)?);
            if let Err(place) = compared {
                differing.push(format!("`{name}` is not the same as `{other}`: {place}"));
            }
        }
        match differing.as_slice() {
            [] => Ok(()),
            differing => Err(differing.join("\n  ").into()),
        }
    }

    fn compare(&self, name: &str, one: &Schema, other_name: &str, other: &Schema) -> Result<()> {
        let is_omitted = |name: &str, property: &str| {
            let key = format!("{name}.{property}");
            self.overlay.omitted.contains_key(&key)
        };
        let ones: Vec<_> = properties(one)
            .filter(|it| !is_omitted(other_name, it.0))
            .collect();
        let others: Vec<_> = properties(other)
            .filter(|it| !is_omitted(other_name, it.0))
            .collect();
        if ones.len() != others.len() {
            return Err("it has other fields".into());
        }
        for (property, schema) in ones {
            let other = others.iter().find(|(it, _)| *it == property);
            let (_, other) = other.ok_or_else(|| format!("the field `{property}`"))?;
            self.compare(name, schema, other_name, other)
                .map_err(|error| format!("`{property}`: {error}"))?;
        }
        let required = |schema: &Schema| -> Vec<String> {
            let names = schema.required.iter();
            let mut names: Vec<_> = names
                .filter(|it| !is_omitted(other_name, it))
                .cloned()
                .collect();
            names.sort();
            names
        };
        let plain = |it: &Schema| {
            (
                it.kind.clone(),
                it.values.clone(),
                it.constant.clone(),
                it.default.clone(),
                it.format.clone(),
                it.presence.clone(),
                it.open_enum,
                required(it),
            )
        };
        if plain(one) != plain(other) {
            return Err("its type, its values or its default".into());
        }
        self.compare_parts(name, one, other_name, other)
    }

    fn compare_parts(
        &self,
        name: &str,
        one: &Schema,
        other_name: &str,
        other: &Schema,
    ) -> Result<()> {
        let target = |it: &Schema| it.reference().map(|it| self.canonical(it)).transpose();
        if target(one)? != target(other)? {
            return Err("what it refers to".into());
        }
        if one.any_of.len() != other.any_of.len() {
            return Err("its members".into());
        }
        for one in &one.any_of {
            let mut others = other.any_of.iter();
            if !others.any(|it| self.compare(name, one, other_name, it).is_ok()) {
                return Err("its members".into());
            }
        }
        match (&one.items, &other.items) {
            (Some(one), Some(other)) => self.compare(name, one, other_name, other)?,
            (None, None) => {}
            _ => return Err("its elements".into()),
        }
        match (&one.additional, &other.additional) {
            (Some(Additional::Typed(one)), Some(Additional::Typed(other))) => {
                self.compare(name, one, other_name, other)
            }
            (Some(Additional::Any(_)) | None, Some(Additional::Any(_)) | None) => Ok(()),
            _ => Err("its further members".into()),
        }
    }
}

fn properties(schema: &Schema) -> impl Iterator<Item = (&str, &Schema)> {
    let properties = schema.properties.0.iter();
    properties.map(|(name, schema)| (name.as_str(), schema))
}
