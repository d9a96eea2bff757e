use mistral_core::json::ApiEnum;

#[derive(ApiEnum)]
enum WithoutUnknown {
    #[api("a")]
    A,
}

#[derive(ApiEnum)]
enum Variants {
    #[api("a", alias = "b")]
    A,
    #[api("b")]
    B,
    Untexted,
    #[api("d", rename = "e")]
    UnknownOption,
    #[api("f")]
    Holding(String),
    Unknown(Box<str>),
}

#[derive(ApiEnum)]
#[api(keep_nulls)]
enum ContainerOption {
    Unknown(String),
}

#[derive(ApiEnum)]
enum TextOfUnknown {
    #[api("a", alias = "b", alias = "c")]
    A,
    #[api("unknown")]
    Unknown(String),
}

fn main() {}
