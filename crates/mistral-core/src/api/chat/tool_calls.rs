//! Merging of streamed fragments into tool calls.
//!
//! Mistral sends every call whole, but other hosts split calls, repeat indices or names, omit
//! ids, or generate a new id for every fragment. Two calls merged into one would run with
//! arguments that the model did not write, so a fragment that can be a new call is treated as
//! one.

use super::arguments_end::ArgumentsEnd;
use crate::messages::{Arguments, FunctionCall, ToolCall};

/// The number of calls, counted from the last, that a fragment may continue. It bounds the time
/// that a server can make each fragment take.
const MAX_OPEN_CALLS: usize = 256;

#[derive(Debug, Default)]
pub(super) struct ToolCalls(Vec<MergedCall>);

#[derive(Debug)]
struct MergedCall {
    call: ToolCall,
    end: ArgumentsEnd,
}

impl ToolCalls {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn to_vec(&self) -> Vec<ToolCall> {
        self.0.iter().map(|merged| merged.call.clone()).collect()
    }

    pub(super) fn add(&mut self, fragment: &ToolCall) {
        match self.find_continued(fragment) {
            Some(merged) => merged.append(fragment),
            None => self.0.push(MergedCall {
                call: fragment.clone(),
                end: ArgumentsEnd::default(),
            }),
        }
    }

    /// Returns the call that `fragment` continues, if any: the last one of the closest.
    fn find_continued(&mut self, fragment: &ToolCall) -> Option<&mut MergedCall> {
        let mut closest: Option<(u8, usize)> = None;
        let open = self.0.iter_mut().enumerate().rev().take(MAX_OPEN_CALLS);
        for (at, merged) in open {
            let found = CallMatch::between(&merged.call, fragment);
            let Some(rank) = found.rank(merged, fragment) else {
                continue;
            };
            if closest.is_none_or(|(closest, _)| rank < closest) {
                closest = Some((rank, at));
            }
            if rank == 0 {
                break;
            }
        }
        let merged = self.0.get_mut(closest?.1)?;
        let found = CallMatch::between(&merged.call, fragment);
        (!found.starts_new_call(merged, fragment)).then_some(merged)
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
    fn rank(self, merged: &mut MergedCall, fragment: &ToolCall) -> Option<u8> {
        let new = &fragment.function;
        match (self.id, self.index) {
            (KeyMatch::Same, KeyMatch::Same | KeyMatch::Unknown) => Some(0),
            (KeyMatch::Same, KeyMatch::Different) => Some(1),
            (KeyMatch::Unknown, KeyMatch::Same) => Some(2),
            // Hosts that generate an id for every fragment name the function in the first one.
            (KeyMatch::Different, KeyMatch::Same) if new.name.is_empty() => {
                let fits = is_blank(&new.arguments) || !merged.is_complete();
                fits.then_some(3)
            }
            (KeyMatch::Unknown, KeyMatch::Unknown) => Some(4),
            _ => None,
        }
    }

    /// Whether `fragment` starts a call of its own, although it matches `call`.
    fn starts_new_call(self, merged: &mut MergedCall, fragment: &ToolCall) -> bool {
        let is_complete = merged.is_complete();
        let call = &merged.call;
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
        if !is_complete {
            return false;
        }
        if is_blank(&new.arguments) {
            return !same_id;
        }
        let placeholder = is_blank(&known.arguments);
        self.id != KeyMatch::Same || !(placeholder || known.arguments == new.arguments)
    }
}

impl MergedCall {
    fn is_complete(&mut self) -> bool {
        match &self.call.function.arguments {
            Arguments::Text(text) => self.end.is_complete(text),
            Arguments::Object(_) => true,
        }
    }

    fn append(&mut self, fragment: &ToolCall) {
        let call = &mut self.call;
        if call.call_id().is_none() {
            call.id.clone_from(&fragment.id);
        }
        if call.kind.is_none() {
            call.kind.clone_from(&fragment.kind);
        }
        call.index = call.index.or(fragment.index);
        call.extra.extend(fragment.extra.clone());
        self.append_function(&fragment.function);
    }

    fn append_function(&mut self, new: &FunctionCall) {
        let is_repeated = self.call.function.arguments == new.arguments && self.is_complete();
        let known = &mut self.call.function;
        if known.name != new.name {
            known.name.push_str(&new.name);
        }
        known.extra.extend(new.extra.clone());
        if is_repeated {
            return;
        }
        match (&mut known.arguments, &new.arguments) {
            (Arguments::Text(known), Arguments::Text(new)) => known.push_str(new),
            (Arguments::Object(known), Arguments::Object(new)) => known.extend(new.clone()),
            (_, Arguments::Text(new)) if new.trim().is_empty() => {}
            (known, new) if is_blank(known) => {
                *known = new.clone();
                self.end = ArgumentsEnd::default();
            }
            (_, Arguments::Object(new)) if new.is_empty() => {}
            (Arguments::Text(known), new) => known.push_str(&new.to_string()),
            (known, new) => {
                *known = Arguments::Text(format!("{known}{new}"));
                self.end = ArgumentsEnd::default();
            }
        }
    }
}

/// Whether the arguments may be a placeholder for arguments that follow.
fn is_blank(arguments: &Arguments) -> bool {
    match arguments {
        Arguments::Text(text) => text.trim().is_empty(),
        Arguments::Object(object) => object.is_empty(),
    }
}
