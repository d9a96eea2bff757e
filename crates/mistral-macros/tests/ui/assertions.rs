use mistral_core::json::{ApiObject, ApiUnion};
use serde_json::{Map, Value};

#[derive(ApiObject)]
struct Strict {
    #[api(required)]
    total: u64,
    r#type: Option<String>,
    #[api(extra)]
    extra: Map<String, Value>,
}

#[derive(ApiObject)]
struct Lenient {
    total: Option<u64>,
    #[api(extra)]
    extra: Map<String, Value>,
}

#[derive(ApiObject)]
struct Answer {
    #[api(lenient_object)]
    usage: Option<Strict>,
    #[api(lenient_object)]
    other: Option<Lenient>,
    #[api(extra)]
    extra: Map<String, Value>,
}

#[derive(ApiUnion)]
#[api(tag = "type")]
enum Block {
    #[api("strict")]
    Strict(Box<Strict>),
    #[api("lenient")]
    Lenient(Lenient),
    Unknown(Value),
}

fn main() {}
