//! Where Vertex AI is.

use mistral_core::{Error, Result, parse_base_url};
use url::Url;

use crate::REGION_VARIABLE;

/// A project in a location, behind an endpoint.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) project: String,
    pub(crate) location: String,
    pub(crate) endpoint: Url,
}

impl Place {
    /// The place, at Google's endpoint for the location unless there is an own one.
    pub(crate) fn new(project: &str, location: &str, endpoint: Option<&str>) -> Result<Self> {
        let (project, location) = (project.trim(), location.trim());
        for (setting, value) in [("project", project), ("location", location)] {
            // Dot segments would be resolved away even when they are escaped.
            if matches!(value, "" | "." | "..") {
                return Err(Error::config(format!(
                    "the {setting} must not be `{value}`"
                )));
            }
        }
        let endpoint = match endpoint {
            Some(own) => parse_base_url("the endpoint", own)?,
            None => parse_base_url("the location's endpoint", &endpoint_of(location)?)?,
        };
        Ok(Self {
            project: project.to_owned(),
            location: location.to_owned(),
            endpoint,
        })
    }

    /// The path of the one method by which a model is asked.
    pub(crate) fn path(&self, model: &str, stream: bool) -> String {
        format!(
            "/v1/projects/{}/locations/{}/publishers/mistralai/models/{}:{}",
            segment(&self.project),
            segment(&self.location),
            segment(model),
            if stream {
                "streamRawPredict"
            } else {
                "rawPredict"
            },
        )
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

    #[test]
    fn what_is_not_a_location_never_becomes_a_host() {
        for location in ["evil.example/", "a.b", "x:80", "x@y", "Europe", "a b", "é"] {
            let error = Place::new("p", location, None).unwrap_err();
            assert!(error.to_string().contains(location), "{error}");
            assert!(error.to_string().contains("GCP_REGION"), "{error}");
        }
        for (project, location) in [("", "eu"), ("..", "eu"), ("p", "."), ("p", " ")] {
            let error = Place::new(project, location, Some("https://gate")).unwrap_err();
            assert!(error.to_string().contains("must not be"), "{error}");
        }
    }

    #[test]
    fn project_location_and_model_are_one_segment_each() {
        let place = Place::new("example.com:p/q", "a b", Some("https://gate")).unwrap();
        assert_eq!(
            place.path("m@1/é?#:%", false),
            "/v1/projects/example.com%3Ap%2Fq/locations/a%20b/publishers/mistralai/models/\
             m@1%2F%C3%A9%3F%23%3A%25:rawPredict"
        );
    }
}
