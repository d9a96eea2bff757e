//! `ApiRequest`: objects that users build.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::{DeriveInput, Path, Result, Visibility};

use crate::field::{Field, ObjectFields, Presence, Setter};
use crate::object::{implement, parse_container};
use crate::types::argument_of;

/// Expands `ApiRequest`.
pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let container = parse_container(input, "ApiRequest")?;
    let fields = ObjectFields::parse(input, "ApiRequest")?;
    let builder = Builder {
        name: &input.ident,
        vis: &input.vis,
        krate: &container.krate,
        fields: &fields,
    };
    let (name, new) = (&input.ident, builder.new_function());
    let setters = fields.declared.iter().map(|field| builder.setter(field));
    let (extra, object) = (builder.extra(), implement(input, &container, &fields));
    let from_json = builder.json_function();
    Ok(quote_spanned! {Span::mixed_site()=>
        #[allow(deprecated)]
        impl #name {
            #new
            #(#setters)*
            #extra
            #from_json
        }

        #object
    })
}

struct Builder<'a> {
    name: &'a Ident,
    vis: &'a Visibility,
    krate: &'a Path,
    fields: &'a ObjectFields<'a>,
}

impl Builder<'_> {
    fn new_function(&self) -> TokenStream {
        let Self {
            vis, krate, fields, ..
        } = self;
        let span = Span::mixed_site();
        let required = || {
            fields
                .declared
                .iter()
                .filter(|it| it.presence == Presence::Required)
        };
        let arguments = required().map(|field| {
            let (ident, ty) = (field.ident, self.argument(field));
            quote_spanned!(span=> #ident: #ty)
        });
        let kinds = required().filter_map(kind);
        let values = fields.declared.iter().map(|field| {
            let ident = field.ident;
            let value = match field.presence {
                Presence::Required => self.converted(field),
                Presence::Default => quote_spanned!(span=> ::core::default::Default::default()),
                Presence::Optional => match &field.initial {
                    Some(initial) => quote_spanned! {span=>
                        ::core::option::Option::Some(::core::convert::From::from(#initial))
                    },
                    None => quote_spanned!(span=> ::core::option::Option::None),
                },
            };
            quote_spanned!(span=> #ident: #value)
        });
        let extra = &fields.extra;
        quote_spanned! {span=>
            /// Creates a value from the required fields. All others are unset.
            // A type without required fields may derive `Default`.
            #[allow(clippy::new_without_default, clippy::too_many_arguments)]
            #vis fn new<#(#kinds),*>(#(#arguments),*) -> Self {
                Self {
                    #(#values,)*
                    #extra: #krate::json::__private::Map::new(),
                }
            }
        }
    }

    /// The setter of a field, unless the field is required.
    fn setter(&self, field: &Field<'_>) -> TokenStream {
        let vis = self.vis;
        let Field { ident, name, .. } = field;
        let (attributes, extra) = (&field.attributes, &self.fields.extra);
        let (ty, value) = (self.argument(field), self.converted(field));
        let kind = kind(field).into_iter();
        let span = Span::mixed_site();
        let value = match field.presence {
            Presence::Required => return TokenStream::new(),
            Presence::Default => value,
            Presence::Optional => quote_spanned!(span=> ::core::option::Option::Some(#value)),
        };
        quote_spanned! {span=>
            #(#attributes)*
            #[must_use]
            #vis fn #ident<#(#kind),*>(mut self, #ident: #ty) -> Self {
                self.#ident = #value;
                self.#extra.remove(#name);
                self
            }
        }
    }

    fn extra(&self) -> TokenStream {
        let Self {
            vis, krate, fields, ..
        } = self;
        let extra = &fields.extra;
        quote_spanned! {Span::mixed_site()=>
            /// Adds a field that this version of the SDK does not know, or an explicit `null`.
            ///
            /// It wins over a declared field of the same name, unless that is set later.
            #[must_use]
            #vis fn extra(
                mut self,
                name: impl ::core::convert::Into<#krate::json::__private::String>,
                value: impl ::core::convert::Into<#krate::json::__private::Value>,
            ) -> Self {
                self.#extra.insert(name.into(), value.into());
                self
            }
        }
    }

    fn json_function(&self) -> TokenStream {
        let Self {
            vis, krate, name, ..
        } = self;
        quote_spanned! {Span::mixed_site()=>
            /// Reads a value from JSON: text, bytes, or a `serde_json::Value`. Unknown fields are
            /// kept in `extra`, and what has an unknown `type` or `role` is kept as `Unknown`.
            ///
            /// # Errors
            /// Fails with `ErrorKind::Decode` if it is not JSON, or not of this type. The message
            /// names the path: ``at `messages[1]`: missing field `content` ``.
            #vis fn from_json(
                json: impl #krate::json::JsonInput,
            ) -> #krate::json::__private::JsonResult<Self> {
                #krate::json::__private::from_json(&json, ::core::stringify!(#name))
            }
        }
    }

    /// The type of a field's argument.
    fn argument(&self, field: &Field<'_>) -> TokenStream {
        let ty = field.ty;
        let span = Span::mixed_site();
        let item = |container| argument_of(ty, container).unwrap_or(ty);
        match &field.setter {
            Setter::Plain => quote_spanned!(span=> #ty),
            Setter::Into => quote_spanned!(span=> impl ::core::convert::Into<#ty>),
            Setter::Boxed => {
                let ty = item("Box");
                quote_spanned!(span=> impl ::core::convert::Into<#ty>)
            }
            Setter::List => {
                let ty = item("Vec");
                quote_spanned! {span=>
                    impl ::core::iter::IntoIterator<Item = impl ::core::convert::Into<#ty>>
                }
            }
            Setter::Method { of, .. } => {
                let kind = kind(field);
                quote_spanned!(span=> impl #of<#kind>)
            }
        }
    }

    /// The value of a field's argument.
    fn converted(&self, field: &Field<'_>) -> TokenStream {
        let (ident, krate) = (field.ident, self.krate);
        let span = Span::mixed_site();
        match &field.setter {
            Setter::Plain => quote_spanned!(span=> #ident),
            Setter::Into => quote_spanned!(span=> #ident.into()),
            Setter::Boxed => {
                quote_spanned!(span=> #krate::json::__private::Box::new(#ident.into()))
            }
            Setter::List => quote_spanned! {span=>
                #ident.into_iter().map(::core::convert::Into::into).collect()
            },
            Setter::Method { method, .. } => quote_spanned!(span=> #method(#ident)),
        }
    }
}

/// Returns the type parameter for the kind of a field's argument, which the compiler infers.
fn kind(field: &Field<'_>) -> Option<Ident> {
    let Setter::Method { .. } = field.setter else {
        return None;
    };
    let name: String = field.name.value().split('_').map(capitalized).collect();
    Some(Ident::new(&name, Span::mixed_site()))
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
