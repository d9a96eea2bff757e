// Without a provider, there is nothing to select.
#![cfg_attr(
    not(any(feature = "api", feature = "azure", feature = "gcp")),
    allow(dead_code, unused_imports)
)]

use mistral_core::client::FromEnv;
use mistral_core::provider::shown_value;
use mistral_core::{Client, ClientBuilder, Error, Result, provider};

/// Environment variable that selects the provider: `api`, `azure`, `gcp`, or `local` for a server
/// that speaks the API, without a key if none is set.
pub const PROVIDER_VARIABLE: &str = "MISTRAL_PROVIDER";
/// Environment variable that maps model names to those of the provider, as a comma-separated list
/// of pairs: `mistral-small-latest=my-deployment`.
pub const MODEL_MAP_VARIABLE: &str = "MISTRAL_MODEL_MAP";

/// The providers whose cargo features are enabled, from which [`Client::from_env`] selects one.
#[derive(Debug)]
#[non_exhaustive]
pub enum CompiledProviders {}

/// A provider that [`Client::from_env`] can select.
struct Candidate {
    name: &'static str,
    /// The cargo feature of the provider.
    feature: &'static str,
    /// The variables any of which selects the provider.
    variables: &'static [&'static str],
    build: Option<fn() -> Result<ClientBuilder>>,
}

/// The variable of the server of `api` and `local`. It selects `api` without a key if the server
/// needs none.
const SERVER_VARIABLE: &str = "MISTRAL_SERVER";

const CANDIDATES: [Candidate; 4] = [
    Candidate {
        name: "api",
        feature: "api",
        variables: &["MISTRAL_API_KEY", "MISTRAL_SA_TOKEN_PATH"],
        #[cfg(feature = "api")]
        build: Some(|| Ok(Client::builder(mistral_api::MistralApi::from_env()?))),
        #[cfg(not(feature = "api"))]
        build: None,
    },
    Candidate {
        name: "azure",
        feature: "azure",
        variables: &["AZURE_ENDPOINT", "AZUREAI_ENDPOINT"],
        #[cfg(feature = "azure")]
        build: Some(|| Ok(Client::builder(mistral_azure::MistralAzure::from_env()?))),
        #[cfg(not(feature = "azure"))]
        build: None,
    },
    Candidate {
        name: "gcp",
        feature: "gcp",
        variables: &["GCP_PROJECT_ID", "GOOGLE_CLOUD_PROJECT"],
        #[cfg(feature = "gcp")]
        build: Some(|| Ok(Client::builder(mistral_gcp::MistralGcp::from_env()?))),
        #[cfg(not(feature = "gcp"))]
        build: None,
    },
    Candidate {
        name: "local",
        feature: "api",
        variables: &[],
        #[cfg(feature = "api")]
        build: Some(|| Ok(Client::builder(mistral_api::MistralApi::local_from_env()?))),
        #[cfg(not(feature = "api"))]
        build: None,
    },
];

#[cfg(any(feature = "api", feature = "azure", feature = "gcp"))]
impl FromEnv<CompiledProviders> for Client {
    fn from_env() -> Result<Self> {
        builder_from_env()?.build()
    }
}

#[cfg(all(
    feature = "blocking",
    any(feature = "api", feature = "azure", feature = "gcp")
))]
impl FromEnv<CompiledProviders> for mistral_core::blocking::Client {
    fn from_env() -> Result<Self> {
        builder_from_env()?.build_blocking()
    }
}

fn builder_from_env() -> Result<ClientBuilder> {
    let candidate = select(&env_var(PROVIDER_VARIABLE)?.to_ascii_lowercase())?;
    let Some(build) = candidate.build else {
        return Err(Error::config(format!(
            "the provider `{}` is not compiled in: enable the cargo feature `{}` of `mistral-sdk`",
            candidate.name, candidate.feature
        )));
    };
    Ok(build()?.model_map(parse_model_map(&env_var(MODEL_MAP_VARIABLE)?)?))
}

/// Returns the value of an environment variable, or an empty string if it is unset.
fn env_var(name: &str) -> Result<String> {
    Ok(provider::env_var(name)?.unwrap_or_default())
}

/// Returns the provider with this name or, if `name` is empty, the one whose variables are set.
fn select(name: &str) -> Result<&'static Candidate> {
    if !name.is_empty() {
        return CANDIDATES
            .iter()
            .find(|candidate| candidate.name == name)
            .ok_or_else(|| {
                Error::config(format!(
                    "{PROVIDER_VARIABLE} is {}, which is not a provider: use {}",
                    shown_value(name),
                    compiled_names()
                ))
            });
    }
    // A variable that is not valid UTF-8 is set, too: its provider reports it.
    let is_set = |name: &str| env_var(name).map_or(true, |value| !value.is_empty());
    let variables_of = |candidate: &Candidate| {
        let variables = candidate.variables.iter().copied();
        let mut variables: Vec<_> = variables.filter(|name| is_set(name)).collect();
        if candidate.name == "api" && variables.is_empty() && names_keyless_server() {
            variables.push(SERVER_VARIABLE);
        }
        variables
    };
    let configured: Vec<_> = CANDIDATES
        .iter()
        .map(|candidate| (candidate, variables_of(candidate)))
        .filter(|(_, variables)| !variables.is_empty())
        .collect();
    match configured.as_slice() {
        [(one, _)] => Ok(one),
        // Its error names the server and what it requires.
        [] if is_set(SERVER_VARIABLE) => select("api"),
        [] => Err(Error::config(format!(
            "MISTRAL_API_KEY is not set: set it to a key from https://console.mistral.ai. For a \
             server of your own set {SERVER_VARIABLE} to its URL. For another cloud set \
             {PROVIDER_VARIABLE} (in this build to {}) and that cloud's variables",
            compiled_names()
        ))),
        several => {
            let names = several.iter().map(|(candidate, variables)| {
                format!("{} ({})", candidate.name, variables.join(", "))
            });
            let names: Vec<_> = names.collect();
            Err(Error::config(format!(
                "several providers are configured: {}: set {PROVIDER_VARIABLE} to one of them",
                names.join(", ")
            )))
        }
    }
}

/// Whether the server of `api` is set, and needs no key.
#[cfg(feature = "api")]
fn names_keyless_server() -> bool {
    mistral_api::MistralApi::from_env().is_ok()
}

#[cfg(not(feature = "api"))]
fn names_keyless_server() -> bool {
    false
}

/// Lists the names of the providers that are compiled in.
fn compiled_names() -> String {
    let compiled = CANDIDATES
        .iter()
        .filter(|candidate| candidate.build.is_some());
    let names: Vec<_> = compiled
        .map(|candidate| format!("`{}`", candidate.name))
        .collect();
    names.join(" or ")
}

fn parse_model_map(text: &str) -> Result<Vec<(String, String)>> {
    let pairs = text.split(',').filter(|pair| !pair.trim().is_empty());
    pairs
        .map(|pair| match pair.split_once('=') {
            Some((requested, sent)) if !requested.trim().is_empty() && !sent.trim().is_empty() => {
                Ok((requested.trim().to_owned(), sent.trim().to_owned()))
            }
            _ => Err(Error::config(format!(
                "{MODEL_MAP_VARIABLE}: {} is not a pair of model names: set it to pairs like \
                 `mistral-small-latest=my-deployment`, separated by commas",
                shown_value(pair)
            ))),
        })
        .collect()
}
