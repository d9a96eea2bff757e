//! Streams of tool calls, in any spelling of any host and split anywhere.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::chunks::{choice, whole};

/// The spelling of the tool calls in a stream, which differs from host to host.
#[derive(Debug, Clone, Copy)]
struct Spelling {
    ids: Marks,
    indices: Marks,
    names: Names,
    objects: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Marks {
    /// On every piece.
    Always,
    /// On the first piece of a call. Later ones say `null`, `""`, or nothing.
    First,
    /// One and the same for all calls.
    One,
    /// Another one on every piece (ids only).
    Fresh,
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Names {
    First,
    Always,
    Split,
}

impl Spelling {
    /// Whether every piece identifies its call.
    fn may_interleave(self) -> bool {
        let by_id = self.ids == Marks::Always && self.indices != Marks::First;
        by_id || self.indices == Marks::Always
    }

    /// Whether the spelling is unambiguous.
    fn is_clear(self) -> bool {
        let without_ids = matches!(self.ids, Marks::Never | Marks::One | Marks::Fresh);
        match self.ids {
            Marks::One | Marks::Fresh if self.indices != Marks::Always => false,
            Marks::Fresh if self.names != Names::First => false,
            _ => !(without_ids && self.names == Names::Split),
        }
    }
}

#[derive(Debug, Clone)]
struct Wanted {
    id: String,
    name: String,
    arguments: Value,
    /// The places at which the arguments are split.
    cuts: Vec<prop::sample::Index>,
}

impl Wanted {
    fn id(&self, spelling: Spelling, call: usize) -> String {
        match spelling.ids {
            Marks::One => "one".to_owned(),
            Marks::Never => "none".to_owned(),
            _ => format!("{}{call}", self.id),
        }
    }

    /// The pieces of this call, which is the stream's `call`th.
    fn pieces(&self, spelling: Spelling, call: usize) -> Vec<Value> {
        let mut arguments = if spelling.objects {
            vec![self.arguments.clone()]
        } else {
            self.fragments()
        };
        let mut names = vec![self.name.clone()];
        if spelling.names == Names::Split {
            let cut = self.name.len() / 2;
            names = vec![self.name[..cut].to_owned(), self.name[cut..].to_owned()];
            arguments.insert(0, json!(""));
        }
        let pieces = arguments.iter().enumerate().map(|(at, arguments)| {
            let mut piece = json!({ "function": { "arguments": arguments } });
            let id = match (spelling.ids, at) {
                (Marks::Fresh, 1..) => json!(format!("fresh{call}-{at}")),
                (Marks::Never, _) | (Marks::First, 1..) => match at % 3 {
                    0 => json!("null"),
                    1 => json!(""),
                    _ => Value::Null,
                },
                _ => json!(self.id(spelling, call)),
            };
            if !id.is_null() {
                piece["id"] = id;
            }
            match (spelling.indices, at) {
                (Marks::Never, _) | (Marks::First, 1..) => {}
                (Marks::One, _) => piece["index"] = json!(0),
                _ => piece["index"] = json!(call),
            }
            match (names.get(at), spelling.names) {
                (Some(name), _) => piece["function"]["name"] = json!(name),
                (None, Names::Always) => piece["function"]["name"] = json!(self.name),
                _ => {}
            }
            piece
        });
        pieces.collect()
    }

    fn fragments(&self) -> Vec<Value> {
        let text = self.arguments.to_string();
        let mut cuts: Vec<_> = self.cuts.iter().map(|cut| cut.index(text.len())).collect();
        cuts.push(text.len());
        cuts.sort_unstable();
        let mut fragments = Vec::new();
        let mut start = 0;
        for end in cuts {
            let end = (end..).find(|end| text.is_char_boundary(*end)).unwrap();
            if start == 0 || start < end {
                fragments.push(json!(text[start..end]));
            }
            start = end;
        }
        fragments
    }
}

fn spelling() -> impl Strategy<Value = Spelling> {
    use Marks::{Always, First, Fresh, Never, One};
    let ids = prop::sample::select(vec![Always, First, One, Fresh, Never]);
    let indices = prop::sample::select(vec![Always, First, One, Never]);
    let names = prop::sample::select(vec![Names::First, Names::Always, Names::Split]);
    (ids, indices, names, any::<bool>())
        .prop_map(|(ids, indices, names, objects)| Spelling {
            ids,
            indices,
            names,
            objects,
        })
        .prop_filter("ambiguous", |spelling| spelling.is_clear())
}

fn arguments() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[{}\"\\\\:,\\[\\] \n\u{0}🙂é]{0,8}".prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(3, 12, 3, |inner| {
        let list = vec(inner.clone(), 0..3).prop_map(Value::from);
        let object = vec((any::<String>(), inner), 0..3);
        prop_oneof![
            list,
            object.prop_map(|members| members.into_iter().collect())
        ]
    });
    vec((any::<String>(), value), 0..4).prop_map(|members| members.into_iter().collect())
}

fn wanted() -> impl Strategy<Value = Wanted> {
    let cuts = vec(any::<prop::sample::Index>(), 0..6);
    ("[a-zA-Z0-9_]{1,9}", "[a-h]{2}[i-z]{2}", arguments(), cuts).prop_map(
        |(id, name, arguments, cuts)| Wanted {
            id,
            name,
            arguments,
            cuts,
        },
    )
}

/// All pieces in an order in which those of each call keep theirs.
fn interleaved(calls: Vec<Vec<Value>>, order: &[prop::sample::Index]) -> Vec<Value> {
    let mut calls: Vec<_> = calls.into_iter().map(Vec::into_iter).collect();
    let mut pieces: Vec<_> = calls.iter_mut().filter_map(Iterator::next).collect();
    for pick in order.iter().cycle() {
        calls.retain(|call| !call.as_slice().is_empty());
        if calls.is_empty() {
            break;
        }
        let pick = pick.index(calls.len());
        pieces.extend(calls[pick].next());
    }
    pieces
}

proptest! {
    #[test]
    fn tool_calls_in_any_spelling_are_reassembled(
        spelling in spelling(),
        calls in vec(wanted(), 1..5),
        order in vec(any::<prop::sample::Index>(), 1..20),
        mix in any::<bool>(),
        per_chunk in 1..4_usize,
    ) {
        let pieces: Vec<_> = calls
            .iter()
            .enumerate()
            .map(|(at, call)| call.pieces(spelling, at))
            .collect();
        let pieces = if mix && spelling.may_interleave() {
            interleaved(pieces, &order)
        } else {
            pieces.concat()
        };
        let expected: Vec<_> = calls
            .iter()
            .enumerate()
            .map(|(at, call)| (call.id(spelling, at), call.name.clone(), call.arguments.clone()))
            .collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let deltas = pieces.chunks(per_chunk).map(|pieces| json!({ "tool_calls": pieces }));
        let response = runtime.unwrap().block_on(whole(&choice(deltas)));
        let found: Vec<_> = response
            .tool_calls()
            .iter()
            .map(|call| {
                let id = call.call_id().unwrap_or("none").to_owned();
                (id, call.function.name.clone(), call.arguments::<Value>().unwrap_or_default())
            })
            .collect();
        prop_assert_eq!(found, expected);
    }
}
