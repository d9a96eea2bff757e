//! Instances of a schema that together have all of its features.

use serde_json::Value;

use crate::coverage::{Observer, expected};
use crate::document::Document;
use crate::generator::Generator;
use crate::validators::Validators;

const COUNT: usize = 300;
const SEED: u64 = 20_260_821;

/// Returns instances of a schema, and the generator's errors: all instances must be valid, and
/// together have every property, its absence, every member of a union and every value.
pub(crate) fn instances(
    document: &Document,
    validators: &Validators,
    address: &str,
) -> (Vec<Value>, Vec<String>) {
    let mut generator = Generator::new(document, validators, address, SEED);
    let instances: Vec<_> = (0..COUNT).map(|_| generator.instance()).collect();
    let wrong = wrong_with(document, validators, address, &instances);
    (instances, wrong)
}

fn wrong_with(
    document: &Document,
    validators: &Validators,
    address: &str,
    instances: &[Value],
) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut observer = Observer::new(document, validators);
    for instance in instances {
        let errors = validators.errors(document.schema(address), instance);
        wrong.extend(
            errors
                .into_iter()
                .map(|error| format!("invalid instance: {error}")),
        );
        observer.observe(address, instance);
    }
    let all = expected(document, address);
    let never = all.difference(&observer.features);
    wrong.extend(never.map(|feature| format!("no instance shows {feature:?}")));
    wrong
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::document::tests::PAINTINGS;

    #[test]
    fn contract_generator_is_complete_and_deterministic() {
        let document = Document::parse(PAINTINGS);
        let validators = Validators::new(&document);
        let (made, wrong) = instances(&document, &validators, "Painting");
        assert_eq!(wrong, [""; 0]);
        assert_eq!(made.len(), COUNT);
        let (again, _) = instances(&document, &validators, "Painting");
        assert_eq!(made, again);
    }

    #[test]
    fn contract_incomplete_generator_is_detected() {
        let document = Document::parse(PAINTINGS);
        let validators = Validators::new(&document);
        let (made, _) = instances(&document, &validators, "Painting");
        let caught = |what: &str, keep: &dyn Fn(&Value) -> bool| {
            let kept: Vec<_> = made.iter().filter(|value| keep(value)).cloned().collect();
            let wrong = wrong_with(&document, &validators, "Painting", &kept);
            assert!(!kept.is_empty() && !wrong.is_empty(), "{what}: {wrong:?}");
        };
        caught("a member", &|value| !value["price"].is_string());
        caught("a null", &|value| value.get("price") != Some(&Value::Null));
        caught("a value", &|value| value["style"] != "realism");
        caught("an absence", &|value| value.get("year").is_some());
        caught("a property", &|value| value.get("year").is_none());
        let broken = [json!({ "style": "none" })];
        let wrong = wrong_with(&document, &validators, "Painting", &broken);
        assert!(wrong[0].starts_with("invalid instance"), "{wrong:?}");
    }
}
