//! Maps endpoints to URLs and headers. `cargo test … -- --nocapture` prints the table.

#![allow(clippy::unwrap_used)] // helpers outside of test functions may panic as tests do

mod cases;
mod common;

use cases::{API_KEY, BEARER, CASES, DEFAULT};
use common::{RecordingTransport, chat_request, ocr_request};
use mistral_azure::{AzureAuth, EndpointKind, MistralAzure, MistralAzureBuilder};
use mistral_core::ErrorKind;
use mistral_core::provider::{Operation, Provider};

fn azure(endpoint: &str) -> MistralAzureBuilder {
    MistralAzure::builder().endpoint(endpoint).api_key("k3y")
}

/// Returns the URL that a chat completion is sent to.
async fn chat_url(builder: MistralAzureBuilder, model: &str) -> String {
    let transport = RecordingTransport::accepting();
    let client = transport.client(builder.build().unwrap());
    client.chat().complete(&chat_request(model)).await.unwrap();
    transport.last().uri.to_string()
}

#[tokio::test]
async fn azure_route_every_endpoint_spelling_reaches_its_operations() {
    for case in CASES {
        let full = |url: &str| {
            let separator = if case.version { "?" } else { "" };
            format!(
                "{url}{separator}{}",
                if case.version { DEFAULT } else { "" }
            )
        };
        let mut ocr_url = "no OCR".to_owned();
        for endpoint in case.spellings {
            let transport = RecordingTransport::accepting();
            let client = transport.client(azure(endpoint).build().unwrap());
            client
                .chat()
                .complete(&chat_request("asked"))
                .await
                .unwrap();
            let stream = client.chat().stream(&chat_request("asked")).await.unwrap();
            stream.collect_response().await.unwrap();
            let ocr = client.ocr().process(&ocr_request("asked")).await;
            match case.ocr {
                Some(_) => assert!(ocr.is_ok(), "{endpoint}"),
                None => {
                    let error = ocr.unwrap_err();
                    assert_eq!(error.kind(), ErrorKind::Config, "{endpoint}");
                    assert!(
                        error.to_string().contains("services.ai.azure.com"),
                        "{error}"
                    );
                }
            }
            let sent = transport.take();
            let urls: Vec<_> = sent.iter().map(|sent| sent.uri.to_string()).collect();
            let mut expected = vec![full(case.chat), full(case.chat)];
            if let Some(ocr) = case.ocr {
                ocr_url = full(ocr);
                expected.push(ocr_url.clone());
            }
            assert_eq!(urls, expected, "{endpoint}");
            for sent in &sent {
                let other = if case.key == BEARER {
                    API_KEY.0
                } else {
                    BEARER.0
                };
                assert_eq!(sent.header(case.key.0), Some(case.key.1), "{endpoint}");
                assert_eq!(sent.header(other), None, "{endpoint}");
                assert_eq!(sent.body["model"], "asked", "{endpoint}");
            }
            println!("{:8} {}", case.name, endpoint.trim());
        }
        let chat = full(case.chat);
        for pasted in [Some(&chat), case.ocr.map(|_| &ocr_url)]
            .into_iter()
            .flatten()
        {
            assert_eq!(chat_url(azure(pasted), "asked").await, chat, "{pasted}");
        }
        println!(
            "    chat {chat}\n    OCR  {ocr_url}\n    {}: {}\n",
            case.key.0, case.key.1
        );
    }
}

