//! The groups, and the module that each type belongs to.

use std::collections::{BTreeMap, BTreeSet};

use crate::Result;
use crate::facts::{Method, Schema, Surface};
use crate::model::{Definition, Model, Type, name_in};
use crate::names::{pascal, singular, snake, words};
use crate::overlay::Overlay;

/// A group of methods.
#[derive(Debug)]
pub(crate) struct Group<'a> {
    /// The name of the official SDK: `beta.observability.datasets`.
    pub(crate) name: String,
    pub(crate) feature: String,
    /// The path of the module.
    pub(crate) module: Vec<String>,
    pub(crate) methods: Vec<&'a Method>,
}

/// All groups, and the schemas of each module.
#[derive(Debug, Default)]
pub(crate) struct Plan<'a> {
    pub(crate) groups: Vec<Group<'a>>,
    /// The schemas of each module, in the order of their use. The modules of several features
    /// stand below `shared`.
    pub(crate) homes: BTreeMap<Vec<String>, Vec<String>>,
    /// The features of each module below `shared`.
    pub(crate) shared: BTreeMap<Vec<String>, BTreeSet<String>>,
}

impl<'a> Plan<'a> {
    pub(crate) fn new(surface: &'a Surface, model: &Model<'_>) -> Result<Self> {
        let mut plan = Self::default();
        let overlay = model.overlay;
        let is_here = |it: &&Method| {
            let is_elsewhere = overlay.twins.contains_key(it.group());
            !it.classic && !is_elsewhere && !overlay.stable.contains_key(&it.call)
        };
        check_areas(surface.methods.iter().filter(is_here), overlay)?;
        for method in surface.methods.iter().filter(is_here) {
            plan.add(method, overlay)?;
        }
        plan.add_parents(model.overlay)?;
        let mut users: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut order = Vec::new();
        for (index, group) in plan.groups.iter().enumerate() {
            for method in &group.methods {
                for name in roots(method, model)? {
                    reach(&name, index, model, &mut users, &mut order)?;
                }
            }
        }
        for name in order {
            let groups = users.get(&name).map(Vec::as_slice).unwrap_or_default();
            plan.settle(name, groups);
        }
        Ok(plan)
    }

    fn add(&mut self, method: &'a Method, overlay: &Overlay) -> Result<()> {
        let name = method.group();
        if let Some(group) = self.groups.iter_mut().find(|it| it.name == name) {
            group.methods.push(method);
            return Ok(());
        }
        self.groups.push(Group {
            name: name.to_owned(),
            feature: feature(name, overlay)?,
            module: module(name),
            methods: vec![method],
        });
        Ok(())
    }

    /// Adds the groups that have only other groups.
    fn add_parents(&mut self, overlay: &Overlay) -> Result<()> {
        let names: Vec<_> = self.groups.iter().map(|it| it.name.clone()).collect();
        for name in names {
            let mut name = name.as_str();
            while let Some((parent, _)) = name.rsplit_once('.') {
                let is_root = parent == "beta" || parent == "audio";
                if !is_root && !self.groups.iter().any(|it| it.name == parent) {
                    self.groups.push(Group {
                        name: parent.to_owned(),
                        feature: feature(parent, overlay)?,
                        module: module(parent),
                        methods: Vec::new(),
                    });
                }
                name = parent;
            }
        }
        Ok(())
    }

    fn settle(&mut self, name: String, groups: &[usize]) {
        let groups: Vec<_> = groups
            .iter()
            .filter_map(|it| self.groups.get(*it))
            .collect();
        let features: BTreeSet<_> = groups.iter().map(|it| it.feature.clone()).collect();
        let home = match groups.first() {
            Some(group) if features.len() == 1 => group.module.clone(),
            _ => {
                let parts: Vec<_> = features.iter().map(String::as_str).collect();
                let home = vec!["shared".to_owned(), parts.join("_")];
                self.shared.insert(home.clone(), features);
                home
            }
        };
        self.homes.entry(home).or_default().push(name);
    }

    /// Returns the groups directly below one.
    pub(crate) fn children(&self, name: &str) -> impl Iterator<Item = &Group<'a>> {
        let is_child = move |it: &&Group<'a>| {
            let rest = it
                .name
                .strip_prefix(name)
                .and_then(|it| it.strip_prefix('.'));
            rest.is_some_and(|rest| !rest.contains('.'))
        };
        self.groups.iter().filter(is_child)
    }
}

