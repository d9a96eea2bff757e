//! Compares the SDK with the OpenAPI document.

use std::collections::{BTreeMap, BTreeSet};

use crate::compare::lost;
use crate::coverage::{Feature, Features, Observer, expected};
use crate::document::{Document, DocumentOperation};
use crate::exceptions::{
    BEYOND, EMULATOR_BEYOND, ENDPOINTS_BEYOND, Exception, NO_FIELD, REQUIRED_BUT_UNDEFINED,
    UNMODELLED,
};
use crate::instances::instances;
use crate::requests::BuiltRequest;
use crate::round_trip::RoundTrip;
use crate::sdk_endpoints::SdkEndpoint;
use crate::undocumented_fields::strip;
use crate::validators::Validators;

pub(crate) struct Checks<'a> {
    pub(crate) document: &'a Document,
    pub(crate) validators: &'a Validators,
    pub(crate) passed: usize,
    pub(crate) failures: Vec<String>,
    /// The operations that have an endpoint in the SDK.
    pub(crate) operations: BTreeSet<String>,
    /// The features that the SDK's types were observed to have.
    pub(crate) covered: Features,
    /// The exceptions that were needed.
    used: BTreeSet<&'static str>,
}

impl<'a> Checks<'a> {
    pub(crate) fn new(document: &'a Document, validators: &'a Validators) -> Self {
        Self {
            document,
            validators,
            passed: 0,
            failures: Vec::new(),
            operations: BTreeSet::new(),
            covered: Features::new(),
            used: BTreeSet::new(),
        }
    }

    /// Counts one check, which passes if `wrong` is empty.
    pub(crate) fn count(&mut self, what: &str, wrong: &[String]) {
        match wrong {
            [] => self.passed += 1,
            wrong => {
                let excerpt = wrong.iter().take(8).map(|wrong| format!("\n    {wrong}"));
                let more = match wrong.len() {
                    0..=8 => String::new(),
                    more => format!("\n    and {} more", more - 8),
                };
                let excerpt: String = excerpt.collect();
                self.failures.push(format!("{what}:{excerpt}{more}"));
            }
        }
    }

    pub(crate) fn excuses(&mut self, exceptions: &'static [Exception], what: &str) -> bool {
        let found = exceptions.iter().find(|(name, _)| *name == what);
        found.is_some_and(|(name, _)| {
            self.used.insert(name);
            true
        })
    }

    /// (a) Checks that each operation has an endpoint, and each endpoint an operation.
    pub(crate) fn operations(&mut self, ours: &[SdkEndpoint]) {
        let document = self.document;
        for operation in &document.operations {
            let key = operation.key();
            let wrong = self.endpoint(operation, ours);
            if wrong.is_empty() {
                self.operations.insert(key.clone());
            }
            self.count(&key, &wrong);
        }
        let known: BTreeSet<_> = document
            .operations
            .iter()
            .map(DocumentOperation::key)
            .collect();
        for endpoint in ours {
            let key = endpoint.key();
            if !known.contains(&key) && !self.excuses(ENDPOINTS_BEYOND, &key) {
                self.count(
                    &endpoint.name,
                    &[format!("{key} is not in the OpenAPI document")],
                );
            }
        }
    }

    fn endpoint(&mut self, operation: &DocumentOperation, ours: &[SdkEndpoint]) -> Vec<String> {
        let key = operation.key();
        let mut endpoints = ours
            .iter()
            .filter(|endpoint| endpoint.key() == key)
            .peekable();
        if endpoints.peek().is_none() {
            return vec!["there is no endpoint with this method and path".into()];
        }
        let query: BTreeSet<_> = endpoints
            .flat_map(|endpoint| endpoint.query.clone())
            .collect();
        let missing = operation.query.difference(&query);
        let mut wrong: Vec<_> = missing
            .map(|name| format!("no query parameter `{name}`"))
            .collect();
        for name in query.difference(&operation.query) {
            if !self.excuses(BEYOND, &format!("{key}?{name}")) {
                wrong.push(format!(
                    "`{name}` is no query parameter of the OpenAPI document's"
                ));
            }
        }
        wrong
    }

