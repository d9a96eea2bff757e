//! Voices: create, list, update, sample and delete.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mistral_emulator::Emulator;
use serde_json::{Value, json};

use crate::client::{RawResponse, api_request, get, start};

fn list_voices(emulator: &Emulator, query: &str) -> Value {
    let response = api_request(emulator, "GET", &format!("/v1/audio/voices{query}")).send();
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()
}

fn create(emulator: &Emulator, members: &Value) -> RawResponse {
    api_request(emulator, "POST", "/v1/audio/voices")
        .json(members)
        .send()
}

fn voice_request(emulator: &Emulator, method: &str, id: &str, body: Option<&Value>) -> RawResponse {
    let request = api_request(emulator, method, &format!("/v1/audio/voices/{id}"));
    body.map_or(request.clone(), |body| request.json(body))
        .send()
}

fn post_speech(emulator: &Emulator, id: &str) -> RawResponse {
    api_request(emulator, "POST", "/v1/audio/speech")
        .json(&json!({"input": "Hello", "voice_id": id}))
        .send()
}

#[test]
fn voice_create_update_delete_round_trip() {
    let emulator = start();
    let before = list_voices(&emulator, "")["total"].as_u64().unwrap();
    let created = create(
        &emulator,
        &json!({"name": "Ada Lovelace", "languages": ["en"], "gender": "female",
            "sample_audio": STANDARD.encode(b"sample")}),
    )
    .json();
    assert_eq!(created["slug"], "ada_lovelace");
    assert_eq!(created["type"], "custom");
    assert_eq!(created["retention_notice"], 30);
    assert!(created["created_at"].as_str().unwrap().ends_with('Z'));
    assert!(created["user_id"].is_string());
    assert_eq!(created.get("sample_audio"), None);
    let id = created["id"].as_str().unwrap();

    let listed = list_voices(&emulator, "?type=custom");
    assert_eq!(listed["items"], json!([created]));
    assert_eq!(list_voices(&emulator, "")["total"], before + 1);
    assert_eq!(voice_request(&emulator, "GET", id, None).json(), created);
    assert_eq!(
        voice_request(&emulator, "GET", "ada_lovelace", None).json(),
        created
    );
    assert_eq!(post_speech(&emulator, id).status, 200);

    let changes = json!({"name": "Ada", "age": 36, "gender": null, "retention_notice": 60});
    let updated = voice_request(&emulator, "PATCH", id, Some(&changes)).json();
    let mut expected = created.clone();
    expected["name"] = "Ada".into();
    expected["age"] = 36.into();
    expected["retention_notice"] = 60.into();
    assert_eq!(updated, expected);
    assert_eq!(
        voice_request(&emulator, "DELETE", id, None).json(),
        expected
    );
    for method in ["GET", "DELETE"] {
        let response = voice_request(&emulator, method, id, None);
        assert_eq!(response.status, 404);
        assert_eq!(response.json(), json!({"detail": "Voice not found"}));
    }
    assert_eq!(list_voices(&emulator, "")["total"], before);
    assert_eq!(post_speech(&emulator, id).status, 404);
}

#[test]
fn voice_list_supports_paging() {
    let emulator = start();
    for number in 0..12 {
        create(&emulator, &json!({"name": format!("Voice {number}")}));
    }
    let page = list_voices(&emulator, "?type=custom");
    assert_eq!(page["items"].as_array().unwrap().len(), 10);
    assert_eq!(
        (
            &page["total"],
            &page["page"],
            &page["page_size"],
            &page["total_pages"]
        ),
        (&json!(12), &json!(1), &json!(10), &json!(2))
    );
    let page = list_voices(&emulator, "?type=custom&limit=5&offset=10");
    let names: Vec<&Value> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|voice| &voice["name"])
        .collect();
    assert_eq!(names, ["Voice 10", "Voice 11"]);
    assert_eq!(
        (&page["page"], &page["page_size"], &page["total_pages"]),
        (&json!(3), &json!(5), &json!(3))
    );
    let response = api_request(&emulator, "GET", "/v1/audio/voices?limit=many").send();
    assert_eq!(response.status, 422);
    let error = &response.json()["detail"][0];
    assert_eq!(error["loc"], json!(["query", "limit"]));
}

