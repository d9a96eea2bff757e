use serde_json::{Map, Value};

use crate::messages::change::ChangeLog;

/// The fields of an object that have not been imported yet.
pub(super) struct Fields {
    /// The path of the object within the message, or empty.
    path: String,
    fields: Map<String, Value>,
}

impl Fields {
    #[inline]
    pub(super) fn new(path: impl Into<String>, fields: Map<String, Value>) -> Self {
        Self {
            path: path.into(),
            fields,
        }
    }

    /// Returns the path of a field within the message.
    #[inline]
    pub(super) fn path(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    #[inline]
    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// Takes the value of a field, unless it is missing or `null`.
    #[inline]
    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.take_if(name, |value| !value.is_null())
    }

    #[inline]
    pub(super) fn take_text(&mut self, name: &str) -> Option<String> {
        match self.take_if(name, Value::is_string)? {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    #[inline]
    pub(super) fn take_object(&mut self, name: &str) -> Option<Map<String, Value>> {
        match self.take_if(name, Value::is_object)? {
            Value::Object(object) => Some(object),
            _ => None,
        }
    }

    #[inline]
    pub(super) fn take_list(&mut self, name: &str) -> Option<Vec<Value>> {
        match self.take_if(name, Value::is_array)? {
            Value::Array(list) => Some(list),
            _ => None,
        }
    }

    /// Takes the value of a field if `is_fit`. Others are left, and reported by `finish`.
    #[inline]
    pub(super) fn take_if(
        &mut self,
        name: &str,
        is_fit: impl FnOnce(&Value) -> bool,
    ) -> Option<Value> {
        self.fields.get(name).filter(|value| is_fit(value))?;
        self.fields.remove(name)
    }

    /// Drops fields that the converted message has in another form.
    #[inline]
    pub(super) fn skip(&mut self, names: &[&str]) {
        for name in names {
            self.fields.remove(*name);
        }
    }

    /// Removes fields that are there.
    #[inline]
    pub(super) fn remove(&mut self, names: &[&str], reason: &'static str, log: &mut ChangeLog) {
        for name in names {
            if let Some(value) = self.fields.remove(*name) {
                log.removed(self.path(name), value, reason);
            }
        }
    }

    /// Keeps the fields with these names, and removes all others.
    #[inline]
    pub(super) fn keep(mut self, names: &[&str], log: &mut ChangeLog) -> Map<String, Value> {
        let is_kept = |name: &str| names.contains(&name);
        let (kept, others) = self.fields.into_iter().partition(|(name, _)| is_kept(name));
        self.fields = others;
        self.finish(log);
        kept
    }

    /// Removes all fields that are left.
    #[inline]
    pub(super) fn finish(mut self, log: &mut ChangeLog) {
        for (name, value) in std::mem::take(&mut self.fields) {
            let reason = if value.is_null() {
                "it says nothing, and the API does not know the field"
            } else {
                "the API does not know the field, or not with this value"
            };
            log.removed(self.path(&name), value, reason);
        }
    }
}
