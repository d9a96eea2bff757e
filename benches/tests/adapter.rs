//! Compiles the adapter to a comparison of clients, which is built outside of this project, against
//! the interface of that comparison.

#![allow(dead_code, missing_docs, clippy::pedantic, unreachable_pub)] // the adapter runs elsewhere

extern crate mistral_sdk as ours;
extern crate self as bench_common;

use std::error::Error;

#[path = "../adapter/hello.rs"]
mod hello;
#[path = "../adapter/peer.rs"]
mod peer;

pub type R<T> = Result<T, Box<dyn Error + Send + Sync>>;
pub type Hook<'a> = &'a mut (dyn FnMut(usize) + Send);
pub const PROMPT: &str = "Hello";

#[derive(Default)]
pub struct Seen {
    pub chunks: usize,
    pub text: usize,
    pub usage: bool,
}

pub trait Peer: Clone + Send + Sync + 'static {
    fn new(base: &str) -> R<Self>;
    fn chat(&self) -> impl Future<Output = R<usize>> + Send;
    fn stream(&self, hook: Hook<'_>) -> impl Future<Output = R<Seen>> + Send;
    fn embed(&self, inputs: &[String], b64: bool) -> impl Future<Output = R<(usize, f64)>> + Send;
    fn upload(&self, path: &str) -> impl Future<Output = R<u64>> + Send;
    fn download(&self, path: &str) -> impl Future<Output = R<u64>> + Send;
}

pub fn run<P: Peer>(_: &str) {
    P::new("http://127.0.0.1:9").unwrap();
}

#[test]
fn adapter_creates_its_client() {
    peer::main();
}
