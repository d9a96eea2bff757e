//! Retries: the policy, the quota, the delay, and the events that report them; hedging.

mod event;
mod hedging;
mod latency;
mod policy;
mod quota;
mod retry_after;

pub(crate) use self::event::OnRetry;
pub use self::event::RetryEvent;
pub use self::hedging::Hedging;
pub(crate) use self::latency::LatencyKey;
pub use self::policy::RetryPolicy;
pub(crate) use self::quota::{Payment, QuotaExhausted, RetryQuota};
pub(crate) use self::retry_after::retry_after;
