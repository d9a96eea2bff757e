//! Derives of the Mistral SDK.
//!
//! Use them through `mistral_core::json`, which has their runtime as well.

mod attributes;
mod field;
mod object;
mod open_enum;
mod request;
mod tagged;
mod types;
mod union;
mod untagged;
mod untagged_visitor;
mod variant;

use proc_macro::TokenStream;
use syn::{DeriveInput, Error, Result, parse_macro_input};

/// Derives ApiObject.
#[proc_macro_derive(ApiObject, attributes(api))]
pub fn derive_api_object(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    tokens(object::expand(&input))
}

/// Derives ApiRequest.
#[proc_macro_derive(ApiRequest, attributes(api))]
pub fn derive_api_request(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    tokens(request::expand(&input))
}

/// Derives ApiEnum.
#[proc_macro_derive(ApiEnum, attributes(api))]
pub fn derive_api_enum(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    tokens(open_enum::expand(&input))
}

/// Derives ApiUnion.
#[proc_macro_derive(ApiUnion, attributes(api))]
pub fn derive_api_union(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    tokens(union::expand(&input))
}

fn tokens(expanded: Result<proc_macro2::TokenStream>) -> TokenStream {
    expanded.unwrap_or_else(Error::into_compile_error).into()
}
