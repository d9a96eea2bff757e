//! Connections: TLS, HTTP versions, proxies, and the settings of the transports. Each case that
//! depends on the environment runs in a child process, because variables are global to a process.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // helpers may panic as tests do
#![allow(unreachable_pub)]

mod builder;
mod headers;
mod limits;
mod pools;
mod reqwest;
mod servers;
mod tower;
mod upgrade;

use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use http::{Request, Response};
use mistral_emulator::Emulator;
use mistral_sdk::transport::{Body, HyperTransport, Transport, TransportError, TransportErrorKind};
use mistral_sdk::{Client, ErrorKind, MistralApi, RetryPolicy};

use servers::{FAR_HOST, Proxy, TlsServer, far};

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
    let transport = HyperTransport::new(Duration::from_secs(10)).unwrap();
    println!("outcome: {}", call(url.to_str().unwrap(), transport).await);
}

/// Calls `url`. Returns the HTTP version of the response, or the error.
async fn call(url: &str, transport: HyperTransport) -> String {
    let version = Arc::new(Mutex::default());
    let api = MistralApi::new("emulator").unwrap();
    let client = Client::builder(api.base_url(url).unwrap())
        .transport(VersionRecorder(transport, Arc::clone(&version)))
        .retry(RetryPolicy::none())
        .build()
        .unwrap();
    match client.models().list().await {
        Ok(_) => version.lock().unwrap().clone(),
        Err(error) => format!("{error:#}"),
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

// OpenSSL reads the variables itself: it accepts no quotes, and only hashes as names of files.
#[cfg(any(feature = "ring", feature = "rustls"))]
#[tokio::test]
async fn tls_certificates_of_file_and_directory_are_trusted() {
    let emulator = Emulator::start().unwrap();
    let one = TlsServer::start(emulator.url(), &[]).await;
    let other = TlsServer::start(emulator.url(), &[]).await;
    let directory = servers::certificate_directory(&other.certificate);
    let file = format!("\"{}\"", one.certificate);
    let variables = [
        ("SSL_CERT_FILE", file.as_str()),
        ("SSL_CERT_DIR", &directory),
    ];
    for server in [&one, &other] {
        let outcome = outcome(&server.url, &variables).await;
        assert_eq!(outcome, "HTTP/1.1", "{}", server.certificate);
    }
}

#[tokio::test]
async fn tls_certificate_error_is_config_and_not_retried() {
    let emulator = Emulator::start().unwrap();
    let server = TlsServer::start(emulator.url(), &["h2", "http/1.1"]).await;
    let by_address = server.url.replace("localhost", "127.0.0.1");
    for url in [&server.url, &by_address] {
        let api = MistralApi::new("emulator").unwrap();
        let transport = HyperTransport::new(Duration::from_secs(10)).unwrap();
        let client = Client::builder(api.base_url(url).unwrap()).transport(transport);
        let policy = RetryPolicy::default().retry_ambiguous(true);
        let client = client.retry(policy).build().unwrap();
        let error = client.models().list().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error:#}");
        assert_eq!(error.attempts(), 1);
        assert!(!error.is_retryable());
        assert!(error.to_string().contains("`SSL_CERT_FILE`"), "{error}");
    }
    assert_eq!(emulator.requests().len(), 0);
    // A broken handshake may work later.
    let plain = emulator.url().replace("http://", "https://");
    let api = MistralApi::new("emulator")
        .unwrap()
        .base_url(&plain)
        .unwrap();
    let client = Client::builder(api)
        .retry(RetryPolicy::none())
        .build()
        .unwrap();
    let error = client.models().list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection, "{error:#}");
}

#[tokio::test]
async fn proxy_http_request_is_sent_in_absolute_form() {
    let emulator = Emulator::start().unwrap();
    let proxy = Proxy::http().await;
    let proxy_url = proxy.url("http", "user:pass@");
    let url = far(emulator.url());
    for variable in ["HTTP_PROXY", "ALL_PROXY", "http_proxy"] {
        let outcome = outcome(&url, &[(variable, &proxy_url)]).await;
        assert_eq!(outcome, "HTTP/1.1", "{variable}");
        let head = proxy.take_request();
        let line = format!("GET {url}/v1/models HTTP/1.1\r\n");
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
        let url = far(&server.url);
        assert_eq!(outcome(&url, &variables).await, "HTTP/2.0", "{proxy_url}");
        let head = proxy.take_request();
        let host = url.trim_start_matches("https://");
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
        let outcome_of_tls = outcome(&far(&server.url), &variables).await;
        assert_eq!(outcome_of_tls, "HTTP/2.0", "{proxy_url}");
        assert!(proxy.take_request().starts_with(FAR_HOST));
        let outcome_of_plain = outcome(&far(emulator.url()), &variables).await;
        assert_eq!(outcome_of_plain, "HTTP/1.1", "{proxy_url}");
        assert!(!proxy.take_request().is_empty());
    }
}

#[tokio::test]
async fn proxy_of_the_environment_is_not_used_for_loopback() {
    let emulator = Emulator::start().unwrap();
    let server = TlsServer::start(emulator.url(), &["h2"]).await;
    for variable in ["ALL_PROXY", "http_proxy", "HTTPS_PROXY"] {
        let variables = [
            (variable, "http://127.0.0.1:1"),
            ("SSL_CERT_FILE", &server.certificate),
        ];
        assert_eq!(outcome(emulator.url(), &variables).await, "HTTP/1.1");
        assert_eq!(outcome(&server.url, &variables).await, "HTTP/2.0");
    }
}

#[tokio::test]
async fn proxy_set_in_code_is_used_for_loopback() {
    let emulator = Emulator::start().unwrap();
    let proxy = Proxy::http().await;
    let transport = HyperTransport::new(Duration::from_secs(10)).unwrap();
    let transport = transport.proxy(&proxy.url("http", "user:pass@")).unwrap();
    let api = MistralApi::new("emulator").unwrap();
    let api = api.base_url(emulator.url()).unwrap();
    let client = |transport: HyperTransport| {
        let builder = Client::builder(api.clone()).transport(transport);
        builder.retry(RetryPolicy::none()).build().unwrap()
    };
    let list = client(transport.clone()).models().list().await;
    assert!(list.is_ok(), "{list:?}");
    let head = proxy.take_request();
    assert!(head.starts_with("GET http://127.0.0.1"), "{head}");
    assert!(head.contains("dXNlcjpwYXNz"), "{head}");
    let list = client(transport.no_proxy()).models().list().await;
    assert!(list.is_ok(), "{list:?}");
    assert_eq!(proxy.take_request(), "");

    let transport = HyperTransport::new(Duration::from_secs(10)).unwrap();
    let error = transport.proxy("ftp://u:s3cret@proxy").unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Config);
    assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
}

