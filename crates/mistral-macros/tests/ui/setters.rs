use mistral_core::json::{ApiObject, ApiRequest};
use serde_json::{Map, Value};

#[derive(ApiRequest)]
struct Request {
    #[api(list)]
    list_of_string: Option<String>,
    #[api(required, boxed)]
    boxed_vec: Vec<String>,
    #[api(list, into)]
    two_kinds: Option<Vec<String>>,
    #[api(extra)]
    extra: Map<String, Value>,
}

#[derive(ApiObject)]
struct Object {
    #[api(into)]
    setter: Option<String>,
    #[api(extra)]
    extra: Map<String, Value>,
}

#[derive(ApiRequest)]
struct Initial {
    #[api(required, into, initial = "a")]
    required: String,
    #[api(extra)]
    extra: Map<String, Value>,
}

#[derive(ApiObject)]
#[api(tag = "type")]
struct HalfTagged {
    #[api(extra)]
    extra: Map<String, Value>,
}

fn main() {}
