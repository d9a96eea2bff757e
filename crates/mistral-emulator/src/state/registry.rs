//! Entries with versions, which are prompts or skills, and the aliases of versions.

use serde_json::{Map, Value, json};

use crate::json::set_member;
use crate::time::format_timestamp;

/// The prompts, or the skills.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    pub(crate) entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) created_at: u64,
    pub(crate) updated_at: u64,
    /// The members that all versions share, such as `name`.
    pub(crate) metadata: Map<String, Value>,
    versions: Vec<Version>,
}

#[derive(Debug, Clone)]
struct Version {
    number: u64,
    created_at: u64,
    definition: Value,
    notes: Value,
    aliases: Vec<String>,
}

impl Registry {
    pub(crate) fn find(&self, id: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.id == id)
    }

    pub(crate) fn find_mut(&mut self, id: &str) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.id == id)
    }
}

impl Entry {
    /// Creates an entry from a validated request, with the members that all versions share.
    pub(crate) fn new(id: String, now: u64, request: &Value, shared: &[&str]) -> Self {
        let mut entry = Self {
            id,
            created_at: now,
            updated_at: now,
            metadata: Map::new(),
            versions: Vec::new(),
        };
        entry
            .metadata
            .insert("sharingScope".to_owned(), "private".into());
        entry.update(now, request, shared);
        entry.add_version(now, request);
        entry
    }

    /// Sets the shared members that the request has; null removes one.
    pub(crate) fn update(&mut self, now: u64, request: &Value, shared: &[&str]) {
        self.updated_at = now;
        for name in shared {
            match request.get(*name) {
                Some(Value::Null) => drop(self.metadata.remove(*name)),
                Some(value) => drop(self.metadata.insert((*name).to_owned(), value.clone())),
                None => {}
            }
        }
    }

    /// Adds a version, unless the latest one has the same definition. Returns its number, and
    /// whether it existed.
    pub(crate) fn add_version(&mut self, now: u64, request: &Value) -> (u64, bool) {
        let definition = request.get("definition").cloned().unwrap_or_default();
        let latest = self.versions.last();
        let known = latest.filter(|version| version.definition == definition);
        let (number, is_known) = match (known, latest) {
            (Some(version), _) => (version.number, true),
            (None, latest) => (latest.map_or(1, |version| version.number + 1), false),
        };
        if !is_known {
            self.updated_at = now;
            self.versions.push(Version {
                number,
                created_at: now,
                definition,
                notes: request.get("notes").cloned().unwrap_or_default(),
                aliases: Vec::new(),
            });
        }
        for alias in strings(request.get("aliases")) {
            self.set_alias(alias, number);
        }
        (number, is_known)
    }

    /// Moves an alias to a version, as no two versions share one.
    fn set_alias(&mut self, alias: String, number: u64) {
        for version in &mut self.versions {
            version.aliases.retain(|known| *known != alias);
        }
        if let Some(version) = self.version_mut(number) {
            version.aliases.push(alias);
        }
    }

    /// Sets the notes and the aliases of a version. Returns `false` if there is no such version.
    pub(crate) fn update_version(&mut self, now: u64, number: u64, request: &Value) -> bool {
        let Some(version) = self.version_mut(number) else {
            return false;
        };
        if let Some(notes) = request.get("notes") {
            version.notes = notes.clone();
        }
        if let Some(aliases) = request.get("aliases").filter(|aliases| aliases.is_object()) {
            version.aliases.clear();
            for alias in strings(aliases.get("values")) {
                self.set_alias(alias, number);
            }
        }
        self.updated_at = now;
        true
    }

    fn version_mut(&mut self, number: u64) -> Option<&mut Version> {
        self.versions
            .iter_mut()
            .find(|version| version.number == number)
    }

    /// Returns the number of the version with a number and an alias, which are optional; by
    /// default, of the latest one.
    pub(crate) fn find_version(&self, number: Option<u64>, alias: Option<&str>) -> Option<u64> {
        let mut newest_first = self.versions.iter().rev();
        let found = newest_first.find(|version| {
            number.is_none_or(|number| version.number == number)
                && alias.is_none_or(|alias| version.aliases.iter().any(|known| known == alias))
        });
        found.map(|version| version.number)
    }

    /// Returns the entry at a version as the API describes it.
    pub(crate) fn to_json(&self, number: u64) -> Option<Value> {
        let version = self.versions.iter().find(|it| it.number == number)?;
        let mut json = version.to_json();
        let latest = self.versions.last().map(|version| version.number);
        for (name, value) in [
            ("id", self.id.as_str().into()),
            ("createdAt", format_timestamp(self.created_at).into()),
            ("updatedAt", format_timestamp(self.updated_at).into()),
            ("latestVersion", latest.into()),
        ] {
            set_member(&mut json, name, value);
        }
        for (name, value) in &self.metadata {
            set_member(&mut json, name, value.clone());
        }
        // Only prompts have an author and the time of a version.
        if self.metadata.contains_key("createdBy") {
            let created_at = format_timestamp(version.created_at);
            set_member(&mut json, "versionCreatedAt", created_at.into());
        }
        Some(json)
    }

    /// Returns the versions, the newest first.
    pub(crate) fn versions_json(&self) -> Vec<Value> {
        let newest_first = self.versions.iter().rev();
        newest_first.map(Version::to_json).collect()
    }
}

impl Version {
    fn to_json(&self) -> Value {
        let mut json = json!({
            "version": self.number,
            "definition": self.definition,
            "aliases": self.aliases,
            "createdAt": format_timestamp(self.created_at),
        });
        if self.notes.is_string() {
            set_member(&mut json, "notes", self.notes.clone());
        }
        json
    }
}

fn strings(list: Option<&Value>) -> Vec<String> {
    let items = list
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    let texts = items.iter().filter_map(Value::as_str);
    texts.map(str::to_owned).collect()
}
