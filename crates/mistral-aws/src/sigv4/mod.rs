//! Signature Version 4 of requests, and the credentials that they are signed with.

mod chain;
mod context;
mod credentials;
mod http_send;

use std::fmt;
use std::sync::Arc;

use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderValue, Uri};
use mistral_core::provider::{SignedBody, TokenCache};
use mistral_core::{Error, Result};
use reqsign_core::hash::hex_sha256;
use reqsign_core::{Context, SignRequest};

pub(crate) use self::chain::{CredentialChain, check_environment};
pub(crate) use self::credentials::CachedSource;
pub use self::credentials::{AwsCredentialSource, AwsCredentials};
use crate::endpoint::{AwsHost, BedrockService};

const CONTENT_SHA256: HeaderName = HeaderName::from_static("x-amz-content-sha256");
const DATE: HeaderName = HeaderName::from_static("x-amz-date");
const SECURITY_TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

/// The headers of a request that are signed as they are. Others may be changed on the way, as
/// `user-agent` is by proxies.
const SIGNED_HEADERS: [HeaderName; 2] = [CONTENT_TYPE, HOST];
/// The headers that a signature adds.
const ADDED_HEADERS: [HeaderName; 4] = [CONTENT_SHA256, DATE, SECURITY_TOKEN, AUTHORIZATION];

/// Signs requests.
pub(crate) struct RequestSigner {
    pub(crate) credentials: SigningCredentials,
    /// The region for hosts that do not name one.
    pub(crate) region: String,
    /// The service for hosts that do not name one.
    pub(crate) service: BedrockService,
    /// The service name that the application set.
    pub(crate) service_name: Option<String>,
}

pub(crate) enum SigningCredentials {
    /// An access key that never changes.
    Static(AwsCredentials),
    /// Credentials that are reused until they expire.
    Cached(TokenCache),
}

impl SigningCredentials {
    /// Caches the credentials of a source.
    pub(crate) fn cached(source: Arc<dyn AwsCredentialSource>) -> Self {
        Self::Cached(TokenCache::new(CachedSource(source)))
    }

    async fn current(&self) -> Result<AwsCredentials> {
        match self {
            Self::Static(credentials) => Ok(credentials.clone()),
            Self::Cached(cache) => AwsCredentials::from_cached(&cache.bearer(None).await?),
        }
    }
}

impl RequestSigner {
    /// Signs a request, unless the caller set its credentials.
    pub(crate) async fn sign(&self, parts: &mut Parts, body: SignedBody<'_>) -> Result<()> {
        if parts.headers.contains_key(AUTHORIZATION) {
            return Ok(());
        }
        let SignedBody::Bytes(body) = body else {
            return Err(Error::credentials(
                "a body that is read while it is sent cannot be signed: send bytes instead",
            ));
        };
        let credentials = self.credentials.current().await?.to_signing();
        let mut head = head_to_sign(parts, body).map_err(Error::credentials)?;
        let host = parts.uri.host().and_then(AwsHost::parse);
        let service = host.map_or(self.service, |host| host.service);
        let service = self
            .service_name
            .as_deref()
            .unwrap_or(service.signing_name());
        let region = host.map_or(&*self.region, |host| host.region);
        let signer =
            reqsign_aws_v4::RequestSigner::new(service, region).with_standard_session_token();
        signer
            .sign_request(&Context::new(), &mut head, Some(&credentials), None)
            .await
            .map_err(|error| {
                Error::credentials(format!("the request cannot be signed: {error}"))
            })?;
        for name in ADDED_HEADERS {
            if let Some(value) = head.headers.remove(&name) {
                parts.headers.insert(name, value);
            }
        }
        Ok(())
    }
}

/// Returns the parts of a request that are signed.
fn head_to_sign(parts: &Parts, body: &[u8]) -> Result<Parts, http::Error> {
    let mut head = http::Request::new(()).into_parts().0;
    head.method = parts.method.clone();
    head.uri = uri_to_sign(&parts.uri)?;
    for name in SIGNED_HEADERS {
        if let Some(value) = parts.headers.get(&name) {
            head.headers.insert(name, value.clone());
        }
    }
    let hash = HeaderValue::try_from(hex_sha256(body))?;
    head.headers.insert(CONTENT_SHA256, hash);
    Ok(head)
}

/// Returns the URL from which the signer derives the canonical one.
///
/// For every service but S3, the canonical path has no empty segments, and its escapes are escaped
/// once more. The signer follows the rules of S3, and decodes the path once before it encodes it.
fn uri_to_sign(uri: &Uri) -> Result<Uri, http::Error> {
    let path = uri.path();
    if !path.contains('%') && !path.contains("//") {
        return Ok(uri.clone());
    }
    let mut canonical = path.replace('%', "%25");
    while canonical.contains("//") {
        canonical = canonical.replace("//", "/");
    }
    if let Some(query) = uri.query() {
        canonical.push('?');
        canonical.push_str(query);
    }
    let mut uri_parts = uri.clone().into_parts();
    uri_parts.path_and_query = Some(PathAndQuery::try_from(canonical)?);
    Ok(Uri::from_parts(uri_parts)?)
}

/// Shows the source of the credentials and the scope of signatures, never a secret.
impl fmt::Debug for RequestSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("RequestSigner");
        debug.field("region", &self.region);
        match &self.service_name {
            Some(name) => debug.field("service", name),
            None => debug.field("service", &self.service.signing_name()),
        };
        match &self.credentials {
            SigningCredentials::Static(credentials) => debug.field("credentials", credentials),
            SigningCredentials::Cached(cache) => debug.field("credentials", cache),
        };
        debug.finish()
    }
}
