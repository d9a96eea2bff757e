// says: gated behind the `aws` feature

pub fn program(_: mistral_sdk::MistralBedrock) {}
