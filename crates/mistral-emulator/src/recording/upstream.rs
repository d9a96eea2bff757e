//! Forwards requests to a real server.

use bytes::Bytes;
use http::request::Parts;
use http::uri::{Authority, Scheme};
use http::{HeaderName, HeaderValue, Request, Uri, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use crate::faults::header::FAULT_HEADER;

/// Headers that concern one connection, or that the forwarded exchange sets anew.
const NOT_FORWARDED: &[&str] = &[
    "accept-encoding", // a compressed body could not be read in the recording
    "connection",
    "content-length",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    FAULT_HEADER,
];

/// The server that requests are forwarded to.
#[derive(Debug, Clone)]
pub(super) struct Upstream {
    authority: Authority,
    is_https: bool,
    /// The path before that of the request, without a slash at the end.
    prefix: String,
}

impl Upstream {
    /// Parses the base URL of a server.
    pub(super) fn new(url: &str) -> Result<Self, String> {
        let invalid = || format!("{url:?} is not the http or https URL of a server");
        let uri: Uri = url.parse().map_err(|_| invalid())?;
        let is_https = uri.scheme() == Some(&Scheme::HTTPS);
        if uri.scheme().is_none() || (!is_https && uri.scheme() != Some(&Scheme::HTTP)) {
            return Err(invalid());
        }
        if is_https && !cfg!(feature = "tls") {
            return Err(format!(
                "{url} needs TLS: build the emulator with `--features tls`, or forward to an http \
                 URL"
            ));
        }
        let prefix = uri.path().trim_end_matches('/');
        Ok(Self {
            authority: uri.authority().cloned().ok_or_else(invalid)?,
            is_https,
            prefix: prefix.strip_suffix("/v1").unwrap_or(prefix).to_owned(),
        })
    }

    /// Forwards a request with the headers of the client, its key among them.
    pub(super) async fn forward(
        &self,
        request: &Parts,
        body: &Bytes,
    ) -> Result<http::Response<Incoming>, String> {
        let request = self.forwarded(request, body)?;
        let host = self.authority.host().trim_matches(['[', ']']);
        let port = self.authority.port_u16();
        let port = port.unwrap_or(if self.is_https { 443 } else { 80 });
        let connection = TcpStream::connect((host, port));
        let connection = connection.await.map_err(|error| error.to_string())?;
        let response = if self.is_https {
            exchange_over_tls(host, connection, request).await?
        } else {
            exchange(connection, request).await?
        };
        Ok(response)
    }

    fn forwarded(&self, request: &Parts, body: &Bytes) -> Result<Request<Full<Bytes>>, String> {
        let target = request
            .uri
            .path_and_query()
            .map_or("/", |target| target.as_str());
        let mut forwarded = Request::new(Full::new(body.clone()));
        *forwarded.method_mut() = request.method.clone();
        let target = format!("{}{target}", self.prefix);
        *forwarded.uri_mut() = target
            .parse()
            .map_err(|_| "the path cannot be sent".to_owned())?;
        for (name, value) in &request.headers {
            if is_forwarded(name) {
                forwarded.headers_mut().append(name, value.clone());
            }
        }
        let host = HeaderValue::try_from(self.authority.as_str());
        let host = host.map_err(|_| "its host cannot be sent".to_owned())?;
        forwarded.headers_mut().insert(header::HOST, host);
        Ok(forwarded)
    }
}

/// Whether a header is passed on.
pub(super) fn is_forwarded(name: &HeaderName) -> bool {
    !NOT_FORWARDED.contains(&name.as_str())
}

async fn exchange<T>(
    io: T,
    request: Request<Full<Bytes>>,
) -> Result<http::Response<Incoming>, String>
where
    T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let handshake = http1::handshake(TokioIo::new(io)).await;
    let (mut sender, connection) = handshake.map_err(|error| error.to_string())?;
    tokio::spawn(connection);
    let response = sender.send_request(request).await;
    response.map_err(|error| error.to_string())
}

#[cfg(feature = "tls")]
async fn exchange_over_tls(
    host: &str,
    connection: TcpStream,
    request: Request<Full<Bytes>>,
) -> Result<http::Response<Incoming>, String> {
    use rustls_platform_verifier::BuilderVerifierExt;
    use std::sync::Arc;
    use tokio_rustls::TlsConnector;
    use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
    use tokio_rustls::rustls::pki_types::ServerName;
    use tokio_rustls::rustls::{ClientConfig, Error};

    // The provider is named, since a process in which another one is compiled in has no default.
    let config = || -> Result<ClientConfig, Error> {
        let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
        let builder = builder.with_safe_default_protocol_versions()?;
        Ok(builder.with_platform_verifier()?.with_no_client_auth())
    };
    let config = config().map_err(|error| error.to_string())?;
    let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
    let connector = TlsConnector::from(Arc::new(config));
    let connection = connector.connect(name, connection).await;
    let connection = connection.map_err(|error| error.to_string())?;
    exchange(connection, request).await
}

#[cfg(not(feature = "tls"))]
async fn exchange_over_tls(
    _: &str,
    _: TcpStream,
    _: Request<Full<Bytes>>,
) -> Result<http::Response<Incoming>, String> {
    Err("the emulator was built without the feature `tls`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upstream_url_is_parsed_with_its_prefix() {
        for (url, authority, prefix) in [
            ("http://localhost:8080", "localhost:8080", ""),
            ("http://gateway/mistral/v1/", "gateway", "/mistral"),
            ("http://[::1]:80/v1", "[::1]:80", ""),
        ] {
            let upstream = Upstream::new(url).unwrap();
            assert_eq!(upstream.authority.as_str(), authority);
            assert_eq!(upstream.prefix, prefix, "{url}");
        }
    }

    #[test]
    fn upstream_url_that_is_none_is_rejected() {
        for url in ["", "localhost:8080", "/v1", "ftp://host"] {
            let error = Upstream::new(url).unwrap_err();
            assert!(error.contains("is not the http or https URL"), "{error}");
        }
    }
}
