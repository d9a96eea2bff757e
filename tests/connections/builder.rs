//! Settings of the built-in transport in code, and their precedence over the environment.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use mistral_emulator::Emulator;
use mistral_sdk::transport::{
    HyperTransport, HyperTransportBuilder, Resolver, TransportError, TransportErrorKind,
};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::net::TcpListener;

use super::servers::{Proxy, TlsServer, certificate_bundle, far};
use super::{CHILD, call, outcome_of};

/// The settings of the child process: lines of a name and a value.
const SETTINGS: &str = "MISTRAL_TEST_SETTINGS";

#[tokio::test]
async fn builder_child_process() {
    let Some(url) = std::env::var_os(CHILD) else {
        return;
    };
    let mut builder = HyperTransport::builder();
    for line in std::env::var(SETTINGS).unwrap().lines() {
        let (name, value) = line.split_once('=').unwrap();
        builder = match name {
            "proxy" => builder.proxy(value),
            "http_proxy" => builder.http_proxy(value),
            "https_proxy" => builder.https_proxy(value),
            "no_proxy" => builder.no_proxy(),
            "no_proxy_for" => builder.no_proxy_for(value),
            "root" => builder.root_certificate_pem(std::fs::read(value).unwrap()),
            "system" => builder.system_root_certificates(value == "true"),
            name => panic!("{name}"),
        };
    }
    let transport = builder.build().unwrap();
    println!("outcome: {}", call(url.to_str().unwrap(), transport).await);
}

/// Calls `url` in a child process with these settings and variables.
async fn outcome(url: &str, settings: &str, variables: &[(&str, &str)]) -> String {
    let variables = [&[(SETTINGS, settings)], variables].concat();
    outcome_of("builder::builder_child_process", url, &variables).await
}

fn failure(builder: HyperTransportBuilder) -> TransportError {
    let error = builder.build().unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Config, "{error:?}");
    error
}

fn source(error: &TransportError) -> String {
    std::error::Error::source(error).unwrap().to_string()
}

#[tokio::test]
async fn proxy_in_code_with_and_without_credentials() {
    let emulator = Emulator::start().unwrap();
    let proxy = Proxy::http().await;
    let (plain, with_user) = (proxy.url("http", ""), proxy.url("http", "user:s3cret@"));
    // Base64 of `user:s3cret` and of `user:p/a@s`, which a URL cannot contain as it is.
    for (builder, credentials) in [
        (HyperTransport::builder().proxy(&plain), None),
        (
            HyperTransport::builder().proxy(&with_user),
            Some("dXNlcjpzM2NyZXQ="),
        ),
        (
            HyperTransport::builder().http_proxy(&with_user),
            Some("dXNlcjpzM2NyZXQ="),
        ),
        (
            HyperTransport::builder()
                .proxy(&plain)
                .proxy_basic_auth("user", "p/a@s"),
            Some("dXNlcjpwL2FAcw=="),
        ),
    ] {
        let debug = format!("{builder:?}");
        assert!(
            !debug.contains("s3cret") && !debug.contains("p/a@s"),
            "{debug}"
        );
        let transport = builder.build().unwrap();
        assert_eq!(call(emulator.url(), transport).await, "HTTP/1.1");
        let head = proxy.take_request();
        let line = format!("GET {}/v1/models HTTP/1.1\r\n", emulator.url());
        assert!(head.starts_with(&line), "{head}");
        let sent = head
            .lines()
            .find_map(|line| line.strip_prefix("proxy-authorization: Basic "));
        assert_eq!(sent, credentials, "{head}");
    }
}

#[tokio::test]
async fn proxy_in_code_tunnels_tls_with_credentials() {
    let emulator = Emulator::start().unwrap();
    let server = TlsServer::start(emulator.url(), &["h2"]).await;
    let proxy = Proxy::http().await;
    let transport = HyperTransport::builder()
        .https_proxy(proxy.url("http", ""))
        .proxy_basic_auth("user", "pass")
        .root_certificate_pem(server.pem());
    let url = far(&server.url);
    assert_eq!(call(&url, transport.build().unwrap()).await, "HTTP/2.0");
    let head = proxy.take_request();
    let host = url.trim_start_matches("https://");
    assert!(
        head.starts_with(&format!("CONNECT {host} HTTP/1.1\r\n")),
        "{head}"
    );
    assert!(
        head.to_ascii_lowercase().contains("basic dxnlcjpwyxnz\r\n"),
        "{head}"
    );
}