/// Fails if groups are in no area, and names all of them.
fn check_areas<'a>(methods: impl Iterator<Item = &'a Method>, overlay: &Overlay) -> Result<()> {
    let groups: BTreeSet<_> = methods.map(Method::group).collect();
    let missing = groups
        .into_iter()
        .filter(|it| overlay.feature(it).is_none());
    let missing: Vec<_> = missing.collect();
    match missing.as_slice() {
        [] => Ok(()),
        missing => Err(format!(
            "these groups are in no area: add them under [[area]] of the overlay\n  {}",
            missing.join("\n  ")
        )
        .into()),
    }
}

fn feature(name: &str, overlay: &Overlay) -> Result<String> {
    let feature = overlay.feature(name).map(str::to_owned);
    feature.ok_or_else(|| format!("the group `{name}` is in no area: add it to the overlay").into())
}

fn module(name: &str) -> Vec<String> {
    name.strip_prefix("beta.")
        .unwrap_or(name)
        .split('.')
        .map(snake)
        .collect()
}

/// Returns the name of the struct for the query of a method, if it has one.
pub(crate) fn query_name(method: &Method, rust_name: &str, overlay: &Overlay) -> Option<String> {
    if method.query_params.is_empty() {
        return None;
    }
    let prose = overlay.prose.methods.get(&method.call);
    if let Some(name) = prose.and_then(|prose| prose.query.clone()) {
        return Some(name);
    }
    let noun = overlay
        .groups
        .get(method.group())
        .and_then(|it| it.name.clone());
    let last = method.group().rsplit('.').next().unwrap_or_default();
    let noun = noun.unwrap_or_else(|| pascal(last));
    let parts = words(rust_name);
    let name = match parts.as_slice() {
        [verb] if verb == "list" || verb == "search" => format!("{}{noun}", pascal(verb)),
        [verb] => format!("{}{}", pascal(verb), singular(&noun)),
        [verb, rest @ ..] if verb == "list" => {
            format!("List{}{}", singular(&noun), pascal(&rest.join("_")))
        }
        [verb, rest @ ..] => format!(
            "{}{}{}",
            pascal(verb),
            singular(&noun),
            pascal(&rest.join("_"))
        ),
        [] => noun,
    };
    let suffix = if method.body.is_some() {
        "Query"
    } else {
        "Request"
    };
    Some(name + suffix)
}

/// Returns the schema of the events of a stream: that of its data.
pub(crate) fn event_type(schema: &Schema, model: &Model<'_>) -> Result<Type> {
    let ty = model.type_of(schema)?;
    if let Type::Named(name) = &ty
        && let Definition::Struct(fields) = model.definition(name)?
        && let Some(data) = fields.into_iter().find(|it| it.name == "data")
        && model.schema(name)?.roles.iter().all(|it| it == "event")
    {
        return Ok(data.ty);
    }
    Ok(ty)
}

/// Returns the schemas that the signature of a method names.
pub(crate) fn roots(method: &Method, model: &Model<'_>) -> Result<Vec<String>> {
    let mut types = Vec::new();
    for parameter in method.path_params.iter().chain(&method.query_params) {
        types.push(model.type_of(&parameter.schema)?);
    }
    if let Some(body) = &method.body
        && body.media_type == "application/json"
    {
        types.push(model.type_of(&body.schema)?);
    }
    for response in &method.responses {
        if let Some(schema) = &response.schema {
            types.push(match response.kind.as_str() {
                "json" => model.type_of(schema)?,
                _ => event_type(schema, model)?,
            });
        }
    }
    Ok(types
        .iter()
        .filter_map(name_in)
        .map(str::to_owned)
        .collect())
}

/// Adds a schema, and all that it refers to, to those that a group uses.
fn reach(
    name: &str,
    group: usize,
    model: &Model<'_>,
    users: &mut BTreeMap<String, Vec<usize>>,
    order: &mut Vec<String>,
) -> Result<()> {
    if model.is_core(name) {
        return Ok(());
    }
    let known = users.get_mut(name);
    match known {
        Some(groups) if groups.contains(&group) => return Ok(()),
        Some(groups) => groups.push(group),
        None => {
            users.insert(name.to_owned(), vec![group]);
            order.push(name.to_owned());
        }
    }
    for reference in model.references(name)? {
        reach(&reference, group, model, users, order)?;
    }
    Ok(())
}
