//! Unions that are told apart by the kind of JSON value.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{DeriveInput, Error, Fields, Ident, Result, Type, Variant};

use super::conversions::conversions;
use super::json_kind::{JsonKind, Untagged, UntaggedMembers};
use super::untagged_visitor::implement_deserialize;
use super::variant::{Member, is_unknown, only_field, variants};
use crate::attributes::{Errors, Key, read_options, unknown, value};
use crate::types::{argument_of, is_number, is_one_of, is_string};

/// Implements the traits of a union that is told apart by the kind of JSON value.
pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let members = parse(input)?;
    let from = implement_from(input, &members);
    let serialize = implement_serialize(input, &members);
    let deserialize = implement_deserialize(&input.ident, &members);
    Ok(quote!(#from #serialize #deserialize))
}

fn parse(input: &DeriveInput) -> Result<UntaggedMembers<'_>> {
    let mut errors = Errors::default();
    let (mut members, mut has_unknown) = (Vec::<Untagged<'_>>::new(), false);
    for variant in variants(input, "ApiUnion")? {
        match errors.take(is_unknown(variant, "Value")) {
            Some(false) => {}
            unknown => {
                has_unknown |= unknown == Some(true);
                continue;
            }
        }
        let Some(member) = errors.take(parse_member(variant)) else {
            continue;
        };
        if let Some(first) = members
            .iter()
            .find(|it| it.kind == member.kind && it.with.is_none())
        {
            let (option, variant) = (&member.option, member.variant);
            let message = format!(
                "`{variant}` is a second `{option}`, after `{}`",
                first.variant
            );
            errors.push(Error::new(option.span(), message));
        }
        members.push(member);
    }
    errors.finish()?;
    Ok(UntaggedMembers {
        members,
        has_unknown,
    })
}

fn is_object(found: Option<&(JsonKind, Ident)>) -> bool {
    found.is_some_and(|(kind, _)| *kind == JsonKind::Object)
}

fn parse_member(variant: &Variant) -> Result<Untagged<'_>> {
    let ident = &variant.ident;
    let (mut found, mut with) = (None, None);
    read_options(&variant.attrs, |key, input| {
        let named = |(_, name, _): &&(_, _, _)| matches!(&key, Key::Name(key) if key == name);
        match (JsonKind::ALL.iter().find(named), &key) {
            (Some((kind, ..)), Key::Name(name)) if found.is_none() => {
                found = Some((*kind, name.clone()));
                Ok(())
            }
            (None, Key::Name(name)) if name == "with" && is_object(found.as_ref()) => {
                with = Some(value(input)?);
                Ok(())
            }
            _ => Err(unknown(
                &key,
                "a variant",
                &JsonKind::ALL.map(|(_, name, _)| name),
            )),
        }
    })?;
    let Some((kind, option)) = found else {
        let kinds = JsonKind::ALL
            .map(|(_, name, _)| format!("`{name}`"))
            .join(", ");
        let message = format!("`{ident}` needs a kind of JSON value, one of {kinds}");
        return Err(Error::new(ident.span(), message));
    };
    let ty = only_field(variant).map(|field| &field.ty);
    let unit = matches!(variant.fields, Fields::Unit);
    let message = match (kind, ty) {
        (JsonKind::Null, None) if unit => None,
        (JsonKind::Null, _) => Some(format!("`{ident}` must not hold anything: it is `null`")),
        (_, None) => Some(format!("`{ident}` must hold one type: `{ident}(…)`")),
        (JsonKind::Array, Some(ty)) if argument_of(ty, "Vec").is_none() => {
            Some(format!("`{ident}` must hold a `Vec`: it is an array"))
        }
        _ => None,
    };
    match message {
        Some(message) => Err(Error::new(ident.span(), message)),
        None => Ok(Untagged {
            kind,
            option,
            variant: ident,
            ty,
            with,
        }),
    }
}

fn implement_serialize(input: &DeriveInput, members: &UntaggedMembers<'_>) -> TokenStream {
    let name = &input.ident;
    let span = Span::mixed_site();
    let arms = members.members.iter().map(|Untagged { variant, ty, .. }| {
        let Some(ty) = ty else {
            return quote_spanned!(span=> Self::#variant => serializer.serialize_unit(),);
        };
        quote_spanned! {span.located_at(ty.span())=>
            Self::#variant(member) => __json::Serialize::serialize(member, serializer),
        }
    });
    let unknown = members.has_unknown.then(|| {
        quote_spanned! {span=>
            Self::Unknown(value) => __json::Serialize::serialize(value, serializer),
        }
    });
    quote_spanned! {span=>
        #[automatically_derived]
        impl __json::Serialize for #name {
            fn serialize<__S: __json::Serializer>(
                &self,
                serializer: __S,
            ) -> __json::Result<__S::Ok, __S::Error> {
                match self {
                    #(#arms)*
                    #unknown
                }
            }
        }
    }
}

