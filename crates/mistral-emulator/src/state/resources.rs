//! Resources that are kept in the form in which the API describes them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::generate::random::{hash, uuid};
use crate::time::{RunningClock, format_timestamp};

/// Lists of resources, each under the name of its kind.
#[derive(Debug)]
pub(crate) struct Resources {
    lists: BTreeMap<&'static str, Vec<Value>>,
    created: u64,
    clock: Arc<RunningClock>,
}

impl Resources {
    pub(crate) fn new(clock: Arc<RunningClock>) -> Self {
        Self {
            lists: BTreeMap::new(),
            created: 0,
            clock,
        }
    }

    /// Creates an id.
    pub(crate) fn new_id(&mut self, kind: &str) -> String {
        self.created += 1;
        uuid(hash(format!("{kind} {}", self.created).as_bytes()))
    }

    /// Advances the clock and returns the time of the change.
    pub(crate) fn tick(&self) -> String {
        format_timestamp(self.clock.tick())
    }

    /// Returns the resources of a kind in the order of creation.
    pub(crate) fn all(&self, kind: &str) -> &[Value] {
        self.lists.get(kind).map_or(&[], Vec::as_slice)
    }

    /// Adds a resource.
    pub(crate) fn add(&mut self, kind: &'static str, resource: Value) {
        self.lists.entry(kind).or_default().push(resource);
    }

    /// Returns the first resource that satisfies the condition.
    pub(crate) fn find(&self, kind: &str, is_wanted: impl Fn(&Value) -> bool) -> Option<&Value> {
        self.all(kind).iter().find(|resource| is_wanted(resource))
    }

    /// Changes the first resource that satisfies the condition, and returns it.
    pub(crate) fn change(
        &mut self,
        kind: &str,
        is_wanted: impl Fn(&Value) -> bool,
        change: impl FnOnce(&mut Value),
    ) -> Option<Value> {
        let list = self.lists.get_mut(kind)?;
        let resource = list.iter_mut().find(|resource| is_wanted(resource))?;
        change(resource);
        Some(resource.clone())
    }

    /// Removes the resources that satisfy the condition, and returns them.
    pub(crate) fn remove(&mut self, kind: &str, is_wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        let Some(list) = self.lists.get_mut(kind) else {
            return Vec::new();
        };
        let (removed, kept) = list.drain(..).partition(|resource| is_wanted(resource));
        *list = kept;
        removed
    }
}

/// Whether a member of a resource is this text.
pub(crate) fn has(resource: &Value, name: &str, text: &str) -> bool {
    resource.get(name).and_then(Value::as_str) == Some(text)
}
