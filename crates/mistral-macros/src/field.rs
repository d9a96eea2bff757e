//! The fields of an object.

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Error, Fields, Lit, LitStr, Path, Result, Type};

use crate::attributes::{Errors, Key, read_options, unknown, value};
use crate::types::{are_numbers, argument_of, is_map, is_number, is_scalar, is_string};

const OPTIONS: [&str; 14] = [
    "required",
    "default",
    "extra",
    "rename",
    "into",
    "boxed",
    "list",
    "argument",
    "initial",
    "nullable",
    "lenient",
    "lenient_object",
    "read_with",
    "write_with",
];

/// Whether a field must be there.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Presence {
    Required,
    Default,
    Optional,
}

/// The function that reads a field.
pub(crate) enum Reader {
    Strict,
    List,
    Number,
    Scalar,
    Lenient,
    LenientList,
    LenientNumbers,
    LenientObject,
    Nullable,
    /// A required text that may be `null`.
    NullableText,
    With(Path),
}

/// The conversion of a setter's argument.
#[derive(Clone)]
pub(crate) enum Setter {
    Plain,
    Into,
    Boxed,
    List,
    /// A trait that the argument implements, and its method that converts it. Tokens, because a
    /// `Path` can be cloned with a further feature of syn only.
    Method {
        of: TokenStream,
        method: TokenStream,
    },
}

pub(crate) struct Field<'a> {
    pub(crate) ident: &'a Ident,
    /// The name in JSON.
    pub(crate) name: LitStr,
    /// The type, without `Option` where the field is optional.
    pub(crate) ty: &'a Type,
    pub(crate) presence: Presence,
    pub(crate) reader: Reader,
    pub(crate) write_with: Option<Path>,
    pub(crate) setter: Setter,
    /// The value that `new` sets an optional field to.
    pub(crate) initial: Option<Lit>,
    /// The attributes that the setter has as well.
    pub(crate) attributes: Vec<&'a Attribute>,
}

/// The fields of a struct, and the one for all others.
pub(crate) struct ObjectFields<'a> {
    pub(crate) declared: Vec<Field<'a>>,
    pub(crate) extra: &'a Ident,
}

impl<'a> ObjectFields<'a> {
    /// Parses the fields of a struct. Only a request's have setters.
    pub(crate) fn parse(input: &'a DeriveInput, derive: &str) -> Result<Self> {
        let fields = match &input.data {
            Data::Struct(data) => match &data.fields {
                Fields::Named(fields) => &fields.named,
                _ => return Err(wrong_item(input, derive)),
            },
            _ => return Err(wrong_item(input, derive)),
        };
        let mut errors = Errors::default();
        let (mut declared, mut extra) = (Vec::new(), None);
        for field in fields {
            let Some(ident) = &field.ident else { continue };
            let Some(options) = errors.take(Options::parse(&field.attrs)) else {
                continue;
            };
            if options.extra.is_none() {
                declared.extend(errors.take(options.into_field(field, ident, derive)));
                continue;
            }
            if !is_map(&field.ty) {
                let message = format!(
                    "`{ident}` is `#[api(extra)]`, so its type must be `Map<String, Value>`"
                );
                errors.push(Error::new(field.ty.span(), message));
            }
            if let Some(first) = extra.replace(ident) {
                let message = format!(
                    "`{ident}` is a second `#[api(extra)]` field, after `{first}`; there can be one"
                );
                errors.push(Error::new(ident.span(), message));
            }
        }
        errors.check_unique(declared.iter().map(|field| (field.ident, &field.name)));
        if extra.is_none() && errors.is_empty() {
            let message = format!(
                "`{}` needs a field for what it does not declare: \
                 add `#[api(extra)] pub extra: Map<String, Value>`",
                input.ident
            );
            errors.push(Error::new(input.ident.span(), message));
        }
        errors.finish()?;
        let extra = extra.ok_or_else(|| wrong_item(input, derive))?;
        Ok(Self { declared, extra })
    }
}

fn wrong_item(input: &DeriveInput, derive: &str) -> Error {
    let message = format!("`{derive}` can be derived for structs with named fields only");
    Error::new(input.ident.span(), message)
}

