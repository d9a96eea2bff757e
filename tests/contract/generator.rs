//! Generates instances of schemas from a seed, so that a failure is reproducible.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Map, Number, Value, json};

use crate::coverage::{
    Feature, Features, Observer, expect_at, expected, kind_feature, map_values, member_location,
    value_feature,
};
use crate::document::{Document, each, properties, reference, requires, tag_of, union};
use crate::validators::Validators;

/// The limits beyond which instances are as small as possible.
const MAX_DEPTH: usize = 14;
const MAX_NODES: usize = 600;

/// Generates instances of one schema, each of which prefers features that no earlier one has.
pub(crate) struct Generator<'a> {
    document: &'a Document,
    validators: &'a Validators,
    address: &'a str,
    random: fastrand::Rng,
    /// The features that no instance has yet.
    missing: Features,
    observer: Observer<'a>,
    /// The features that are possible at and below a location.
    within: BTreeMap<String, Rc<Features>>,
    nodes: usize,
}

impl<'a> Generator<'a> {
    pub(crate) fn new(
        document: &'a Document,
        validators: &'a Validators,
        address: &'a str,
        seed: u64,
    ) -> Self {
        Self {
            document,
            validators,
            address,
            random: fastrand::Rng::with_seed(seed),
            missing: expected(document, address),
            observer: Observer::new(document, validators),
            within: BTreeMap::new(),
            nodes: 0,
        }
    }

    pub(crate) fn instance(&mut self) -> Value {
        self.nodes = 0;
        let schema = self.document.schema(self.address);
        let instance = self.make(self.address, schema, 0);
        if !self.missing.is_empty() {
            self.observer.observe(self.address, &instance);
            let seen = &self.observer.features;
            self.missing.retain(|feature| !seen.contains(feature));
        }
        instance
    }

    /// Chooses one of `count` alternatives, mostly one with a new feature.
    fn choose(&mut self, count: usize, shows_new: impl Fn(&mut Self, usize) -> bool) -> usize {
        if !self.missing.is_empty() && self.random.u8(..4) > 0 {
            let new: Vec<_> = (0..count).filter(|index| shows_new(self, *index)).collect();
            if !new.is_empty() {
                return new[self.random.usize(..new.len())];
            }
        }
        self.random.usize(..count)
    }

    /// Whether a new feature is possible at or below `location`.
    fn is_new_within(&mut self, location: &str, schema: &Value) -> bool {
        if !self.within.contains_key(location) {
            let mut features = Features::new();
            features.insert(Feature::Member(location.to_owned()));
            features.insert(Feature::Property(location.to_owned()));
            expect_at(self.document, location, schema, &mut features);
            self.within.insert(location.to_owned(), Rc::new(features));
        }
        let within = &self.within[location];
        self.missing.iter().any(|feature| within.contains(feature))
    }

    fn make(&mut self, location: &str, schema: &Value, depth: usize) -> Value {
        if let Some(name) = reference(schema) {
            return self.make(name, self.document.schema(name), depth + 1);
        }
        self.nodes += 1;
        let schema = &self.document.flat(schema);
        if let Some((members, discriminator)) = union(schema) {
            return self.make_member(location, members, discriminator, depth);
        }
        if let Some(value) = schema.get("const") {
            return value.clone();
        }
        if let Some(Value::Array(values)) = schema.get("enum") {
            let index = self.choose(values.len(), |this, index| {
                this.missing
                    .contains(&value_feature(location, &values[index]))
            });
            return values[index].clone();
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => {
                let index = self.choose(kinds.len(), |this, index| {
                    this.missing
                        .contains(&kind_feature(location, &kinds[index]))
                });
                kinds[index].as_str()
            }
            kind => kind.as_str(),
        };
        match kind {
            Some("null") => Value::Null,
            Some("boolean") => self.random.bool().into(),
            Some("integer") => self.integer(schema).into(),
            Some("number") => self.number(schema),
            Some("string") => self.string(schema).into(),
            Some("array") => self.array(location, schema, depth),
            Some("object") => self.object(location, schema, depth),
            None if schema.get("properties").is_some() => self.object(location, schema, depth),
            None => self.anything(),
            Some(kind) => panic!("{location} has an unknown type `{kind}`"),
        }
    }

