//! Faults and replies that wait for the requests they apply to.

use std::collections::VecDeque;

use super::filter::{RequestFilter, RequestView};
use super::{ALWAYS, Fault};
use crate::replies::Reply;

/// An entry of a [`Queue`].
pub(crate) trait Queued: Clone {
    /// Whether the entry applies to the request.
    fn matches(&self, request: &RequestView<'_>) -> bool;
    /// Returns the number of requests that are left.
    fn times(&mut self) -> &mut u32;
}

impl Queued for Fault {
    fn matches(&self, request: &RequestView<'_>) -> bool {
        self.filter == RequestFilter::default() || self.filter.matches(request)
    }

    fn times(&mut self) -> &mut u32 {
        &mut self.times
    }
}

impl Queued for Reply {
    fn matches(&self, request: &RequestView<'_>) -> bool {
        self.applies_to(request)
    }

    fn times(&mut self) -> &mut u32 {
        &mut self.settings.times
    }
}

/// Entries, of which the first that applies to a request is used.
#[derive(Debug)]
pub(crate) struct Queue<T>(VecDeque<T>);

impl<T: Queued> Queue<T> {
    pub(crate) fn new(entries: impl IntoIterator<Item = T>) -> Self {
        let mut queue = Self(VecDeque::new());
        entries.into_iter().for_each(|entry| queue.push(entry));
        queue
    }

    pub(crate) fn push(&mut self, mut entry: T) {
        if *entry.times() > 0 {
            self.0.push_back(entry);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn entries(&self) -> Vec<T> {
        self.0.iter().cloned().collect()
    }

    /// Returns the first entry for the request that satisfies the condition, and counts one use.
    pub(crate) fn next(
        &mut self,
        request: &RequestView<'_>,
        condition: impl Fn(&T) -> bool,
    ) -> Option<T> {
        let position = self
            .0
            .iter()
            .position(|entry| condition(entry) && entry.matches(request))?;
        let entry = self.0.get_mut(position)?;
        let times = entry.times();
        if *times != ALWAYS {
            *times = times.saturating_sub(1);
        }
        match *times {
            0 => self.0.remove(position),
            _ => Some(entry.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn queue_applies_each_fault_its_number_of_times() {
        let parts = http::Request::new(()).into_parts().0;
        let body = Bytes::new();
        let request = RequestView::new(&parts, &body);
        let mut queue = Queue::new([
            Fault::status(400).times(0),
            Fault::status(500).times(2),
            Fault::status(501).on_path("/other"),
            Fault::close(),
            Fault::status(502).always(),
        ]);
        let mut next = || {
            let fault = queue.next(&request, |_| true).unwrap();
            (fault.status, fault.close)
        };
        assert_eq!(next(), (Some(500), false));
        assert_eq!(next(), (Some(500), false));
        assert_eq!(next(), (None, true));
        assert_eq!(next(), (Some(502), false));
        assert_eq!(next(), (Some(502), false));
        assert_eq!(queue.entries().len(), 2);
    }
}
