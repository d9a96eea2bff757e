// says: gated behind the `blocking` feature

pub fn program(_: mistral_sdk::blocking::Client) {}
