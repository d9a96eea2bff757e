//! Pages: the lists that go on, and what their responses say about the next page.

use std::collections::{BTreeMap, BTreeSet};

use crate::Result;
use crate::facts::{Method, Parameter};
use crate::model::{Definition, Field, Model, Presence, Type};
use crate::names;
use crate::plan::Plan;
use crate::types::{rust, type_name};

/// The responses that are pages of a list, by their schemas, with the query parameters that
/// select the page.
#[derive(Debug)]
pub(crate) struct Pages(BTreeMap<String, Selectors>);

/// The query parameters that select a page.
#[derive(Debug, Clone, PartialEq)]
struct Selectors {
    /// A cursor or a token.
    token: Option<String>,
    /// Its number, with that of the first page.
    number: Option<u64>,
    has_offset: bool,
}

/// A list in a response: the fields on the way to it.
struct List {
    fields: Vec<Field>,
    element: Type,
}

/// Returns the number of the first page, if a method selects pages by number.
pub(crate) fn first_page(method: &Method) -> Option<u64> {
    let page = find(method, "page")?;
    let default = page.default.as_ref().and_then(serde_json::Value::as_u64);
    Some(default.unwrap_or_default())
}

fn find<'a>(method: &'a Method, name: &str) -> Option<&'a Parameter> {
    method.query_params.iter().find(|it| it.name == name)
}

impl Selectors {
    fn of(method: &Method) -> Result<Option<Self>> {
        let official = method.pagination.as_ref();
        let is_offset = match official.map(|it| it.style.as_str()) {
            Some("offset") => true,
            Some("cursor") | None => false,
            Some(style) => {
                return Err(format!("`{}`: unknown pages by `{style}`", method.call).into());
            }
        };
        let official = official.and_then(|it| it.next_query.0.first());
        let tokens = ["page_token", "pageToken", "next_page_token", "cursor"];
        let token = tokens.into_iter().find(|it| find(method, it).is_some());
        let token = match official {
            _ if is_offset => None,
            Some((name, _)) => Some(name.as_str()),
            None => token,
        };
        let selectors = Self {
            token: token.map(str::to_owned),
            number: first_page(method),
            has_offset: is_offset,
        };
        let is_page = selectors.token.is_some() || selectors.number.is_some() || is_offset;
        Ok(is_page.then_some(selectors))
    }
}

impl Pages {
    /// Finds the responses that are pages.
    pub(crate) fn find(plan: &Plan<'_>, model: &Model<'_>) -> Result<Self> {
        let (mut pages, mut others) = (BTreeMap::new(), BTreeSet::new());
        for method in plan.groups.iter().flat_map(|it| &it.methods) {
            let json = method.responses.iter().find(|it| it.kind == "json");
            let Some(schema) = json.and_then(|it| it.schema.as_ref()) else {
                continue;
            };
            let Type::Named(name) = model.type_of(schema)? else {
                continue;
            };
            match Selectors::of(method)? {
                Some(selectors) => match pages.insert(name.clone(), selectors.clone()) {
                    Some(other) if other != selectors => {
                        let call = &method.call;
                        return Err(
                            format!("`{call}` selects the pages of `{name}` otherwise").into()
                        );
                    }
                    _ => {}
                },
                None => {
                    others.insert(name);
                }
            }
        }
        // What another operation returns whole would be requested again and again.
        pages.retain(|name, _| !others.contains(name));
        Ok(Self(pages))
    }

    /// Whether a response is a page.
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Writes the implementation of `Page`, if a schema is a page.
    pub(crate) fn implement(&self, name: &str, model: &Model<'_>) -> Result<String> {
        let Some(selectors) = self.0.get(name) else {
            return Ok(String::new());
        };
        let list = list(name, model)?;
        let next = next(name, selectors, &list, model)?;
        let element = rust(&list.element, model);
        let path: Vec<_> = list.fields.iter().map(ident).collect();
        let path = path.join(".");
        let is_optional = list.fields.last().is_some_and(|it| !is_plain(it));
        let (items, length) = match is_optional {
            true => (".unwrap_or_default()", ".as_ref().map_or(0, Vec::len)"),
            false => ("", ".len()"),
        };
        Ok(format!(
            "\nimpl Page for {} {{\n    type Item = {element};\n\n    fn into_items(self) -> Vec<{element}> {{\n        \
             self.{path}{items}\n    }}\n\n    fn len(&self) -> usize {{\n        self.{path}{length}\n    }}\n\n    \
             fn next(&self) -> Option<NextPage> {{\n        {next}\n    }}\n}}\n",
            type_name(name, model)
        ))
    }
}

fn fields(name: &str, model: &Model<'_>) -> Result<Vec<Field>> {
    match model.definition(name)? {
        Definition::Struct(fields) => Ok(fields),
        _ => Err(format!("`{name}` is no page: it is not an object").into()),
    }
}

