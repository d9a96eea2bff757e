//! The observed latencies of calls, and their 95th percentile.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The number of latencies that a percentile is taken from: the latest ones.
const WINDOW: usize = 256;
/// The number of latencies without which a percentile is not known.
const MIN_OBSERVED: usize = 50;
/// The number of latencies after which the percentile is taken anew.
const RENEWED_EVERY: usize = 16;
/// The number of operations and models that are observed. Names of models come from callers.
const MAX_KEYS: usize = 256;

/// An operation and the model of the request, whose latencies are alike.
pub(crate) type LatencyKey = (Cow<'static, str>, Option<Arc<str>>);

/// The latencies of calls, by operation and model.
#[derive(Debug, Default)]
pub(super) struct Latencies(Mutex<HashMap<LatencyKey, Window>>);

impl Latencies {
    /// Returns the latency that 95 % of the calls do not exceed, if enough of them are known.
    pub(super) fn p95(&self, key: &LatencyKey) -> Option<Duration> {
        let windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        windows.get(key)?.p95
    }

    pub(super) fn observe(&self, key: LatencyKey, latency: Duration) {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() < MAX_KEYS || windows.contains_key(&key) {
            windows.entry(key).or_default().add(latency);
        }
    }
}

/// The latest latencies of one operation and model.
#[derive(Debug, Default)]
struct Window {
    latencies: Vec<Duration>,
    /// The number of all latencies so far.
    count: usize,
    p95: Option<Duration>,
}

impl Window {
    fn add(&mut self, latency: Duration) {
        let oldest = self.count % WINDOW;
        match self.latencies.get_mut(oldest) {
            Some(slot) => *slot = latency,
            None => self.latencies.push(latency),
        }
        self.count = self.count.wrapping_add(1);
        if self.count >= MIN_OBSERVED
            && (self.p95.is_none() || self.count.is_multiple_of(RENEWED_EVERY))
        {
            self.p95 = p95(self.latencies.clone());
        }
    }
}

/// Returns the smallest of `latencies` that 95 % of them do not exceed.
fn p95(mut latencies: Vec<Duration>) -> Option<Duration> {
    let rank = (latencies.len() * 95).div_ceil(100);
    latencies.sort_unstable();
    latencies.get(rank.checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(model: &str) -> LatencyKey {
        ("chat.complete".into(), Some(model.into()))
    }

    fn observe(latencies: &Latencies, model: &str, millis: impl IntoIterator<Item = u64>) {
        for millis in millis {
            latencies.observe(key(model), Duration::from_millis(millis));
        }
    }

    #[test]
    fn latency_percentile_is_of_the_latest_calls_of_the_same_model() {
        let latencies = Latencies::default();
        observe(&latencies, "a", 1..50);
        assert_eq!(latencies.p95(&key("a")), None); // one too few
        observe(&latencies, "a", [50]);
        assert_eq!(latencies.p95(&key("a")), Some(Duration::from_millis(48)));
        assert_eq!(latencies.p95(&key("b")), None);
        observe(&latencies, "a", [7; 2 * WINDOW]);
        assert_eq!(latencies.p95(&key("a")), Some(Duration::from_millis(7)));
    }

    #[test]
    fn latency_percentile_is_not_moved_by_a_fiftieth_of_slow_calls() {
        let latencies = Latencies::default();
        let slow = |call: u64| {
            if call.is_multiple_of(50) {
                20_000
            } else {
                1000
            }
        };
        observe(&latencies, "a", (0..2000).map(slow));
        assert_eq!(latencies.p95(&key("a")), Some(Duration::from_secs(1)));
    }

    #[test]
    fn latencies_of_arbitrary_models_are_bounded() {
        let latencies = Latencies::default();
        for model in 0..2 * MAX_KEYS {
            observe(&latencies, &model.to_string(), [1]);
        }
        let windows = latencies.0.lock().unwrap();
        assert_eq!(windows.len(), MAX_KEYS);
    }
}
