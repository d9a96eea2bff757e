//! Serves an OpenAI-compatible `/v1/chat/completions` over all providers that the environment has
//! credentials of, or over the emulator if there are none; see README.md.

use std::env::{var, var_os};
use std::error::Error;
use std::time::Duration;

use gateway::{Gateway, Tenant};
use mistral_emulator::Emulator;
use mistral_sdk::client::Failover;
use mistral_sdk::rate_limit::RateLimiter;
use mistral_sdk::{Client, ClientBuilder, MistralApi, MistralAzure, MistralGcp, RetryPolicy};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .init();
    let mut builders = Vec::new();
    if var_os("MISTRAL_API_KEY").is_some() {
        builders.push(Client::builder(MistralApi::from_env()?));
    }
    if var_os("AZURE_API_KEY").is_some() {
        builders.push(Client::builder(MistralAzure::from_env()?));
    }
    if var_os("GCP_PROJECT_ID").is_some() {
        builders.push(Client::builder(MistralGcp::from_env()?));
    }
    let emulator = Emulator::start()?;
    if builders.is_empty() {
        let api = MistralApi::new(emulator.api_key())?.base_url(emulator.url())?;
        builders.push(Client::builder(api));
    }
    let clients = builders
        .into_iter()
        .map(|builder| settings(builder).build());
    let failover = Failover::new(clients.collect::<Result<Vec<_>, _>>()?);
    let failover = failover.timeout(Duration::from_secs(60));

    let keys = var("GATEWAY_KEYS").unwrap_or_else(|_| "demo=demo-key".to_owned());
    let tenants = keys.split(',').filter_map(|pair| pair.split_once('='));
    let gateway = Gateway::new(
        failover,
        tenants.map(|(name, key)| (key.to_owned(), tenant(name))),
    );
    let address = var("GATEWAY_ADDRESS").unwrap_or_else(|_| "127.0.0.1:8080".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    gateway
        .serve(listener, stop_signal(), Duration::from_secs(10))
        .await?;
    Ok(())
}

fn tenant(name: &str) -> Tenant {
    let limiter = RateLimiter::new()
        .requests_per_minute(60)
        .tokens_per_minute(100_000);
    Tenant {
        name: name.to_owned(),
        limiter: limiter.burst(Duration::from_secs(10)),
    }
}

/// Sets few retries, because the next provider is soon tried, and logs every call when it ends.
fn settings(builder: ClientBuilder) -> ClientBuilder {
    builder
        .retry(RetryPolicy::default().max_retries(1))
        .first_byte_timeout(Duration::from_secs(20))
        .on_call_end(|call| {
            let tokens = call.usage.map(|usage| usage.total_tokens);
            let (provider, error_type) = (call.provider, call.error_type());
            tracing::info!(provider, error_type, tokens, time = ?call.duration, "call ended");
        })
}

/// Completes at Ctrl-C or SIGTERM.
async fn stop_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => return,
                _ = tokio::signal::ctrl_c() => return,
            }
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
