//! The cache of routes: a URL is built and parsed once for all calls that share it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use http::Uri;
use url::Url;

use crate::error::{Error, Result};
use crate::pipeline::request::{CallOptions, RequestParts};
use crate::provider::{Operation, Provider, RouteRequest};
use crate::redact::redact_url;
use crate::transport::RequestTarget;

/// Bounds the cache for applications that use more than a handful of operations and models.
const MAX_ROUTES: usize = 64;

/// A route, parsed.
#[derive(Debug)]
pub(crate) struct ResolvedRoute {
    pub(crate) target: Arc<RequestTarget>,
    pub(crate) model: Option<String>,
}

#[derive(Debug, Default)]
pub(crate) struct RouteCache {
    /// The provider's names of models, by the names that requests use.
    models: BTreeMap<String, String>,
    routes: RwLock<Vec<(Key, Arc<ResolvedRoute>)>>,
}

#[derive(Debug)]
struct Key {
    operation: &'static Operation,
    model: Option<Arc<str>>,
}

impl RouteCache {
    pub(crate) fn new(models: BTreeMap<String, String>) -> Self {
        Self {
            models,
            ..Self::default()
        }
    }

    pub(crate) fn resolve(
        &self,
        provider: &dyn Provider,
        request: &RequestParts,
    ) -> Result<Arc<ResolvedRoute>> {
        let is_plain = |options: &CallOptions| {
            options.query.is_empty() && options.base_url.is_none() && options.signed_url.is_none()
        };
        let is_shared = request.path.is_none() && request.options().is_none_or(is_plain);
        let operation = match request.operation {
            Cow::Borrowed(operation) if is_shared => operation,
            _ => return self.route(provider, request).map(Arc::new),
        };
        let is_it = |key: &Key| {
            std::ptr::eq(key.operation, operation)
                && key.model.as_deref() == request.model.as_deref()
        };
        let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, route)) = routes.iter().find(|(key, _)| is_it(key)) {
            return Ok(Arc::clone(route));
        }
        drop(routes);
        let route = Arc::new(self.route(provider, request)?);
        let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
        if routes.len() == MAX_ROUTES {
            routes.clear();
        }
        let key = Key {
            operation,
            model: request.model.clone(),
        };
        routes.push((key, Arc::clone(&route)));
        Ok(route)
    }

    fn route(&self, provider: &dyn Provider, request: &RequestParts) -> Result<ResolvedRoute> {
        if let Some(url) = request.signed_url() {
            return resolved(url.clone(), None);
        }
        if request.path.is_none() && !request.operation.is_raw {
            request.operation.fill(&[])?;
        }
        let requested = request.model.as_deref();
        let model =
            requested.map(|requested| self.models.get(requested).map_or(requested, String::as_str));
        let mut route = provider.route(&RouteRequest {
            operation: &request.operation,
            path: request.path_str(),
            model,
            base_url: request
                .options()
                .and_then(|options| options.base_url.as_ref()),
        })?;
        if let Some(options) = request
            .options()
            .filter(|options| !options.query.is_empty())
        {
            // A parameter of the call replaces the provider's of the same name.
            let is_own = |name: &str| options.query.iter().any(|(own, _)| own == name);
            let pairs = route.url.query_pairs().into_owned();
            let kept: Vec<_> = pairs.filter(|(name, _)| !is_own(name)).collect();
            let mut query = route.url.query_pairs_mut();
            query
                .clear()
                .extend_pairs(kept)
                .extend_pairs(&options.query);
        }
        route.url.set_fragment(None);
        // The model in the body, where it differs from the one that the request names.
        let model = route
            .model
            .or_else(|| model.filter(|_| model != requested).map(str::to_owned));
        resolved(route.url, model)
    }
}

fn resolved(url: Url, model: Option<String>) -> Result<ResolvedRoute> {
    let uri = Uri::try_from(url.as_str()).map_err(|error| {
        let url = redact_url(url.as_str());
        Error::config(format!("`{url}` is not a URL that HTTP allows")).with_source(error)
    })?;
    let target = Arc::new(RequestTarget { uri, url });
    Ok(ResolvedRoute { target, model })
}
