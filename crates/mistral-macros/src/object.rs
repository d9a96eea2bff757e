//! `ApiObject`: objects that are read and written.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{DeriveInput, Error, Ident, Result};

use crate::attributes::Container;
use crate::field::{Field, ObjectFields, Presence, Reader};

/// Expands `ApiObject`.
pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let container = parse_container(input, "ApiObject")?;
    let fields = ObjectFields::parse(input, "ApiObject")?;
    Ok(implement(input, &container, &fields))
}

pub(crate) fn parse_container(input: &DeriveInput, derive: &str) -> Result<Container> {
    reject_generics(input, derive)?;
    let of = format!("`{derive}`");
    let known = ["keep_nulls", "tag", "tag_value", "crate"];
    let container = Container::parse(&input.attrs, &of, &known)?;
    match (&container.tag, &container.tag_value) {
        (Some(only), None) | (None, Some(only)) => {
            let message = "an object has both `tag` and `tag_value`, or neither";
            Err(Error::new(only.span(), message))
        }
        _ => Ok(container),
    }
}

pub(crate) fn reject_generics(input: &DeriveInput, derive: &str) -> Result<()> {
    if input.generics.params.is_empty() {
        return Ok(());
    }
    let message = format!("`{derive}` cannot be derived for generic types");
    Err(Error::new(input.generics.span(), message))
}

/// Implements `Object`, `Deserialize` and `Serialize`.
///
/// The local names are hygienic: a field may be called `map`, `extra` or `key`.
pub(crate) fn implement(
    input: &DeriveInput,
    container: &Container,
    fields: &ObjectFields<'_>,
) -> TokenStream {
    let Container {
        krate, keep_nulls, ..
    } = container;
    let (name, extra) = (&input.ident, fields.extra);
    let read = read(container, fields);
    let names = fields.declared.iter().map(|field| &field.name);
    let is_lenient = fields.declared.iter().all(is_lenient);
    let write = fields.declared.iter().map(write_field);
    let assertions = fields.declared.iter().filter_map(assert_lenient);
    let serde = implement_serde(name, container);
    quote_spanned! {Span::mixed_site()=>
        #[allow(deprecated)]
        const _: () = {
            use #krate::json::__private as __json;

            #(#assertions)*

            #[automatically_derived]
            impl __json::Object for #name {
                const KEEPS_NULLS: bool = #keep_nulls;
                const IS_LENIENT: bool = #is_lenient;
                const FIELDS: &'static [&'static str] = &[#(#names),*];

                #read

                fn write<__M: __json::SerializeMap>(
                    &self,
                    map: &mut __M,
                ) -> __json::Result<(), __M::Error> {
                    let extra = &self.#extra;
                    #(#write)*
                    __json::extra_entries(map, extra)
                }

                fn extra(&self) -> &__json::Map<__json::String, __json::Value> {
                    &self.#extra
                }
            }

            #serde
        };
    }
}

fn is_lenient(field: &Field<'_>) -> bool {
    matches!(
        field.reader,
        Reader::Scalar
            | Reader::Lenient
            | Reader::LenientList
            | Reader::LenientNumbers
            | Reader::LenientObject
    )
}

/// Implements `Deserialize` and `Serialize` by `Object`.
fn implement_serde(name: &Ident, container: &Container) -> TokenStream {
    let (serialize, tag) = match container.tag.as_ref().zip(container.tag_value.as_ref()) {
        Some((tag, value)) => (quote!(serialize_tagged), quote!(#tag, #value,)),
        None => (quote!(serialize_object), TokenStream::new()),
    };
    quote_spanned! {Span::mixed_site()=>
        #[automatically_derived]
        impl<'de> __json::Deserialize<'de> for #name {
            fn deserialize<__D: __json::Deserializer<'de>>(
                deserializer: __D,
            ) -> __json::Result<Self, __D::Error> {
                __json::deserialize_object(deserializer)
            }
        }

        #[automatically_derived]
        impl __json::Serialize for #name {
            fn serialize<__S: __json::Serializer>(
                &self,
                serializer: __S,
            ) -> __json::Result<__S::Ok, __S::Error> {
                __json::#serialize(#tag self, serializer)
            }
        }
    }
}

