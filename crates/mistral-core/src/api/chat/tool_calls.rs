//! Merging of streamed fragments into tool calls.
//!
//! Mistral sends every call whole, but other hosts split calls, repeat indices or names, omit
//! ids, or generate a new id for every fragment. Two calls merged into one would run with
//! arguments that the model did not write, so a fragment that can be a new call is treated as
//! one.

use std::cmp::Reverse;

use serde::de::IgnoredAny;

use crate::messages::{Arguments, FunctionCall, ToolCall};

#[derive(Debug, Default)]
pub(super) struct ToolCalls(Vec<ToolCall>);

impl ToolCalls {
    pub(super) fn as_slice(&self) -> &[ToolCall] {
        &self.0
    }

    pub(super) fn add(&mut self, fragment: &ToolCall) {
        match self.find_continued(fragment) {
            Some(call) => append(call, fragment),
            None => self.0.push(fragment.clone()),
        }
    }

    /// Returns the call that `fragment` continues, if any.
    fn find_continued(&mut self, fragment: &ToolCall) -> Option<&mut ToolCall> {
        let ranked = self.0.iter().enumerate().filter_map(|(at, call)| {
            let rank = CallMatch::between(call, fragment).rank(call, fragment)?;
            Some((rank, Reverse(at))) // the last one of equal rank
        });
        let (_, Reverse(at)) = ranked.min()?;
        let call = self.0.get_mut(at)?;
        (!CallMatch::between(call, fragment).starts_new_call(call, fragment)).then_some(call)
    }
}

/// The result of comparing an optional key (the id, the index) of a call and a fragment.
#[derive(Clone, Copy, PartialEq)]
enum KeyMatch {
    Same,
    Different,
    /// Either of the two has no such key.
    Unknown,
}

impl KeyMatch {
    fn compare<T: PartialEq>(known: Option<T>, new: Option<T>) -> Self {
        match (known, new) {
            (Some(known), Some(new)) if known == new => Self::Same,
            (Some(_), Some(_)) => Self::Different,
            _ => Self::Unknown,
        }
    }
}

/// The match between a call and a fragment, by id and by index.
#[derive(Clone, Copy)]
struct CallMatch {
    id: KeyMatch,
    index: KeyMatch,
}

impl CallMatch {
    fn between(call: &ToolCall, fragment: &ToolCall) -> Self {
        Self {
            id: KeyMatch::compare(call.call_id(), fragment.call_id()),
            index: KeyMatch::compare(call.index, fragment.index),
        }
    }

    /// Returns the rank of the match: the lower, the closer. `None` if the two do not belong
    /// together.
    fn rank(self, call: &ToolCall, fragment: &ToolCall) -> Option<u8> {
        let new = &fragment.function;
        match (self.id, self.index) {
            (KeyMatch::Same, KeyMatch::Same | KeyMatch::Unknown) => Some(0),
            (KeyMatch::Same, KeyMatch::Different) => Some(1),
            (KeyMatch::Unknown, KeyMatch::Same) => Some(2),
            // Hosts that generate an id for every fragment name the function in the first one.
            (KeyMatch::Different, KeyMatch::Same) if new.name.is_empty() => {
                let fits = is_blank(&new.arguments) || !is_complete(&call.function.arguments);
                fits.then_some(3)
            }
            (KeyMatch::Unknown, KeyMatch::Unknown) => Some(4),
            _ => None,
        }
    }

    /// Whether `fragment` starts a call of its own, although it matches `call`.
    fn starts_new_call(self, call: &ToolCall, fragment: &ToolCall) -> bool {
        let (known, new) = (&call.function, &fragment.function);
        if new.name.is_empty() {
            return false;
        }
        let same_id = self.id == KeyMatch::Same;
        if same_id && self.index == KeyMatch::Different {
            return true; // the host uses one id for all calls
        }
        if self.index == KeyMatch::Unknown
            && call.call_id().is_none()
            && fragment.call_id().is_some()
        {
            return true;
        }
        // A host that sends ids sends one with every call: this fragment does not start one.
        let same_id = same_id || (call.call_id().is_some() && fragment.call_id().is_none());
        if !known.name.is_empty() && known.name != new.name {
            let is_split_name = same_id && is_blank(&known.arguments);
            return !is_split_name;
        }
        if !is_complete(&known.arguments) {
            return false;
        }
        if is_blank(&new.arguments) {
            return !same_id;
        }
        let placeholder = is_blank(&known.arguments);
        self.id != KeyMatch::Same || !(placeholder || known.arguments == new.arguments)
    }
}

fn append(call: &mut ToolCall, fragment: &ToolCall) {
    if call.call_id().is_none() {
        call.id.clone_from(&fragment.id);
    }
    if call.kind.is_none() {
        call.kind.clone_from(&fragment.kind);
    }
    call.index = call.index.or(fragment.index);
    call.extra.extend(fragment.extra.clone());
    append_function(&mut call.function, &fragment.function);
}

fn append_function(known: &mut FunctionCall, new: &FunctionCall) {
    if known.name != new.name {
        known.name.push_str(&new.name);
    }
    known.extra.extend(new.extra.clone());
    if known.arguments == new.arguments && is_complete(&known.arguments) {
        return; // a repeated fragment
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

/// Whether the arguments may be a placeholder for arguments that follow.
fn is_blank(arguments: &Arguments) -> bool {
    match arguments {
        Arguments::Text(text) => text.trim().is_empty(),
        Arguments::Object(object) => object.is_empty(),
    }
}

fn is_complete(arguments: &Arguments) -> bool {
    match arguments {
        // The last character is checked first, which is enough for most fragments.
        Arguments::Text(text) => {
            text.trim_end().ends_with('}') && serde_json::from_str::<IgnoredAny>(text).is_ok()
        }
        Arguments::Object(_) => true,
    }
}
