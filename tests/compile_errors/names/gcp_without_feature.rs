// says: gated behind the `gcp` feature

pub fn program(_: mistral_sdk::MistralGcp) {}