#[tokio::test]
async fn azure_route_configured_endpoint_kind_takes_precedence() {
    for (endpoint, kind, expected) in [
        (
            "https://gate.example/v1",
            EndpointKind::Serverless,
            "https://gate.example/v1/chat/completions",
        ),
        (
            "https://gate.example/a/b",
            EndpointKind::OpenAiV1,
            "https://gate.example/a/b/openai/v1/chat/completions",
        ),
        (
            "https://gate.example/ocr",
            EndpointKind::Foundry,
            "https://gate.example/ocr/models/chat/completions?api-version=2024-05-01-preview",
        ),
        (
            "https://gate.example/openai/",
            EndpointKind::Deployments,
            "https://gate.example/openai/deployments/m/chat/completions?api-version=2024-05-01-preview",
        ),
        (
            "https://res.services.ai.azure.com/models?api-version=v",
            EndpointKind::OpenAiV1,
            "https://res.services.ai.azure.com/openai/v1/chat/completions",
        ),
        (
            "https://res.cognitiveservices.azure.com",
            EndpointKind::Foundry,
            "https://res.cognitiveservices.azure.com/models/chat/completions?api-version=2024-05-01-preview",
        ),
    ] {
        assert_eq!(
            chat_url(azure(endpoint).endpoint_kind(kind), "m").await,
            expected
        );
    }
}

#[tokio::test]
async fn azure_api_version_of_builder_overrides_endpoint() {
    let plain = "https://res.services.ai.azure.com";
    let pasted = "https://res.services.ai.azure.com/models?api-version=2024-08-01";
    for (builder, version) in [
        (azure(plain), "2024-05-01-preview"),
        (azure(pasted), "2024-08-01"),
        (azure(plain).api_version("2025-04-01"), "2025-04-01"),
        (azure(pasted).api_version(" 2025-04-01 "), "2025-04-01"),
        (azure(pasted).api_version("a&b=c"), "a%26b%3Dc"),
    ] {
        let url = chat_url(builder, "m").await;
        assert_eq!(
            url.split_once('?').unwrap().1,
            format!("api-version={version}")
        );
    }
}

#[tokio::test]
async fn azure_deployment_is_from_request_then_builder_then_endpoint() {
    let foundry = "https://res.services.ai.azure.com";
    let classic = "https://res.cognitiveservices.azure.com/openai/deployments/pasted";
    for (builder, model, expected) in [
        (azure(foundry), "asked", "asked"),
        (azure(foundry).model("set"), "asked", "asked"),
        (azure(foundry).model(" set "), "", "set"),
        (azure(foundry), "", "azureai"),
        (azure(classic), "asked", "asked"),
        (azure(classic).model("set"), "", "set"),
        (azure(classic), " ", "pasted"),
    ] {
        let transport = RecordingTransport::accepting();
        let client = transport.client(builder.build().unwrap());
        client.chat().complete(&chat_request(model)).await.unwrap();
        let sent = transport.last();
        assert_eq!(sent.body["model"], expected);
        let is_in_path = sent.uri.host() == Some("res.cognitiveservices.azure.com");
        let in_path = format!("/deployments/{expected}/");
        assert_eq!(sent.uri.path().contains(&in_path), is_in_path);
    }
    let bare = azure("https://res.cognitiveservices.azure.com")
        .build()
        .unwrap();
    let client = RecordingTransport::accepting().client(bare);
    for (model, message) in [
        ("", "`…/openai/deployments/<deployment>`"),
        ("..", "`..`"),
        ("small\n", r"`small\n`"),
        ("sm\tall", r"`sm\tall`"),
    ] {
        let error = client
            .chat()
            .complete(&chat_request(model))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(message), "{error}");
    }
    let url = chat_url(azure(classic), "a/b?c#d é").await;
    assert!(
        url.contains("/deployments/a%2Fb%3Fc%23d%20%C3%A9/chat/"),
        "{url}"
    );
}