#[tokio::test]
async fn proxy_in_code_takes_precedence_over_the_environment() {
    let emulator = Emulator::start().unwrap();
    let (of_env, of_code) = (Proxy::http().await, Proxy::http().await);
    let (env_url, code_url) = (of_env.url("http", ""), of_code.url("http", ""));
    let far_url = far(emulator.url());
    // No name is looked up, and it is not loopback to the rules for proxies.
    let any_url = emulator.url().replace("127.0.0.1", "0.0.0.0");
    for (settings, no_proxy, url, by_env, by_code) in [
        (String::new(), "", &far_url, true, false),
        (format!("proxy={code_url}"), "", &far_url, false, true),
        (format!("http_proxy={code_url}"), "", &far_url, false, true),
        // The proxy of another scheme does not apply, so the environment does.
        (format!("https_proxy={code_url}"), "", &far_url, true, false),
        ("no_proxy=".to_owned(), "", &any_url, false, false),
        // `NO_PROXY` belongs to the proxies of the environment.
        (
            format!("proxy={code_url}"),
            "0.0.0.0",
            &any_url,
            false,
            true,
        ),
        (String::new(), "0.0.0.0", &any_url, false, false),
        (
            "no_proxy_for=0.0.0.0".to_owned(),
            "",
            &any_url,
            false,
            false,
        ),
        (
            "no_proxy_for=10.0.0.0/8".to_owned(),
            "0.0.0.0",
            &any_url,
            true,
            false,
        ),
        (
            format!("proxy={code_url}\nno_proxy_for=0.0.0.0"),
            "",
            &any_url,
            false,
            false,
        ),
    ] {
        let variables = [("ALL_PROXY", env_url.as_str()), ("NO_PROXY", no_proxy)];
        let outcome = outcome(url, &settings, &variables).await;
        assert_eq!(outcome, "HTTP/1.1", "{settings}");
        let went = (
            !of_env.take_request().is_empty(),
            !of_code.take_request().is_empty(),
        );
        assert_eq!(went, (by_env, by_code), "{settings} NO_PROXY={no_proxy}");
    }
}

#[tokio::test]
async fn proxy_url_not_understood_fails_the_build() {
    let urls = ["ftp://u:s3cret@proxy", "http://u:s3/cret@proxy"];
    for url in urls {
        for builder in [
            HyperTransport::builder().proxy(url),
            HyperTransport::builder().http_proxy(url),
            HyperTransport::builder().https_proxy(url),
        ] {
            let error = failure(builder);
            assert!(source(&error).contains("`socks5://`"), "{error:?}");
            assert!(!format!("{error:?}").contains("s3"), "{error:?}");
        }
    }
}

#[tokio::test]
async fn tls_root_certificate_in_code_is_trusted() {
    let emulator = Emulator::start().unwrap();
    let server = TlsServer::start(emulator.url(), &["h2"]).await;
    let other = TlsServer::start(emulator.url(), &["h2"]).await;
    let both = std::fs::read(certificate_bundle(&other.certificate, &server.certificate)).unwrap();
    let builder = || HyperTransport::builder().no_proxy();
    for transport in [
        builder().root_certificate_pem(server.pem()),
        builder().root_certificate_pem(both),
        builder()
            .root_certificate_pem(other.pem())
            .root_certificate_pem(server.pem()),
        builder().root_certificate_der(server.der()),
        builder()
            .root_certificate_der(server.der())
            .system_root_certificates(false),
    ] {
        let transport = transport.build().unwrap();
        assert_eq!(call(&server.url, transport).await, "HTTP/2.0");
    }
    for transport in [
        builder(),
        builder().root_certificate_pem(other.pem()),
        builder()
            .root_certificate_pem(other.pem())
            .system_root_certificates(false),
    ] {
        let outcome = call(&server.url, transport.build().unwrap()).await;
        assert!(outcome.contains("certificate"), "{outcome}");
    }
}

