//! Token endpoints and the metadata server, over sockets. Cases that depend on the environment run in
//! child processes, because environment variables are global to a process.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // helpers may panic as tests do

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, Request, Response};
use mistral_gcp::MistralGcp;
use mistral_sdk::provider::Provider;
use mistral_sdk::transport::{Body, Transport, TransportError};
use serde_json::{Value, json};

const CHILD: &str = "MISTRAL_GCP_TEST_CHILD";
const VARIABLES: [&str; 16] = [
    "GCP_PROJECT_ID",
    "GOOGLE_CLOUD_PROJECT",
    "GCLOUD_PROJECT",
    "GCP_REGION",
    "GOOGLE_CLOUD_QUOTA_PROJECT",
    "CLOUDSDK_CONFIG",
    "GCE_METADATA_HOST",
    "ALL_PROXY",
    "all_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "NO_PROXY",
    "no_proxy",
    "GOOGLE_APPLICATION_CREDENTIALS",
];
const TOKEN: &str = r#"{"access_token":"t1","expires_in":3599,"token_type":"Bearer"}"#;

/// Starts a server that passes the head and the body of every request to `respond`, and sends what
/// it returns. An empty response closes the connection.
fn server(respond: impl Fn(usize, &str) -> String + Send + 'static) -> (String, Requests) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let requests = Requests::default();
    let recorded = requests.clone();
    std::thread::spawn(move || {
        for (number, socket) in listener.incoming().enumerate() {
            let mut socket = socket.unwrap();
            let request = read_request(&mut socket);
            recorded.0.lock().unwrap().push(request.clone());
            let _closed_by_client = socket.write_all(respond(number, &request).as_bytes());
        }
    });
    (host, requests)
}

#[derive(Clone, Default)]
struct Requests(Arc<Mutex<Vec<String>>>);

impl Requests {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

fn read_request(socket: &mut TcpStream) -> String {
    let (mut bytes, mut byte) = (Vec::new(), [0]);
    while !bytes.ends_with(b"\r\n\r\n") && socket.read(&mut byte).unwrap_or(0) == 1 {
        bytes.extend(byte);
    }
    let head = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.trim().parse().unwrap())];
    socket.read_exact(&mut body).unwrap();
    bytes.extend(body);
    String::from_utf8(bytes).unwrap()
}

fn response(status: u16, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")
}

fn service_account(token_uri: &str) -> Value {
    let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let base64 = STANDARD.encode(key.as_der().unwrap().as_ref());
    json!({
        "type": "service_account",
        "project_id": "p",
        "client_email": "robot@p.example",
        "private_key": format!("-----BEGIN PRIVATE KEY-----\n{base64}\n-----END PRIVATE KEY-----\n"),
        "token_uri": token_uri,
    })
}

fn authorized_user(token_uri: &str) -> Value {
    json!({
        "type": "authorized_user",
        "client_id": "id",
        "client_secret": "s3cret-client",
        "refresh_token": "s3cret+refresh",
        "quota_project_id": "payer",
        "token_uri": token_uri,
    })
}

/// A file that is removed on drop.
struct TempFile(PathBuf);

impl TempFile {
    fn new(name: &str, content: &Value) -> Self {
        let name = format!("mistral-gcp-{name}-{}.json", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, content.to_string()).unwrap();
        Self(path)
    }

    fn gcp(&self) -> MistralGcp {
        let builder = MistralGcp::builder().project("p").credentials_file(&self.0);
        builder.build().unwrap()
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _gone = std::fs::remove_file(&self.0);
    }
}

/// Fetches a token, and returns the headers or the error.
async fn authorize(gcp: &MistralGcp) -> String {
    let mut headers = HeaderMap::new();
    match gcp.authorize(None, &mut headers).await {
        Ok(()) => {
            let shown = |name: &str| headers.get(name).map_or("", |it| it.to_str().unwrap());
            format!(
                "{} {}",
                shown("authorization"),
                shown("x-goog-user-project")
            )
        }
        Err(error) => format!("{:?}: {error:#} {error:?}", error.kind()),
    }
}

