//! Agents, each update of which is a version, and the aliases of versions.

use serde_json::{Map, Value, json};

use crate::generate::random::{hash, uuid};
use crate::json::set_member;
use crate::time::format_timestamp;

/// The members that a version has a value for.
const SETTINGS: &[&str] = &[
    "model",
    "name",
    "instructions",
    "tools",
    "completion_args",
    "guardrails",
    "description",
    "handoffs",
    "metadata",
    "version_message",
];

#[derive(Debug, Clone)]
pub(crate) struct Agent {
    pub(crate) id: String,
    created_at: u64,
    pub(crate) deployment_chat: bool,
    /// The number of the version that serves when none is requested.
    current: u64,
    versions: Vec<Version>,
    pub(crate) aliases: Vec<Alias>,
}

#[derive(Debug, Clone)]
struct Version {
    number: u64,
    created_at: u64,
    settings: Map<String, Value>,
}

/// A name for a version.
#[derive(Debug, Clone)]
pub(crate) struct Alias {
    pub(crate) name: String,
    version: u64,
    created_at: u64,
    updated_at: u64,
}

impl Agent {
    /// Creates an agent from a validated request.
    pub(crate) fn new(id: String, created_at: u64, request: &Value) -> Self {
        let mut agent = Self {
            id,
            created_at,
            deployment_chat: false,
            current: 0,
            versions: Vec::new(),
            aliases: Vec::new(),
        };
        agent.add_version(created_at, Map::new(), request);
        agent
    }

    /// Adds a version with the changes of a validated request, and makes it the current one.
    pub(crate) fn update(&mut self, now: u64, request: &Value) {
        let mut settings = self.settings(self.current).cloned().unwrap_or_default();
        // The message describes one version only.
        settings.remove("version_message");
        if let Some(flag) = request.get("deployment_chat").and_then(Value::as_bool) {
            self.deployment_chat = flag;
        }
        self.add_version(now, settings, request);
    }

    fn add_version(&mut self, now: u64, mut settings: Map<String, Value>, request: &Value) {
        for name in SETTINGS {
            match request.get(*name) {
                // A version without a model or a name is of no use.
                Some(Value::Null) if matches!(*name, "model" | "name") => {}
                Some(value) => drop(settings.insert((*name).to_owned(), value.clone())),
                None => {}
            }
        }
        let number = u64::try_from(self.versions.len()).unwrap_or(u64::MAX);
        self.current = number;
        self.versions.push(Version {
            number,
            created_at: now,
            settings,
        });
    }

    /// Makes a version the current one. Returns `false` if there is no such version.
    pub(crate) fn switch_to(&mut self, version: u64) -> bool {
        let exists = self.settings(version).is_some();
        if exists {
            self.current = version;
        }
        exists
    }

    fn version(&self, number: u64) -> Option<&Version> {
        self.versions.iter().find(|it| it.number == number)
    }

    fn settings(&self, number: u64) -> Option<&Map<String, Value>> {
        self.version(number).map(|version| &version.settings)
    }

    /// Returns the number of the version with a number or an alias; by default, of the current one.
    pub(crate) fn find_version(&self, name: Option<&str>) -> Option<u64> {
        let Some(name) = name else {
            return Some(self.current);
        };
        let alias = self.aliases.iter().find(|alias| alias.name == name);
        let number = match alias {
            Some(alias) => alias.version,
            None => name.parse().ok()?,
        };
        self.version(number).map(|version| version.number)
    }

    /// Sets the version of an alias, which may be new. Returns `None` if there is no such version.
    pub(crate) fn set_alias(&mut self, now: u64, name: &str, version: u64) -> Option<Value> {
        self.version(version)?;
        let known = self.aliases.iter_mut().find(|alias| alias.name == name);
        let alias = Alias {
            name: name.to_owned(),
            version,
            created_at: known.as_ref().map_or(now, |alias| alias.created_at),
            updated_at: now,
        };
        let json = alias.to_json();
        match known {
            Some(known) => *known = alias,
            None => self.aliases.push(alias),
        }
        Some(json)
    }

    /// Returns the current version as the API describes it.
    pub(crate) fn to_json(&self) -> Value {
        self.version_json(self.current).unwrap_or_default()
    }

    /// Returns a version as the API describes it.
    pub(crate) fn version_json(&self, number: u64) -> Option<Value> {
        let version = self.version(number)?;
        let numbers: Vec<u64> = self.versions.iter().map(|it| it.number).collect();
        let mut json = json!({
            "object": "agent",
            "id": self.id,
            "version": version.number,
            "versions": numbers,
            "created_at": format_timestamp(self.created_at),
            "updated_at": format_timestamp(version.created_at),
            "deployment_chat": self.deployment_chat,
            "source": "api",
            "owner_id": uuid(hash(b"user")),
        });
        for name in SETTINGS {
            let default = match *name {
                "tools" => json!([]),
                "completion_args" => json!({}),
                _ => Value::Null,
            };
            let value = version.settings.get(*name).filter(|value| !value.is_null());
            set_member(&mut json, name, value.cloned().unwrap_or(default));
        }
        Some(json)
    }

    /// Returns all versions, the newest first.
    pub(crate) fn versions_json(&self) -> Vec<Value> {
        let newest_first = self.versions.iter().rev();
        newest_first
            .filter_map(|version| self.version_json(version.number))
            .collect()
    }
}

impl Alias {
    /// Returns the alias as the API describes it.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "alias": self.name,
            "version": self.version,
            "created_at": format_timestamp(self.created_at),
            "updated_at": format_timestamp(self.updated_at),
        })
    }
}
