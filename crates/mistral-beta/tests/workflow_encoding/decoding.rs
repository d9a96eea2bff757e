//! Results of responses.

use mistral_sdk::ErrorKind;
use mistral_sdk::beta::BetaExt;
use mistral_sdk::beta::workflow_encoding::{PayloadEncryption, WorkflowEncoding};
use mistral_sdk::beta::workflows::executions::GetWorkflowExecutionRequest;
use mistral_sdk::beta::workflows::schedules::ListWorkflowSchedulesRequest;
use serde_json::{Value, json};

use crate::common::{
    DESSERT, KEY, KEY_128, KEY_192, PAGES, PAGES_128, PAGES_192, always, base64, client, decode,
    encoded, execution, full, partial,
};

fn with_key(key: &str) -> WorkflowEncoding {
    WorkflowEncoding::new().encryption(PayloadEncryption::full(key).unwrap())
}

#[tokio::test]
async fn result_encrypted_elsewhere_is_decrypted_with_keys_of_every_size() {
    for (key, payload) in [(KEY, PAGES), (KEY_192, PAGES_192), (KEY_128, PAGES_128)] {
        let sent = encoded(payload, &["encrypted"]);
        assert_eq!(decode(&with_key(key), &sent).await, json!({"pages": 12}));
        // Each kind of encryption reads what the other has written.
        let partial = PayloadEncryption::partial(key).unwrap();
        let encoding = WorkflowEncoding::new().encryption(partial);
        assert_eq!(decode(&encoding, &sent).await, json!({"pages": 12}));
    }
}

#[tokio::test]
async fn result_under_the_former_key_is_decrypted_with_the_secondary_one() {
    let encryption = PayloadEncryption::full(KEY).unwrap();
    let encryption = encryption.secondary_key(KEY_128).unwrap();
    let encoding = WorkflowEncoding::new().encryption(encryption);
    for payload in [PAGES, PAGES_128] {
        let sent = encoded(payload, &["encrypted"]);
        assert_eq!(decode(&encoding, &sent).await, json!({"pages": 12}));
    }
    // Nothing is encrypted with it.
    let mock = always(json!({"query_name": "q", "result": 1}));
    let executions = client(&encoding, &mock).workflows().executions();
    executions
        .query_as::<u32>("exec-1", "q", &json!({"a": 1}))
        .await
        .unwrap();
    let input = mock.requests()[0].json()["input"].clone();
    assert_eq!(decode(&full(), &input).await, json!({"a": 1}));
}

#[tokio::test]
async fn result_with_marked_texts_is_decrypted_in_place() {
    let secret = |data: &str| json!({"field_type": "__encrypted_str__", "data": data});
    let hidden = json!({"name": "x", "secret": secret(DESSERT)}).to_string();
    let sent = encoded(&base64(hidden), &["encrypted-partial"]);
    let expected = json!({"name": "x", "secret": secret("Crème brûlée")});
    assert_eq!(decode(&partial(), &sent).await, expected);
}

#[tokio::test]
async fn result_compressed_elsewhere_is_decompressed() {
    let expected = json!({"text": "ab".repeat(200)});
    for packed in [
        "gqtjb21wcmVzc2lvboKpYWxnb3JpdGhtpHpzdGSlbGV2ZWwDp3BheWxvYWTEISi1L/0EWKUAAGh7InRleHQiOiJh\
         YiJ9AQCLqc4LgdGADg==",
        // The members in another order, and other forms of lengths and numbers.
        "gqdwYXlsb2FkxQAhKLUv/QRYpQAAaHsidGV4dCI6ImFiIn0BAIupzguB0YAOq2NvbXByZXNzaW9ugqVsZXZlbMwW\
         qWFsZ29yaXRobdkEenN0ZA==",
    ] {
        let sent = encoded(packed, &["compressed"]);
        assert_eq!(decode(&WorkflowEncoding::new(), &sent).await, expected);
    }
}

#[tokio::test]
async fn result_that_is_empty_or_plain_is_returned() {
    let empty = json!({"b64payload": "", "empty": true});
    let mock = always(execution(empty));
    let executions = client(&full(), &mock).workflows().executions();
    executions.wait("exec-1").parse::<()>().await.unwrap();
    let plain = json!({"pages": 12, "n": 1e300});
    assert_eq!(decode(&full(), &plain).await, plain);
}

#[tokio::test]
async fn results_of_queries_and_synchronous_executions_are_decoded() {
    let reply = json!({
        "query_name": "q", "update_name": "u", "workflow_name": "w", "execution_id": "e",
        "result": encoded(PAGES, &["encrypted"])
    });
    let mock = always(reply);
    let workflows = client(&full(), &mock).workflows();
    let executions = workflows.executions();
    let expected = json!({"pages": 12});
    assert_eq!(
        executions.query_as::<Value>("e", "q", &()).await.unwrap(),
        expected
    );
    assert_eq!(
        executions.update_as::<Value>("e", "u", &()).await.unwrap(),
        expected
    );
    let request = Default::default();
    assert_eq!(
        workflows.execute_and_wait("w", &request).await.unwrap(),
        expected
    );
}

#[tokio::test]
async fn result_that_cannot_be_decoded_is_an_error_that_is_not_retried() {
    for (encoding, options, expected) in [
        (with_key(KEY_128), vec!["encrypted"], "the key does not fit"),
        (
            WorkflowEncoding::new(),
            vec!["encrypted"],
            "needs `WorkflowEncoding::encryption`",
        ),
        (
            full(),
            vec!["offloaded"],
            "needs `WorkflowEncoding::offloading`",
        ),
        (full(), vec!["compressed"], "damaged"),
        (
            full(),
            vec!["folded"],
            "`folded`, which needs a later version",
        ),
        (full(), vec![], "not JSON"),
    ] {
        let mock = always(execution(encoded(PAGES, &options)));
        let executions = client(&encoding, &mock).workflows().executions();
        let error = executions
            .get("exec-1", &GetWorkflowExecutionRequest::new())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!error.is_retryable());
        assert!(error.may_have_arrived());
        assert_eq!(mock.requests().len(), 1);
    }
}

#[tokio::test]
async fn inputs_of_schedules_are_decoded_where_that_is_possible() {
    let schedule = |id: &str, input: Value| {
        json!({
            "schedule_id": id, "workflow_name": "w", "paused": false, "input": input,
            "calendars": []
        })
    };
    let damaged = encoded("AAAA", &["encrypted"]);
    let mock = always(json!({"schedules": [
        schedule("a", encoded(PAGES, &["encrypted"])),
        schedule("b", damaged.clone()),
        schedule("c", json!({"plain": 1})),
    ]}));
    let schedules = client(&full(), &mock).workflows().schedules();
    let list = schedules
        .list(&ListWorkflowSchedulesRequest::new())
        .await
        .unwrap();
    let inputs: Vec<_> = list.schedules.iter().map(|it| it.input.clone()).collect();
    assert_eq!(inputs, [json!({"pages": 12}), damaged, json!({"plain": 1})]);

    let mock = always(schedule("a", encoded(PAGES, &["encrypted"])));
    let schedules = client(&full(), &mock).workflows().schedules();
    assert_eq!(
        schedules.get("a").await.unwrap().input,
        json!({"pages": 12})
    );
}
