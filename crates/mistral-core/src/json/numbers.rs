//! Readers of lists and maps of numbers, each of which is read like a field of its own.

use std::collections::BTreeMap;

use serde::de::{DeserializeOwned, MapAccess};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::lenient::{Exact, Scalar};
use super::raw::read;

/// A list or a map of numbers.
pub trait Numbers: Sized {
    /// The same with numbers that are read in any form.
    type Exact: DeserializeOwned;

    /// Removes the wrappers of the numbers.
    fn unwrap(exact: Self::Exact) -> Self;

    /// Returns the numbers that can be read, if they have a meaning without the others.
    fn readable(json: &RawValue) -> Option<Self::Exact>;
}

impl<T: Scalar> Numbers for Vec<T> {
    type Exact = Vec<Exact<T>>;

    fn unwrap(exact: Vec<Exact<T>>) -> Self {
        exact.into_iter().map(|Exact(number)| number).collect()
    }

    fn readable(_: &RawValue) -> Option<Vec<Exact<T>>> {
        None
    }
}

impl<T: Scalar> Numbers for BTreeMap<String, T> {
    type Exact = BTreeMap<String, Exact<T>>;

    fn unwrap(exact: BTreeMap<String, Exact<T>>) -> Self {
        // A loop, here and below: iterators are several times its code for each type.
        let mut numbers = Self::new();
        for (key, Exact(number)) in exact {
            numbers.insert(key, number);
        }
        numbers
    }

    #[cold]
    fn readable(json: &RawValue) -> Option<BTreeMap<String, Exact<T>>> {
        let entries: BTreeMap<String, &RawValue> = serde_json::from_str(json.get()).ok()?;
        let mut numbers = BTreeMap::new();
        for (key, number) in entries {
            if let Ok(number) = serde_json::from_str(number.get()) {
                numbers.insert(key, number);
            }
        }
        if numbers.is_empty() {
            None
        } else {
            Some(numbers)
        }
    }
}

/// Reads numbers that must be there.
pub(crate) fn numbers<'de, A, N>(map: &mut A) -> Result<N, A::Error>
where
    A: MapAccess<'de>,
    N: Numbers,
{
    map.next_value().map(N::unwrap)
}

/// Reads numbers. If one cannot be read, the value goes to `extra` as it came, and so does `null`
/// if `keep_nulls`.
pub fn lenient_numbers<'de, A, N>(
    map: &mut A,
    extra: &mut Map<String, Value>,
    name: &'static str,
    keep_nulls: bool,
) -> Result<Option<N>, A::Error>
where
    A: MapAccess<'de>,
    N: Numbers,
{
    let numbers = read(map, extra, name, keep_nulls, N::readable)?;
    Ok(numbers.map(N::unwrap))
}
