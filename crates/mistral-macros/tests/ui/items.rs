use mistral_core::json::{ApiEnum, ApiObject, ApiRequest, ApiUnion};
use serde_json::{Map, Value};

#[derive(ApiObject)]
enum ObjectEnum {}

#[derive(ApiRequest)]
struct RequestTuple(Map<String, Value>);

#[derive(ApiEnum)]
struct EnumStruct;

#[derive(ApiUnion)]
#[api(untagged)]
struct UnionStruct;

#[derive(ApiObject)]
struct Generic<T> {
    item: Option<T>,
    #[api(extra)]
    extra: Map<String, Value>,
}

fn main() {}
