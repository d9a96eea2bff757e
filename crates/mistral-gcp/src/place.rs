//! Where Vertex AI is.

use std::sync::{Arc, OnceLock};

use mistral_core::{Error, Result};

use mistral_core::provider::parse_base_url;
use url::Url;

use crate::{GOOGLE_CLOUD_PROJECT_VARIABLE, PROJECT_VARIABLE, REGION_VARIABLE};

/// A project in a location, behind an endpoint.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) project: Project,
    pub(crate) location: String,
    pub(crate) endpoint: Url,
}

impl Place {
    /// The place, at Google's endpoint for the location unless there is an own one.
    pub(crate) fn new(project: Project, location: &str, endpoint: Option<&str>) -> Result<Self> {
        let location = check("location", location)?;
        let endpoint = match endpoint {
            Some(own) => parse_base_url("the endpoint", own)?,
            None => parse_base_url("the location's endpoint", &endpoint_of(location)?)?,
        };
        Ok(Self {
            project,
            location: location.to_owned(),
            endpoint,
        })
    }

    /// The path of the one method by which a model is asked.
    ///
    /// # Errors
    /// Fails as long as the project is not known.
    pub(crate) fn path(&self, model: &str, stream: bool) -> Result<String> {
        let project = self.project.get().ok_or_else(no_project)?;
        Ok(format!(
            "/v1/projects/{}/locations/{}/publishers/mistralai/models/{}:{}",
            segment(project),
            segment(&self.location),
            segment(model),
            if stream {
                "streamRawPredict"
            } else {
                "rawPredict"
            },
        ))
    }
}

/// A project: known from the start, or found out before the first call.
#[derive(Debug, Clone)]
pub(crate) struct Project(Arc<OnceLock<String>>);

impl Project {
    #[cfg(feature = "adc")]
    pub(crate) fn unknown() -> Self {
        Self(Arc::default())
    }

    pub(crate) fn known(project: &str) -> Result<Self> {
        let project = check("project", project)?.to_owned();
        Ok(Self(Arc::new(project.into())))
    }

    pub(crate) fn get(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }

    /// Keeps what was found out, unless another call was quicker.
    #[cfg(feature = "adc")]
    pub(crate) fn set(&self, project: &str) -> Result<()> {
        let project = check("project", project)?;
        let _ = self.0.set(project.to_owned());
        Ok(())
    }
}

pub(crate) fn no_project() -> Error {
    Error::config(format!(
        "there is no project: set `MistralGcpBuilder::project`, {PROJECT_VARIABLE} or \
         {GOOGLE_CLOUD_PROJECT_VARIABLE} to the id of a Google Cloud project"
    ))
}

fn check<'a>(setting: &str, value: &'a str) -> Result<&'a str> {
    match value.trim() {
        // Dot segments would be resolved away even when they are escaped.
        value @ ("" | "." | "..") => Err(Error::config(format!(
            "the {setting} must not be `{value}`"
        ))),
        value => Ok(value),
    }
}

/// Google's endpoint for a location: a region, a multi-region or `global`.
fn endpoint_of(location: &str) -> Result<String> {
    // It becomes a part of the host that gets the token.
    let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !location.bytes().all(is_name) {
        return Err(Error::config(format!(
            "`{location}` is not a location: set `MistralGcpBuilder::location` or \
             {REGION_VARIABLE} to a region like `europe-west4`, or to `eu`, `us` or `global`"
        )));
    }
    Ok(match location {
        "global" => "https://aiplatform.googleapis.com".to_owned(),
        "eu" | "us" => format!("https://aiplatform.{location}.rep.googleapis.com"),
        region => format!("https://{region}-aiplatform.googleapis.com"),
    })
}

/// Escapes everything but the characters that are never special in a URL, and `@`, which
/// is not special in a path.
fn segment(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(project: &str, location: &str, endpoint: Option<&str>) -> Result<Place> {
        Place::new(Project::known(project)?, location, endpoint)
    }

    #[test]
    fn what_is_not_a_location_never_becomes_a_host() {
        for location in ["evil.example/", "a.b", "x:80", "x@y", "Europe", "a b", "é"] {
            let error = place("p", location, None).unwrap_err();
            assert!(error.to_string().contains(location), "{error}");
            assert!(error.to_string().contains("GCP_REGION"), "{error}");
        }
        for (project, location) in [("", "eu"), ("..", "eu"), ("p", "."), ("p", " ")] {
            let error = place(project, location, Some("https://gate")).unwrap_err();
            assert!(error.to_string().contains("must not be"), "{error}");
        }
    }

    #[test]
    fn project_location_and_model_are_one_segment_each() {
        let place = place("example.com:p/q", "a b", Some("https://gate")).unwrap();
        assert_eq!(
            place.path("m@1/é?#:%", false).unwrap(),
            "/v1/projects/example.com%3Ap%2Fq/locations/a%20b/publishers/mistralai/models/\
             m@1%2F%C3%A9%3F%23%3A%25:rawPredict"
        );
    }
}
