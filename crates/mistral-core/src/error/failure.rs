use super::Error;

/// Why a provider did not answer; see [`Failover`](crate::client::Failover).
#[derive(Debug)]
#[non_exhaustive]
pub struct ProviderFailure {
    /// The provider's name, for example `api`.
    pub provider: &'static str,
    /// Its error.
    pub error: Error,
}

impl Error {
    /// Why the providers before this error's one failed, in their order, if
    /// [`Failover`](crate::client::Failover) tried several.
    pub fn failures(&self) -> &[ProviderFailure] {
        &self.0.failures
    }

    /// Says that `provider` failed last, after others.
    pub(crate) fn after(mut self, failures: Vec<ProviderFailure>, provider: &str) -> Self {
        if failures.is_empty() {
            return self;
        }
        let before: Vec<_> = failures
            .iter()
            .map(|failure| format!("{}: {}", failure.provider, failure.error.message()))
            .collect();
        let message = format!(
            "{provider}: {}; before it {}",
            self.message(),
            before.join("; ")
        );
        self.0.message = message;
        self.0.failures = failures;
        self
    }
}