/// The options of a field, as written.
#[derive(Default)]
struct Options {
    required: Option<Span>,
    default: Option<Span>,
    extra: Option<Span>,
    rename: Option<LitStr>,
    setter: Option<(Setter, Ident)>,
    nullable: Option<Span>,
    lenient: Option<Span>,
    lenient_object: Option<Span>,
    read_with: Option<Path>,
    write_with: Option<Path>,
    initial: Option<Lit>,
}

impl Options {
    fn parse(attributes: &[Attribute]) -> Result<Self> {
        let (mut options, mut count) = (Self::default(), 0);
        read_options(attributes, |key, input| {
            count += 1;
            options.read(&key, input)
        })?;
        match options.extra {
            Some(span) if count > 1 => {
                let message = "`extra` cannot be combined with other options";
                Err(Error::new(span, message))
            }
            _ => Ok(options),
        }
    }

    fn read(&mut self, key: &Key, input: ParseStream<'_>) -> Result<()> {
        let known = &OPTIONS;
        let Key::Name(name) = key else {
            return Err(unknown(key, "a field", known));
        };
        let span = Some(name.span());
        match &*name.to_string() {
            "required" => self.required = span,
            "default" => self.default = span,
            "extra" => self.extra = span,
            "rename" => self.rename = Some(value(input)?),
            "into" => self.set_setter(Setter::Into, name)?,
            "boxed" => self.set_setter(Setter::Boxed, name)?,
            "list" => self.set_setter(Setter::List, name)?,
            "argument" => self.set_setter(method(input)?, name)?,
            "initial" => self.initial = Some(value(input)?),
            "nullable" => self.nullable = span,
            "lenient" => self.lenient = span,
            "lenient_object" => self.lenient_object = span,
            "read_with" => self.read_with = Some(value(input)?),
            "write_with" => self.write_with = Some(value(input)?),
            _ => return Err(unknown(key, "a field", known)),
        }
        Ok(())
    }

    fn set_setter(&mut self, setter: Setter, name: &Ident) -> Result<()> {
        match self.setter.replace((setter, name.clone())) {
            Some((_, first)) => {
                let message = format!("`{name}` contradicts `{first}`");
                Err(Error::new(name.span(), message))
            }
            None => Ok(()),
        }
    }

