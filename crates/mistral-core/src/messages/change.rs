use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

/// A change that [`import_openai`](super::import_openai) made to a history.
///
/// [`Display`](fmt::Display) prints all but the value before, which may be a part of the
/// conversation.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Change {
    /// The index of the message in the list that was imported, from 0.
    pub at: usize,
    /// The path of the field within the message, for example `content[0].image_url.detail`. Empty
    /// for the whole message.
    pub field: String,
    /// The kind of change.
    pub kind: ChangeKind,
    /// The value before the change. `None` for what was added.
    pub before: Option<Value>,
    /// The reason, as a sentence without its period.
    pub reason: Cow<'static, str>,
}

/// The kind of a [`Change`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChangeKind {
    /// A message was added.
    Added,
    /// The value has another form or another place within its message.
    Converted,
    /// The message is at another place of the history, or a part of another message.
    Moved,
    /// The value is no part of the history any more.
    Removed,
}

impl fmt::Display for ChangeKind {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Added => "added",
            Self::Converted => "converted",
            Self::Moved => "moved",
            Self::Removed => "removed",
        })
    }
}

impl fmt::Display for Change {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            at, field, kind, ..
        } = self;
        write!(f, "message {at}: ")?;
        if !field.is_empty() {
            write!(f, "`{field}` ")?;
        }
        write!(f, "{kind}: {}", self.reason)
    }
}

/// The changes so far.
#[derive(Debug, Default)]
pub(super) struct ChangeLog {
    /// The index of the message that is being imported.
    pub(super) at: usize,
    pub(super) changes: Vec<Change>,
}

impl ChangeLog {
    #[inline]
    pub(super) fn added(&mut self, at: usize, reason: &'static str) {
        self.push(at, String::new(), ChangeKind::Added, None, reason.into());
    }

    #[inline]
    pub(super) fn moved(&mut self, at: usize, before: Value, reason: &'static str) {
        let before = Some(before);
        self.push(at, String::new(), ChangeKind::Moved, before, reason.into());
    }

    #[inline]
    pub(super) fn converted(
        &mut self,
        field: impl Into<String>,
        before: Value,
        reason: &'static str,
    ) {
        let (at, field) = (self.at, field.into());
        self.push(
            at,
            field,
            ChangeKind::Converted,
            Some(before),
            reason.into(),
        );
    }

    #[inline]
    pub(super) fn removed(
        &mut self,
        field: impl Into<String>,
        before: Value,
        reason: impl Into<Cow<'static, str>>,
    ) {
        let (at, field) = (self.at, field.into());
        self.push(at, field, ChangeKind::Removed, Some(before), reason.into());
    }

    #[inline]
    fn push(
        &mut self,
        at: usize,
        field: String,
        kind: ChangeKind,
        before: Option<Value>,
        reason: Cow<'static, str>,
    ) {
        self.changes.push(Change {
            at,
            field,
            kind,
            before,
            reason,
        });
    }
}
