use mistral_core::client::FromEnv;
use mistral_core::{Client, ClientBuilder, Error, Result};

/// Names the provider: `api`, `azure` or `gcp`.
pub const PROVIDER_VARIABLE: &str = "MISTRAL_PROVIDER";
/// Names models as the provider calls them: `mistral-small-latest=my-deployment`, several
/// separated by commas.
pub const MODEL_MAP_VARIABLE: &str = "MISTRAL_MODEL_MAP";

/// The providers whose features are on: what [`Client::from_env`] chooses from.
#[derive(Debug)]
#[non_exhaustive]
pub enum Compiled {}

/// What there is to know of a provider before it is made.
struct Candidate {
    name: &'static str,
    /// It is meant when one of these is set.
    variables: &'static [&'static str],
    make: Option<fn() -> Result<ClientBuilder>>,
}

const CANDIDATES: [Candidate; 3] = [
    Candidate {
        name: "api",
        variables: &["MISTRAL_API_KEY", "MISTRAL_SA_TOKEN_PATH"],
        #[cfg(feature = "api")]
        make: Some(|| Ok(Client::builder(mistral_api::MistralApi::from_env()?))),
        #[cfg(not(feature = "api"))]
        make: None,
    },
    Candidate {
        name: "azure",
        variables: &["AZURE_ENDPOINT", "AZUREAI_ENDPOINT"],
        #[cfg(feature = "azure")]
        make: Some(|| Ok(Client::builder(mistral_azure::MistralAzure::from_env()?))),
        #[cfg(not(feature = "azure"))]
        make: None,
    },
    Candidate {
        name: "gcp",
        variables: &["GCP_PROJECT_ID", "GOOGLE_CLOUD_PROJECT"],
        #[cfg(feature = "gcp")]
        make: Some(|| Ok(Client::builder(mistral_gcp::MistralGcp::from_env()?))),
        #[cfg(not(feature = "gcp"))]
        make: None,
    },
];

impl FromEnv<Compiled> for Client {
    fn from_env() -> Result<Self> {
        builder()?.build()
    }
}

#[cfg(feature = "blocking")]
impl FromEnv<Compiled> for mistral_core::blocking::Client {
    fn from_env() -> Result<Self> {
        builder()?.build_blocking()
    }
}

fn builder() -> Result<ClientBuilder> {
    let candidate = chosen(&variable(PROVIDER_VARIABLE).to_ascii_lowercase())?;
    let Some(make) = candidate.make else {
        return Err(Error::config(format!(
            "the provider `{0}` is not compiled in: enable the cargo feature `{0}`",
            candidate.name
        )));
    };
    Ok(make()?.model_map(model_map(&variable(MODEL_MAP_VARIABLE))?))
}

/// The variable's value, without white space around it. Empty if it is not set.
fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default().trim().to_owned()
}

/// The provider of that name; without a name, the one whose variables are set.
fn chosen(name: &str) -> Result<&'static Candidate> {
    if !name.is_empty() {
        return CANDIDATES.iter().find(|it| it.name == name).ok_or_else(|| {
            Error::config(format!(
                "{PROVIDER_VARIABLE} is `{name}`, which is not a provider: use {}",
                compiled()
            ))
        });
    }
    let set = |it: &&Candidate| it.variables.iter().any(|name| !variable(name).is_empty());
    let found: Vec<_> = CANDIDATES.iter().filter(set).collect();
    match found.as_slice() {
        [one] => Ok(one),
        [] => Err(Error::config(format!(
            "MISTRAL_API_KEY is not set: set it to a key from https://console.mistral.ai. For \
             another cloud set {PROVIDER_VARIABLE} (here to {}) and that cloud's variables",
            compiled()
        ))),
        several => {
            let names = several.iter().map(|it| {
                let set = it
                    .variables
                    .iter()
                    .filter(|name| !variable(name).is_empty());
                let set: Vec<_> = set.copied().collect();
                format!("{} ({})", it.name, set.join(", "))
            });
            let names: Vec<_> = names.collect();
            Err(Error::config(format!(
                "several providers are configured: {}: set {PROVIDER_VARIABLE} to one of them",
                names.join(", ")
            )))
        }
    }
}

fn compiled() -> String {
    let names = CANDIDATES.iter().filter(|it| it.make.is_some());
    let names: Vec<_> = names.map(|it| format!("`{}`", it.name)).collect();
    names.join(" or ")
}

fn model_map(text: &str) -> Result<Vec<(String, String)>> {
    let pairs = text.split(',').filter(|pair| !pair.trim().is_empty());
    pairs
        .map(|pair| match pair.split_once('=') {
            Some((asked, here)) if !asked.trim().is_empty() && !here.trim().is_empty() => {
                Ok((asked.trim().to_owned(), here.trim().to_owned()))
            }
            _ => Err(Error::config(format!(
                "{MODEL_MAP_VARIABLE}: `{pair}` is not a pair of names: write \
                 `mistral-small-latest=my-deployment`, several separated by commas"
            ))),
        })
        .collect()
}