/// Implements `From` for what the variants are built from.
fn implement_from(input: &DeriveInput, members: &UntaggedMembers<'_>) -> TokenStream {
    let name = &input.ident;
    let typed = || {
        members
            .members
            .iter()
            .filter_map(|member| Some((member, member.ty?)))
    };
    let lists = typed().map(|(member, ty)| match member.kind {
        JsonKind::String => from_string(name, member.variant, ty),
        JsonKind::Array => from_list(name, member.variant, argument_of(ty, "Vec").unwrap_or(ty)),
        _ => TokenStream::new(),
    });
    let others: Vec<_> = typed()
        .filter(|(member, _)| !matches!(member.kind, JsonKind::String | JsonKind::Array))
        .map(|(member, ty)| Member::new(member.variant, ty))
        .collect();
    let others = conversions(input, &others);
    quote!(#(#lists)* #others)
}

fn from_string(name: &Ident, variant: &Ident, ty: &Type) -> TokenStream {
    let span = Span::mixed_site().located_at(ty.span());
    let value = if is_string(ty) {
        quote_spanned!(span=> text)
    } else {
        quote_spanned!(span=> <#ty as __json::From<__json::String>>::from(text))
    };
    quote_spanned! {Span::mixed_site()=>
        #[automatically_derived]
        impl __json::From<&str> for #name {
            #[inline]
            fn from(text: &str) -> Self {
                <Self as __json::From<__json::String>>::from(__json::String::from(text))
            }
        }

        #[automatically_derived]
        impl __json::From<__json::String> for #name {
            fn from(text: __json::String) -> Self {
                Self::#variant(#value)
            }
        }

        #[automatically_derived]
        impl __json::From<&__json::String> for #name {
            fn from(text: &__json::String) -> Self {
                <Self as __json::From<&str>>::from(text)
            }
        }
    }
}

fn from_list(name: &Ident, variant: &Ident, element: &Type) -> TokenStream {
    // The type of `[1, 2]` is not inferred where several types convert.
    if is_number(element) || is_one_of(element, &["bool"]) {
        return quote_spanned! {Span::mixed_site()=>
            #[automatically_derived]
            impl __json::From<__json::Vec<#element>> for #name {
                fn from(elements: __json::Vec<#element>) -> Self {
                    Self::#variant(elements)
                }
            }

            #[automatically_derived]
            impl<const N: usize> __json::From<[#element; N]> for #name {
                fn from(elements: [#element; N]) -> Self {
                    Self::#variant(__json::Vec::from(elements))
                }
            }
        };
    }
    let from_slice = is_string(element).then(|| from_slice(name, variant));
    quote_spanned! {Span::mixed_site()=>
        #[automatically_derived]
        impl<__T: __json::Into<#element>> __json::From<__json::Vec<__T>> for #name {
            fn from(elements: __json::Vec<__T>) -> Self {
                Self::#variant(elements.into_iter().map(__json::Into::into).collect())
            }
        }

        #[automatically_derived]
        impl<__T: __json::Into<#element>, const N: usize> __json::From<[__T; N]> for #name {
            fn from(elements: [__T; N]) -> Self {
                Self::#variant(elements.into_iter().map(__json::Into::into).collect())
            }
        }

        #from_slice
    }
}

fn from_slice(name: &Ident, variant: &Ident) -> TokenStream {
    quote_spanned! {Span::mixed_site()=>
        #[automatically_derived]
        impl<__T: __json::AsRef<str>> __json::From<&[__T]> for #name {
            fn from(texts: &[__T]) -> Self {
                Self::#variant(
                    texts.iter().map(|text| __json::String::from(text.as_ref())).collect(),
                )
            }
        }

        #[automatically_derived]
        impl<__T: __json::AsRef<str>> __json::From<&__json::Vec<__T>> for #name {
            fn from(texts: &__json::Vec<__T>) -> Self {
                <Self as __json::From<&[__T]>>::from(texts)
            }
        }

        #[automatically_derived]
        impl<__T: __json::AsRef<str>, const N: usize> __json::From<&[__T; N]> for #name {
            fn from(texts: &[__T; N]) -> Self {
                <Self as __json::From<&[__T]>>::from(texts)
            }
        }
    }
}
