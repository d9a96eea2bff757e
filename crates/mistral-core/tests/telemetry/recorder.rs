//! A subscriber that records spans and events.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::NoSubscriber;
use tracing::{Dispatch, Event, Metadata, Subscriber};
use tracing_core::span::Current;

/// Fields by name, as text.
pub(crate) type Fields = BTreeMap<String, String>;

#[derive(Debug, Clone, Default)]
pub(crate) struct Span {
    pub(crate) fields: Fields,
    pub(crate) ended: bool,
    handles: usize,
}

#[derive(Debug, Default)]
struct Seen {
    spans: Vec<(&'static Metadata<'static>, Span)>,
    /// Each with the number of the span it was recorded in.
    events: Vec<(Option<u64>, Fields)>,
    entered: Vec<u64>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Recorder(Arc<Mutex<Seen>>);

impl Recorder {
    /// Records the spans and events of this thread.
    pub(crate) fn start() -> (Self, tracing::subscriber::DefaultGuard) {
        // With a single subscriber, tracing asks that of the thread which is the first to reach a
        // span, and here most threads have none: the span would be disabled on all.
        static ANOTHER: LazyLock<Dispatch> =
            LazyLock::new(|| Dispatch::new(NoSubscriber::default()));
        LazyLock::force(&ANOTHER);
        let this = Self::default();
        let guard = tracing::subscriber::set_default(this.clone());
        (this, guard)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap()
    }

    pub(crate) fn spans(&self) -> Vec<Span> {
        let seen = self.seen();
        seen.spans.iter().map(|(_, span)| span.clone()).collect()
    }

    /// The only span.
    pub(crate) fn span(&self) -> Span {
        let mut spans = self.spans();
        assert_eq!(spans.len(), 1, "{spans:?}");
        spans.remove(0)
    }

    pub(crate) fn events(&self) -> Vec<(Option<u64>, Fields)> {
        self.seen().events.clone()
    }

    /// The number of the span that is entered, counted from 1.
    pub(crate) fn current(&self) -> Option<u64> {
        self.seen().entered.last().copied()
    }

    /// Everything that was recorded.
    pub(crate) fn text(&self) -> String {
        format!("{:?} {:?}", self.spans(), self.events())
    }
}

impl Span {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }
}

struct Reader<'a>(&'a mut Fields);

impl Visit for Reader<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("mistral")
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut span = Span {
            handles: 1,
            ..Span::default()
        };
        attributes.record(&mut Reader(&mut span.fields));
        let mut seen = self.seen();
        seen.spans.push((attributes.metadata(), span));
        Id::from_u64(seen.spans.len() as u64)
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        let (_, span) = &mut self.seen().spans[id.into_u64() as usize - 1];
        assert!(!span.ended);
        values.record(&mut Reader(&mut span.fields));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::new();
        event.record(&mut Reader(&mut fields));
        let mut seen = self.seen();
        let within = seen.entered.last().copied();
        seen.events.push((within, fields));
    }

    fn enter(&self, id: &Id) {
        self.seen().entered.push(id.into_u64());
    }

    fn exit(&self, id: &Id) {
        assert_eq!(self.seen().entered.pop(), Some(id.into_u64()));
    }

    fn current_span(&self) -> Current {
        let seen = self.seen();
        let Some(&id) = seen.entered.last() else {
            return Current::none();
        };
        Current::new(Id::from_u64(id), seen.spans[id as usize - 1].0)
    }

    fn clone_span(&self, id: &Id) -> Id {
        self.seen().spans[id.into_u64() as usize - 1].1.handles += 1;
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        let (_, span) = &mut self.seen().spans[id.into_u64() as usize - 1];
        span.handles -= 1;
        span.ended = span.handles == 0;
        span.ended
    }
}
