//! Retries: the policy, the delay, and the events that report them.

mod event;
mod policy;
mod retry_after;

pub(crate) use self::event::OnRetry;
pub use self::event::RetryEvent;
pub use self::policy::RetryPolicy;
pub(crate) use self::retry_after::retry_after;