/// Fetches a token in a child process with these variables.
fn outcome(variables: &[(&str, &str)]) -> String {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "env_child_process", "--nocapture"]);
    VARIABLES.iter().for_each(|name| {
        child.env_remove(name);
    });
    child
        .env("HOME", "/nonexistent")
        .env("APPDATA", "/nonexistent")
        .env("PATH", "");
    child.env(CHILD, "1").envs(variables.iter().copied());
    let output = String::from_utf8(child.output().unwrap().stdout).unwrap();
    let line = output.lines().find_map(|line| line.split_once("outcome: "));
    line.unwrap_or_else(|| panic!("{output}")).1.to_owned()
}

#[tokio::test]
async fn env_child_process() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let gcp = MistralGcp::from_env().unwrap();
    if !gcp.is_prepared() {
        gcp.prepare().await.unwrap();
    }
    println!("outcome: {} {gcp:?}", authorize(&gcp).await);
}

#[tokio::test]
async fn vertex_authorized_user_file_refreshes_its_token_anywhere() {
    let (host, requests) = server(|_, _| response(200, TOKEN));
    let user = authorized_user(&format!("http://{host}/token"));
    let file = TempFile::new("user", &user);
    assert_eq!(authorize(&file.gcp()).await, "Bearer t1 payer");
    let request = requests.take().remove(0);
    assert!(request.starts_with("POST /token HTTP/1.1\r\n"), "{request}");
    let (_, body) = request.split_once("\r\n\r\n").unwrap();
    assert_eq!(
        body,
        "grant_type=refresh_token&client_id=id&client_secret=s3cret-client\
         &refresh_token=s3cret%2Brefresh"
    );
    let variable = ("GOOGLE_APPLICATION_CREDENTIALS", file.0.to_str().unwrap());
    let outcome = outcome(&[variable, ("GCP_PROJECT_ID", "p")]);
    assert!(outcome.starts_with("Bearer t1 payer"), "{outcome}");
}

#[test]
fn vertex_credentials_in_the_variable_itself_are_used() {
    let (host, _) = server(|_, _| response(200, TOKEN));
    let uri = format!("http://{host}/token");
    for credentials in [service_account(&uri), authorized_user(&uri)] {
        for json in [credentials.to_string(), format!("'{credentials:#}'\n")] {
            let variable = ("GOOGLE_APPLICATION_CREDENTIALS", json.as_str());
            let outcome = outcome(&[variable]);
            assert!(outcome.starts_with("Bearer t1"), "{outcome}");
            assert!(!outcome.contains("s3cret"), "{outcome}");
        }
    }
}

#[test]
fn vertex_token_request_uses_the_proxies_of_the_environment() {
    let (proxy, requests) = server(|_, request| match request.starts_with("CONNECT ") {
        true => response(502, ""),
        false => response(200, TOKEN),
    });
    let proxy_url = format!("http://{proxy}");
    for credentials in [service_account, authorized_user] {
        for (variable, uri, line) in [
            (
                "HTTP_PROXY",
                "http://oauth2.google.test/token",
                "POST http://oauth2.google.test/token",
            ),
            (
                "HTTPS_PROXY",
                "https://oauth2.google.test/token",
                "CONNECT oauth2.google.test:443 ",
            ),
        ] {
            let json = credentials(uri).to_string();
            outcome(&[
                ("GOOGLE_APPLICATION_CREDENTIALS", &json),
                ("GCP_PROJECT_ID", "p"),
                (variable, &proxy_url),
            ]);
            let requests = requests.take();
            assert!(requests[0].starts_with(line), "{requests:?}");
        }
        let json = credentials("https://oauth2.google.test/token").to_string();
        let outcome = outcome(&[
            ("GOOGLE_APPLICATION_CREDENTIALS", &json),
            ("GCP_PROJECT_ID", "p"),
            ("HTTPS_PROXY", "ftp://s3cret"),
        ]);
        assert!(outcome.starts_with("Config: "), "{outcome}");
        assert!(outcome.contains("HTTPS_PROXY"), "{outcome}");
        assert!(!outcome.contains("s3cret"), "{outcome}");
    }
}

