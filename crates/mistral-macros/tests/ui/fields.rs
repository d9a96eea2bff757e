use mistral_core::json::ApiObject;
use serde_json::{Map, Value};

#[derive(ApiObject)]
struct WithoutExtra {
    name: Option<String>,
}

#[derive(ApiObject)]
struct TwoExtra {
    #[api(extra)]
    extra: Map<String, Value>,
    #[api(extra)]
    more: Map<String, Value>,
}

#[derive(ApiObject)]
struct Kinds {
    #[api(required)]
    required_option: Option<String>,
    #[api(default)]
    default_option: Option<String>,
    #[api(required, default)]
    required_default: String,
    without_kind: String,
    #[api(extra)]
    extra: Map<String, Value>,
}

#[derive(ApiObject)]
struct Names {
    #[api(rename = "type")]
    kind: Option<String>,
    r#type: Option<String>,
    #[api(extra)]
    extra: Map<String, Value>,
}

#[derive(ApiObject)]
struct Options {
    #[api(optional)]
    unknown: Option<String>,
    #[api("text")]
    text: Option<String>,
    #[api(rename)]
    without_value: Option<String>,
    #[api(required, lenient)]
    required_lenient: Vec<String>,
    #[api(required, nullable)]
    required_nullable: Vec<String>,
    #[api(nullable, lenient)]
    nullable_lenient: Option<Vec<String>>,
    #[api(lenient, read_with = read)]
    lenient_read_with: Option<Vec<String>>,
    #[api(extra, default)]
    extra_default: Map<String, Value>,
    #[api(extra)]
    extra: Map<String, Value>,
}

#[derive(ApiObject)]
struct Repeated {
    #[api(rename = "a", rename = "b")]
    two_names: Option<String>,
    #[api(read_with = one)]
    #[api(read_with = two)]
    two_readers: Option<String>,
    #[api(extra)]
    extra: Map<String, Value>,
}

#[derive(ApiObject)]
struct ExtraOfAnotherType {
    name: Option<String>,
    #[api(extra)]
    others: Vec<Value>,
}

#[derive(ApiObject)]
#[api(keep_null)]
struct UnknownOption {
    #[api(extra)]
    extra: Map<String, Value>,
}

fn main() {}
