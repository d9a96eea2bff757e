//! Result files of batches, read line by line.

use mistral_core::ErrorKind;
use mistral_core::batch::BatchResult;
use mistral_core::chat::ChatCompletionResponse;
use serde_json::json;

#[test]
fn result_lines_of_any_shape_are_read() {
    let chat = json!({ "choices": [{ "index": 0, "message": { "content": "Brie" } }] });
    let lines = [
        json!({
            "id": "1", "custom_id": "b", "x_new": 1, "error": null,
            "response": { "status_code": 200, "body": chat, "request_id": "r" },
        }),
        json!({
            "custom_id": "a",
            "response": { "status_code": 429, "body": { "message": "slow down", "code": "1300" } },
        }),
        json!({ "custom_id": "c", "response": null, "error": { "message": "time is up" } }),
        json!({ "custom_id": "d", "error": "lost" }),
        json!({ "custom_id": "e" }),
        json!({ "custom_id": "f", "response": { "body": { "choices": 5 } } }),
        json!({
            "custom_id": "g", "error": { "message": "it failed" },
            "response": { "status_code": 422, "body": { "message": "too hot" } },
        }),
        json!({
            "custom_id": "h", "error": { "message": "it failed" },
            "response": { "status_code": 422, "body": null },
        }),
        json!({
            "custom_id": "i", "error": { "message": "cut off" },
            "response": { "status_code": 200, "body": chat },
        }),
    ];
    let mut file = String::from("\n");
    for line in &lines {
        file.push_str(&format!("{line}\r\n\n"));
    }
    file.push_str("{\"custom_id\": [5]}");
    let mut read: Vec<_> = BatchResult::lines(file.as_bytes()).collect();
    let error = read.pop().unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("line 20"), "{error}");
    assert!(error.to_string().contains("custom_id"), "{error}");

    let results: Vec<_> = read.into_iter().map(Result::unwrap).collect();
    assert_eq!(results.len(), lines.len());
    let mut first = lines[0].clone();
    first.as_object_mut().unwrap().remove("error"); // null is the same as absent
    assert_eq!(serde_json::to_value(&results[0]).unwrap(), first);

    let body = |index: usize| results[index].body::<ChatCompletionResponse>();
    assert_eq!(body(0).unwrap().text(), "Brie");
    for (index, kind, words) in [
        (1, ErrorKind::RateLimited, "slow down"),
        (2, ErrorKind::Server, "time is up"),
        (3, ErrorKind::Server, "lost"),
        (4, ErrorKind::Decode, "neither"),
        (5, ErrorKind::Decode, "choices"),
        (6, ErrorKind::InvalidRequest, "too hot"),
        (7, ErrorKind::InvalidRequest, "it failed"),
        (8, ErrorKind::Server, "cut off"),
    ] {
        let error = body(index).unwrap_err();
        assert_eq!(error.kind(), kind, "{index}: {error}");
        assert!(error.to_string().contains(words), "{index}: {error}");
    }
    assert_eq!(body(1).unwrap_err().code(), Some("1300"));
}

#[test]
fn result_status_code_of_another_form_is_no_success() {
    let result = |code: serde_json::Value| {
        let response = json!({ "status_code": code, "body": { "choices": [] } });
        let line = json!({ "custom_id": "a", "response": response }).to_string();
        let result = BatchResult::lines(line.as_bytes()).next().unwrap();
        result?.body::<ChatCompletionResponse>()
    };
    for code in [json!(200), json!(200.0), json!("200"), json!(null)] {
        assert!(result(code.clone()).is_ok(), "{code}");
    }
    let error = result(json!("429")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    for code in [
        json!("429 Too Many Requests"),
        json!(70000),
        json!(-1),
        json!({}),
        json!(42),
    ] {
        let error = result(code.clone()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{code}");
        let name = match code.as_i64() {
            Some(code) => code.to_string(),
            None => "status_code".to_owned(),
        };
        assert!(error.to_string().contains(&name), "{error}");
    }
}

#[test]
fn result_error_that_says_nothing_is_none() {
    let good = json!({ "choices": [{ "message": { "content": "Brie" } }] });
    let empty = json!({ "message": "", "code": null });
    for error in [
        json!(""),
        json!(null),
        json!({}),
        json!([]),
        json!("null"),
        empty,
    ] {
        for code in [json!(200), json!("200"), json!(null), json!("")] {
            let line = json!({
                "custom_id": "b", "error": error,
                "response": { "status_code": code, "body": good },
            });
            let line = line.to_string();
            let result = BatchResult::lines(line.as_bytes()).next().unwrap().unwrap();
            let response = result.body::<ChatCompletionResponse>().unwrap();
            assert_eq!(response.text(), "Brie", "{line}");
        }
    }
}

#[test]
fn result_body_that_is_json_as_text_is_read() {
    let line = |code: u16, body: &str, error: serde_json::Value| {
        let response = json!({ "status_code": code, "body": body });
        json!({ "custom_id": "d", "response": response, "error": error }).to_string()
    };
    let read = |line: &str| {
        let result = BatchResult::lines(line.as_bytes()).next().unwrap().unwrap();
        result.body::<ChatCompletionResponse>()
    };
    let good = r#"{"choices":[{"message":{"content":"Brie"}}]}"#;
    assert_eq!(read(&line(200, good, json!(null))).unwrap().text(), "Brie");

    let words = r#"{"message":"no luck","code":"1500"}"#;
    for line in [
        line(422, words, json!(null)),
        line(422, words, json!({ "message": "it failed" })),
        line(422, "", json!(words)),
    ] {
        let error = read(&line).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
        assert!(error.message().ends_with("no luck"), "{error}");
        assert_eq!(error.code(), Some("1500"), "{error}");
    }
    let error = read(&line(500, "upstream is down", json!(null))).unwrap_err();
    assert!(error.message().ends_with(": upstream is down"), "{error}");
}

#[test]
fn result_without_content_is_retryable() {
    let line = r#"{"custom_id":"a","response":{"status_code":200,"body":null}}"#;
    let result = BatchResult::lines(line.as_bytes()).next().unwrap().unwrap();
    let error = result.body::<ChatCompletionResponse>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated, "{error}");
    assert!(error.is_retryable());
}

#[test]
fn result_response_that_says_nothing_is_none() {
    for response in [json!(""), json!([]), json!(null)] {
        let line = json!({
            "custom_id": "a", "response": response, "error": { "message": "no luck" },
        });
        let line = line.to_string();
        let result = BatchResult::lines(line.as_bytes()).next().unwrap().unwrap();
        assert_eq!(result.response, None);
        let error = result.body::<ChatCompletionResponse>().unwrap_err();
        assert!(error.message().ends_with("no luck"), "{error}");
    }
}

#[test]
fn result_custom_id_that_is_a_number_is_its_digits() {
    for (id, text) in [
        ("5", Some("5")),
        ("-1", Some("-1")),
        ("\"a\"", Some("a")),
        ("null", None),
    ] {
        let line = format!(r#"{{"custom_id":{id},"response":{{"body":{{"choices":[]}}}}}}"#);
        let result = BatchResult::lines(line.as_bytes()).next().unwrap().unwrap();
        assert_eq!(result.custom_id.as_deref(), text);
    }
    let line = r#"{"custom_id":["a"],"response":{"body":{}}}"#;
    let error = BatchResult::lines(line.as_bytes())
        .next()
        .unwrap()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("`custom_id`"), "{error}");
}
