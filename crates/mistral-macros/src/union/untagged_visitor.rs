//! The reader of a union that is told apart by the kind of JSON value.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::Ident;
use syn::spanned::Spanned;

use super::json_kind::{JsonKind, Untagged, UntaggedMembers};

/// Implements `Deserialize`.
pub(crate) fn implement_deserialize(name: &Ident, members: &UntaggedMembers<'_>) -> TokenStream {
    let find = |kind| members.members.iter().find(|member| member.kind == kind);
    let expected: Vec<_> = JsonKind::ALL
        .into_iter()
        .filter(|(kind, ..)| members.has_unknown || find(*kind).is_some())
        .map(|(.., expected)| expected)
        .collect();
    let expected = expected.join(" or ");
    let objects = |kind| kind == JsonKind::Object && members.has_several_objects();
    let visits = JsonKind::ALL
        .into_iter()
        .map(|(kind, ..)| match find(kind) {
            Some(_) if objects(kind) => visit_objects(name, members),
            Some(member) => Visit::member(name, member).methods(),
            None if members.has_unknown => Visit::unknown(name, kind).methods(),
            None => TokenStream::new(),
        });
    quote_spanned! {Span::mixed_site()=>
        struct UnionVisitor;

        impl<'de> __json::Visitor<'de> for UnionVisitor {
            type Value = #name;

            fn expecting(&self, f: &mut __json::fmt::Formatter<'_>) -> __json::fmt::Result {
                f.write_str(#expected)
            }

            #(#visits)*
        }

        #[automatically_derived]
        impl<'de> __json::Deserialize<'de> for #name {
            fn deserialize<__D: __json::Deserializer<'de>>(
                deserializer: __D,
            ) -> __json::Result<Self, __D::Error> {
                deserializer.deserialize_any(UnionVisitor)
            }
        }
    }
}

/// The visitor's method for objects of several types: the first that has its own field, or else the
/// one that needs none.
fn visit_objects(name: &Ident, members: &UntaggedMembers<'_>) -> TokenStream {
    let span = Span::mixed_site();
    let unknown = if members.has_unknown {
        quote_spanned!(span=> __json::Some(#name::Unknown))
    } else {
        quote_spanned!(span=> __json::None)
    };
    let objects = || {
        members
            .members
            .iter()
            .filter(|it| it.kind == JsonKind::Object)
    };
    let arms = objects().filter_map(|member| {
        let (with, variant) = (member.with.as_ref()?, member.variant);
        Some(quote_spanned! {span=>
            if object.contains_key(#with) {
                return __json::object_member(object, #name::#variant, #unknown);
            }
        })
    });
    let rest = match (objects().find(|it| it.with.is_none()), members.has_unknown) {
        (Some(member), _) => {
            let variant = member.variant;
            quote_spanned!(span=> __json::object_member(object, #name::#variant, #unknown))
        }
        (None, true) => {
            quote_spanned!(span=> __json::Ok(#name::Unknown(__json::Value::Object(object))))
        }
        (None, false) => quote_spanned! {span=>
            __json::Err(__json::Error::custom("an object of another kind"))
        },
    };
    quote_spanned! {span=>
        fn visit_map<__A: __json::MapAccess<'de>>(
            self,
            access: __A,
        ) -> __json::Result<Self::Value, __A::Error> {
            let deserializer = __json::MapAccessDeserializer::new(access);
            let object: __json::Map<__json::String, __json::Value> =
                __json::Deserialize::deserialize(deserializer)?;
            #(#arms)*
            #rest
        }
    }
}

/// The variant that values of one kind are read as.
struct Visit {
    kind: JsonKind,
    /// The type that the variant holds.
    ty: TokenStream,
    /// The path of the variant.
    variant: TokenStream,
    /// The variant that is `null`.
    null: TokenStream,
    /// The place where an error about the type is shown.
    span: Span,
}

impl Visit {
    fn member(name: &Ident, member: &Untagged<'_>) -> Self {
        let ident = member.variant;
        let span = member.ty.map_or(ident.span(), Spanned::span);
        let variant = quote_spanned!(Span::mixed_site()=> #name::#ident);
        Self {
            kind: member.kind,
            ty: member.ty.to_token_stream(),
            null: variant.clone(),
            variant,
            span: Span::mixed_site().located_at(span),
        }
    }

    fn unknown(name: &Ident, kind: JsonKind) -> Self {
        let span = Span::mixed_site();
        Self {
            kind,
            ty: quote_spanned!(span=> __json::Value),
            variant: quote_spanned!(span=> #name::Unknown),
            null: quote_spanned!(span=> #name::Unknown(__json::Value::Null)),
            span,
        }
    }

    /// The visitor's methods for values of the kind.
    fn methods(&self) -> TokenStream {
        match self.kind {
            JsonKind::String => self.visit_string(),
            JsonKind::Array => self.visit_access("Seq"),
            JsonKind::Object => self.visit_access("Map"),
            JsonKind::Number => ["i64", "u64", "f64"]
                .map(|ty| self.visit_scalar(ty))
                .into_iter()
                .collect(),
            JsonKind::Bool => self.visit_scalar("bool"),
            JsonKind::Null => self.visit_null(),
        }
    }

    fn visit_string(&self) -> TokenStream {
        let Self {
            ty, variant, span, ..
        } = self;
        quote_spanned! {*span=>
            fn visit_str<__E: __json::Error>(
                self,
                text: &str,
            ) -> __json::Result<Self::Value, __E> {
                self.visit_string(__json::String::from(text))
            }

            fn visit_string<__E: __json::Error>(
                self,
                text: __json::String,
            ) -> __json::Result<Self::Value, __E> {
                __json::Ok(#variant(<#ty as __json::From<__json::String>>::from(text)))
            }
        }
    }

    fn visit_access(&self, kind: &str) -> TokenStream {
        let Self {
            ty, variant, span, ..
        } = self;
        let method = format_ident!("visit_{}", kind.to_lowercase());
        let access = format_ident!("{kind}Access");
        let deserializer = format_ident!("{kind}AccessDeserializer");
        quote_spanned! {*span=>
            fn #method<__A: __json::#access<'de>>(
                self,
                access: __A,
            ) -> __json::Result<Self::Value, __A::Error> {
                let deserializer = __json::#deserializer::new(access);
                <#ty as __json::Deserialize>::deserialize(deserializer).map(#variant)
            }
        }
    }

    fn visit_scalar(&self, scalar: &str) -> TokenStream {
        let Self {
            ty, variant, span, ..
        } = self;
        let method = format_ident!("visit_{scalar}");
        let scalar = format_ident!("{scalar}");
        quote_spanned! {*span=>
            fn #method<__E: __json::Error>(
                self,
                value: #scalar,
            ) -> __json::Result<Self::Value, __E> {
                let deserializer = __json::IntoDeserializer::<'de, __E>::into_deserializer(value);
                <#ty as __json::Deserialize>::deserialize(deserializer).map(#variant)
            }
        }
    }

    fn visit_null(&self) -> TokenStream {
        let Self { null, span, .. } = self;
        quote_spanned! {*span=>
            fn visit_unit<__E: __json::Error>(self) -> __json::Result<Self::Value, __E> {
                __json::Ok(#null)
            }
        }
    }
}
