//! The options of `#[api(…)]`.

use std::collections::HashMap;

use proc_macro2::{Ident, Span};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Error, LitStr, Path, Result, Token, parse_quote};

/// The start of an option: a text of the API, or the option's name.
pub(crate) enum Key {
    Text(LitStr),
    Name(Ident),
}

/// The only option that may be repeated.
const REPEATABLE: &str = "alias";

/// Calls `read` for each option. It parses the option's value, if there is to be one.
pub(crate) fn read_options(
    attributes: &[Attribute],
    mut read: impl FnMut(Key, ParseStream<'_>) -> Result<()>,
) -> Result<()> {
    let mut names = Vec::new();
    for attribute in attributes.iter().filter(|it| it.path().is_ident("api")) {
        attribute.parse_args_with(|input: ParseStream<'_>| {
            while !input.is_empty() {
                let key = if input.peek(LitStr) {
                    Key::Text(input.parse()?)
                } else {
                    Key::Name(input.call(Ident::parse_any)?)
                };
                if let Key::Name(name) = &key {
                    if names.contains(name) && name != REPEATABLE {
                        return Err(Error::new(name.span(), format!("`{name}` is repeated")));
                    }
                    names.push(name.clone());
                }
                read(key, input)?;
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Parses the value of an option.
pub(crate) fn value<T: Parse>(input: ParseStream<'_>) -> Result<T> {
    input.parse::<Token![=]>()?;
    input.parse()
}

/// Returns the error for an option that is not among the `known` ones of `of`.
pub(crate) fn unknown(key: &Key, of: &str, known: &[&str]) -> Error {
    let known: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
    let known = known.join(", ");
    match key {
        Key::Text(text) => Error::new(
            text.span(),
            format!("unexpected text; the options of {of} are {known}"),
        ),
        Key::Name(name) => Error::new(
            name.span(),
            format!("unknown option `{name}`; the options of {of} are {known}"),
        ),
    }
}

/// The options of a struct or an enum.
pub(crate) struct Container {
    /// The path of the crate that has the module `json`.
    pub(crate) krate: Path,
    pub(crate) keep_nulls: bool,
    pub(crate) tag: Option<LitStr>,
    /// The value of the tag of an object.
    pub(crate) tag_value: Option<LitStr>,
    pub(crate) default: Option<LitStr>,
    /// The place of the option `untagged`.
    pub(crate) untagged: Option<Span>,
}

impl Container {
    /// Parses the options of an item, of which `known` are allowed.
    pub(crate) fn parse(attributes: &[Attribute], of: &str, known: &[&str]) -> Result<Self> {
        let mut container = Self {
            krate: parse_quote!(::mistral_core),
            keep_nulls: false,
            tag: None,
            tag_value: None,
            default: None,
            untagged: None,
        };
        read_options(attributes, |key, input| {
            let name = match &key {
                Key::Name(name) if known.iter().any(|known| name == known) => name,
                _ => return Err(unknown(&key, of, known)),
            };
            match &*name.to_string() {
                "crate" => container.krate = value(input)?,
                "keep_nulls" => container.keep_nulls = true,
                "tag" => container.tag = Some(value(input)?),
                "tag_value" => container.tag_value = Some(value(input)?),
                "default" => container.default = Some(value(input)?),
                "untagged" => container.untagged = Some(name.span()),
                _ => return Err(unknown(&key, of, known)),
            }
            Ok(())
        })?;
        Ok(container)
    }
}

/// Collects errors, so that all of them are reported at once.
#[derive(Default)]
pub(crate) struct Errors(Option<Error>);

impl Errors {
    pub(crate) fn push(&mut self, error: Error) {
        match &mut self.0 {
            Some(first) => first.combine(error),
            None => self.0 = Some(error),
        }
    }

    /// Returns the value of `result`, or keeps its error.
    pub(crate) fn take<T>(&mut self, result: Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    pub(crate) fn finish(self) -> Result<()> {
        self.0.map_or(Ok(()), Err)
    }

    /// Reports each field or variant whose text in JSON belongs to another one already.
    pub(crate) fn check_unique<'a>(
        &mut self,
        texts: impl Iterator<Item = (&'a Ident, &'a LitStr)>,
    ) {
        let mut owners = HashMap::new();
        for (ident, text) in texts {
            let value = text.value();
            if let Some(first) = owners.get(&value) {
                let message = format!("`{ident}` is `{value}` in JSON, which `{first}` is already");
                self.push(Error::new(text.span(), message));
            } else {
                owners.insert(value, ident);
            }
        }
    }
}
