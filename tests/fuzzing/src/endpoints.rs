//! Endpoints and names from an application's configuration.
//!
//! An input has the lines endpoint, id (or model), project and location. Missing lines are empty.

use http::StatusCode;
use mistral_gcp::MistralGcp;
use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::messages::Message;
use mistral_sdk::provider::{Provider, unquote};
use mistral_sdk::{Client, Error, ErrorKind, MistralApi, MistralAzure, Result, RetryPolicy};
use url::Url;

use crate::fixed_response::{FixedResponse, run};

/// Checks that invalid settings fail with a message before a request is sent, that other requests
/// go to the configured host, and that each name is one path segment.
pub fn check(input: &[u8]) {
    let input = String::from_utf8_lossy(input);
    let mut lines = input.split('\n');
    let mut next = || lines.next().unwrap_or_default();
    let (endpoint, id, project, location) = (next(), next(), next(), next());
    api(endpoint, id);
    azure(endpoint, id);
    gcp(Some(endpoint), id, project, location);
    gcp(None, id, project, location);
}

fn api(endpoint: &str, id: &str) {
    let key = || MistralApi::new("key").unwrap();
    let retrieve = async |client: Client| client.models().retrieve(id).await.err();
    let by_provider = key().base_url(endpoint);
    let by_provider = by_provider.and_then(|provider| sent(provider, retrieve));
    let by_call = sent(key(), async |client| {
        client.models().retrieve(id).base_url(endpoint).await.err()
    });
    match (&by_provider, &by_call) {
        (Ok(one), Ok(other)) => assert_eq!(one, other),
        (one, other) => assert_eq!(one.is_err(), other.is_err(), "{one:?} {other:?}"),
    }
    let Some(url) = accepted(by_provider, Some(endpoint)) else {
        return;
    };
    let segments = segments(&url);
    let tail = segments.get(segments.len() - 3..);
    assert_eq!(tail, Some(&["v1".into(), "models".into(), id.into()][..]));
    assert_eq!(url.query(), None);
}

fn azure(endpoint: &str, model: &str) {
    let provider = MistralAzure::builder().endpoint(endpoint).api_key("key");
    let sent = provider
        .build()
        .and_then(|provider| sent(provider, async |client| complete(&client, model).await));
    let Some(url) = accepted(sent, Some(endpoint)) else {
        return;
    };
    let segments = segments(&url);
    assert!(
        segments.ends_with(&["chat".into(), "completions".into()]),
        "{url}"
    );
    if let [.., openai, deployments, deployment, _, _] = segments.as_slice()
        && (openai.as_str(), deployments.as_str()) == ("openai", "deployments")
        && !model.trim().is_empty()
    {
        assert_eq!(deployment, model, "{url}");
    }
    let names: Vec<_> = url.query_pairs().map(|(name, _)| name).collect();
    assert!(names.is_empty() || names == ["api-version"], "{url}");
}

fn gcp(endpoint: Option<&str>, model: &str, project: &str, location: &str) {
    let mut builder = MistralGcp::builder().access_token("token");
    if let Some(endpoint) = endpoint {
        builder = builder.endpoint(endpoint);
    }
    let provider = builder.project(project).location(location).build();
    let sent =
        provider.and_then(|provider| sent(provider, async |client| complete(&client, model).await));
    let Some(url) = accepted(sent, endpoint) else {
        return;
    };
    if endpoint.is_none() {
        let host = url.host_str().unwrap();
        assert!(
            host.ends_with("aiplatform.googleapis.com") || host.ends_with(".rep.googleapis.com")
        );
        assert_eq!((url.scheme(), url.port()), ("https", None));
    }
    let segments = segments(&url);
    let names = [
        "v1",
        "projects",
        project.trim(),
        "locations",
        location.trim(),
        "publishers",
        "mistralai",
        "models",
    ];
    let (method, before) = segments.split_last().unwrap();
    assert!(before.ends_with(&names.map(String::from)), "{url}");
    let model_in_url = method.strip_suffix(":rawPredict").expect("a method");
    // A name of the first SDKs is split into a name and a version.
    assert_eq!(
        model_in_url.replace('@', "-"),
        model.replace('@', "-"),
        "{url}"
    );
    assert_eq!(url.query(), None);
}

async fn complete(client: &Client, model: &str) -> Option<Error> {
    let request = ChatCompletionRequest::new(model, [Message::user("hi")]);
    client.chat().complete(&request).await.err()
}

/// Returns the URL of a call, or its error if no request was sent.
fn sent(provider: impl Provider, call: impl AsyncFnOnce(Client) -> Option<Error>) -> Result<Url> {
    let response = FixedResponse::new(StatusCode::NOT_FOUND, "");
    let error = run(call(response.client_of(provider, RetryPolicy::none()))).unwrap();
    let sent = response.sent.lock().unwrap();
    match sent.as_slice() {
        [] => Err(error),
        [uri] => Ok(Url::parse(&uri.to_string()).unwrap()),
        more => panic!("{more:?}"),
    }
}

/// Returns the URL of a request, if one was sent, and asserts that it has the endpoint's origin and
/// path prefix.
fn accepted(sent: Result<Url>, endpoint: Option<&str>) -> Option<Url> {
    let url = match sent {
        Ok(url) => url,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Config, "{error}");
            assert!(!error.message().is_empty());
            return None;
        }
    };
    assert!(matches!(url.scheme(), "http" | "https"), "{url}");
    assert_eq!((url.username(), url.password()), ("", None), "{url}");
    assert_eq!(url.fragment(), None);
    if let Some(endpoint) = endpoint {
        let given = Url::parse(unquote(endpoint)).unwrap();
        assert_eq!(url.origin(), given.origin(), "{url}");
    }
    Some(url)
}

/// Returns the percent-decoded segments of the path.
fn segments(url: &Url) -> Vec<String> {
    let segments = url.path_segments().unwrap();
    segments.map(unescaped).collect()
}

fn unescaped(segment: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = segment.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let escaped = (*byte == b'%').then(|| after.split_at_checked(2)).flatten();
        let escaped = escaped.and_then(|(digits, after)| {
            let digits = std::str::from_utf8(digits).ok()?;
            Some((u8::from_str_radix(digits, 16).ok()?, after))
        });
        let (byte, after) = escaped.unwrap_or((*byte, after));
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
