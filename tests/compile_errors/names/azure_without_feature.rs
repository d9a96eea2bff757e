// says: gated behind the `azure` feature

pub fn program(_: mistral_sdk::MistralAzure) {}