#[tokio::test]
async fn proxy_no_proxy_hosts_connect_directly() {
    let emulator = Emulator::start().unwrap();
    let proxy = Proxy::http().await;
    let proxy_url = proxy.url("http", "");
    let url = emulator.url().replace("127.0.0.1", "0.0.0.0"); // no name is looked up
    let with_port = format!("0.0.0.0:{}", emulator.port());
    for (no_proxy, is_direct) in [
        ("*", true),
        ("0.0.0.0", true),
        ("0.0.0.0/8", true),
        (with_port.as_str(), true),
        ("0.0.0.0:1", false),
        ("10.0.0.0/8 other.test", false),
    ] {
        let variables = [("ALL_PROXY", proxy_url.as_str()), ("NO_PROXY", no_proxy)];
        let outcome = outcome(&url, &variables).await;
        let went_direct = proxy.take_request().is_empty();
        assert_eq!(went_direct, is_direct, "{no_proxy}: {outcome}");
    }
}

#[tokio::test]
async fn proxy_407_is_reported() {
    let emulator = Emulator::start().unwrap();
    let server = TlsServer::start(emulator.url(), &[]).await;
    let proxy = Proxy::responding_407().await;
    let proxy_url = proxy.url("http", "");
    let variables = [
        ("HTTPS_PROXY", proxy_url.as_str()),
        ("SSL_CERT_FILE", &server.certificate),
    ];
    let outcome = outcome(&far(&server.url), &variables).await;
    assert!(outcome.contains("could not connect"), "{outcome}");
    assert!(
        outcome.contains("proxy authorization required"),
        "{outcome}"
    );
}

#[tokio::test]
async fn proxy_variable_not_understood_fails_before_anything_is_sent() {
    let emulator = Emulator::start().unwrap();
    for value in [
        "socks4://s3cret:1",
        "http://u:s3/cret@127.0.0.1:1",
        "s3cret proxy",
    ] {
        for variable in ["ALL_PROXY", "HTTP_PROXY", "http_proxy"] {
            let outcome = outcome(&far(emulator.url()), &[(variable, value)]).await;
            assert!(outcome.contains(variable), "{outcome}");
            assert!(outcome.contains("`socks5://`"), "{outcome}");
            assert!(!outcome.contains("could not connect"), "{outcome}");
            assert!(!outcome.contains("s3"), "{outcome}");
        }
    }
}
