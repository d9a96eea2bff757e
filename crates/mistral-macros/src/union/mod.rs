//! `ApiUnion`: enums whose variants are JSON values of several types.

mod conversions;
mod json_kind;
mod tagged;
mod untagged;
mod untagged_visitor;
pub(crate) mod variant;

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::{DeriveInput, Error, Result};

use crate::attributes::Container;
use crate::object::reject_generics;

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