#[tokio::test]
async fn vertex_token_request_uses_the_transport_of_the_builder() {
    #[derive(Debug, Clone, Default)]
    struct Recorder(Arc<Mutex<Vec<String>>>);

    #[async_trait]
    impl Transport for Recorder {
        async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
            self.0.lock().unwrap().push(request.uri().to_string());
            Ok(Response::new(Body::from(TOKEN)))
        }
    }

    let uri = "https://oauth2.google.test/token";
    let file = TempFile::new("transport", &service_account(uri));
    let recorder = Recorder::default();
    let builder = MistralGcp::builder().credentials_file(&file.0);
    let gcp = builder.token_transport(recorder.clone()).build().unwrap();
    assert!(authorize(&gcp).await.starts_with("Bearer t1"));
    assert_eq!(*recorder.0.lock().unwrap(), [uri]);
}

#[tokio::test]
async fn vertex_token_error_is_in_the_words_of_the_server() {
    let (host, requests) = server(|_, _| {
        let words = "Bad s3cret+refresh: reauthenticate";
        let body = json!({ "error": "invalid_grant", "error_description": words });
        response(400, &body.to_string())
    });
    let uri = format!("http://{host}/token");
    let file = TempFile::new("words", &authorized_user(&uri));
    let outcome = authorize(&file.gcp()).await;
    let words = "status 400: invalid_grant: Bad ***: reauthenticate";
    assert!(outcome.starts_with("Credentials: "), "{outcome}");
    assert!(outcome.contains(words), "{outcome}");
    assert!(!outcome.contains("s3cret"), "{outcome}");
    assert_eq!(requests.take().len(), 1);
}

#[tokio::test]
async fn vertex_token_request_is_retried_after_a_transient_failure() {
    let (host, requests) = server(|number, _| match number {
        0 => String::new(),
        1 => response(503, "s3cret"),
        _ => response(200, TOKEN),
    });
    let uri = format!("http://{host}/token");
    let file = TempFile::new("transient", &authorized_user(&uri));
    assert_eq!(authorize(&file.gcp()).await, "Bearer t1 payer");
    assert_eq!(requests.take().len(), 3);
}

#[tokio::test]
async fn vertex_token_response_is_bounded() {
    let (host, _) = server(|_, _| {
        let head = "HTTP/1.1 200 x\r\nconnection: close\r\n\r\n";
        format!("{head}{}", " ".repeat(1 << 20))
    });
    let uri = format!("http://{host}/token");
    let file = TempFile::new("bound", &authorized_user(&uri));
    let outcome = authorize(&file.gcp()).await;
    assert!(outcome.contains("larger than"), "{outcome}");
}

#[test]
fn vertex_metadata_server_that_is_not_ready_is_waited_for() {
    let (host, requests) = server(|number, request| match number {
        0 => String::new(),
        1 => response(503, ""),
        _ if request.contains("/project/project-id ") => response(200, "machine-project"),
        _ => response(200, TOKEN),
    });
    let outcome = outcome(&[
        ("GCE_METADATA_HOST", &host),
        ("GCP_MODEL", "m"),
        ("HTTP_PROXY", "http://127.0.0.1:1"),
    ]);
    assert!(outcome.starts_with("Bearer t1"), "{outcome}");
    assert!(outcome.contains("machine-project"), "{outcome}");
    for request in requests.take() {
        assert!(
            request.to_lowercase().contains("metadata-flavor: google"),
            "{request}"
        );
    }
}

#[test]
fn vertex_metadata_server_that_is_none_fails_at_once() {
    let (other, requests) = server(|_, _| response(200, "<html>s3cret</html>"));
    let unknown = format!("{}.invalid", "a".repeat(64)); // no name server is needed to reject it
    for (host, message) in [
        (other.as_str(), "is not a JSON object"),
        (&unknown, "is not known"),
        ("a b", "GCE_METADATA_HOST"),
    ] {
        let outcome = outcome(&[("GCE_METADATA_HOST", host), ("GCP_PROJECT_ID", "p")]);
        assert!(outcome.contains(message), "{outcome}");
        assert!(!outcome.contains("s3cret"), "{outcome}");
    }
    assert_eq!(requests.take().len(), 1);
}
