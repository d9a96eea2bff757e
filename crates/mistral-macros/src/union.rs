//! `ApiUnion`: enums whose variants are JSON values of several types.

use std::collections::HashMap;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{DeriveInput, Error, Result};

use crate::attributes::Container;
use crate::object::reject_generics;
use crate::variant::Member;
use crate::{tagged, untagged};

/// Expands `ApiUnion`.
pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    reject_generics(input, "ApiUnion")?;
    let known = ["tag", "default", "untagged", "crate"];
    let container = Container::parse(&input.attrs, "`ApiUnion`", &known)?;
    let error = |span: Span, message| Err(Error::new(span, message));
    let implementations = match (&container.tag, &container.default, container.untagged) {
        (Some(tag), default, None) => tagged::expand(input, tag, default.as_ref())?,
        (None, None, Some(_)) => untagged::expand(input)?,
        (Some(_), _, Some(span)) => return error(span, "`untagged` contradicts `tag`"),
        (None, Some(default), _) => {
            return error(
                default.span(),
                "`default` is the tag of a member; add `tag = \"…\"`",
            );
        }
        (None, None, None) => {
            let message = "`ApiUnion` needs `#[api(tag = \"…\")]` or `#[api(untagged)]`";
            return error(input.ident.span(), message);
        }
    };
    let krate = &container.krate;
    Ok(quote_spanned! {Span::mixed_site()=>
        #[allow(deprecated)]
        const _: () = {
            use #krate::json::__private as __json;

            #implementations
        };
    })
}

/// Implements `From` for each type that is in one variant only.
pub(crate) fn conversions(input: &DeriveInput, members: &[Member<'_>]) -> TokenStream {
    let written = |member: &Member<'_>| member.inner().to_token_stream().to_string();
    let mut count = HashMap::new();
    for member in members {
        *count.entry(written(member)).or_insert(0) += 1;
    }
    let name = &input.ident;
    let conversions = members
        .iter()
        .filter(|member| count.get(&written(member)) == Some(&1))
        .map(|Member { variant, ty, boxed }| {
            let boxed = boxed.map(|inner| {
                quote_spanned! {Span::mixed_site()=>
                    #[automatically_derived]
                    impl __json::From<#inner> for #name {
                        fn from(member: #inner) -> Self {
                            Self::#variant(__json::Box::new(member))
                        }
                    }
                }
            });
            quote_spanned! {Span::mixed_site()=>
                #[automatically_derived]
                impl __json::From<#ty> for #name {
                    fn from(member: #ty) -> Self {
                        Self::#variant(member)
                    }
                }

                #boxed
            }
        });
    quote!(#(#conversions)*)
}