    /// Checks that every schema of the SDK's operations has a row.
    pub(crate) fn rows(&mut self, requests: &[BuiltRequest], responses: &[(&str, RoundTrip)]) {
        let document = self.document;
        for operation in &document.operations {
            let key = operation.key();
            let request = operation.request.iter();
            let request = request.filter(|name| !requests.iter().any(|row| row.schema == **name));
            let response = operation.responses();
            let response = response.filter(|name| !responses.iter().any(|row| row.0 == **name));
            let missing = request.chain(response);
            let missing: Vec<_> = missing.map(|name| format!("no row for `{name}`")).collect();
            self.count(&format!("{key} (types)"), &missing);
        }
    }

    /// (b) Checks that requests are valid, and have all fields of the OpenAPI document.
    pub(crate) fn requests(&mut self, rows: &[BuiltRequest]) {
        let mut observer = Observer::new(self.document, self.validators);
        let mut schemas = BTreeMap::<&str, Vec<String>>::new();
        for row in rows {
            let schema = row.schema;
            let stripped = strip(self.document, self.validators, schema, &row.value);
            let errors = self
                .validators
                .errors(self.document.schema(schema), &stripped.value);
            observer.observe(schema, &stripped.value);
            let unset = row.unset.iter();
            let mut wrong: Vec<_> = unset.map(|name| format!("`{name}` is not set")).collect();
            wrong.extend(errors);
            for name in stripped.beyond {
                if !self.excuses(BEYOND, &name) {
                    wrong.push(format!("the OpenAPI document does not have `{name}`"));
                }
            }
            schemas.entry(schema).or_default().extend(wrong);
        }
        for (schema, mut wrong) in schemas {
            let all = expected(self.document, schema);
            for feature in all.difference(&observer.features) {
                if let Feature::Property(name) = feature
                    && !self.excuses(NO_FIELD, name)
                {
                    wrong.push(format!("no request shows `{name}`"));
                }
            }
            self.count(&format!("request {schema}"), &wrong);
        }
        self.covered.append(&mut observer.features);
    }

    /// (c) Checks that valid responses are read, and written back without loss.
    pub(crate) fn responses(&mut self, rows: &[(&str, RoundTrip)]) {
        for (schema, round_trip) in rows {
            let (instances, mut wrong) = instances(self.document, self.validators, schema);
            let mut observer = Observer::new(self.document, self.validators);
            let mut unmodelled = BTreeSet::new();
            for instance in &instances {
                observer.observe(schema, instance);
                let text = instance.to_string();
                let excerpt = || text.chars().take(600).collect::<String>();
                match round_trip(&text) {
                    Ok(back) => {
                        let lost = lost(instance, &back.written);
                        wrong.extend(
                            lost.into_iter()
                                .map(|lost| format!("{lost} in {}", excerpt())),
                        );
                        unmodelled.extend(back.unmodelled);
                    }
                    Err(error) => wrong.push(format!("{error}: {}", excerpt())),
                }
            }
            for what in unmodelled {
                if !self.excuses(UNMODELLED, &format!("{schema}: {what}")) {
                    wrong.push(format!("{what} is not modelled"));
                }
            }
            if wrong.is_empty() {
                self.covered.append(&mut observer.features);
            }
            self.count(&format!("response {schema}"), &wrong);
        }
    }

    /// Checks that the generator also covers the schemas that have no type yet.
    pub(crate) fn generator(&mut self, rows: &[(&str, RoundTrip)]) {
        let operations = self.document.operations.iter();
        let addresses: BTreeSet<_> = operations
            .flat_map(DocumentOperation::addresses)
            .filter(|address| !rows.iter().any(|row| row.0 == **address))
            .collect();
        for address in addresses {
            let (_, wrong) = instances(self.document, self.validators, address);
            self.count(&format!("generator {address}"), &wrong);
        }
    }

