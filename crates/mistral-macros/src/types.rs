//! Types as far as they can be told from how they are written.

use syn::{GenericArgument, PathArguments, PathSegment, Type};

/// Returns the last segment of a type's path: `Option<T>` of `std::option::Option<T>`.
fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match ty {
        Type::Path(ty) if ty.qself.is_none() => ty.path.segments.last(),
        // A type that a `macro_rules!` macro has passed on.
        Type::Group(group) => last_segment(&group.elem),
        Type::Paren(paren) => last_segment(&paren.elem),
        _ => None,
    }
}

/// Returns the types `A`, `B` of a type that is written `name<A, B>`.
fn arguments_of<'a>(ty: &'a Type, name: &str) -> Option<Vec<&'a Type>> {
    let segment = last_segment(ty).filter(|segment| segment.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return None;
    };
    let types = arguments.args.iter().map(|argument| match argument {
        GenericArgument::Type(argument) => Some(argument),
        _ => None,
    });
    types.collect()
}

/// Returns the `T` of a type that is written `name<T>`.
pub(crate) fn argument_of<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    match arguments_of(ty, name)?.as_slice() {
        [argument] => Some(*argument),
        _ => None,
    }
}

/// Whether a type is written as one of `names`.
pub(crate) fn is_one_of(ty: &Type, names: &[&str]) -> bool {
    last_segment(ty).is_some_and(|segment| {
        segment.arguments.is_none() && names.iter().any(|name| segment.ident == name)
    })
}

/// Whether a type is a number that is read leniently.
pub(crate) fn is_number(ty: &Type) -> bool {
    const NUMBERS: [&str; 11] = [
        "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "usize", "f32", "f64",
    ];
    is_one_of(ty, &NUMBERS)
}

pub(crate) fn is_string(ty: &Type) -> bool {
    is_one_of(ty, &["String"])
}

/// Whether a type is a number, a string or a boolean.
pub(crate) fn is_scalar(ty: &Type) -> bool {
    is_number(ty) || is_one_of(ty, &["String", "bool"])
}

/// Whether a type is written `Map<…>`.
pub(crate) fn is_map(ty: &Type) -> bool {
    arguments_of(ty, "Map").is_some()
}

/// Whether a type is a list of numbers, or a map from strings to numbers.
pub(crate) fn are_numbers(ty: &Type) -> bool {
    let number = match arguments_of(ty, "BTreeMap").as_deref() {
        Some([key, number]) if is_string(key) => Some(*number),
        _ => argument_of(ty, "Vec"),
    };
    number.is_some_and(is_number)
}
