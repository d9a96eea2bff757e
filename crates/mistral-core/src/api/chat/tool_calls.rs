//! Tool calls, put together from the pieces of a stream.
//!
//! Mistral sends every call whole, but other hosts cut them up, repeat indices or names,
//! leave out ids, or make up a new one for every piece. Two calls taken for one would run
//! with arguments that nobody wrote, so whatever can be a new call is one.

use std::cmp::Reverse;

use serde::de::IgnoredAny;

use crate::messages::{Arguments, FunctionCall, ToolCall};

#[derive(Debug, Default)]
pub(super) struct ToolCalls(Vec<ToolCall>);

impl ToolCalls {
    pub(super) fn as_slice(&self) -> &[ToolCall] {
        &self.0
    }

    pub(super) fn add(&mut self, piece: &ToolCall) {
        match self.continued_by(piece) {
            Some(call) => append(call, piece),
            None => self.0.push(piece.clone()),
        }
    }

    /// The call that `piece` goes on with, if it does.
    fn continued_by(&mut self, piece: &ToolCall) -> Option<&mut ToolCall> {
        let ranked = self.0.iter().enumerate().filter_map(|(at, call)| {
            let rank = Tie::between(call, piece).rank(call, piece)?;
            Some((rank, Reverse(at))) // of equals, the last one
        });
        let (_, Reverse(at)) = ranked.min()?;
        let call = self.0.get_mut(at)?;
        (!Tie::between(call, piece).is_new(call, piece)).then_some(call)
    }
}

/// What a mark that a call and a piece may have (an id, an index) says about the two.
#[derive(Clone, Copy, PartialEq)]
enum Says {
    Same,
    Other,
    Nothing,
}

impl Says {
    fn of<T: PartialEq>(known: Option<T>, new: Option<T>) -> Self {
        match (known, new) {
            (Some(known), Some(new)) if known == new => Self::Same,
            (Some(_), Some(_)) => Self::Other,
            _ => Self::Nothing,
        }
    }
}

/// What ties a piece to a call.
#[derive(Clone, Copy)]
struct Tie {
    id: Says,
    index: Says,
}

impl Tie {
    fn between(call: &ToolCall, piece: &ToolCall) -> Self {
        Self {
            id: Says::of(call.call_id(), piece.call_id()),
            index: Says::of(call.index, piece.index),
        }
    }

    /// How good the tie is: the lower, the better.
    fn rank(self, call: &ToolCall, piece: &ToolCall) -> Option<u8> {
        let new = &piece.function;
        match (self.id, self.index) {
            (Says::Same, Says::Same | Says::Nothing) => Some(0),
            (Says::Same, Says::Other) => Some(1),
            (Says::Nothing, Says::Same) => Some(2),
            // Hosts that make up an id for every piece name the function in the first.
            (Says::Other, Says::Same) if new.name.is_empty() => {
                let fits = is_blank(&new.arguments) || !is_complete(&call.function.arguments);
                fits.then_some(3)
            }
            (Says::Nothing, Says::Nothing) => Some(4),
            _ => None,
        }
    }

    /// Whether `piece` begins a call of its own, although it is tied to `call`.
    fn is_new(self, call: &ToolCall, piece: &ToolCall) -> bool {
        let (known, new) = (&call.function, &piece.function);
        if new.name.is_empty() {
            return false;
        }
        let same_id = self.id == Says::Same;
        if same_id && self.index == Says::Other {
            return true; // a host with one id for all
        }
        if self.index == Says::Nothing && call.call_id().is_none() && piece.call_id().is_some() {
            return true;
        }
        // Who gives ids gives one to every call: this piece does not begin one.
        let same_id = same_id || (call.call_id().is_some() && piece.call_id().is_none());
        if !known.name.is_empty() && known.name != new.name {
            let in_pieces = same_id && is_blank(&known.arguments);
            return !in_pieces;
        }
        if !is_complete(&known.arguments) {
            return false;
        }
        if is_blank(&new.arguments) {
            return !same_id;
        }
        let placeholder = is_blank(&known.arguments);
        self.id != Says::Same || !(placeholder || known.arguments == new.arguments)
    }
}

fn append(call: &mut ToolCall, piece: &ToolCall) {
    if call.call_id().is_none() {
        call.id.clone_from(&piece.id);
    }
    if call.kind.is_none() {
        call.kind.clone_from(&piece.kind);
    }
    call.index = call.index.or(piece.index);
    call.extra.extend(piece.extra.clone());
    append_function(&mut call.function, &piece.function);
}

fn append_function(known: &mut FunctionCall, new: &FunctionCall) {
    if known.name != new.name {
        known.name.push_str(&new.name);
    }
    known.extra.extend(new.extra.clone());
    if known.arguments == new.arguments && is_complete(&known.arguments) {
        return; // the same once more
    }
    match (&mut known.arguments, &new.arguments) {
        (Arguments::Text(known), Arguments::Text(new)) => known.push_str(new),
        (Arguments::Object(known), Arguments::Object(new)) => known.extend(new.clone()),
        (_, Arguments::Text(new)) if new.trim().is_empty() => {}
        (known, new) if is_blank(known) => *known = new.clone(),
        (_, Arguments::Object(new)) if new.is_empty() => {}
        (known, new) => *known = Arguments::Text(format!("{known}{new}")),
    }
}

/// Whether these may be no more than a placeholder for arguments to come.
fn is_blank(arguments: &Arguments) -> bool {
    match arguments {
        Arguments::Text(text) => text.trim().is_empty(),
        Arguments::Object(object) => object.is_empty(),
    }
}

fn is_complete(arguments: &Arguments) -> bool {
    match arguments {
        // The last character is looked at first: most pieces need no more than that.
        Arguments::Text(text) => {
            text.trim_end().ends_with('}') && serde_json::from_str::<IgnoredAny>(text).is_ok()
        }
        Arguments::Object(_) => true,
    }
}