    fn into_field<'a>(
        mut self,
        field: &'a syn::Field,
        ident: &'a Ident,
        derive: &str,
    ) -> Result<Field<'a>> {
        let presence = self.presence(&field.ty, ident)?;
        let ty = match presence {
            Presence::Optional => argument_of(&field.ty, "Option").unwrap_or(&field.ty),
            _ => &field.ty,
        };
        let setter = self.setter(ty, ident, derive)?;
        if let Some(initial) = &self.initial
            && (presence != Presence::Optional || derive != "ApiRequest")
        {
            let message =
                format!("`initial` of `{ident}` is what `ApiRequest` sets an `Option` to");
            return Err(Error::new(initial.span(), message));
        }
        let reader = self.reader(presence, ty, ident)?;
        let is_kept =
            |it: &&Attribute| it.path().is_ident("doc") || it.path().is_ident("deprecated");
        let name = LitStr::new(&ident.unraw().to_string(), ident.span());
        Ok(Field {
            ident,
            name: self.rename.unwrap_or(name),
            ty,
            presence,
            reader,
            write_with: self.write_with,
            setter,
            initial: self.initial,
            attributes: field.attrs.iter().filter(is_kept).collect(),
        })
    }

    fn presence(&self, ty: &Type, ident: &Ident) -> Result<Presence> {
        let optional = argument_of(ty, "Option").is_some();
        match (self.required, self.default, optional) {
            (Some(_), Some(span), _) => Err(Error::new(
                span,
                format!("`{ident}` cannot be both `required` and `default`"),
            )),
            (Some(span), None, true) => Err(Error::new(
                span,
                format!(
                    "`{ident}` is an `Option`, so it cannot be `required`; leave one of them out"
                ),
            )),
            (None, Some(span), true) => Err(Error::new(
                span,
                format!("`{ident}` is an `Option`, whose default is `None`; leave `default` out"),
            )),
            (Some(_), None, false) => Ok(Presence::Required),
            (None, Some(_), false) => Ok(Presence::Default),
            (None, None, true) => Ok(Presence::Optional),
            (None, None, false) => Err(Error::new(
                ident.span(),
                format!(
                    "`{ident}` must be `#[api(required)]`, `#[api(default)]` or an `Option`, \
                     depending on how it is read if the field is absent"
                ),
            )),
        }
    }

    fn reader(&mut self, presence: Presence, ty: &Type, ident: &Ident) -> Result<Reader> {
        let required = presence == Presence::Required;
        let contradiction = |span, option: &str, other: &str| {
            let message = format!("`{option}` of `{ident}` cannot be combined with `{other}`");
            Err(Error::new(span, message))
        };
        match (self.lenient_object, self.lenient, self.nullable) {
            (Some(span), Some(_), _) => return contradiction(span, "lenient_object", "lenient"),
            (Some(span), _, Some(_)) => return contradiction(span, "lenient_object", "nullable"),
            (Some(span), ..) if self.read_with.is_some() => {
                return contradiction(span, "lenient_object", "read_with");
            }
            (Some(span), ..) if required => {
                return contradiction(span, "lenient_object", "required");
            }
            (Some(_), ..) => return Ok(Reader::LenientObject),
            (None, ..) => {}
        }
        match (self.read_with.take(), self.nullable, self.lenient) {
            (_, Some(span), Some(_)) => contradiction(span, "nullable", "lenient"),
            (Some(_), Some(span), _) => contradiction(span, "nullable", "read_with"),
            (Some(_), _, Some(span)) => contradiction(span, "lenient", "read_with"),
            (None, Some(_), None) if required && is_string(ty) => Ok(Reader::NullableText),
            (None, Some(span), _) if required => contradiction(span, "nullable", "required"),
            (None, _, Some(span)) if required => contradiction(span, "lenient", "required"),
            (Some(path), ..) => Ok(Reader::With(path)),
            (None, Some(_), None) => Ok(Reader::Nullable),
            (None, None, _) if required && is_number(ty) => Ok(Reader::Number),
            (None, None, _) if !required && is_scalar(ty) => Ok(Reader::Scalar),
            (None, None, Some(_)) if are_numbers(ty) => Ok(Reader::LenientNumbers),
            (None, None, Some(_)) if argument_of(ty, "Vec").is_some() => Ok(Reader::LenientList),
            (None, None, Some(_)) => Ok(Reader::Lenient),
            (None, None, None) if !required && argument_of(ty, "Vec").is_some() => Ok(Reader::List),
            (None, None, None) => Ok(Reader::Strict),
        }
    }

    fn setter(&self, ty: &Type, ident: &Ident, derive: &str) -> Result<Setter> {
        let Some((setter, option)) = &self.setter else {
            return Ok(Setter::Plain);
        };
        let error = |message| Err(Error::new(option.span(), message));
        if derive != "ApiRequest" {
            return error(format!(
                "`{option}` of `{ident}` is about a setter, and only `ApiRequest` has setters"
            ));
        }
        let needed = match setter {
            Setter::List => "Vec",
            Setter::Boxed => "Box",
            Setter::Into | Setter::Plain | Setter::Method { .. } => return Ok(setter.clone()),
        };
        if argument_of(ty, needed).is_some() {
            return Ok(setter.clone());
        }
        error(format!(
            "`{option}` is for a `{needed}`, which `{ident}` is not"
        ))
    }
}

/// Parses `= Trait::method`.
fn method(input: ParseStream<'_>) -> Result<Setter> {
    let mut path: Path = value(input)?;
    if path.segments.len() < 2 {
        let message = "`argument` names a trait and its method: `argument = Trait::method`";
        return Err(Error::new(path.span(), message));
    }
    let method = path.to_token_stream();
    path.segments.pop();
    path.segments.pop_punct();
    Ok(Setter::Method {
        of: path.to_token_stream(),
        method,
    })
}
