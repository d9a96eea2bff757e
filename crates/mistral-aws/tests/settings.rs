//! Invalid settings, which fail before anything is sent, and say what to change.

#![allow(clippy::unwrap_used)] // helpers outside of test functions may panic as tests do

use mistral_aws::{BedrockService, MistralBedrock, MistralBedrockBuilder};
use mistral_sdk::ErrorKind;

const SECRET: &str = "s3cret-0123456789-0123456789-0123";

fn assert_refused(builder: MistralBedrockBuilder, expected: &[&str]) {
    let error = builder.build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    let text = format!("{error:#} {error:?}");
    for part in expected {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
    assert!(!text.contains("s3cret"), "{text}");
}

fn builder() -> MistralBedrockBuilder {
    MistralBedrock::builder().api_key("key")
}

#[test]
fn bedrock_region_missing_or_invalid_is_refused() {
    let setting = "`MistralBedrockBuilder::region`";
    assert_refused(
        builder(),
        &[
            "the region is not set",
            "AWS_REGION",
            "AWS_DEFAULT_REGION",
            setting,
        ],
    );
    for region in [
        "",
        "us",
        "US-EAST-1",
        "us_east_1",
        "us-east-1.evil.test/",
        "us-1-east",
    ] {
        let expected = ["is not valid", "like `us-east-1`", "AWS_REGION", setting];
        assert_refused(builder().region(region), &expected);
    }
    assert_refused(
        builder().region("eu-central-1b"),
        &["availability zone", "`eu-central-1`"],
    );
    assert_refused(builder().region(SECRET), &["which is not shown"]);
}

#[test]
fn bedrock_endpoint_of_another_kind_is_refused_with_the_right_one() {
    let right = "`https://bedrock-mantle.us-east-1.api.aws/v1`";
    let runtime = "https://bedrock-runtime.us-east-1.amazonaws.com";
    for (url, reason) in [
        (format!("{runtime}/model/mistral.m/invoke"), "InvokeModel"),
        (
            format!("{runtime}/model/mistral.m/invoke-with-response-stream"),
            "InvokeModel",
        ),
        (format!("{runtime}/model/mistral.m/converse"), "Converse"),
        (
            format!("{runtime}/model/mistral.m/converse-stream/"),
            "Converse",
        ),
        (
            format!("{runtime}/openai/v1/responses"),
            "the Responses API",
        ),
        (
            "https://bedrock-mantle.us-east-1.api.aws/anthropic/v1/messages".to_owned(),
            "the Messages API",
        ),
        (
            "https://bedrock.us-east-1.amazonaws.com".to_owned(),
            "manages models",
        ),
        (
            "https://bedrock-agent-runtime.us-east-1.amazonaws.com".to_owned(),
            "agents",
        ),
        (
            "https://us-east-1.console.aws.amazon.com/bedrock/home".to_owned(),
            "console",
        ),
        (
            "https://bedrock-runtime.amazonaws.com".to_owned(),
            "names no region",
        ),
    ] {
        assert_refused(builder().endpoint(url), &["the endpoint", reason, right]);
    }
    for url in [
        "bedrock-mantle.us-east-1.api.aws",
        "ftp://x",
        "https://h?q=1",
        "https://u:s3cret@h",
    ] {
        assert_refused(builder().endpoint(url), &["the endpoint"]);
    }
}

#[test]
fn bedrock_endpoint_of_another_region_or_service_than_set_is_refused() {
    let endpoint = "https://bedrock-mantle.eu-west-1.api.aws/v1";
    assert_refused(
        builder().endpoint(endpoint).region("us-east-1"),
        &[
            "`eu-west-1`",
            "`us-east-1`",
            "MistralBedrockBuilder::region",
        ],
    );
    assert_refused(
        builder()
            .endpoint(endpoint)
            .service(BedrockService::Runtime),
        &["`bedrock-mantle`", "MistralBedrockBuilder::service"],
    );
    let same = builder().endpoint(endpoint).region("eu-west-1");
    assert!(same.service(BedrockService::Mantle).build().is_ok());
}

#[test]
fn bedrock_path_prefix_invalid_is_refused() {
    let virginia = builder().region("us-east-1");
    for prefix in ["v1", "/v1?x=1", "/v1 x", "https://h/v1", "/v1#x"] {
        assert_refused(
            virginia.clone().path_prefix(prefix),
            &[
                "path prefix",
                "`/openai/v1`",
                "MistralBedrockBuilder::endpoint",
            ],
        );
    }
}

#[test]
fn bedrock_api_key_invalid_is_refused_and_not_shown() {
    let with = |key: &str| MistralBedrock::builder().region("us-east-1").api_key(key);
    for (key, reason) in [
        ("", "the API key is empty"),
        ("s3cret\nx", "has a control character"),
        ("\"s3cret\"", "has a quotation mark"),
        ("AKIAs3cret", "is the id of an access key"),
        (" ASIAs3cret", "AWS_SECRET_ACCESS_KEY"),
    ] {
        assert_refused(with(key), &[reason, "console"]);
    }
}

#[cfg(feature = "sigv4")]
#[test]
fn bedrock_access_key_invalid_is_refused_and_not_shown() {
    use mistral_aws::AwsCredentials;

    let with = |credentials| {
        let builder = MistralBedrock::builder().region("us-east-1");
        builder.credentials(credentials)
    };
    let token = |token: &str| AwsCredentials::new("id", "secret").session_token(token);
    for (credentials, reason) in [
        (AwsCredentials::new("", "s3cret"), "access key id is empty"),
        (AwsCredentials::new("id", " "), "secret access key is empty"),
        (
            AwsCredentials::new("s3cret id", "x"),
            "access key id has white space",
        ),
        (
            AwsCredentials::new("id", "'s3cret'"),
            "secret access key has a quotation mark",
        ),
        (AwsCredentials::new("id", "s3crét"), "secret access key has"),
        (token("s3cret\u{7f}"), "session token has"),
    ] {
        assert_refused(
            with(credentials),
            &["MistralBedrockBuilder::credentials", reason],
        );
    }
    let region = MistralBedrock::builder().credentials(AwsCredentials::new("id", "secret"));
    assert_refused(
        region.clone().endpoint("http://gateway.test"),
        &["the region is not set"],
    );
    let named = region
        .clone()
        .endpoint("https://bedrock-mantle.eu-west-1.api.aws");
    assert!(named.build().is_ok());
    for service in ["", "a b", "a/b"] {
        let builder = region.clone().region("us-east-1").signing_service(service);
        assert_refused(builder, &["MistralBedrockBuilder::signing_service"]);
    }
    let builder = region.region("us-east-1").profile(" ");
    assert_refused(builder, &["MistralBedrockBuilder::profile"]);
}

#[cfg(feature = "sigv4")]
#[test]
fn bedrock_debug_output_shows_no_secret() {
    use mistral_aws::AwsCredentials;

    let key = AwsCredentials::new("s3cret-id", "s3cret").session_token("s3cret-token");
    let signing = MistralBedrock::builder()
        .region("us-east-1")
        .credentials(key.clone());
    let bearer = MistralBedrock::builder()
        .region("us-east-1")
        .api_key("s3cret-key");
    let mut text = format!("{key:?} {key:#?}");
    for builder in [signing, bearer] {
        text += &format!("{builder:?} {:?}", builder.clone().build().unwrap());
    }
    assert!(!text.contains("s3cret"), "{text}");
    assert!(text.contains("us-east-1"), "{text}");
}
