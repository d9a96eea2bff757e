//! Pages that are bare lists.

use std::ops::Deref;

use mistral_core::call::{NextPage, Page};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A page that the API returns as a list and nothing else. Pages are numbered from 0, and the list
/// ends with an empty one.
///
/// It is read as the slice of its elements.
///
/// ```
/// use mistral_sdk::beta::ListPage;
///
/// let page: ListPage<String> = serde_json::from_str(r#"["a", "b"]"#)?;
/// assert_eq!(page.len(), 2);
/// assert_eq!(page.first().map(String::as_str), Some("a"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ListPage<T>(Vec<T>);

impl<T> ListPage<T> {
    /// Returns the elements.
    pub fn into_inner(self) -> Vec<T> {
        self.0
    }
}

impl<T> Deref for ListPage<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T> IntoIterator for ListPage<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a ListPage<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<T: DeserializeOwned + Send + 'static> Page for ListPage<T> {
    type Item = T;

    fn into_items(self) -> Vec<T> {
        self.0
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn next(&self) -> Option<NextPage> {
        NextPage::number(None)
    }
}
