//! `ApiEnum`: string enums that keep values they do not know.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::{DeriveInput, Error, Fields, LitStr, Result, Variant};

use crate::attributes::{Container, Errors};
use crate::object::reject_generics;
use crate::union::variant::{is_unknown, missing_unknown, parse_texts, variants};

/// A declared value: the variant, its text, and further texts that are read as it.
struct EnumValue<'a> {
    ident: &'a Ident,
    texts: Vec<LitStr>,
}

/// Expands `ApiEnum`.
pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    reject_generics(input, "ApiEnum")?;
    let container = Container::parse(&input.attrs, "`ApiEnum`", &["crate"])?;
    let values = parse(input)?;
    let (name, vis, krate) = (&input.ident, &input.vis, &container.krate);
    let written = values.iter().filter_map(|value| {
        let (ident, text) = (value.ident, value.texts.first()?);
        Some(quote_spanned!(Span::mixed_site()=> Self::#ident => #text,))
    });
    let implementations = implement(name, &values);
    Ok(quote_spanned! {Span::mixed_site()=>
        #[allow(deprecated)]
        impl #name {
            /// Returns the value as it is written in JSON.
            #vis fn as_str(&self) -> &str {
                match self {
                    #(#written)*
                    Self::Unknown(value) => value,
                }
            }
        }

        #[allow(deprecated)]
        const _: () = {
            use #krate::json::__private as __json;

            #implementations
        };
    })
}

fn parse(input: &DeriveInput) -> Result<Vec<EnumValue<'_>>> {
    let mut errors = Errors::default();
    let (mut values, mut has_unknown) = (Vec::new(), false);
    for variant in variants(input, "ApiEnum")? {
        match is_unknown(variant, "String") {
            Ok(true) => has_unknown = true,
            Ok(false) => values.extend(errors.take(parse_value(variant))),
            Err(error) => {
                has_unknown = true;
                errors.push(error);
            }
        }
    }
    if !has_unknown {
        errors.push(missing_unknown(input, "String"));
    }
    let texts = values
        .iter()
        .flat_map(|value| value.texts.iter().map(|text| (value.ident, text)));
    errors.check_unique(texts);
    errors.finish()?;
    Ok(values)
}

fn parse_value(variant: &Variant) -> Result<EnumValue<'_>> {
    let ident = &variant.ident;
    if !matches!(variant.fields, Fields::Unit) {
        let message = format!("`{ident}` must not hold anything: an `ApiEnum` is a string");
        return Err(Error::new(ident.span(), message));
    }
    let texts = parse_texts(variant)?;
    Ok(EnumValue { ident, texts })
}

/// Implements the conversions, `Display`, `Serialize` and `Deserialize`.
fn implement(name: &Ident, values: &[EnumValue<'_>]) -> TokenStream {
    let conversions = conversions(name, values);
    quote_spanned! {Span::mixed_site()=>
        #conversions

        #[automatically_derived]
        impl __json::fmt::Display for #name {
            #[inline]
            fn fmt(&self, f: &mut __json::fmt::Formatter<'_>) -> __json::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        #[automatically_derived]
        impl __json::Serialize for #name {
            fn serialize<__S: __json::Serializer>(
                &self,
                serializer: __S,
            ) -> __json::Result<__S::Ok, __S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        #[automatically_derived]
        impl<'de> __json::Deserialize<'de> for #name {
            fn deserialize<__D: __json::Deserializer<'de>>(
                deserializer: __D,
            ) -> __json::Result<Self, __D::Error> {
                __json::deserialize_enum(deserializer, |text| <Self as __json::From<&str>>::from(text))
            }
        }
    }
}

fn conversions(name: &Ident, values: &[EnumValue<'_>]) -> TokenStream {
    let read = values.iter().map(|EnumValue { ident, texts }| {
        quote_spanned!(Span::mixed_site()=> #(#texts)|* => __json::Some(#name::#ident),)
    });
    quote_spanned! {Span::mixed_site()=>
        #[inline]
        fn known(value: &str) -> __json::Option<#name> {
            match value {
                #(#read)*
                _ => __json::None,
            }
        }

        #[automatically_derived]
        impl __json::From<&str> for #name {
            #[inline]
            fn from(value: &str) -> Self {
                known(value).unwrap_or_else(|| Self::Unknown(__json::String::from(value)))
            }
        }

        #[automatically_derived]
        impl __json::From<__json::String> for #name {
            #[inline]
            fn from(value: __json::String) -> Self {
                known(&value).unwrap_or(Self::Unknown(value))
            }
        }
    }
}
