//! One limiter over the clients of several providers.

use mistral_core::Client;
use mistral_core::client::Failover;
use mistral_core::rate_limit::RateLimiter;
use mistral_sdk::MistralApi;
use tokio::time::Instant;

use super::{SECOND, Server, ask_times};
use crate::common::{question, reply};

#[tokio::test(start_paused = true)]
async fn limiter_around_transports_of_two_providers_limits_both_together() {
    let (one, two) = (Server::good(), Server::good());
    let limiter = RateLimiter::new().requests_per_minute(60);
    let api = Client::builder(MistralApi::new("key").unwrap());
    let api = api.transport(limiter.clone().around(two.mock.clone()));
    let (open, api) = (one.client(&limiter), api.build().unwrap());
    let start = Instant::now();
    ask_times(&open, 2).await;
    ask_times(&api, 2).await;
    assert_eq!(start.elapsed(), SECOND * 3);
    assert_eq!((one.count(), two.count()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn limiter_of_a_tenant_charges_a_failover_once() {
    let (down, up) = (Server::new([reply(503, "{}")]), Server::good());
    let unlimited = RateLimiter::new();
    let clients = [down.client(&unlimited), up.client(&unlimited)];
    let failover = Failover::new(clients);
    let tenant = RateLimiter::new().requests_per_minute(60);
    let request = question();
    let start = Instant::now();
    for _ in 0..3 {
        let permit = tenant.acquire(0).await.unwrap();
        let call = failover.run(|client| client.chat().complete(&request));
        assert_eq!(call.await.unwrap().position, 1);
        drop(permit);
    }
    // Two requests for each call, but three permits.
    assert_eq!(start.elapsed(), SECOND * 2);
    assert_eq!((down.count(), up.count()), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn limiter_pause_after_a_429_applies_to_all_of_its_clients() {
    let busy = reply(429, "{}").with_header("retry-after", "7");
    let (one, two) = (Server::new([busy]), Server::good());
    let limiter = RateLimiter::new();
    let (one, client) = (one.client(&limiter), two.client(&limiter));
    let start = Instant::now();
    one.chat().complete(&question()).await.unwrap_err();
    ask_times(&client, 1).await;
    assert_eq!(start.elapsed(), SECOND * 7);
    // Limits that are not shared are independent.
    let other = two.client(&RateLimiter::new());
    ask_times(&other, 1).await;
    assert_eq!(start.elapsed(), SECOND * 7);
}