#[tokio::test]
async fn tls_root_certificates_in_code_add_to_the_environment_or_replace_it() {
    let emulator = Emulator::start().unwrap();
    let of_code = TlsServer::start(emulator.url(), &[]).await;
    let of_env = TlsServer::start(emulator.url(), &[]).await;
    let variables = [("SSL_CERT_FILE", of_env.certificate.as_str())];
    let root = format!("root={}", of_code.certificate);
    for (system, trusts_env) in [("true", true), ("false", false)] {
        let settings = format!("{root}\nsystem={system}");
        let by_code = outcome(&of_code.url, &settings, &variables).await;
        assert_eq!(by_code, "HTTP/1.1", "{system}");
        let by_env = outcome(&of_env.url, &settings, &variables).await;
        assert_eq!(by_env == "HTTP/1.1", trusts_env, "{system}: {by_env}");
    }
}

fn client_certificate() -> CertifiedKey<rcgen::KeyPair> {
    generate_simple_self_signed(["client.test".to_owned()]).unwrap()
}

#[tokio::test]
async fn tls_client_certificate_is_presented() {
    let emulator = Emulator::start().unwrap();
    let client = client_certificate();
    let server = TlsServer::requiring(emulator.url(), client.cert.der().clone()).await;
    let builder = || {
        HyperTransport::builder()
            .no_proxy()
            .root_certificate_pem(server.pem())
    };
    let (pem, key) = (client.cert.pem(), client.signing_key.serialize_pem());
    let one_file = format!("{key}\n{pem}");
    for transport in [
        builder().client_certificate_pem(pem.clone(), key.clone()),
        builder().client_certificate_pem(one_file.clone(), one_file.clone()),
        builder()
            .client_certificate_pem(pem, key)
            .system_root_certificates(false),
    ] {
        let debug = format!("{transport:?}");
        assert!(!debug.contains("BEGIN"), "{debug}");
        let transport = transport.build().unwrap();
        assert!(!format!("{transport:?}").contains("BEGIN"));
        assert_eq!(call(&server.url, transport).await, "HTTP/1.1");
    }
    let other = client_certificate();
    let (pem, key) = (other.cert.pem(), other.signing_key.serialize_pem());
    for transport in [builder(), builder().client_certificate_pem(pem, key)] {
        let outcome = call(&server.url, transport.build().unwrap()).await;
        assert!(outcome.starts_with("models.list: "), "{outcome}");
    }
}

#[test]
fn tls_certificates_not_understood_fail_the_build() {
    let (one, other) = (client_certificate(), client_certificate());
    let (pem, key) = (one.cert.pem(), one.signing_key.serialize_pem());
    let cut = key.replacen("-----END", "s3cret\n", 1);
    let builder = HyperTransport::builder;
    for (builder, expected) in [
        (
            builder().root_certificate_pem("s3cret"),
            "a root certificate is not understood",
        ),
        (
            builder().root_certificate_der("s3cret"),
            "a root certificate is not understood",
        ),
        (
            builder().system_root_certificates(false),
            "no server would be trusted",
        ),
        (
            builder().client_certificate_pem("s3cret", key.clone()),
            "the client certificate is not understood",
        ),
        (
            builder().client_certificate_pem(pem.clone(), "s3cret"),
            "unencrypted key",
        ),
        (
            builder().client_certificate_pem(pem.clone(), cut),
            "unencrypted key",
        ),
        (
            builder().client_certificate_pem(pem, other.signing_key.serialize_pem()),
            "the client certificate and its key cannot be used",
        ),
    ] {
        let error = failure(builder);
        assert!(source(&error).contains(expected), "{error:?}");
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    }
}

