//! Authentication to Azure with a credential of `azure_identity`.

#![allow(clippy::unwrap_used)] // helpers outside of test functions may panic as tests do

use std::sync::Arc;

use async_trait::async_trait;
use azure_core::cloud::CustomConfiguration;
use azure_core::credentials::{Secret, TokenCredential};
use azure_core::error::ErrorKind as AzureErrorKind;
use azure_core::http::headers::Headers;
use azure_core::http::request::Body;
use azure_core::http::{AsyncRawResponse, ClientOptions, HttpClient, Request, Transport};
use azure_identity::{ClientSecretCredential, ClientSecretCredentialOptions};
use futures::future::join_all;
use mistral_emulator::Emulator;
use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::messages::Message;
use mistral_sdk::{Client, ErrorKind, MistralAzure};

const TENANT: &str = "11111111-2222-3333-4444-555555555555";

/// Redirects requests for Entra ID, whose URL must be `https`, to the emulator.
#[derive(Debug)]
struct EmulatorHttpClient(String);

#[async_trait]
impl HttpClient for EmulatorHttpClient {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let Body::Bytes(body) = request.body() else {
            unreachable!("a token request sends a form");
        };
        let io_error = |error| azure_core::Error::new(AzureErrorKind::Io, error);
        let response = reqwest::Client::new()
            .post(format!("{}{}", self.0, request.url().path()))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.clone())
            .send();
        let response = response.await.map_err(io_error)?;
        let status = response.status().as_u16().into();
        let body = response.bytes().await.map_err(io_error)?;
        Ok(AsyncRawResponse::from_bytes(status, Headers::new(), body))
    }
}

fn client_secret_credential(emulator: &Emulator) -> Arc<dyn TokenCredential> {
    let mut cloud = CustomConfiguration::default();
    cloud.authority_host = "https://client_secret_credential.example".to_owned();
    let client_options = ClientOptions {
        transport: Some(Transport::new(Arc::new(EmulatorHttpClient(
            emulator.url().to_owned(),
        )))),
        cloud: Some(Arc::new(cloud.into())),
        ..ClientOptions::default()
    };
    let options = ClientSecretCredentialOptions { client_options };
    let secret = Secret::new("s3cret");
    ClientSecretCredential::new(TENANT, "app".to_owned(), secret, Some(options)).unwrap()
}

fn chat_request() -> ChatCompletionRequest {
    ChatCompletionRequest::new("my-deployment", [Message::user("Who painted Olympia?")])
}

#[tokio::test]
async fn azure_entra_concurrent_first_calls_log_in_once() {
    let emulator = Emulator::start().unwrap();
    let azure = MistralAzure::builder().endpoint(emulator.url());
    let azure = azure
        .credential(client_secret_credential(&emulator))
        .build()
        .unwrap();
    let client = Client::new(azure).unwrap();
    let request = chat_request();
    let calls = (0..200).map(|_| client.chat().complete(&request).into_future());
    for response in join_all(calls).await {
        assert!(response.unwrap().text().contains("Manet"));
    }
    let requests = emulator.requests();
    let path = format!("/{TENANT}/oauth2/v2.0/token");
    let logins = requests.iter().filter(|request| request.path == path);
    assert_eq!(logins.count(), 1);
    assert_eq!(requests.len(), 201);
}

#[tokio::test]
async fn azure_entra_auth_error_quotes_entra() {
    let emulator = Emulator::start().unwrap();
    let azure = MistralAzure::builder().endpoint(emulator.url());
    let azure = azure
        .credential(client_secret_credential(&emulator))
        .scope("nothing");
    let client = Client::new(azure.build().unwrap()).unwrap();
    let error = client.chat().complete(&chat_request()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    let message = format!("{error:#} {error:?}");
    assert!(message.contains("AADSTS70011"), "{message}");
    assert!(!message.contains("s3cret"), "{message}");
    assert_eq!(emulator.requests().len(), 1);
}
