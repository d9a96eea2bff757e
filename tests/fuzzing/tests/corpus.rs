//! Runs the fuzz checks on the corpus and on mutations of it.

#![allow(clippy::unwrap_used)] // helpers outside of test functions may panic as tests do

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use fuzzing::{TARGETS, responses};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

/// Returns the inputs in a target's corpus, with their names.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let corpus: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../../fuzz/corpus", target]
        .iter()
        .collect();
    let mut files: Vec<_> = std::fs::read_dir(corpus)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, std::fs::read(entry.path()).unwrap())
        })
        .collect();
    files.sort();
    files
}

/// A mutation of an input.
#[derive(Debug, Clone)]
enum Edit {
    Remove {
        at: Index,
        bytes: usize,
    },
    Insert {
        at: Index,
        bytes: Vec<u8>,
    },
    /// Inserts a part of another input of the corpus.
    Splice {
        at: Index,
        other: Index,
        from: Index,
        bytes: usize,
    },
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let at = any::<Index>;
    let edit = prop_oneof![
        (at(), 1..9_usize).prop_map(|(at, bytes)| Edit::Remove { at, bytes }),
        (at(), proptest::collection::vec(any::<u8>(), 1..4))
            .prop_map(|(at, bytes)| Edit::Insert { at, bytes }),
        (at(), at(), at(), 1..40_usize).prop_map(|(at, other, from, bytes)| {
            Edit::Splice {
                at,
                other,
                from,
                bytes,
            }
        }),
    ];
    proptest::collection::vec(edit, 0..6)
}

fn edited(corpus: &[(String, Vec<u8>)], start: Index, edits: &[Edit]) -> Vec<u8> {
    let mut input = start.get(corpus).1.clone();
    for edit in edits {
        let position = |at: &Index| at.index(input.len() + 1);
        match edit {
            Edit::Remove { at, bytes } => {
                let start = position(at);
                let end = input.len().min(start + bytes);
                input.drain(start..end);
            }
            Edit::Insert { at, bytes } => {
                let at = position(at);
                input.splice(at..at, bytes.iter().copied());
            }
            Edit::Splice {
                at,
                other,
                from,
                bytes,
            } => {
                let at = position(at);
                let other = &other.get(corpus).1;
                let part = other.iter().skip(from.index(other.len() + 1)).take(*bytes);
                input.splice(at..at, part.copied());
            }
        }
    }
    input
}

#[test]
fn fuzz_corpus_passes_every_check() {
    for (target, check) in TARGETS {
        for (name, input) in corpus(target) {
            let passed = catch_unwind(AssertUnwindSafe(|| check(&input)));
            assert!(passed.is_ok(), "{target}/{name} fails: see above");
        }
    }
}

#[test]
fn fuzz_mutated_corpus_passes_every_check() {
    for (target, check) in TARGETS {
        let corpus = corpus(target);
        let config = ProptestConfig {
            failure_persistence: None,
            ..ProptestConfig::with_cases(2000)
        };
        let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        let mut runner = TestRunner::new_with_rng(config, random);
        let result = runner.run(&(any::<Index>(), edits()), |(start, edits)| {
            let input = edited(&corpus, start, &edits);
            let passed = catch_unwind(AssertUnwindSafe(|| check(&input)));
            let escaped = input.escape_ascii();
            prop_assert!(passed.is_ok(), "{} fails on {}", target, escaped);
            Ok(())
        });
        result.unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn fuzz_response_corpus_is_readable_unless_named_otherwise() {
    let corpus = corpus("responses");
    for (name, input) in &corpus {
        let is_refused = name.starts_with("refused");
        assert_eq!(responses::is_read(input), !is_refused, "{name}");
    }
}