fn localhost(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

#[tokio::test]
async fn resolve_fixed_address_is_used_with_the_port_of_the_url() {
    let emulator = Emulator::start().unwrap();
    let port = emulator.port();
    let with_port = format!("http://api.test:{port}");
    for (url, address) in [
        (with_port.as_str(), localhost(0)),
        (&with_port, localhost(1)), // the port in the URL applies
        ("http://api.test", localhost(port)),
    ] {
        let transport = HyperTransport::builder()
            .no_proxy()
            .resolve("API.test", [address]);
        let outcome = call(url, transport.build().unwrap()).await;
        assert_eq!(outcome, "HTTP/1.1", "{url} {address}");
    }
}

#[tokio::test]
async fn resolve_verifies_the_certificate_for_the_name() {
    let emulator = Emulator::start().unwrap();
    let server = TlsServer::start(emulator.url(), &[]).await;
    let port = server.url.rsplit(':').next().unwrap();
    for (host, is_trusted) in [("gate.test", true), ("other.test", false)] {
        let transport = HyperTransport::builder()
            .no_proxy()
            .root_certificate_pem(server.pem())
            .resolve(host, [localhost(0)]);
        let outcome = call(
            &format!("https://{host}:{port}"),
            transport.build().unwrap(),
        )
        .await;
        assert_eq!(outcome == "HTTP/1.1", is_trusted, "{host}: {outcome}");
    }
}

#[derive(Debug, Clone, Default)]
struct RecordingResolver(Arc<Mutex<Vec<String>>>, Vec<SocketAddr>);

#[async_trait]
impl Resolver for RecordingResolver {
    async fn resolve(&self, host: &str) -> io::Result<Vec<SocketAddr>> {
        self.0.lock().unwrap().push(host.to_owned());
        Ok(self.1.clone())
    }
}

#[tokio::test]
async fn resolver_of_the_application_looks_up_names_that_are_not_fixed() {
    let emulator = Emulator::start().unwrap();
    let resolver = RecordingResolver(Arc::default(), vec![localhost(emulator.port())]);
    let transport = HyperTransport::builder()
        .no_proxy()
        .resolver(resolver.clone())
        .resolve("fixed.test", [localhost(emulator.port())])
        .build()
        .unwrap();
    for url in ["http://api.test", "http://fixed.test", emulator.url()] {
        assert_eq!(call(url, transport.clone()).await, "HTTP/1.1", "{url}");
    }
    assert_eq!(*resolver.0.lock().unwrap(), ["api.test"]);
}

#[tokio::test]
async fn resolver_without_an_address_names_the_host() {
    let builder = HyperTransport::builder().no_proxy();
    let transport = builder
        .resolver(RecordingResolver::default())
        .build()
        .unwrap();
    let outcome = call("http://api.test", transport).await;
    assert!(outcome.contains("could not connect"), "{outcome}");
    assert!(outcome.contains("no address for `api.test`"), "{outcome}");
}

#[cfg(target_os = "linux")] // other systems need the address to be configured
#[tokio::test]
async fn local_address_is_the_source_of_connections() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let address = IpAddr::from([127, 0, 0, 2]);
    let builder = HyperTransport::builder().no_proxy().local_address(address);
    let calling = call(&url, builder.build().unwrap());
    let accepting = async { listener.accept().await.unwrap().1.ip() };
    let peer = tokio::select! {
        outcome = calling => panic!("{outcome}"),
        peer = accepting => peer,
    };
    assert_eq!(peer, address);
}

#[tokio::test]
async fn http_version_in_code_is_used() {
    let emulator = Emulator::start().unwrap();
    let server = TlsServer::start(emulator.url(), &["h2", "http/1.1"]).await;
    let tls = || {
        HyperTransport::builder()
            .no_proxy()
            .root_certificate_pem(server.pem())
    };
    let knowing = HyperTransport::builder().no_proxy().http2_prior_knowledge();
    for (url, builder, version) in [
        (server.url.as_str(), tls(), "HTTP/2.0"),
        (&server.url, tls().http1_only(), "HTTP/1.1"),
        (
            &server.url,
            tls().http1_only().http2_prior_knowledge(),
            "HTTP/2.0",
        ),
        (emulator.url(), knowing, "HTTP/2.0"),
    ] {
        assert_eq!(call(url, builder.build().unwrap()).await, version);
    }
}

#[test]
fn builder_reports_the_first_setting_that_is_invalid() {
    let builder = HyperTransport::builder()
        .user_agent("a\nb")
        .max_connections_per_host(0);
    assert!(source(&failure(builder)).contains("`user_agent`"));
    let builder = HyperTransport::builder().max_connections_per_host(0);
    assert!(source(&failure(builder)).contains("at least one connection"));
}

#[test]
fn builder_default_timeout_is_ten_seconds() {
    let transport = HyperTransport::builder().build().unwrap();
    let same = HyperTransport::new(Duration::from_secs(10)).unwrap();
    assert_eq!(format!("{transport:?}"), format!("{same:?}"));
}