    fn is_small(&self, depth: usize) -> bool {
        depth > MAX_DEPTH || self.nodes > MAX_NODES
    }

    fn make_member(
        &mut self,
        location: &str,
        members: &[Value],
        discriminator: Option<&Value>,
        depth: usize,
    ) -> Value {
        let index = if self.is_small(depth) {
            let heights = members.iter().map(|member| self.height(member, 6));
            let lowest = heights.enumerate().min_by_key(|(_, height)| *height);
            lowest.map_or(0, |(index, _)| index)
        } else {
            self.choose(members.len(), |this, index| {
                this.is_new_within(&member_location(location, index), &members[index])
            })
        };
        let member = &members[index];
        let mut value = self.make(&member_location(location, index), member, depth);
        if let Some(discriminator) = discriminator
            && let Some(tag) = tag_of(discriminator, member)
            && let Some(property) = discriminator["propertyName"].as_str()
        {
            value[property] = tag.into();
        }
        value
    }

    /// Returns the depth of the smallest instances, up to `limit`.
    fn height(&self, schema: &Value, limit: usize) -> usize {
        if limit == 0 {
            return 1;
        }
        if let Some(name) = reference(schema) {
            return 1 + self.height(self.document.schema(name), limit - 1);
        }
        let schema = &self.document.flat(schema);
        if let Some((members, _)) = union(schema) {
            let heights = members.iter().map(|member| self.height(member, limit - 1));
            return heights.min().unwrap_or(0);
        }
        let required = properties(schema).filter(|(name, _)| requires(schema, name));
        let heights = required.map(|(_, property)| 1 + self.height(property, limit - 1));
        heights.max().unwrap_or(0)
    }

    fn object(&mut self, location: &str, schema: &Value, depth: usize) -> Value {
        let mut object = Map::new();
        for (name, property) in properties(schema) {
            let location = format!("{location}.{name}");
            // Constants distinguish the members of a union. Servers always send them, whether they
            // are required or not.
            let is_there = requires(schema, name)
                || property.get("const").is_some()
                || (!self.is_small(depth) && self.is_chosen(&location, property));
            if is_there {
                object.insert(name.clone(), self.make(&location, property, depth + 1));
            }
        }
        let is_map = object.is_empty() && schema.get("properties").is_none();
        if is_map && !self.is_small(depth) {
            for index in 0..self.random.usize(..4) {
                let name = format!("key{index}");
                let value = match map_values(schema) {
                    Some(values) => self.make(&format!("{location}{{}}"), values, depth + 1),
                    None if schema["additionalProperties"] == false => break,
                    None => self.anything(),
                };
                object.insert(name, value);
            }
        }
        object.into()
    }

    /// Chooses whether an optional property is present.
    fn is_chosen(&mut self, location: &str, property: &Value) -> bool {
        let index = self.choose(2, |this, index| match index {
            0 => this
                .missing
                .contains(&Feature::Absence(location.to_owned())),
            _ => this.is_new_within(location, property),
        });
        index == 1
    }

    fn array(&mut self, location: &str, schema: &Value, depth: usize) -> Value {
        let bound = |keyword: &str| schema[keyword].as_u64().and_then(|n| n.try_into().ok());
        let least: usize = bound("minItems").unwrap_or(0);
        let most = bound("maxItems").unwrap_or(usize::MAX).min(least + 3);
        let length = match self.is_small(depth) {
            true => least,
            false => self.random.usize(least..=most),
        };
        let location = format!("{location}[]");
        let elements = (0..length).map(|_| self.make(&location, &schema["items"], depth + 1));
        elements.collect()
    }

