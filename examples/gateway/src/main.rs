//! Serves an OpenAI-compatible `/v1/chat/completions` over all providers that the environment has
//! credentials of; see README.md.

use std::env::{var, var_os};
use std::error::Error;
use std::time::Duration;

use gateway::{Gateway, Tenant};
use mistral_sdk::client::Failover;
use mistral_sdk::provider::Provider;
use mistral_sdk::rate_limit::RateLimiter;
use mistral_sdk::{Client, MistralApi, MistralAzure, MistralGcp, RetryPolicy};
use tokio::net::TcpListener;
use tokio::signal::ctrl_c;
#[cfg(unix)]
use tokio::signal::unix;

/// The time that streams may go on for after SIGTERM.
const GRACE: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt::init();
    let mut clients = Vec::new();
    if var_os("MISTRAL_API_KEY").is_some() {
        clients.push(client(MistralApi::from_env()?)?);
    }
    if var_os("AZURE_API_KEY").is_some() {
        clients.push(client(MistralAzure::from_env()?)?);
    }
    if var_os("GCP_PROJECT_ID").is_some() {
        clients.push(client(MistralGcp::from_env()?)?);
    }
    if clients.is_empty() {
        return Err("set MISTRAL_API_KEY, or the variables of Azure or Vertex AI".into());
    }
    let failover = Failover::new(clients).timeout(Duration::from_secs(60));
    let keys = var("GATEWAY_KEYS").map_err(|error| format!("GATEWAY_KEYS: {error}"))?;
    let pairs = keys.split(',').filter_map(|pair| pair.split_once('='));
    let tenants = pairs.map(|(name, key)| (key.to_owned(), tenant(name)));
    let tenants = tenants.collect();
    let address = var("GATEWAY_ADDRESS").unwrap_or_else(|_| "127.0.0.1:8080".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let gateway = Gateway { failover, tenants };
    gateway.serve(listener, stop_signal(), GRACE).await?;
    Ok(())
}

fn tenant(name: &str) -> Tenant {
    let (name, limiter) = (name.to_owned(), RateLimiter::new());
    let limiter = limiter.requests_per_minute(60).tokens_per_minute(100_000);
    Tenant { name, limiter }
}

/// Creates a client with few retries, because the next provider is soon tried. It logs every call
/// when it ends.
fn client(provider: impl Provider) -> mistral_sdk::Result<Client> {
    Client::builder(provider)
        .retry(RetryPolicy::default().max_retries(1))
        .first_byte_timeout(Duration::from_secs(20))
        .on_call_end(|call| {
            let tokens = call.usage.map(|usage| usage.total_tokens);
            let error_type = call.error_type();
            tracing::info!(call.provider, error_type, tokens, "in {:?}", call.duration);
        })
        .build()
}

/// Completes at Ctrl-C or SIGTERM.
async fn stop_signal() {
    #[cfg(unix)]
    if let Ok(mut terminate) = unix::signal(unix::SignalKind::terminate()) {
        tokio::select! { _ = terminate.recv() => return, _ = ctrl_c() => return }
    }
    let _ = ctrl_c().await;
}