/// Returns the list of a page: that of its own fields, or the one of the only object in it.
fn list(name: &str, model: &Model<'_>) -> Result<List> {
    let fields = fields(name, model)?;
    let lists = || fields.iter().filter_map(|it| Some((it, element(&it.ty)?)));
    let chosen = model.overlay.lists.get(name);
    let mut found = lists().filter(|(field, _)| chosen.is_none_or(|it| *it == field.name));
    match (found.next(), found.next()) {
        (Some((field, element)), None) => Ok(List {
            fields: vec![field.clone()],
            element,
        }),
        (None, None) => {
            let mut inner = fields.iter().filter_map(|it| match &it.ty {
                Type::Named(inner) if is_plain(it) => Some((it, inner)),
                _ => None,
            });
            let (Some((field, inner)), None) = (inner.next(), inner.next()) else {
                return Err(format!("the page `{name}` has no list").into());
            };
            let mut list = list(inner, model)?;
            list.fields.insert(0, field.clone());
            Ok(list)
        }
        _ => {
            Err(format!("`{name}` has several lists: name one under [lists] of the overlay").into())
        }
    }
}

fn element(ty: &Type) -> Option<Type> {
    match ty {
        Type::List(element) => Some((**element).clone()),
        Type::Nullable(ty) => element(ty),
        _ => None,
    }
}

fn ident(field: &Field) -> String {
    names::field(&field.name, &[])
}

/// Whether a field is no `Option`.
fn is_plain(field: &Field) -> bool {
    field.presence == Presence::Required && !matches!(field.ty, Type::Nullable(_))
}

/// Returns the expression for the next page.
fn next(name: &str, selectors: &Selectors, list: &List, model: &Model<'_>) -> Result<String> {
    if selectors.has_offset {
        return Ok("NextPage::offset(None)".to_owned());
    }
    let token = match &selectors.token {
        Some(parameter) => token(name, parameter, list, model)?,
        None => None,
    };
    let number = match selectors.number {
        Some(first) => number(name, first, list, model)?,
        None => None,
    };
    match (token, number) {
        (Some(token), Some(number)) => Ok(format!("{token}.or_else(|| {{ {number} }})")),
        (Some(next), None) | (None, Some(next)) => Ok(next),
        (None, None) => Err(format!("the page `{name}` does not tell the next one").into()),
    }
}

/// Returns the expression for the next page by a cursor or a token.
fn token(name: &str, parameter: &str, list: &List, model: &Model<'_>) -> Result<Option<String>> {
    let names = ["next_page_token", "nextPageToken", "next_cursor"];
    let own = fields(name, model)?;
    let find = |fields: &[Field], names: &[&str]| {
        let found = fields.iter().find(|it| names.contains(&it.name.as_str()));
        found.map(|it| (ident(it), is_plain(it)))
    };
    let mut found = find(&own, &names);
    for field in &own {
        if let (Type::Named(inner), true, None) = (&field.ty, is_plain(field), &found)
            && !model.is_core(inner)
            && let Definition::Struct(inner_fields) = model.definition(inner)?
        {
            let is_list = list.fields.len() > 1;
            let names: &[&str] = if is_list { &["cursor"] } else { &names };
            let inner = find(&inner_fields, names);
            found = inner.map(|(it, plain)| (format!("{}.{it}", ident(field)), plain));
        }
    }
    Ok(found.map(|(path, is_plain)| {
        let value = match is_plain {
            true => format!("Some(&self.{path})"),
            false => format!("self.{path}.as_deref()"),
        };
        format!("NextPage::token({parameter:?}, {value})")
    }))
}

/// Returns the expression for the next page by its number.
fn number(name: &str, first: u64, list: &List, model: &Model<'_>) -> Result<Option<String>> {
    let own = fields(name, model)?;
    if let Some(pagination) = own.iter().find(|it| it.name == "pagination") {
        let access = if is_plain(pagination) {
            ""
        } else {
            ".as_ref()?"
        };
        let borrow = if is_plain(pagination) { "&" } else { "" };
        return Ok(Some(format!(
            "let pagination = {borrow}self.pagination{access};\n        let next = pagination.current_page.checked_add(1);\n        \
             let next = next.filter(|_| pagination.has_more)?;\n        \
             NextPage::token(\"page\", Some(&next.to_string()))"
        )));
    }
    let (Some(outer), true) = (list.fields.first(), list.fields.len() > 1) else {
        return Ok(None);
    };
    let outer = ident(outer);
    Ok(Some(format!(
        "// The number of all elements counts unless the server names a next page.\n        \
         let total = self.{outer}.next.is_none().then_some(self.{outer}.count);\n        \
         NextPage::number_from({first}, total)"
    )))
}