    /// Generates an integer. Without bounds in the OpenAPI document, integers are mostly counts,
    /// sizes and times, which may exceed 32 bits. A few in responses are negative, as the OpenAPI
    /// document permits; requests have only values that the SDK's types can hold.
    fn integer(&mut self, schema: &Value) -> i64 {
        let bound = |keyword: &str| schema[keyword].as_i64();
        let least = bound("minimum").or_else(|| Some(bound("exclusiveMinimum")? + 1));
        let is_sent = self.address.ends_with("Request") || self.address.ends_with("In");
        let least = least.unwrap_or_else(|| match self.random.u8(..8) {
            0 if !is_sent => -100,
            _ => 0,
        });
        let most = bound("maximum").or_else(|| Some(bound("exclusiveMaximum")? - 1));
        let most = most.unwrap_or_else(|| {
            let spans = [10, 100_000, 1 << 33];
            least.saturating_add(spans[self.random.usize(..spans.len())])
        });
        self.random.i64(least..=most)
    }

    fn number(&mut self, schema: &Value) -> Value {
        let bound = |keyword: &str| schema[keyword].as_f64();
        let least = bound("minimum").or_else(|| Some(bound("exclusiveMinimum")? + 0.001));
        let most = bound("maximum").or_else(|| Some(bound("exclusiveMaximum")? - 0.001));
        let least = least.unwrap_or_else(|| most.map_or(-100.0, |most| most.min(0.0) - 100.0));
        let most = most.unwrap_or(least.max(0.0) + 100.0);
        // Few digits, because vectors are stored as 32-bit floats.
        let number = ((least + self.random.f64() * (most - least)) * 1000.0).round() / 1000.0;
        let number = number.clamp(least, most);
        match self.random.u8(..4) {
            0 if least <= number.trunc() && number.trunc() <= most => {
                (number.trunc() as i64).into()
            }
            _ => Number::from_f64(number).map_or(Value::Null, Value::Number),
        }
    }

    fn string(&mut self, schema: &Value) -> String {
        let formatted = match schema["format"].as_str() {
            Some("uuid") => {
                let bits = self.random.u128(..) & !(0xf << 76) & !(0x3 << 62);
                let hex = format!("{:032x}", bits | (4 << 76) | (2 << 62)); // a version 4 UUID
                let (a, b, c) = (&hex[..8], &hex[8..12], &hex[12..16]);
                Some(format!("{a}-{b}-{c}-{}-{}", &hex[16..20], &hex[20..]))
            }
            Some("date-time") => Some(format!(
                "20{:02}-{:02}-{:02}T0{}:00:00.{:03}Z",
                self.random.u8(20..40),
                self.random.u8(1..=12),
                self.random.u8(1..=28),
                self.random.u8(..10),
                self.random.u16(..1000),
            )),
            Some("uri") => Some(format!("https://example.com/{}?a=b", self.random.u16(..))),
            Some("binary") | None => None,
            Some(format) => panic!("no example of the format `{format}`: add one"),
        };
        if let Some(text) = formatted {
            return text;
        }
        if schema.get("pattern").is_some() {
            let fits = |text: &&str| self.validators.is_valid(schema, &json!(text));
            let found = ["en", "fr", "word", "a-b", "12"].into_iter().find(fits);
            let pattern = &schema["pattern"];
            let found = found.unwrap_or_else(|| panic!("no example of {pattern}: add one"));
            return found.to_owned();
        }
        let length = |keyword: &str| schema[keyword].as_u64().and_then(|n| n.try_into().ok());
        let least: usize = length("minLength").unwrap_or(0);
        let most = length("maxLength").unwrap_or(usize::MAX).min(least + 8);
        let letters = [
            'a', 'Z', '7', ' ', '"', '\\', '\n', '/', 'é', '猫', '🐈', '\u{1}',
        ];
        let length = self.random.usize(least..=most);
        let pick = |_| letters[self.random.usize(..letters.len())];
        (0..length).map(pick).collect()
    }

    /// Generates a value for an empty schema.
    fn anything(&mut self) -> Value {
        let samples =
            json!([null, true, 7, -2.5, "text", [], [1, "a", null], {}, { "a": { "b": [{}] } }]);
        let samples: Vec<_> = each(&samples).collect();
        samples[self.random.usize(..samples.len())].clone()
    }
}
