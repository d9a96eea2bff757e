//! Unions of objects that are told apart by one of their fields.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{DeriveInput, Error, LitStr, Result, Variant};

use super::conversions::conversions;
use super::variant::{Member, is_unknown, missing_unknown, only_field, parse_texts_and, variants};
use crate::attributes::Errors;

/// The variants of a union, but for the unknown one.
#[derive(Default)]
struct TaggedMembers<'a> {
    members: Vec<Member<'a>>,
    /// The tags of each variant: the one that is written, and its aliases.
    tags: Vec<Vec<LitStr>>,
}

/// Implements what a union needs that is told apart by `tag`.
pub(crate) fn expand(
    input: &DeriveInput,
    tag: &LitStr,
    default: Option<&LitStr>,
) -> Result<TokenStream> {
    let members = parse(input, default)?;
    let name = &input.ident;
    let conversions = conversions(input, &members.members);
    let union = implement_union(input, tag, default, &members);
    let serialize = implement_serialize(input, tag, &members);
    let objects = members.members.iter().filter(|it| !it.is_union);
    let assertions = objects.map(|it| assert_no_tag(tag, it));
    Ok(quote_spanned! {Span::mixed_site()=>
        #(#assertions)*
        #conversions
        #union
        #serialize

        #[automatically_derived]
        impl<'de> __json::Deserialize<'de> for #name {
            fn deserialize<__D: __json::Deserializer<'de>>(
                deserializer: __D,
            ) -> __json::Result<Self, __D::Error> {
                __json::deserialize_union(deserializer)
            }
        }
    })
}

fn parse<'a>(input: &'a DeriveInput, default: Option<&LitStr>) -> Result<TaggedMembers<'a>> {
    let mut errors = Errors::default();
    let (mut parsed, mut has_unknown) = (TaggedMembers::default(), false);
    for variant in variants(input, "ApiUnion")? {
        match is_unknown(variant, "Value") {
            Ok(true) => has_unknown = true,
            Ok(false) => {
                if let Some((member, tags)) = errors.take(parse_member(variant)) {
                    parsed.members.push(member);
                    parsed.tags.push(tags);
                }
            }
            Err(error) => {
                has_unknown = true;
                errors.push(error);
            }
        }
    }
    if !has_unknown {
        errors.push(missing_unknown(input, "Value"));
    }
    let tags = || parsed.tags.iter().flatten();
    let members = parsed.members.iter().zip(&parsed.tags);
    errors.check_unique(members.flat_map(|(it, tags)| tags.iter().map(|tag| (it.variant, tag))));
    if let Some(default) =
        default.filter(|default| !tags().any(|tag| tag.value() == default.value()))
    {
        let message = format!("no variant has the tag `{}`", default.value());
        errors.push(Error::new(default.span(), message));
    }
    errors.finish()?;
    Ok(parsed)
}

fn parse_member(variant: &Variant) -> Result<(Member<'_>, Vec<LitStr>)> {
    let ident = &variant.ident;
    let Some(field) = only_field(variant) else {
        let message = format!("`{ident}` must hold one type: `{ident}(…)`");
        return Err(Error::new(ident.span(), message));
    };
    let (texts, is_union) = parse_texts_and(variant, &["\"text\"", "alias", "union"])?;
    let mut member = Member::new(ident, &field.ty);
    member.is_union = is_union;
    Ok((member, texts))
}

/// The assertion that a member does not declare the tag, which would be written twice.
fn assert_no_tag(tag: &LitStr, member: &Member<'_>) -> TokenStream {
    let ty = member.inner();
    let message = format!(
        "the type that `{}` holds must not declare the field `{}`, which is the union's tag",
        member.variant,
        tag.value()
    );
    quote_spanned! {Span::mixed_site().located_at(ty.span())=>
        const _: () = ::core::assert!(
            !__json::contains(<#ty as __json::Object>::FIELDS, #tag),
            #message
        );
    }
}

fn implement_union(
    input: &DeriveInput,
    tag: &LitStr,
    default: Option<&LitStr>,
    TaggedMembers { members, tags }: &TaggedMembers<'_>,
) -> TokenStream {
    let name = &input.ident;
    let default = match default {
        Some(default) => quote!(__json::Some(#default)),
        None => quote!(__json::None),
    };
    let all = tags.iter().flatten();
    let arms = members.iter().zip(tags).map(|(member, tags)| {
        let Member { variant, ty, .. } = member;
        // An error about the type is shown at the variant.
        quote_spanned! {Span::mixed_site().located_at(ty.span())=>
            #(#tags)|* => <#ty as __json::Deserialize>::deserialize(deserializer).map(Self::#variant),
        }
    });
    quote_spanned! {Span::mixed_site()=>
        #[automatically_derived]
        impl __json::Union for #name {
            const TAG: &'static str = #tag;
            const DEFAULT: __json::Option<&'static str> = #default;

            #[inline]
            fn is_known(tag: &str) -> bool {
                ::core::matches!(tag, #(#all)|*)
            }

            fn member<'de, __D: __json::Deserializer<'de>>(
                tag: &str,
                deserializer: __D,
            ) -> __json::Result<Self, __D::Error> {
                match tag {
                    #(#arms)*
                    _ => __json::Deserialize::deserialize(deserializer).map(Self::Unknown),
                }
            }

            fn unknown(value: __json::Value) -> Self {
                Self::Unknown(value)
            }

            fn is_unknown(&self) -> bool {
                ::core::matches!(self, Self::Unknown(_))
            }
        }
    }
}

fn implement_serialize(
    input: &DeriveInput,
    tag: &LitStr,
    TaggedMembers { members, tags }: &TaggedMembers<'_>,
) -> TokenStream {
    let name = &input.ident;
    let arms = members.iter().zip(tags).map(|(member, tags)| {
        let Member {
            variant, ty, boxed, ..
        } = member;
        let serialize = match member.is_union {
            true => quote!(serialize_tagged_union),
            false => quote!(serialize_tagged),
        };
        let text = tags.first();
        let span = Span::mixed_site().located_at(ty.span());
        let member = match boxed {
            Some(_) => quote_spanned!(span=> &**member),
            None => quote_spanned!(span=> member),
        };
        quote_spanned! {span=>
            Self::#variant(member) => __json::#serialize(#tag, #text, #member, serializer),
        }
    });
    quote_spanned! {Span::mixed_site()=>
        #[automatically_derived]
        impl __json::Serialize for #name {
            fn serialize<__S: __json::Serializer>(
                &self,
                serializer: __S,
            ) -> __json::Result<__S::Ok, __S::Error> {
                match self {
                    #(#arms)*
                    Self::Unknown(value) => __json::Serialize::serialize(value, serializer),
                }
            }
        }
    }
}