    /// Checks that every exception is still needed.
    pub(crate) fn exceptions(&mut self) {
        let all = [
            BEYOND,
            NO_FIELD,
            ENDPOINTS_BEYOND,
            UNMODELLED,
            EMULATOR_BEYOND,
        ]
        .concat();
        let idle = all.iter().filter(|(name, _)| !self.used.contains(name));
        let idle: Vec<_> = idle
            .map(|(name, _)| format!("`{name}` excuses nothing"))
            .collect();
        self.count("exceptions", &idle);
        let slips = REQUIRED_BUT_UNDEFINED.iter();
        let mended = slips.filter(|(pointer, property, _)| {
            let (name, _) = pointer.split_once('/').unwrap_or((pointer, ""));
            let schema = self.document.flat(self.document.schema(name));
            schema["properties"].get(property).is_some()
        });
        let mended: Vec<_> = mended
            .map(|slip| format!("{} defines {}", slip.0, slip.1))
            .collect();
        self.count("slips of the OpenAPI document", &mended);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::document::tests::PAINTINGS;

    #[test]
    fn contract_types_that_reject_or_lose_data_are_detected() {
        let document = Document::parse(PAINTINGS);
        let validators = Validators::new(&document);
        let failures = |round_trip: RoundTrip| {
            let mut checks = Checks::new(&document, &validators);
            checks.responses(&[("Painting", round_trip)]);
            assert_eq!(checks.passed + checks.failures.len(), 1);
            checks.failures.concat()
        };
        assert_eq!(failures(crate::round_trip::round_trip::<Value>), "");
        assert!(failures(|_| Err("does not parse".into())).contains("does not parse"));
        let loses = failures(|text| {
            let mut written: Value = serde_json::from_str(text).unwrap();
            written.as_object_mut().unwrap().remove("year");
            Ok(crate::round_trip::RoundTripResult {
                written,
                unmodelled: Vec::new(),
            })
        });
        assert!(loses.contains("/year"), "{loses}");
    }

    #[test]
    fn contract_endpoints_and_operations_are_compared_both_ways() {
        let document = Document::parse(PAINTINGS);
        let validators = Validators::new(&document);
        let failures = |endpoints: &[(&str, &str, &[&str])]| {
            let ours: Vec<_> = endpoints
                .iter()
                .map(|(method, path, query)| SdkEndpoint {
                    name: "chat.paint".into(),
                    method: method.to_string(),
                    path: path.to_string(),
                    query: query.iter().map(|name| name.to_string()).collect(),
                })
                .collect();
            let mut checks = Checks::new(&document, &validators);
            checks.operations(&ours);
            checks.failures
        };
        let good = ("POST", "/v1/paintings", &["page"][..]);
        assert_eq!(failures(&[good]), [""; 0]);
        assert_eq!(failures(&[]).len(), 1);
        assert_eq!(failures(&[("GET", good.1, good.2)]).len(), 2);
        assert_eq!(failures(&[("POST", good.1, &[])]).len(), 1);
        assert_eq!(failures(&[("POST", good.1, &["page", "size"])]).len(), 1);
        assert_eq!(failures(&[good, ("POST", "/v1/other", &[])]).len(), 1);
    }

    #[test]
    fn contract_requests_with_missing_or_extra_fields_are_detected() {
        let document = Document::parse(PAINTINGS);
        let validators = Validators::new(&document);
        let failures = |value: Value, unset: &[&str]| {
            let mut checks = Checks::new(&document, &validators);
            let unset = unset.iter().map(|name| name.to_string()).collect();
            let schema = "Painting";
            checks.requests(&[BuiltRequest {
                schema,
                value,
                unset,
            }]);
            checks.failures.concat()
        };
        let whole =
            json!({ "style": "realism", "year": 1863, "price": "high", "by": { "name": "Manet" } });
        let with = |name: &str, value: Value| {
            let mut changed = whole.clone();
            changed[name] = value;
            changed
        };
        assert_eq!(failures(whole.clone(), &[]), "");
        assert!(failures(whole.clone(), &["size"]).contains("`size` is not set"));
        assert!(failures(with("year", json!("1863")), &[]).contains("/year"));
        assert!(failures(with("size", json!(1)), &[]).contains("does not have `Painting.size`"));
        assert!(failures(with("by", json!({})), &[]).contains("no request shows `Painter.name`"));
    }
}
