//! Every form of an endpoint, with each operation and credential. To print the table:
//! `cargo test -p mistral-azure-tests --test table -- --nocapture`

// Helpers outside of test functions may panic as tests do.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod cases;
mod common;

use std::sync::Arc;

use azure_core::credentials::TokenCredential;
use azure_core::time::Duration;
use cases::{EndpointForm, FORMS};
use common::{RecordingCredential, RecordingTransport, chat_request, ocr_request};
use mistral_azure::MistralAzure;
use mistral_core::ErrorKind;

/// The credentials of the table: a fixed key, and tokens of Entra ID.
#[derive(Clone, Copy)]
enum CredentialKind {
    Key,
    Entra,
}

/// Sends every operation with one kind of credential and compares what is sent with `form`.
async fn check_form(form: &EndpointForm, endpoint: &str, kind: CredentialKind) -> Vec<String> {
    let tokens = RecordingCredential::new(Duration::hours(1));
    let builder = MistralAzure::builder().endpoint(endpoint);
    let (name, builder, header, scopes) = match kind {
        CredentialKind::Key => ("key", builder.api_key("k3y"), form.key, vec![]),
        CredentialKind::Entra => {
            let credential: Arc<dyn TokenCredential> = Arc::<RecordingCredential>::clone(&tokens);
            let header = ("authorization", "Bearer t1");
            let scopes = vec![form.scope.to_owned()];
            ("Entra", builder.credential(credential), header, scopes)
        }
    };
    let transport = RecordingTransport::accepting();
    let client = transport.client(builder.build().unwrap());
    let (chat, ocr) = (chat_request("asked"), ocr_request("asked"));
    client.chat().complete(&chat).await.unwrap();
    let stream = client.chat().stream(&chat).await.unwrap();
    stream.collect_response().await.unwrap();
    let processed = client.ocr().process(&ocr).await;
    let mut expected = vec![("chat", form.chat), ("stream", form.chat)];
    match form.ocr {
        Some(url) => {
            assert!(processed.is_ok(), "{endpoint}: {processed:?}");
            expected.push(("OCR", url));
        }
        None => {
            let error = processed.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{endpoint}");
            assert!(error.message().contains("https://res.services.ai.azure."));
        }
    }
    assert_eq!(tokens.scopes(), scopes, "{endpoint}");
    let sent = transport.take();
    assert_eq!(sent.len(), expected.len(), "{endpoint}");
    let mut rows = Vec::new();
    for (sent, (operation, url)) in sent.iter().zip(expected) {
        assert_eq!(sent.uri.to_string(), url, "{operation} of {endpoint}");
        let credentials = ["authorization", "api-key"].map(|name| sent.header(name));
        let expected =
            ["authorization", "api-key"].map(|name| (name == header.0).then_some(header.1));
        assert_eq!(credentials, expected, "{operation} of {endpoint}");
        assert_eq!(sent.body["model"], "asked", "{endpoint}");
        let scope = scopes.first().map_or("", String::as_str);
        rows.push(format!(
            "{operation:6} {name:5} {:13} {scope:44} {}",
            header.0, sent.uri
        ));
    }
    rows
}

#[tokio::test]
async fn azure_route_every_form_reaches_its_operations() {
    assert!(FORMS.len() >= 14);
    for form in FORMS {
        let mut table = Vec::new();
        for endpoint in form.spellings {
            table.clear();
            for kind in [CredentialKind::Key, CredentialKind::Entra] {
                table.extend(check_form(form, endpoint, kind).await);
            }
            println!("{:22} {}", form.name, endpoint.trim());
        }
        println!("    {}\n", table.join("\n    "));
    }
}

#[tokio::test]
async fn azure_url_of_chat_can_be_pasted() {
    for form in FORMS {
        let transport = RecordingTransport::accepting();
        let builder = MistralAzure::builder().endpoint(form.chat).api_key("k3y");
        let client = transport.client(builder.build().unwrap());
        let request = chat_request("asked");
        client.chat().complete(&request).await.unwrap();
        assert_eq!(transport.last().uri.to_string(), form.chat);
    }
}
