//! TLS servers and proxies between the client and the emulator.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rcgen::{CertificateParams, DnType, KeyPair};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

/// A host that only the proxies of these tests can reach: it is the loopback interface to them. The
/// client reaches loopback itself without a proxy.
pub const FAR_HOST: &str = "gate.test";

/// Returns a URL of loopback with [`FAR_HOST`] in place of the host.
pub fn far(url: &str) -> String {
    let url = url.replace("//localhost", "//127.0.0.1");
    url.replace("//127.0.0.1", &format!("//{FAR_HOST}"))
}

/// A TLS server that forwards to a plain one.
pub struct TlsServer {
    pub url: String,
    /// The path of its certificate.
    pub certificate: String,
    connections: Arc<AtomicUsize>,
    http2_connections: Arc<AtomicUsize>,
}

impl TlsServer {
    pub async fn start(upstream: &str, protocols: &[&str]) -> Self {
        Self::start_with(upstream, [protocols; 2], None).await
    }

    /// Starts a server whose first connection has other protocols than the later ones, as behind a
    /// load balancer.
    pub async fn changing(upstream: &str, first: &[&str], later: &[&str]) -> Self {
        Self::start_with(upstream, [first, later], None).await
    }

    /// Starts a server that rejects clients without this certificate.
    pub async fn requiring(upstream: &str, client: CertificateDer<'static>) -> Self {
        Self::start_with(upstream, [&[]; 2], Some(client)).await
    }

    async fn start_with(
        upstream: &str,
        protocols: [&[&str]; 2],
        client: Option<CertificateDer<'static>>,
    ) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let mut params =
            CertificateParams::new(["localhost", FAR_HOST].map(str::to_owned)).unwrap();
        // OpenSSL looks authorities up by their name.
        let name = format!("server {number}");
        params.distinguished_name.push(DnType::CommonName, name);
        let signing_key = KeyPair::generate().unwrap();
        let cert = params.self_signed(&signing_key).unwrap();
        let key = PrivateKeyDer::Pkcs8(signing_key.serialize_der().into());
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = match client {
            None => builder.with_no_client_auth(),
            Some(client) => {
                let mut roots = RootCertStore::empty();
                roots.add(client).unwrap();
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let chain = vec![cert.der().clone()];
        let config = builder.with_single_cert(chain, key).unwrap();
        let acceptors = protocols.map(|protocols| {
            let names = protocols.iter().map(|name| name.as_bytes().to_vec());
            let mut config = config.clone();
            config.alpn_protocols = names.collect();
            TlsAcceptor::from(Arc::new(config))
        });
        let upstream = upstream.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!(
            "https://localhost:{}",
            listener.local_addr().unwrap().port()
        );
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        let http2_connections = Arc::new(AtomicUsize::new(0));
        let http2_counter = Arc::clone(&http2_connections);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let number = counter.fetch_add(1, Ordering::Relaxed);
                let (acceptor, upstream) = (acceptors[number.min(1)].clone(), upstream.clone());
                let http2_counter = Arc::clone(&http2_counter);
                tokio::spawn(async move {
                    let socket = acceptor.accept(socket).await?;
                    if socket.get_ref().1.alpn_protocol() == Some(b"h2") {
                        http2_counter.fetch_add(1, Ordering::Relaxed);
                    }
                    connect(socket, &upstream).await
                });
            }
        });
        Self {
            url,
            certificate: file(&cert.pem()),
            connections,
            http2_connections,
        }
    }

    /// Returns the number of connections for which HTTP/2 was negotiated.
    pub fn http2_connections(&self) -> usize {
        self.http2_connections.load(Ordering::Relaxed)
    }

    /// Returns its certificate in PEM.
    pub fn pem(&self) -> String {
        std::fs::read_to_string(&self.certificate).unwrap()
    }

    /// Returns its certificate in DER.
    pub fn der(&self) -> Vec<u8> {
        let pem = self.pem();
        CertificateDer::from_pem_slice(pem.as_bytes())
            .unwrap()
            .to_vec()
    }

    /// Returns the number of connections so far.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

/// Starts a server that sends `response` to every request and closes the connection. Returns its URL
/// and the heads of the requests.
pub async fn recording(response: String) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let heads: Arc<Mutex<Vec<_>>> = Arc::default();
    let recorded = Arc::clone(&heads);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let head = read_head(&mut socket).await?;
            recorded.lock().unwrap().push(head);
            socket.write_all(response.as_bytes()).await?;
        }
        io::Result::Ok(())
    });
    (url, heads)
}