/// The assertion that the type of a `lenient_object` field is lenient. It fails at the type, and
/// also when the code is only checked.
fn assert_lenient(field: &Field<'_>) -> Option<TokenStream> {
    if !matches!(field.reader, Reader::LenientObject) {
        return None;
    }
    let ty = field.ty;
    let message = format!(
        "`lenient_object` of `{}` needs a type all of whose fields are lenient; use `lenient`",
        field.ident
    );
    Some(quote_spanned! {Span::mixed_site().located_at(ty.span())=>
        const _: () = ::core::assert!(<#ty as __json::Object>::IS_LENIENT, #message);
    })
}

/// The method that reads the entries of a map.
fn read(container: &Container, fields: &ObjectFields<'_>) -> TokenStream {
    let declared = &fields.declared;
    let extra = fields.extra;
    let idents: Vec<_> = declared.iter().map(|field| field.ident).collect();
    let types = declared.iter().map(|field| field.ty);
    let names = declared.iter().map(|field| &field.name);
    let reads = declared.iter().map(|field| read_field(container, field));
    let values = declared.iter().map(
        |Field {
             ident,
             name,
             presence,
             ..
         }| {
            let span = Span::mixed_site();
            match presence {
                Presence::Required => quote_spanned!(span=> __json::required(#ident, #name)?),
                Presence::Default => quote_spanned!(span=> #ident.unwrap_or_default()),
                Presence::Optional => quote!(#ident),
            }
        },
    );
    quote_spanned! {Span::mixed_site()=>
        fn read<'de, __A: __json::MapAccess<'de>>(
            mut map: __A,
            skipped: __json::Option<&str>,
        ) -> __json::Result<Self, __A::Error> {
            #(let mut #idents: __json::Option<#types> = __json::None;)*
            let mut extra = __json::Map::new();
            while let __json::Some(key) = __json::next_key(&mut map)? {
                match &*key {
                    #(#names => { #reads })*
                    key if __json::Some(key) == skipped => {
                        __json::value::<_, __json::IgnoredAny>(&mut map)?;
                    }
                    _ => {
                        extra.insert(key.into_owned(), __json::value(&mut map)?);
                    }
                }
            }
            __json::Ok(Self {
                #(#idents: #values,)*
                #extra: extra,
            })
        }
    }
}

/// The statements that read the value of one field.
fn read_field(container: &Container, field: &Field<'_>) -> TokenStream {
    let Field { ident, name, .. } = field;
    // An error about the type is shown at the field.
    let span = Span::mixed_site().located_at(field.ty.span());
    let optional = field.presence == Presence::Optional;
    let keep_nulls = optional && container.keep_nulls;
    let value = match &field.reader {
        Reader::Strict => quote_spanned!(span=> __json::value(&mut map)?),
        Reader::List => quote_spanned!(span=> __json::optional_list(&mut map)?),
        Reader::Number => quote_spanned!(span=> __json::number(&mut map)?),
        Reader::Nullable => quote_spanned!(span=> __json::nullable(&mut map)?),
        Reader::NullableText => {
            quote_spanned!(span=> __json::nullable_text(&mut map, &mut extra, #name)?)
        }
        Reader::With(read) => quote_spanned!(span=> #read(&mut map)?),
        Reader::Scalar => {
            quote_spanned!(span=> __json::scalar(&mut map, &mut extra, #name, #keep_nulls)?)
        }
        Reader::Lenient => {
            quote_spanned!(span=> __json::lenient(&mut map, &mut extra, #name, #keep_nulls)?)
        }
        Reader::LenientList => {
            quote_spanned!(span=> __json::lenient_list(&mut map, &mut extra, #name, #keep_nulls)?)
        }
        Reader::LenientNumbers => {
            quote_spanned!(span=> __json::lenient_numbers(&mut map, &mut extra, #name, #keep_nulls)?)
        }
        Reader::LenientObject => {
            quote_spanned!(span=> __json::lenient_object(&mut map, &mut extra, #name, #keep_nulls)?)
        }
    };
    let span = Span::mixed_site();
    match (field.presence, &field.reader) {
        (Presence::Required, _) => quote_spanned!(span=> #ident = __json::Some(#value);),
        (_, Reader::Strict | Reader::List | Reader::With(_)) if keep_nulls => {
            quote_spanned! {span=>
                #ident = #value;
                if #ident.is_none() {
                    __json::keep_null(&mut extra, #name);
                } else {
                    __json::forget(&mut extra, #name);
                }
            }
        }
        _ => quote_spanned!(span=> #ident = #value;),
    }
}

/// The statement that writes one field.
fn write_field(field: &Field<'_>) -> TokenStream {
    let Field { ident, name, .. } = field;
    let span = Span::mixed_site().located_at(field.ty.span());
    let wrap = |value: TokenStream| match &field.write_with {
        Some(wrapper) => quote_spanned!(span=> &#wrapper(#value)),
        None => value,
    };
    if field.presence == Presence::Optional {
        let value = wrap(quote_spanned!(span=> field));
        quote_spanned! {span=>
            if let __json::Some(field) = &self.#ident {
                __json::optional_entry(map, extra, #name, #value)?;
            }
        }
    } else {
        let value = wrap(quote_spanned!(span=> &self.#ident));
        quote_spanned!(span=> __json::entry(map, extra, #name, #value)?;)
    }
}
