//! The URLs and headers of single endpoints, and the settings that change them.

#![allow(clippy::unwrap_used)] // helpers outside of test functions may panic as tests do

mod common;

use common::{API_KEY, BEARER, RecordingTransport, chat_request, ocr_request};
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
            EndpointKind::Models,
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
            "https://res.services.ai.azure.com",
            EndpointKind::Models,
            "https://res.services.ai.azure.com/models/chat/completions?api-version=2024-05-01-preview",
        ),
        (
            "https://res.services.ai.azure.com/api/projects/p",
            EndpointKind::Models,
            "https://res.services.ai.azure.com/models/chat/completions?api-version=2024-05-01-preview",
        ),
        (
            "https://res.cognitiveservices.azure.com",
            EndpointKind::Models,
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
    let models = "https://res.services.ai.azure.com/models";
    let pasted = "https://res.services.ai.azure.com/models?api-version=2024-08-01";
    for (builder, version) in [
        (azure(models), "2024-05-01-preview"),
        (azure(pasted), "2024-08-01"),
        (azure(models).api_version("2025-04-01"), "2025-04-01"),
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
async fn azure_api_version_selects_models_route_of_bare_host() {
    let chat = "https://res.services.ai.azure.com/models/chat/completions?api-version=v";
    let bare = || azure("https://res.services.ai.azure.com").api_version("v");
    assert_eq!(chat_url(bare(), "m").await, chat);
    let v1 = "https://res.services.ai.azure.com/openai/v1/chat/completions";
    let named = bare().endpoint_kind(EndpointKind::OpenAiV1);
    assert_eq!(chat_url(named, "m").await, v1);
    let pasted = azure("https://res.services.ai.azure.com/openai/v1").api_version("v");
    assert_eq!(chat_url(pasted, "m").await, v1);

    let transport = RecordingTransport::accepting();
    let gateway = azure("https://gate.example").api_version("v");
    let client = transport.client(gateway.build().unwrap());
    let request = chat_request("m");
    let call = client.chat().complete(&request);
    call.base_url("https://res.services.ai.azure.com")
        .await
        .unwrap();
    assert_eq!(transport.last().uri.to_string(), chat);
}

#[tokio::test]
async fn azure_ocr_has_api_version_only_if_one_is_set() {
    let ocr = "https://res.services.ai.azure.com/providers/mistral/azure/ocr";
    for (endpoint, version, expected) in [
        ("https://res.services.ai.azure.com", None, ""),
        ("https://res.services.ai.azure.com/models", None, ""),
        ("https://res.services.ai.azure.com/openai/v1", None, ""),
        (
            "https://res.services.ai.azure.com/openai/v1?api-version=preview",
            None,
            "",
        ),
        (
            "https://res.services.ai.azure.com/openai/deployments/d?api-version=2024-10-21",
            None,
            "",
        ),
        (
            "https://res.services.ai.azure.com/models?api-version=v",
            None,
            "?api-version=v",
        ),
        (
            "https://res.services.ai.azure.com",
            Some("v"),
            "?api-version=v",
        ),
        (
            "https://res.services.ai.azure.com/openai/v1",
            Some("v"),
            "?api-version=v",
        ),
    ] {
        let transport = RecordingTransport::accepting();
        let builder = match version {
            Some(version) => azure(endpoint).api_version(version),
            None => azure(endpoint),
        };
        let client = transport.client(builder.build().unwrap());
        client.ocr().process(&ocr_request("m")).await.unwrap();
        let url = transport.last().uri.to_string();
        assert_eq!(url, format!("{ocr}{expected}"), "{endpoint}");
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
    let ocr = "https://x.services.ai.azure.com/providers/mistral/azure/ocr";
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
    let azure = azure("https://res.services.ai.azure.com/models");
    let client = transport.client(azure.build().unwrap());
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
async fn azure_key_of_deployment_is_sent_as_api_key_on_every_host() {
    for (endpoint, (name, value)) in [
        (
            "https://res.services.ai.azure.com/openai/deployments/d",
            API_KEY,
        ),
        (
            "https://gate.example/openai/deployments/d/chat/completions",
            API_KEY,
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