#[tokio::test]
async fn azure_base_url_of_call_is_parsed_like_endpoint() {
    let transport = RecordingTransport::accepting();
    let builder = azure("https://gate.example/a").endpoint_kind(EndpointKind::OpenAiV1);
    let client = transport.client(builder.build().unwrap());
    for (base_url, chat) in [
        (
            "https://gate.example/b",
            "https://gate.example/b/openai/v1/chat/completions",
        ),
        (
            "https://x.eastus.models.ai.azure.com/v1/",
            "https://x.eastus.models.ai.azure.com/v1/chat/completions",
        ),
        (
            "https://x.services.ai.azure.com/models/chat/completions",
            "https://x.services.ai.azure.com/models/chat/completions?api-version=2024-05-01-preview",
        ),
    ] {
        let request = chat_request("m");
        let call = client.chat().complete(&request).base_url(base_url);
        call.await.unwrap();
        assert_eq!(transport.last().uri.to_string(), chat);
    }
    let request = ocr_request("mistral-document-ai-2505");
    let call = client.ocr().process(&request);
    call.base_url("https://x.services.ai.azure.com")
        .await
        .unwrap();
    let ocr = "https://x.services.ai.azure.com/providers/mistral/azure/ocr?api-version=2024-05-01-preview";
    assert_eq!(transport.last().uri.to_string(), ocr);

    let request = chat_request("m");
    let call = client.chat().complete(&request);
    let error = call.base_url("https://ai.azure.com").await.unwrap_err();
    assert!(error.to_string().contains("`base_url`"), "{error}");
    assert!(transport.take().is_empty());
}

#[tokio::test]
async fn azure_api_version_query_of_call_overrides_default() {
    let transport = RecordingTransport::accepting();
    let azure = azure("https://res.services.ai.azure.com").build().unwrap();
    let client = transport.client(azure);
    let request = chat_request("m");
    let call = client.chat().complete(&request);
    call.query("api-version", "2099-01-01").await.unwrap();
    let query = transport.last().uri.query().map(str::to_owned);
    assert_eq!(query.as_deref(), Some("api-version=2099-01-01"));
}

#[tokio::test]
async fn azure_auth_setting_selects_header() {
    for (endpoint, auth, (name, value)) in [
        ("https://res.openai.azure.com", AzureAuth::Bearer, BEARER),
        (
            "https://res.services.ai.azure.com",
            AzureAuth::ApiKey,
            API_KEY,
        ),
    ] {
        for key in ["k3y", " k3y\n", "Bearer k3y"] {
            let transport = RecordingTransport::accepting();
            let azure = azure(endpoint).api_key(key).auth(auth).build().unwrap();
            let client = transport.client(azure);
            client.chat().complete(&chat_request("m")).await.unwrap();
            let sent = transport.last();
            assert_eq!(sent.header(name), Some(value));
            assert!(sent.headers.get(name).unwrap().is_sensitive());
        }
    }
}

#[tokio::test]
async fn azure_key_of_deployment_is_sent_as_api_key_on_hosts_of_azure() {
    for (endpoint, (name, value)) in [
        (
            "https://res.services.ai.azure.com/openai/deployments/d",
            API_KEY,
        ),
        (
            "https://gate.example/openai/deployments/d/chat/completions",
            BEARER,
        ),
        ("https://res.services.ai.azure.com/openai/v1", BEARER),
        ("https://x.eastus.inference.ml.azure.com", BEARER),
    ] {
        let transport = RecordingTransport::accepting();
        let client = transport.client(azure(endpoint).build().unwrap());
        client.chat().complete(&chat_request("m")).await.unwrap();
        assert_eq!(transport.last().header(name), Some(value), "{endpoint}");
    }
}

#[tokio::test]
async fn azure_unsupported_operation_fails_without_a_request() {
    let azure = azure("https://res.services.ai.azure.com").build().unwrap();
    let offered = Operation::all().filter(|endpoint| azure.supports(endpoint));
    let mut offered: Vec<_> = offered.map(|endpoint| &*endpoint.name).collect();
    offered.sort_unstable();
    assert_eq!(offered, ["chat.complete", "chat.stream", "ocr.process"]);

    let transport = RecordingTransport::accepting();
    let error = transport.client(azure).models().list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("`azure`"), "{error}");
    assert!(transport.take().is_empty());
}
