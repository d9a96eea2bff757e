//! Signatures: the published test vectors, and requests of the provider against an independent
//! implementation that reproduces them.

#![allow(clippy::unwrap_used)] // helpers outside of test functions may panic as tests do

mod common;

use std::time::{SystemTime, UNIX_EPOCH};

use common::sigv4::{SECRET_ACCESS_KEY, Signed, verify};
use common::{BedrockTransport, MODEL, chat_request, example_key};
use mistral_aws::{BedrockService, MistralBedrock, MistralBedrockBuilder};
use mistral_sdk::ErrorKind;

const DATE: &str = "20150830T123600Z";

/// A request of the suite that AWS publishes with its own signers, and its signature.
struct Vector {
    name: &'static str,
    method: &'static str,
    path: &'static str,
    query: &'static str,
    /// The signed headers besides `host` and `x-amz-date`.
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
    signature: &'static str,
}

const fn vector(
    name: &'static str,
    [method, path, query]: [&'static str; 3],
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
    signature: &'static str,
) -> Vector {
    Vector {
        name,
        method,
        path,
        query,
        headers,
        body,
        signature,
    }
}

const FORM: [(&str, &str); 3] = [
    ("content-type", "application/x-www-form-urlencoded"),
    ("content-length", "13"),
    (
        "x-amz-content-sha256",
        "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e",
    ),
];
const TOKEN: [(&str, &str); 1] = [(
    "x-amz-security-token",
    "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267",
)];
const TRIMMED: [(&str, &str); 2] = [("my-header1", " value1"), ("my-header2", " \"a   b   c\"")];

/// `aws-signing-test-suite/v4`: requests of 2015-08-30 12:36 to `example.amazonaws.com`, for
/// `service` in `us-east-1`.
#[rustfmt::skip] // one line each
const VECTORS: [Vector; 9] = [
    vector("get-vanilla", ["GET", "/", ""], &[], "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    vector("post-vanilla", ["POST", "/", ""], &[], "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    vector("post-x-www-form-urlencoded", ["POST", "/", ""], &FORM, "Param1=value1", "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b"),
    vector("get-vanilla-with-session-token", ["GET", "/", ""], &TOKEN, "", "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"),
    vector("get-vanilla-query-order-key-case", ["GET", "/", "Param2=value2&Param1=value1"], &[], "", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
    vector("get-utf8", ["GET", "/ሴ", ""], &[], "", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
    vector("get-slashes-normalized", ["GET", "//example//", ""], &[], "", "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"),
    vector("get-space-normalized", ["GET", "/example space/", ""], &[], "", "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"),
    vector("get-header-value-trim", ["GET", "/", ""], &TRIMMED, "", "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"),
];

#[test]
fn sigv4_reference_reproduces_published_vectors() {
    for vector in VECTORS {
        let mut headers = vec![("host", "example.amazonaws.com"), ("x-amz-date", DATE)];
        headers.extend(vector.headers);
        let signed = Signed {
            method: vector.method,
            path: vector.path,
            query: vector.query,
            headers,
            body: vector.body.as_bytes(),
            date: DATE,
            region: "us-east-1",
            service: "service",
        };
        let signature = signed.signature(SECRET_ACCESS_KEY);
        assert_eq!(signature, vector.signature, "{}", vector.name);
    }
}

fn builder() -> MistralBedrockBuilder {
    MistralBedrock::builder()
        .region("us-east-1")
        .credentials(example_key())
}

#[tokio::test]
async fn sigv4_of_a_request_equals_that_of_the_reference() {
    let gateway = || builder().endpoint("http://gateway.test:8080/te%20am//a%2Fb");
    for (builder, host, service) in [
        (
            builder(),
            "bedrock-mantle.us-east-1.api.aws",
            "bedrock-mantle",
        ),
        (
            builder().service(BedrockService::Runtime),
            "bedrock-runtime.us-east-1.amazonaws.com",
            "bedrock",
        ),
        (gateway(), "gateway.test", "bedrock-mantle"),
        (
            gateway().signing_service("my-service"),
            "gateway.test",
            "my-service",
        ),
        (
            gateway().service(BedrockService::Runtime),
            "gateway.test",
            "bedrock",
        ),
    ] {
        let transport = BedrockTransport::default();
        let client = transport.client(builder.build().unwrap());
        let call = client.chat().complete(&chat_request(MODEL));
        call.query("b", "x/y").query("a", "é").await.unwrap();
        let request = transport.take_one();
        let authorization = verify(&request, SECRET_ACCESS_KEY);
        assert_eq!(request.url.host_str(), Some(host));
        assert_eq!(authorization.access_key_id, "AKIDEXAMPLE");
        assert_eq!(authorization.region, "us-east-1");
        assert_eq!(authorization.service, service);
        // Proxies change other headers, such as `user-agent`.
        assert_eq!(
            authorization.signed_headers,
            "content-type;host;x-amz-content-sha256;x-amz-date"
        );
        assert!(request.headers["authorization"].is_sensitive());

        let stream = client.chat().stream(&chat_request(MODEL)).await.unwrap();
        assert_eq!(stream.collect_response().await.unwrap().text(), "Manet");
        verify(&transport.take_one(), SECRET_ACCESS_KEY);
    }
}

#[tokio::test]
async fn sigv4_session_token_is_sent_and_signed() {
    let key = example_key().session_token("s3cret+/token==");
    let transport = BedrockTransport::default();
    let client = transport.client(builder().credentials(key).build().unwrap());
    client.chat().complete(&chat_request(MODEL)).await.unwrap();
    let request = transport.take_one();
    let authorization = verify(&request, SECRET_ACCESS_KEY);
    assert!(
        authorization
            .signed_headers
            .ends_with(";x-amz-security-token")
    );
    assert_eq!(request.header("x-amz-security-token"), "s3cret+/token==");
    assert!(request.headers["x-amz-security-token"].is_sensitive());
}

#[tokio::test]
async fn sigv4_date_is_the_current_time() {
    let transport = BedrockTransport::default();
    let client = transport.client(builder().build().unwrap());
    client.chat().complete(&chat_request(MODEL)).await.unwrap();
    let sent = transport.take_one().header("x-amz-date").to_owned();
    let date = |text: &str| {
        let number = |from: usize, to: usize| text[from..to].parse::<i64>().unwrap();
        // Days since 1970 of the proleptic Gregorian calendar.
        let (year, month, day) = (number(0, 4), number(4, 6), number(6, 8));
        let shifted = if month > 2 { year } else { year - 1 };
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let days = 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + day_of_year;
        let seconds = number(9, 11) * 3600 + number(11, 13) * 60 + number(13, 15);
        (days - 719_468) * 86_400 + seconds
    };
    assert_eq!(date(DATE), 1_440_938_160);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let age = i64::try_from(now).unwrap() - date(&sent);
    assert!((0..60).contains(&age), "{sent}");
}

#[tokio::test]
async fn sigv4_every_attempt_is_signed() {
    let transport = BedrockTransport::failing([503, 429]);
    let client = transport.client(builder().build().unwrap());
    let chat = client.chat();
    let response = chat.complete(&chat_request(MODEL)).with_response().await;
    assert_eq!(response.unwrap().attempts, 3);
    let sent = transport.take();
    assert_eq!(sent.len(), 3);
    for request in sent {
        verify(&request, SECRET_ACCESS_KEY);
    }
}

#[tokio::test]
async fn sigv4_rejected_with_401_or_403_is_not_repeated() {
    for (status, kind) in [
        (401, ErrorKind::Authentication),
        (403, ErrorKind::PermissionDenied),
    ] {
        let transport = BedrockTransport::failing([status, status]);
        let client = transport.client(builder().build().unwrap());
        let error = client
            .chat()
            .complete(&chat_request(MODEL))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!(transport.take().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn sigv4_base_url_of_a_call_decides_about_the_scope() {
    let transport = BedrockTransport::default();
    let client = transport.client(builder().build().unwrap());
    let call = client.chat().complete(&chat_request(MODEL));
    let url = "https://bedrock-runtime.eu-west-1.amazonaws.com/openai/v1";
    call.base_url(url).await.unwrap();
    let authorization = verify(&transport.take_one(), SECRET_ACCESS_KEY);
    assert_eq!(
        (&*authorization.region, &*authorization.service),
        ("eu-west-1", "bedrock")
    );
}

#[tokio::test]
async fn sigv4_credential_of_the_caller_is_kept() {
    let transport = BedrockTransport::default();
    let client = transport.client(builder().build().unwrap());
    let call = client.chat().complete(&chat_request(MODEL));
    call.header("authorization", "Bearer mine").await.unwrap();
    let request = transport.take_one();
    assert_eq!(request.header("authorization"), "Bearer mine");
    assert_eq!(request.header("x-amz-date"), "");
}
