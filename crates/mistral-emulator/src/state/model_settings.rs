//! The models that an emulator has beside, or instead of, its own.

use std::sync::Arc;

use serde_json::Value;

use super::models::{CAPABILITIES, Model, known, select};

/// Settings of the models.
#[derive(Debug, Clone, Default)]
pub(crate) struct ModelSettings {
    /// Whether any model is accepted. An unknown one is served as a suitable known one.
    pub(crate) any: bool,
    /// The models of a file, which take the place of the known ones.
    pub(crate) listed: Option<Arc<ListedModels>>,
}

/// The models of a file.
#[derive(Debug)]
pub(crate) struct ListedModels {
    /// The cards, as they are in the file.
    cards: Vec<Value>,
    models: &'static [Model],
}

impl ModelSettings {
    /// Reads the response to `GET /v1/models`.
    pub(crate) fn listed(list: &[u8]) -> Result<ListedModels, String> {
        let list: Value = serde_json::from_slice(list)
            .map_err(|error| format!("the list of models is not JSON: {error}"))?;
        let cards = list.get("data").and_then(Value::as_array);
        let cards = cards.ok_or("the list of models has no array \"data\"")?;
        let model = |(index, card): (usize, &Value)| {
            model(card).ok_or_else(|| format!("the model {} has no \"id\"", index + 1))
        };
        let models: Vec<Model> = cards
            .iter()
            .enumerate()
            .map(model)
            .collect::<Result<_, _>>()?;
        Ok(ListedModels {
            cards: cards.clone(),
            models: Vec::leak(models),
        })
    }
}

/// Creates a model from its card. Its memory is not freed: a process reads few such files.
fn model(card: &Value) -> Option<Model> {
    let id = card.get("id")?.as_str()?;
    let base = known(id)?;
    let flags = card.get("capabilities");
    let capabilities = CAPABILITIES.iter().copied().filter(|name| {
        let flag = flags.and_then(|flags| flags.get(name));
        flag.map_or(flags.is_none() && base.supports(name), |flag| {
            *flag == Value::Bool(true)
        })
    });
    let context = card.get("max_context_length").and_then(Value::as_u64);
    Some(base.named(
        String::leak(id.to_owned()),
        Vec::leak(capabilities.collect()),
        context.unwrap_or_else(|| base.context()),
    ))
}

impl ListedModels {
    pub(crate) fn cards(&self) -> &[Value] {
        &self.cards
    }

    pub(crate) fn card(&self, id: &str) -> Option<&Value> {
        let is_named = |card: &&Value| card.get("id").and_then(Value::as_str) == Some(id);
        self.cards.iter().find(is_named)
    }
}

/// Sets the models of the emulator that runs on this thread.
pub(crate) fn set_thread_models(settings: &ModelSettings) {
    let listed = settings.listed.as_ref().map(|listed| listed.models);
    select(settings.any, listed);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn listed_models_have_the_capabilities_of_their_cards() {
        let list = json!({"data": [
            {"id": "mine", "capabilities": {"completion_chat": true, "vision": false},
                "max_context_length": 10},
            {"id": "codestral-latest"},
        ]});
        let listed = ModelSettings::listed(list.to_string().as_bytes()).unwrap();
        let [mine, codestral] = listed.models else {
            panic!()
        };
        assert!(mine.supports("completion_chat") && !mine.supports("vision"));
        assert!(!mine.supports("completion_fim"));
        assert_eq!((mine.id, mine.context()), ("mine", 10));
        assert!(codestral.supports("completion_fim"));
        assert_eq!(listed.card("mine"), Some(&list["data"][0]));
    }

    #[test]
    fn listed_models_error_names_the_model() {
        for (list, reason) in [
            ("{", "is not JSON"),
            ("{}", "no array \"data\""),
            (
                r#"{"data": [{"id": "a"}, {}]}"#,
                "the model 2 has no \"id\"",
            ),
        ] {
            let error = ModelSettings::listed(list.as_bytes()).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
    }
}
