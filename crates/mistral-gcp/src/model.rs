//! The names of a model in the URL and in the body.

use mistral_core::{Error, Result};

use crate::env::MODEL_VARIABLE;

/// Model names that version 1 of the official SDK split into a name and a version.
const LEGACY: [&str; 3] = ["codestral-2405", "mistral-large-2407", "mistral-nemo-2407"];

#[derive(Debug, Clone, Default)]
pub(crate) struct ModelNames {
    /// The model for requests without one.
    pub(crate) default: Option<String>,
    /// Pairs of a name in the body and its name in the URL.
    pub(crate) url_names: Vec<(String, String)>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ResolvedModel {
    pub(crate) url: String,
    pub(crate) body: String,
}

impl ModelNames {
    /// Returns the names in the URL and in the body for the model of a request.
    pub(crate) fn resolve(&self, model: Option<&str>) -> Result<ResolvedModel> {
        let requested = model.filter(|model| !model.trim().is_empty());
        let Some(model) = requested.or(self.default.as_deref()) else {
            return Err(Error::config(format!(
                "the model is not set: set it in the request, for example `mistral-small-2503`, \
                 or set a default with `MistralGcpBuilder::model` or {MODEL_VARIABLE}"
            )));
        };
        let configured = self.url_names.iter().rfind(|(body, _)| body == model);
        let (url, body) = if let Some((body, url)) = configured {
            (url.clone(), &**body)
        } else if LEGACY.contains(&model)
            && let Some((name, version)) = model.rsplit_once('-')
        {
            (format!("{name}@{version}"), name)
        } else {
            let bare = model.split_once('@').map_or(model, |(name, _)| name);
            (model.to_owned(), bare)
        };
        Ok(ResolvedModel {
            url,
            body: body.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(names: &ModelNames, model: &str) -> (String, String) {
        let name = names.resolve(Some(model)).unwrap();
        (name.url, name.body)
    }

    #[test]
    fn vertex_url_model_overrides_naming_rules() {
        let names = ModelNames {
            default: Some("a".to_owned()),
            url_names: [("a", "b@1"), ("c@2", "d"), ("a", "e@3")]
                .map(|(body, url)| (body.to_owned(), url.to_owned()))
                .to_vec(),
        };
        for (model, url, body) in [
            ("a", "e@3", "a"),
            ("", "e@3", "a"),
            ("c@2", "d", "c@2"),
            ("c@3", "c@3", "c"),
        ] {
            let expected = (url.to_owned(), body.to_owned());
            assert_eq!(resolved(&names, model), expected, "{model}");
        }
    }
}
