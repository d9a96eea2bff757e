//! The two names of a model: in the URL, and in the body.

use mistral_core::{Error, Result};

use crate::MODEL_VARIABLE;

/// The names that the first SDKs turned into a name and a version.
const LEGACY: [&str; 3] = ["codestral-2405", "mistral-large-2407", "mistral-nemo-2407"];

#[derive(Debug, Clone, Default)]
pub(crate) struct ModelNames {
    /// The model of requests that name none.
    pub(crate) default: Option<String>,
    /// Names in the body, with their names in the URL.
    pub(crate) in_url: Vec<(String, String)>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ModelName {
    pub(crate) url: String,
    pub(crate) body: String,
}

impl ModelNames {
    /// The names for what a request calls `model`.
    pub(crate) fn resolve(&self, model: Option<&str>) -> Result<ModelName> {
        let named = model.filter(|model| !model.trim().is_empty());
        let Some(model) = named.or(self.default.as_deref()) else {
            return Err(Error::config(format!(
                "there is no model: name one in the request, for example `mistral-small-2503`, \
                 or set a default with `MistralGcpBuilder::model` or {MODEL_VARIABLE}"
            )));
        };
        let own = self.in_url.iter().rfind(|(body, _)| body == model);
        let (url, body) = if let Some((body, url)) = own {
            (url.clone(), &**body)
        } else if LEGACY.contains(&model)
            && let Some((name, version)) = model.rsplit_once('-')
        {
            (format!("{name}@{version}"), name)
        } else {
            let bare = model.split_once('@').map_or(model, |(name, _)| name);
            (model.to_owned(), bare)
        };
        Ok(ModelName {
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
    fn names_of_ones_own_win_over_all_rules() {
        let names = ModelNames {
            default: Some("a".to_owned()),
            in_url: [("a", "b@1"), ("c@2", "d"), ("a", "e@3")]
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
