use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};
use mistral_core::Result;
use mistral_core::provider::{Operation, Provider, Route, RouteRequest, TokenCache};

#[cfg(feature = "adc")]
use crate::adc::Adc;
use crate::location::{VertexLocation, missing_project, without_resource};
use crate::model::ModelNames;

const QUOTA_PROJECT: HeaderName = HeaderName::from_static("x-goog-user-project");

/// The operations that Vertex AI supports.
const OPERATIONS: [&str; 5] = [
    "chat.complete",
    "chat.stream",
    "fim.complete",
    "fim.stream",
    "ocr.process",
];

/// The provider for Mistral models on Google Vertex AI.
///
/// Supports chat, fill-in-the-middle and OCR. Tokens are sent as `Authorization: Bearer …` and
/// never appear in `Debug` output or errors.
#[derive(Clone)]
pub struct MistralGcp {
    pub(crate) location: VertexLocation,
    pub(crate) names: ModelNames,
    pub(crate) credentials: Credentials,
    /// Looks up the project if it is not set.
    #[cfg(feature = "adc")]
    pub(crate) project_lookup: Option<ProjectLookup>,
    pub(crate) quota_project: Option<HeaderValue>,
}

#[derive(Clone)]
pub(crate) enum Credentials {
    /// A token that never changes, stored as the header value it is sent as.
    Static(HeaderValue),
    /// A token that is reused until it expires or is rejected.
    Cached(Arc<TokenCache>),
}

/// Looks up the project from the Application Default Credentials.
#[cfg(feature = "adc")]
#[derive(Clone)]
pub(crate) struct ProjectLookup {
    adc: Adc,
    /// Locked during a lookup, so that concurrent calls share it.
    last_failure: Arc<tokio::sync::Mutex<Option<LookupFailure>>>,
}

#[cfg(feature = "adc")]
struct LookupFailure {
    at: std::time::Instant,
    message: String,
}

#[cfg(feature = "adc")]
impl ProjectLookup {
    pub(crate) fn new(adc: Adc) -> Self {
        let last_failure = Arc::default();
        Self { adc, last_failure }
    }

    /// Stores the project in `location`, unless a concurrent call has stored it.
    async fn run(&self, location: &VertexLocation) -> Result<()> {
        let started = std::time::Instant::now();
        let mut last_failure = self.last_failure.lock().await;
        if location.project.get().is_some() {
            return Ok(());
        }
        // A lookup that failed while this call waited for the lock is not repeated.
        if let Some(failure) = last_failure.as_ref()
            && failure.at >= started
        {
            return Err(missing_project().with_source(failure.message.clone()));
        }
        match self.adc.find_project().await {
            Ok(project) => location.project.set(&project),
            Err(failure) => {
                let message = failure.message;
                let at = std::time::Instant::now();
                *last_failure = Some(LookupFailure {
                    at,
                    message: message.clone(),
                });
                Err(missing_project().with_source(message))
            }
        }
    }
}

#[async_trait]
impl Provider for MistralGcp {
    fn name(&self) -> &'static str {
        "gcp"
    }

    fn otel_name(&self) -> &'static str {
        "gcp.vertex_ai"
    }

    fn supports(&self, endpoint: &Operation) -> bool {
        OPERATIONS.contains(&&*endpoint.name)
    }

    fn route(&self, request: &RouteRequest<'_>) -> Result<Route> {
        let model = self.names.resolve(request.model)?;
        let path = self
            .location
            .path(&model.url, request.operation.framing.is_event_stream())?;
        let route = match request.base_url {
            Some(url) => Route::join(&without_resource(url.clone()), &path)?,
            None => Route::join(&self.location.endpoint, &path)?,
        };
        Ok(if request.model == Some(&*model.body) {
            route
        } else {
            route.model(model.body)
        })
    }

    fn is_prepared(&self) -> bool {
        self.location.project.get().is_some()
    }

    async fn prepare(&self) -> Result<()> {
        #[cfg(feature = "adc")]
        if let Some(lookup) = &self.project_lookup {
            return lookup.run(&self.location).await;
        }
        Err(missing_project())
    }

    async fn authorize(&self, rejected: Option<&HeaderMap>, headers: &mut HeaderMap) -> Result<()> {
        let token = match &self.credentials {
            Credentials::Static(token) => token.clone(),
            Credentials::Cached(cache) => {
                let rejected = rejected.and_then(|headers| headers.get(AUTHORIZATION));
                cache.bearer(rejected).await?
            }
        };
        headers.insert(AUTHORIZATION, token);
        if let Some(project) = &self.quota_project {
            headers.insert(QUOTA_PROJECT, project.clone());
        }
        Ok(())
    }
}

/// Shows the location and the kind of credentials, never a token.
impl fmt::Debug for MistralGcp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("MistralGcp");
        debug
            .field("project", &self.location.project.get())
            .field("location", &self.location.location)
            .field("endpoint", &self.location.endpoint.as_str())
            .field("model", &self.names.default)
            .field("quota_project", &self.quota_project);
        match &self.credentials {
            Credentials::Static(_) => debug.field("credentials", &format_args!("[redacted]")),
            Credentials::Cached(cache) => debug.field("credentials", cache),
        };
        debug.finish()
    }
}
