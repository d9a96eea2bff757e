//! The variants of enums.

use proc_macro2::Ident;
use syn::punctuated::Punctuated;
use syn::{Data, DeriveInput, Error, Field, Fields, LitStr, Result, Token, Type, Variant};

use crate::attributes::{Key, read_options, unknown, value};
use crate::types::{argument_of, is_one_of};

pub(crate) type Variants = Punctuated<Variant, Token![,]>;

/// Returns the variants of an enum.
pub(crate) fn variants<'a>(input: &'a DeriveInput, derive: &str) -> Result<&'a Variants> {
    match &input.data {
        Data::Enum(data) => Ok(&data.variants),
        _ => {
            let message = format!("`{derive}` can be derived for enums only");
            Err(Error::new(input.ident.span(), message))
        }
    }
}

/// Returns the field of a variant that has one, without a name.
pub(crate) fn only_field(variant: &Variant) -> Option<&Field> {
    match &variant.fields {
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => fields.unnamed.first(),
        _ => None,
    }
}

/// Whether a variant is the one for what is not declared. It holds a `ty`.
pub(crate) fn is_unknown(variant: &Variant, ty: &str) -> Result<bool> {
    if variant.ident != "Unknown" {
        return Ok(false);
    }
    read_options(&variant.attrs, |key, _| {
        let span = match key {
            Key::Text(text) => text.span(),
            Key::Name(name) => name.span(),
        };
        let message = "`Unknown` has no options: it holds what no other variant is";
        Err(Error::new(span, message))
    })?;
    match only_field(variant) {
        Some(field) if is_one_of(&field.ty, &[ty]) => Ok(true),
        _ => Err(Error::new_spanned(
            variant,
            format!("the variant for what is not declared must be `Unknown({ty})`"),
        )),
    }
}

/// Returns the error for an enum without a variant for what is not declared.
pub(crate) fn missing_unknown(input: &DeriveInput, ty: &str) -> Error {
    let name = &input.ident;
    let message =
        format!("`{name}` needs a variant for what it does not declare: add `Unknown({ty})`");
    Error::new(name.span(), message)
}

/// Parses the text of a variant, and its aliases.
pub(crate) fn parse_texts(variant: &Variant) -> Result<Vec<LitStr>> {
    parse_texts_and(variant, &["\"text\"", "alias"]).map(|(texts, _)| texts)
}

/// Parses the text of a variant, its aliases, and whether it has the option `union`, if that is
/// `known`.
pub(crate) fn parse_texts_and(variant: &Variant, known: &[&str]) -> Result<(Vec<LitStr>, bool)> {
    let (mut text, mut is_union): (Option<LitStr>, bool) = (None, false);
    let mut aliases = Vec::new();
    read_options(&variant.attrs, |key, input| {
        match key {
            Key::Text(first) if text.is_none() => text = Some(first),
            Key::Name(name) if name == "alias" => aliases.push(value(input)?),
            Key::Name(name) if name == "union" && known.contains(&"union") => is_union = true,
            key => return Err(unknown(&key, "a variant", known)),
        }
        Ok(())
    })?;
    let ident = &variant.ident;
    let Some(text) = text else {
        let message = format!("`{ident}` needs the text it has in JSON: `#[api(\"…\")]`");
        return Err(Error::new(ident.span(), message));
    };
    aliases.insert(0, text);
    Ok((aliases, is_union))
}

/// A type that a variant holds, perhaps boxed.
pub(crate) struct Member<'a> {
    pub(crate) variant: &'a Ident,
    /// The type as it is written.
    pub(crate) ty: &'a Type,
    /// The type in the box.
    pub(crate) boxed: Option<&'a Type>,
    /// Whether the type is a union itself.
    pub(crate) is_union: bool,
}

impl<'a> Member<'a> {
    pub(crate) fn new(variant: &'a Ident, ty: &'a Type) -> Self {
        Self {
            variant,
            ty,
            boxed: argument_of(ty, "Box"),
            is_union: false,
        }
    }

    /// The type without the box.
    pub(crate) fn inner(&self) -> &'a Type {
        self.boxed.unwrap_or(self.ty)
    }
}
