//! Conversions from the members of a union.

use std::collections::HashMap;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::DeriveInput;

use super::variant::Member;

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
        .map(
            |Member {
                 variant, ty, boxed, ..
             }| {
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
            },
        );
    quote!(#(#conversions)*)
}
