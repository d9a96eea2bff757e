//! The resource path and endpoint of a Vertex AI location.

use std::sync::{Arc, OnceLock};

use mistral_core::{Error, Result};

use mistral_core::provider::{parse_base_url, shown_value};
use url::Url;

use crate::env::{GOOGLE_CLOUD_PROJECT_VARIABLE, PROJECT_VARIABLE, REGION_VARIABLE};

/// The longest id of a project or a location, in bytes.
const MAX_SEGMENT: usize = 128;

/// A project's location (`projects/*/locations/*`) and the endpoint that serves it.
#[derive(Debug, Clone)]
pub(crate) struct VertexLocation {
    pub(crate) project: Project,
    pub(crate) location: String,
    pub(crate) endpoint: Url,
}

impl VertexLocation {
    /// Creates a location. `endpoint` overrides Google's endpoint for the location.
    pub(crate) fn new(project: Project, location: &str, endpoint: Option<&str>) -> Result<Self> {
        let location = check_segment("location", location)?;
        let endpoint = match endpoint {
            Some(url) => without_resource(parse_base_url("the endpoint", url)?),
            None => parse_base_url("the location's endpoint", &default_endpoint(location)?)?,
        };
        Ok(Self {
            project,
            location: location.to_owned(),
            endpoint,
        })
    }

    /// Returns the path of a model's `rawPredict` or `streamRawPredict` method.
    ///
    /// # Errors
    /// Fails if the project is not known yet.
    pub(crate) fn path(&self, model: &str, stream: bool) -> Result<String> {
        let project = self.project.get().ok_or_else(missing_project)?;
        Ok(format!(
            "/v1/projects/{}/locations/{}/publishers/mistralai/models/{}:{}",
            escape_segment(project),
            escape_segment(&self.location),
            escape_segment(model),
            if stream {
                "streamRawPredict"
            } else {
                "rawPredict"
            },
        ))
    }
}

/// Removes the path of a project's resources from a URL, as in that of a model.
pub(crate) fn without_resource(mut url: Url) -> Url {
    let path = url.path();
    let resource = ["/v1/projects/", "/v1beta1/projects/"].map(|resource| path.find(resource));
    if let Some(at) = resource.into_iter().flatten().min() {
        let prefix = path.get(..at).unwrap_or_default().to_owned();
        url.set_path(&prefix);
    }
    url
}

/// The id of a project, either set or looked up before the first call.
#[derive(Debug, Clone)]
pub(crate) struct Project(Arc<OnceLock<String>>);

impl Project {
    #[cfg(feature = "adc")]
    pub(crate) fn unresolved() -> Self {
        Self(Arc::default())
    }

    pub(crate) fn new(project: &str) -> Result<Self> {
        let project = check_segment("project", project)?.to_owned();
        Ok(Self(Arc::new(project.into())))
    }

    pub(crate) fn get(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }

    /// Stores the result of a lookup, unless a concurrent call has already stored one.
    #[cfg(feature = "adc")]
    pub(crate) fn set(&self, project: &str) -> Result<()> {
        let project = check_segment("project", project)?;
        let _ = self.0.set(project.to_owned());
        Ok(())
    }
}

pub(crate) fn missing_project() -> Error {
    Error::config(format!(
        "the Google Cloud project is not set: set `MistralGcpBuilder::project`, {PROJECT_VARIABLE} or \
         {GOOGLE_CLOUD_PROJECT_VARIABLE} to the project's id"
    ))
}

fn check_segment<'a>(setting: &str, value: &'a str) -> Result<&'a str> {
    match value.trim() {
        // `Url` resolves dot segments even if they are escaped.
        value @ ("" | "." | "..") => Err(Error::config(format!(
            "the {setting} must not be `{value}`: set `MistralGcpBuilder::{setting}` to its id"
        ))),
        // A key that is set in the wrong variable must not become a part of a URL.
        value if value.len() > MAX_SEGMENT || value.contains(['{', '"', '\n']) => {
            Err(Error::config(format!(
                "the {setting} is not an id: set `MistralGcpBuilder::{setting}` to its id"
            )))
        }
        value => Ok(value),
    }
}

/// Returns Google's endpoint for a location: a region, a multi-region or `global`.
fn default_endpoint(location: &str) -> Result<String> {
    // The location becomes a part of the host that receives the token.
    let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !location.bytes().all(is_name) {
        let shown = shown_value(location);
        return Err(Error::config(format!(
            "{shown} is not a location: set `MistralGcpBuilder::location` or \
             {REGION_VARIABLE} to a region like `europe-west4`, or to `eu`, `us` or `global`"
        )));
    }
    Ok(match location {
        "global" => "https://aiplatform.googleapis.com".to_owned(),
        "eu" | "us" => format!("https://aiplatform.{location}.rep.googleapis.com"),
        region => format!("https://{region}-aiplatform.googleapis.com"),
    })
}

/// Percent-encodes everything but the unreserved characters of RFC 3986, and `@`, which is not
/// special in a path.
fn escape_segment(value: &str) -> String {
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

    fn vertex_location(
        project: &str,
        location: &str,
        endpoint: Option<&str>,
    ) -> Result<VertexLocation> {
        VertexLocation::new(Project::new(project)?, location, endpoint)
    }

    #[test]
    fn vertex_invalid_location_never_becomes_a_host() {
        for location in ["evil.example/", "a.b", "x:80", "x@y", "Europe", "a b", "é"] {
            let error = vertex_location("p", location, None).unwrap_err();
            assert!(error.to_string().contains(location), "{error}");
            assert!(error.to_string().contains("GCP_REGION"), "{error}");
        }
        let key = "{\"private_key\": \"s3cret\"}";
        let long = "s3cret".repeat(30);
        for project in [key, &long, "s3cret\nx"] {
            let error = vertex_location(project, "eu", None).unwrap_err();
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
        for (project, location) in [("", "eu"), ("..", "eu"), ("p", "."), ("p", " ")] {
            let error = vertex_location(project, location, Some("https://gate")).unwrap_err();
            assert!(error.to_string().contains("must not be"), "{error}");
        }
    }

    #[test]
    fn vertex_path_escapes_project_location_and_model() {
        let vertex = vertex_location("example.com:p/q", "a b", Some("https://gate")).unwrap();
        assert_eq!(
            vertex.path("m@1/é?#:%", false).unwrap(),
            "/v1/projects/example.com%3Ap%2Fq/locations/a%20b/publishers/mistralai/models/\
             m@1%2F%C3%A9%3F%23%3A%25:rawPredict"
        );
    }
}
