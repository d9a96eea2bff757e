//! How the built-in transport connects: TLS, HTTP versions, proxies of the environment.
//! Each case runs in a process of its own, because the environment belongs to the whole
//! process.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // helpers may panic as tests do
#![allow(unreachable_pub)]

mod servers;

use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use http::{Request, Response};
use mistral_emulator::Emulator;
use mistral_sdk::{
    Body, Client, HyperTransport, MistralApi, RetryPolicy, Transport, TransportError,
};

use servers::{Proxy, Secured};

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

/// What a call of `url` comes to in a process with these variables.
async fn outcome(url: &str, variables: &[(&str, &str)]) -> String {
    let mut child = tokio::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "connection_child_process", "--nocapture"]);
    VARIABLES.iter().for_each(|name| {
        child.env_remove(name);
    });
    child.env(CHILD, url).envs(variables.iter().copied());
    let output = child.stdin(Stdio::null()).output().await.unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    let line = output.lines().find_map(|line| line.split_once("outcome: "));
    line.unwrap_or_else(|| panic!("{output}")).1.to_owned()
}

/// Notes the version of HTTP that is spoken.
#[derive(Debug)]
struct Showing(HyperTransport, Arc<Mutex<String>>);

#[async_trait]
impl Transport for Showing {
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
        .transport(Showing(transport, Arc::clone(&version)))
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
    for (offered, version) in [
        (&["h2", "http/1.1"][..], "HTTP/2.0"),
        (&["http/1.1"], "HTTP/1.1"),
        (&[], "HTTP/1.1"),
    ] {
        let server = Secured::start(emulator.url(), offered).await;
        let outcome = outcome(&server.url, &[("SSL_CERT_FILE", &server.certificate)]).await;
        assert_eq!(outcome, version, "{offered:?}");
    }
}

#[tokio::test]
async fn tls_untrusted_certificate_is_rejected() {
    let emulator = Emulator::start().unwrap();
    let server = Secured::start(emulator.url(), &[]).await;
    let other = Secured::start(emulator.url(), &[]).await;
    let outcome = outcome(&server.url, &[("SSL_CERT_FILE", &other.certificate)]).await;
    assert!(outcome.contains("could not connect"), "{outcome}");
    assert!(outcome.contains("certificate"), "{outcome}");
}

#[tokio::test]
async fn proxy_http_request_is_sent_in_absolute_form() {
    let emulator = Emulator::start().unwrap();
    let proxy = Proxy::http().await;
    let place = proxy.url("http", "user:pass@");
    for variable in ["HTTP_PROXY", "ALL_PROXY", "http_proxy"] {
        let outcome = outcome(emulator.url(), &[(variable, &place)]).await;
        assert_eq!(outcome, "HTTP/1.1", "{variable}");
        let head = proxy.seen();
        let line = format!("GET {}/v1/models HTTP/1.1\r\n", emulator.url());
        assert!(head.starts_with(&line), "{head}");
        // `user:pass`, in base64
        assert!(
            head.contains("proxy-authorization: Basic dXNlcjpwYXNz\r\n"),
            "{head}"
        );
    }
}

#[tokio::test]
async fn proxy_https_request_uses_connect_tunnel() {
    let emulator = Emulator::start().unwrap();
    let server = Secured::start(emulator.url(), &["h2", "http/1.1"]).await;
    let proxy = Proxy::http().await;
    let secured = Secured::start(&proxy.url("http", ""), &["h2", "http/1.1"]).await;
    let both = servers::both(&server.certificate, &secured.certificate);
    let behind_tls = secured.url.replace("https://", "https://user:pass@");
    for place in [proxy.url("http", "user:pass@"), behind_tls] {
        let variables = [("HTTPS_PROXY", place.as_str()), ("SSL_CERT_FILE", &both)];
        assert_eq!(
            outcome(&server.url, &variables).await,
            "HTTP/2.0",
            "{place}"
        );
        let head = proxy.seen();
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
    let server = Secured::start(emulator.url(), &["h2"]).await;
    for user in ["", "user:pass@"] {
        let proxy = Proxy::socks5(!user.is_empty()).await;
        let place = proxy.url("socks5", user);
        let variables = [
            ("ALL_PROXY", place.as_str()),
            ("SSL_CERT_FILE", &server.certificate),
        ];
        assert_eq!(
            outcome(&server.url, &variables).await,
            "HTTP/2.0",
            "{place}"
        );
        assert!(proxy.seen().starts_with("localhost:"));
        assert_eq!(
            outcome(emulator.url(), &variables).await,
            "HTTP/1.1",
            "{place}"
        );
        assert!(!proxy.seen().is_empty());
    }
}

#[tokio::test]
async fn proxy_no_proxy_hosts_connect_directly() {
    let emulator = Emulator::start().unwrap();
    let nowhere = "http://127.0.0.1:1";
    let variables = [("ALL_PROXY", nowhere), ("NO_PROXY", "127.0.0.1,localhost")];
    assert_eq!(outcome(emulator.url(), &variables).await, "HTTP/1.1");
    let through = outcome(emulator.url(), &[("ALL_PROXY", nowhere)]).await;
    assert!(through.contains("could not connect"), "{through}");
}

#[tokio::test]
async fn proxy_407_or_unknown_scheme_is_reported() {
    let emulator = Emulator::start().unwrap();
    let server = Secured::start(emulator.url(), &[]).await;
    let proxy = Proxy::refusing().await;
    let place = proxy.url("http", "");
    let variables = [
        ("HTTPS_PROXY", place.as_str()),
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
