//! Connections of the built-in transport: TLS, HTTP versions, and proxies from the environment.
//! Each case runs in a child process, because environment variables are global to a process.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // helpers may panic as tests do
#![allow(unreachable_pub)]

mod pools;
mod servers;
mod upgrade;

use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use http::{Request, Response};
use mistral_emulator::Emulator;
use mistral_sdk::transport::{Body, HyperTransport, Transport, TransportError};
use mistral_sdk::{Client, MistralApi, RetryPolicy};

use servers::{Proxy, TlsServer};

const CHILD: &str = "MISTRAL_TEST_URL";
const VARIABLES: [&str; 9] = [
    "ALL_PROXY",
    "all_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_DIR",
];

/// Calls `url` in a child process with these variables, and returns its output.
async fn outcome(url: &str, variables: &[(&str, &str)]) -> String {
    outcome_of("connection_child_process", url, variables).await
}

/// Runs a test in a child process with these variables, and returns its output.
async fn outcome_of(test: &str, url: &str, variables: &[(&str, &str)]) -> String {
    let mut child = tokio::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", test, "--nocapture"]);
    VARIABLES.iter().for_each(|name| {
        child.env_remove(name);
    });
    child.env(CHILD, url).envs(variables.iter().copied());
    let output = child.stdin(Stdio::null()).output().await.unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    let line = output.lines().find_map(|line| line.split_once("outcome: "));
    line.unwrap_or_else(|| panic!("{output}")).1.to_owned()
}

/// Records the HTTP version of the response.
#[derive(Debug)]
struct VersionRecorder(HyperTransport, Arc<Mutex<String>>);

#[async_trait]
impl Transport for VersionRecorder {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        let response = self.0.send(request).await?;
        *self.1.lock().unwrap() = format!("{:?}", response.version());
        Ok(response)
    }
}

#[tokio::test]
async fn connection_child_process() {
    let Some(url) = std::env::var_os(CHILD) else {
        return;
    };
    let version = Arc::new(Mutex::default());
    let transport = HyperTransport::new(Duration::from_secs(10)).unwrap();
    let api = MistralApi::new("emulator").unwrap();
    let client = Client::builder(api.base_url(url.to_str().unwrap()).unwrap())
        .transport(VersionRecorder(transport, Arc::clone(&version)))
        .retry(RetryPolicy::none())
        .build()
        .unwrap();
    match client.models().list().await {
        Ok(_) => println!("outcome: {}", version.lock().unwrap()),
        Err(error) => println!("outcome: {error:#}"),
    }
}

#[tokio::test]
async fn tls_alpn_selects_http_version() {
    let emulator = Emulator::start().unwrap();
    for (protocols, version) in [
        (&["h2", "http/1.1"][..], "HTTP/2.0"),
        (&["http/1.1"], "HTTP/1.1"),
        (&[], "HTTP/1.1"),
    ] {
        let server = TlsServer::start(emulator.url(), protocols).await;
        let outcome = outcome(&server.url, &[("SSL_CERT_FILE", &server.certificate)]).await;
        assert_eq!(outcome, version, "{protocols:?}");
    }
}

#[tokio::test]
async fn tls_untrusted_certificate_is_rejected() {
    let emulator = Emulator::start().unwrap();
    let server = TlsServer::start(emulator.url(), &[]).await;
    let other = TlsServer::start(emulator.url(), &[]).await;
    let outcome = outcome(&server.url, &[("SSL_CERT_FILE", &other.certificate)]).await;
    assert!(outcome.contains("could not connect"), "{outcome}");
    assert!(outcome.contains("certificate"), "{outcome}");
}

#[tokio::test]
async fn proxy_http_request_is_sent_in_absolute_form() {
    let emulator = Emulator::start().unwrap();
    let proxy = Proxy::http().await;
    let proxy_url = proxy.url("http", "user:pass@");
    for variable in ["HTTP_PROXY", "ALL_PROXY", "http_proxy"] {
        let outcome = outcome(emulator.url(), &[(variable, &proxy_url)]).await;
        assert_eq!(outcome, "HTTP/1.1", "{variable}");
        let head = proxy.take_request();
        let line = format!("GET {}/v1/models HTTP/1.1\r\n", emulator.url());
        assert!(head.starts_with(&line), "{head}");
        // Base64 of `user:pass`.
        assert!(
            head.contains("proxy-authorization: Basic dXNlcjpwYXNz\r\n"),
            "{head}"
        );
    }
}

