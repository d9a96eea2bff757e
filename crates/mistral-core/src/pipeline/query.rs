//! The query string of a request.

use serde_json::{Map, Value};

use super::request::RequestParts;
use crate::error::{Error, Result};
use crate::json::wire::{Object, serialize_object};

impl RequestParts {
    #[inline]
    pub(super) fn add_query(&mut self, query: &impl Object, exploded: &[&str]) -> Result<()> {
        let entries = serialize_object(query, serde_json::value::Serializer)
            .map_err(|error| Error::config("the query cannot be written").with_source(error))?;
        if let Value::Object(entries) = entries {
            self.add_entries(&entries, exploded);
        }
        Ok(())
    }

    #[inline]
    fn add_entries(&mut self, entries: &Map<String, Value>, exploded: &[&str]) {
        for (name, value) in entries {
            if let (Value::Object(members), true) = (value, exploded.contains(&name.as_str())) {
                self.add_entries(members, &[]);
                continue;
            }
            let values = match value {
                Value::Array(elements) => elements.as_slice(),
                value => std::slice::from_ref(value),
            };
            for value in values {
                let text = match value {
                    Value::String(text) => text.clone(),
                    value => value.to_string(),
                };
                self.options_mut().query.push((name.clone(), text));
            }
        }
    }

    /// Returns the value that a query parameter is set to.
    #[inline]
    pub(crate) fn query_value(&self, name: &str) -> Option<&str> {
        let query = &self.options()?.query;
        let (_, value) = query.iter().rfind(|(it, _)| it == name)?;
        Some(value)
    }

    /// Returns the number that a query parameter is set to.
    #[inline]
    pub(crate) fn query_number(&self, name: &str) -> Option<u64> {
        self.query_value(name)?.parse().ok()
    }

    /// Sets a query parameter, in place of any of that name.
    #[inline]
    pub(crate) fn set_query(&mut self, name: &str, value: String) {
        let query = &mut self.options_mut().query;
        query.retain(|(it, _)| it != name);
        query.push((name.to_owned(), value));
    }
}
