//! The client with the settings of an input line.

use std::time::Duration;

use mistral_sdk::{
    Client, ClientBuilder, EndpointKind, MistralApi, MistralAzure, MistralGcp, RetryPolicy,
};
use serde::Deserialize;
use serde_json::Value;

use crate::{CallError, Job};

#[derive(Deserialize, Default)]
struct Settings {
    #[serde(default)]
    kind: String,
    api_version: Option<String>,
    #[serde(default)]
    project_id: String,
    region: Option<String>,
    access_token: Option<String>,
    retry: Option<Retry>,
}

#[derive(Deserialize)]
struct Retry {
    initial_interval_ms: u64,
    max_interval_ms: u64,
    exponent: f64,
    max_elapsed_ms: u64,
    #[serde(default)]
    connection_errors: bool,
}

pub(crate) fn client(job: &Job) -> Result<Client, CallError> {
    let settings = job.client.clone().filter(|settings| !settings.is_null());
    let settings: Settings = match settings {
        Some(settings @ Value::Object(_)) => serde_json::from_value(settings)?,
        _ => Settings::default(),
    };
    let policy = settings
        .retry
        .as_ref()
        .map_or_else(RetryPolicy::none, |retry| {
            let time = Duration::from_millis;
            RetryPolicy::backoff(
                time(retry.initial_interval_ms),
                time(retry.max_interval_ms),
                retry.exponent,
                time(retry.max_elapsed_ms),
            )
            .retry_ambiguous(retry.connection_errors)
        });
    Ok(builder(job, settings)?.retry(policy).build()?)
}

fn builder(job: &Job, settings: Settings) -> Result<ClientBuilder, CallError> {
    let (url, key) = (&*job.base_url, &*job.api_key);
    Ok(match settings.kind.as_str() {
        "azure" => {
            // The official SDK has one chat route, and sends a version to OCR, too.
            let version = settings.api_version.as_deref();
            let azure = MistralAzure::builder()
                .endpoint(url)
                .endpoint_kind(EndpointKind::Models)
                .api_version(version.unwrap_or("2024-05-01-preview"))
                .api_key(key);
            Client::builder(azure.build()?)
        }
        "gcp" => {
            let mut gcp = MistralGcp::builder()
                .endpoint(url)
                .project(settings.project_id);
            if let Some(region) = settings.region {
                gcp = gcp.location(region);
            }
            let token = settings.access_token.unwrap_or_else(|| key.to_owned());
            Client::builder(gcp.access_token(token).build()?)
        }
        _ => Client::builder(MistralApi::new(key)?.base_url(url)?),
    })
}
