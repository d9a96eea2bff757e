//! Hedging: the time after which a call that takes long is sent a second time.

use std::sync::Arc;
use std::time::Duration;

use super::latency::{Latencies, LatencyKey};
use crate::error::{Error, Result};

/// A second request for a call whose response takes long; see
/// [`ClientBuilder::hedge`](crate::ClientBuilder::hedge).
///
/// The call then waits for both requests. The first response is its result, and the other request
/// is cancelled. A call whose first request fails is not hedged: it is retried.
///
/// **Hedging may be billed twice.** The server may go on with the request that is cancelled, and bill
/// it. It is therefore off by default.
///
/// Only calls without effects are hedged: those that are [`Idempotent`] or [`Billable`], whose body
/// is in memory. A stream of events is hedged until its response begins. Uploads, jobs and other
/// [`NonIdempotent`] calls are never hedged.
///
/// A second request costs 10 tokens of the
/// [`retry_quota`](crate::ClientBuilder::retry_quota), which are not returned. A call is not hedged
/// when the quota has fewer, so that no more than one call in eleven is hedged in the long run,
/// and fewer during an outage.
///
/// ```
/// # fn main() -> mistral_sdk::Result<()> {
/// use std::time::Duration;
/// use mistral_sdk::retry::Hedging;
/// use mistral_sdk::{Client, MistralApi};
///
/// let client = Client::builder(MistralApi::new("my-key")?)
///     .hedge(Hedging::p95())
///     .build()?;
/// let models = client.models().list().hedge(Hedging::after(Duration::from_secs(2)));
/// # drop(models);
/// # Ok(()) }
/// ```
///
/// [`Idempotent`]: crate::provider::RetrySafety::Idempotent
/// [`Billable`]: crate::provider::RetrySafety::Billable
/// [`NonIdempotent`]: crate::provider::RetrySafety::NonIdempotent
#[derive(Debug, Clone)]
pub struct Hedging(Delay);

#[derive(Debug, Clone)]
enum Delay {
    Fixed(Duration),
    Observed(Arc<Latencies>),
}

impl Hedging {
    /// Sends the second request after `delay`, which counts from the first one: longer than most
    /// calls take.
    ///
    /// Zero is an error of the client or the call, because it would send every request twice.
    pub fn after(delay: Duration) -> Self {
        Self(Delay::Fixed(delay))
    }

    /// Sends the second request after 1.5 times the observed 95th percentile of the time that calls
    /// of the same operation and model take. The percentile itself is exceeded by 5 % of all calls,
    /// most of which are about to end.
    ///
    /// The percentile is that of the latest 256 successful calls. Calls are not hedged before 50 of
    /// them are known. Clones share what they observe, so set it on the client, or set clones of one
    /// value on calls.
    pub fn p95() -> Self {
        Self(Delay::Observed(Arc::default()))
    }

    pub(crate) fn check(&self) -> Result<()> {
        match self.0 {
            Delay::Fixed(Duration::ZERO) => Err(Error::config(
                "`hedge`: `Hedging::after` with a delay of zero sends every request twice: set a \
                 delay that most calls do not take, or `Hedging::p95()`",
            )),
            _ => Ok(()),
        }
    }

    /// Returns the delay before the second request. `None`: there is none.
    pub(crate) fn delay(&self, key: &LatencyKey) -> Option<Duration> {
        match &self.0 {
            Delay::Fixed(delay) => Some(*delay),
            Delay::Observed(latencies) => {
                let p95 = latencies.p95(key)?;
                Some(p95.saturating_add(p95 / 2))
            }
        }
    }

    /// Records the time from the first request of a call to its response, also if that is the
    /// response to the second one: of the first it is known that it takes at least as long.
    pub(crate) fn observe(&self, key: LatencyKey, latency: Duration) {
        if let Delay::Observed(latencies) = &self.0 {
            latencies.observe(key, latency);
        }
    }
}