/// A response to a list of models, after which the connection is closed.
pub fn empty_list() -> String {
    let body = r#"{"object":"list","data":[]}"#;
    let length = body.len();
    format!(
        "HTTP/1.1 200 x\r\ncontent-type: application/json\r\nconnection: close\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
}

/// Writes a file with both certificates and returns its path.
pub fn certificate_bundle(one: &str, other: &str) -> String {
    file(
        &[one, other]
            .map(|path| std::fs::read_to_string(path).unwrap())
            .concat(),
    )
}

/// Writes a directory with a copy of the certificate and returns its path.
#[cfg(any(feature = "ring", feature = "rustls"))]
pub fn certificate_directory(path: &str) -> String {
    let directory = format!("{path}.d");
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::copy(path, format!("{directory}/certificate.pem")).unwrap();
    directory
}

fn file(pem: &str) -> String {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let path = folder.join(format!("certificate-{}-{number}.pem", std::process::id()));
    std::fs::write(&path, pem).unwrap();
    path.to_str().unwrap().to_owned()
}

async fn connect(mut socket: impl AsyncRead + AsyncWrite + Unpin, to: &str) -> io::Result<()> {
    let mut server = TcpStream::connect(to.replace(FAR_HOST, "127.0.0.1")).await?;
    copy_bidirectional(&mut socket, &mut server).await.map(drop)
}

/// A proxy that records the last request head or SOCKS target.
pub struct Proxy {
    port: u16,
    request: Arc<Mutex<String>>,
}

impl Proxy {
    pub async fn http() -> Self {
        Self::start(|mut socket, recorded| async move {
            let head = read_head(&mut socket).await?;
            *recorded.lock().unwrap() = head.clone();
            let target = head.split(' ').nth(1).unwrap_or_default();
            if head.starts_with("CONNECT ") {
                socket.write_all(b"HTTP/1.1 200 x\r\n\r\n").await?;
                return connect(socket, target).await;
            }
            let host = target.trim_start_matches("http://").split('/').next();
            let host = host.unwrap_or_default().replace(FAR_HOST, "127.0.0.1");
            let mut server = TcpStream::connect(host).await?;
            server.write_all(head.as_bytes()).await?;
            copy_bidirectional(&mut socket, &mut server).await.map(drop)
        })
        .await
    }

    pub async fn responding_407() -> Self {
        Self::start(|mut socket, _| async move {
            read_head(&mut socket).await?;
            socket
                .write_all(b"HTTP/1.1 407 x\r\ncontent-length: 0\r\n\r\n")
                .await
        })
        .await
    }

    pub async fn socks5(wants_password: bool) -> Self {
        Self::start(move |mut socket, recorded| async move {
            let mut count = [0; 2]; // version, number of methods
            socket.read_exact(&mut count).await?;
            socket.read_exact(&mut vec![0; count[1].into()]).await?;
            socket
                .write_all(&[5, if wants_password { 2 } else { 0 }])
                .await?;
            if wants_password {
                assert_eq!(socket.read_u8().await?, 1);
                assert_eq!(read_length_prefixed(&mut socket).await?, "user");
                assert_eq!(read_length_prefixed(&mut socket).await?, "pass");
                socket.write_all(&[1, 0]).await?;
            }
            let mut request = [0; 4]; // version, command, reserved, address type
            socket.read_exact(&mut request).await?;
            let host = match request[3] {
                1 => std::net::Ipv4Addr::from(socket.read_u32().await?).to_string(),
                _ => read_length_prefixed(&mut socket).await?,
            };
            let target = format!("{host}:{}", socket.read_u16().await?);
            *recorded.lock().unwrap() = target.clone();
            socket.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
            connect(socket, &target).await
        })
        .await
    }

    async fn start<F>(serve: impl Fn(TcpStream, Arc<Mutex<String>>) -> F + Send + 'static) -> Self
    where
        F: Future<Output = io::Result<()>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let request = Arc::default();
        let recorded = Arc::clone(&request);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, Arc::clone(&recorded)));
            }
        });
        Self { port, request }
    }

    pub fn url(&self, scheme: &str, user: &str) -> String {
        format!("{scheme}://{user}127.0.0.1:{}", self.port)
    }

    /// Removes and returns the recorded request.
    pub fn take_request(&self) -> String {
        std::mem::take(&mut self.request.lock().unwrap())
    }
}

pub async fn read_head(socket: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

async fn read_length_prefixed(socket: &mut TcpStream) -> io::Result<String> {
    let mut text = vec![0; socket.read_u8().await?.into()];
    socket.read_exact(&mut text).await?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}