#[test]
fn voice_sample_format_follows_accept_header() {
    let emulator = start();
    let members = json!({"name": "Ada", "sample_audio": STANDARD.encode(b"\xff\0sample")});
    let created = create(&emulator, &members).json();
    let path = format!(
        "/v1/audio/voices/{}/sample",
        created["id"].as_str().unwrap()
    );
    let plain = api_request(&emulator, "GET", &path).send();
    assert_eq!(plain.header("content-type"), "application/json");
    assert_eq!(plain.json(), members["sample_audio"]);
    let wav = api_request(&emulator, "GET", &path)
        .header("accept", "audio/wav")
        .send();
    assert_eq!(wav.header("content-type"), "audio/wav");
    assert_eq!(wav.frames.concat(), b"\xff\0sample");
    let preset = api_request(&emulator, "GET", "/v1/audio/voices/en_paul_neutral/sample")
        .header("accept", "audio/wav")
        .send();
    assert!(preset.frames.concat().starts_with(b"RIFF"));
}

#[test]
fn voice_invalid_request_is_rejected() {
    let emulator = start();
    for (members, status) in [
        (json!({}), 422),
        (json!({"name": "a", "gender": "none"}), 422),
        (json!({"name": "a", "sample_audio": "%"}), 422),
        (json!({"name": "a", "speed": 1}), 422),
    ] {
        assert_eq!(create(&emulator, &members).status, status, "{members}");
    }
    let presets = list_voices(&emulator, "?type=preset");
    let preset = presets["items"][0]["id"].as_str().unwrap();
    let missing = "00000000-0000-4000-8000-000000000000";
    let changes = Some(json!({"age": 1}));
    for (method, id, body, status) in [
        ("DELETE", preset, None, 403),
        ("PATCH", preset, changes.clone(), 403),
        ("PATCH", missing, changes.clone(), 404),
        ("PATCH", "ada", changes, 422),
        ("DELETE", "ada", None, 422),
        ("PATCH", preset, Some(json!({"slug": "a"})), 422),
        ("GET", "unknown", None, 404),
        ("GET", "unknown/sample", None, 404),
    ] {
        let response = voice_request(&emulator, method, id, body.as_ref());
        assert_eq!(
            response.status,
            status,
            "{method} {id}: {}",
            response.text()
        );
    }
}

#[test]
fn voice_search_filters_and_pages() {
    let emulator = start();
    for (number, gender) in ["female", "male", "female"].iter().enumerate() {
        let name = format!("Voice {number}");
        create(
            &emulator,
            &json!({"name": name, "gender": gender, "languages": ["fr", "en"]}),
        );
    }
    let search = |query: &str| get(&emulator, &format!("/v2/audio/voices{query}"));
    let names = |page: &Value| -> Vec<String> {
        let voices = page["data"].as_array().unwrap().iter();
        voices
            .map(|voice| voice["name"].as_str().unwrap().to_owned())
            .collect()
    };
    for (query, expected) in [
        ("?type=custom", &["Voice 0", "Voice 1", "Voice 2"][..]),
        ("?type=preset&language=fr", &["Marie"]),
        ("?gender=male&kind=ivc", &["Voice 1"]),
        ("?query=VOICE%202", &["Voice 2"]),
        ("?language=de&language=it", &[]),
    ] {
        let page = search(query);
        assert_eq!(names(&page), expected, "{query}");
        assert_eq!(page["next_page_token"], Value::Null);
    }
    let first = search("?type=custom&page_size=2");
    assert_eq!(names(&first), ["Voice 0", "Voice 1"]);
    let token = first["next_page_token"].as_str().unwrap();
    let second = search(&format!("?type=custom&page_size=2&page_token={token}"));
    assert_eq!(names(&second), ["Voice 2"]);
    assert_eq!(second["next_page_token"], Value::Null);
    for query in ["?page_token=x", "?type=other", "?page_size=0"] {
        let response = api_request(&emulator, "GET", &format!("/v2/audio/voices{query}")).send();
        assert_eq!(response.status, 422, "{query}");
    }
}
