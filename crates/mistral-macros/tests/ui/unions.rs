use mistral_core::json::ApiUnion;
use serde_json::Value;

#[derive(ApiUnion)]
enum WithoutKind {
    Unknown(Value),
}

#[derive(ApiUnion)]
#[api(tag = "type", untagged)]
enum BothKinds {
    Unknown(Value),
}

#[derive(ApiUnion)]
#[api(tag = "type")]
enum WithoutUnknown {
    #[api("a")]
    A(Value),
}

#[derive(ApiUnion)]
#[api(tag = "type", default = "c")]
enum Tagged {
    #[api("a")]
    A(Value),
    #[api("a")]
    SameTag(Value),
    #[api("b")]
    WithoutType,
    WithoutTag(Value),
    Unknown(Value),
}

#[derive(ApiUnion)]
#[api(untagged)]
enum Untagged {
    #[api(string)]
    A(String),
    #[api(string)]
    SameKind(String),
    #[api(array)]
    NoList(String),
    #[api(null)]
    NullWithType(String),
    #[api(map)]
    UnknownKind(String),
    WithoutKind(String),
}

#[derive(ApiUnion)]
#[api(tag = "type", tag = "kind")]
enum TwoTags {
    Unknown(Value),
}

#[derive(ApiUnion)]
#[api(untagged)]
enum KindOfUnknown {
    #[api(object)]
    Unknown(Value),
}

fn main() {}
