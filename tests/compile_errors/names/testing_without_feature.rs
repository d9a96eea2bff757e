// says: gated behind the `testing` feature

pub fn program(_: mistral_sdk::testing::MockTransport) {}