#[tokio::test]
async fn proxy_https_request_uses_connect_tunnel() {
    let emulator = Emulator::start().unwrap();
    let server = TlsServer::start(emulator.url(), &["h2", "http/1.1"]).await;
    let proxy = Proxy::http().await;
    let tls_proxy = TlsServer::start(&proxy.url("http", ""), &["h2", "http/1.1"]).await;
    let both = servers::certificate_bundle(&server.certificate, &tls_proxy.certificate);
    let tls_proxy_url = tls_proxy.url.replace("https://", "https://user:pass@");
    for proxy_url in [proxy.url("http", "user:pass@"), tls_proxy_url] {
        let variables = [
            ("HTTPS_PROXY", proxy_url.as_str()),
            ("SSL_CERT_FILE", &both),
        ];
        assert_eq!(
            outcome(&server.url, &variables).await,
            "HTTP/2.0",
            "{proxy_url}"
        );
        let head = proxy.take_request();
        let host = server.url.trim_start_matches("https://");
        assert!(
            head.starts_with(&format!("CONNECT {host} HTTP/1.1\r\n")),
            "{head}"
        );
        let lower = head.to_ascii_lowercase();
        assert!(
            lower.contains("proxy-authorization: basic dxnlcjpwyxnz\r\n"),
            "{head}"
        );
        assert!(
            !lower.contains("\r\nauthorization:"),
            "the proxy got the key: {head}"
        );
    }
}

#[tokio::test]
async fn proxy_socks5_with_and_without_password() {
    let emulator = Emulator::start().unwrap();
    let server = TlsServer::start(emulator.url(), &["h2"]).await;
    for user in ["", "user:pass@"] {
        let proxy = Proxy::socks5(!user.is_empty()).await;
        let proxy_url = proxy.url("socks5", user);
        let variables = [
            ("ALL_PROXY", proxy_url.as_str()),
            ("SSL_CERT_FILE", &server.certificate),
        ];
        assert_eq!(
            outcome(&server.url, &variables).await,
            "HTTP/2.0",
            "{proxy_url}"
        );
        assert!(proxy.take_request().starts_with("localhost:"));
        assert_eq!(
            outcome(emulator.url(), &variables).await,
            "HTTP/1.1",
            "{proxy_url}"
        );
        assert!(!proxy.take_request().is_empty());
    }
}

#[tokio::test]
async fn proxy_no_proxy_hosts_connect_directly() {
    let emulator = Emulator::start().unwrap();
    let unreachable = "http://127.0.0.1:1";
    let variables = [
        ("ALL_PROXY", unreachable),
        ("NO_PROXY", "127.0.0.1,localhost"),
    ];
    assert_eq!(outcome(emulator.url(), &variables).await, "HTTP/1.1");
    let proxied = outcome(emulator.url(), &[("ALL_PROXY", unreachable)]).await;
    assert!(proxied.contains("could not connect"), "{proxied}");
}

#[tokio::test]
async fn proxy_407_or_unknown_scheme_is_reported() {
    let emulator = Emulator::start().unwrap();
    let server = TlsServer::start(emulator.url(), &[]).await;
    let proxy = Proxy::responding_407().await;
    let proxy_url = proxy.url("http", "");
    let variables = [
        ("HTTPS_PROXY", proxy_url.as_str()),
        ("SSL_CERT_FILE", &server.certificate),
    ];
    let outcome = outcome(&server.url, &variables).await;
    assert!(outcome.contains("could not connect"), "{outcome}");
    assert!(
        outcome.contains("proxy authorization required"),
        "{outcome}"
    );
    let unknown = [("ALL_PROXY", "socks4://127.0.0.1:1")];
    let outcome = self::outcome(emulator.url(), &unknown).await;
    assert!(outcome.contains("`socks4://127.0.0.1:1/`"), "{outcome}");
    assert!(!outcome.contains("could not connect"), "{outcome}");
    assert!(outcome.contains("`socks5://`"), "{outcome}");
}
