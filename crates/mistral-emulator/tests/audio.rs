//! Sound: transcriptions, speech and voices.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may panic, in its helpers too"
)]

#[cfg(test)]
mod common;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mistral_emulator::Emulator;
use serde_json::{Value, json};

use common::{Answer, call, start};

const TRANSCRIPTIONS: &str = "/v1/audio/transcriptions";
const BOUNDARY: &str = "a-boundary";

/// Sends a form with the recording, if there is one, as its file.
fn multipart(fields: &[(&str, &str)], recording: Option<&[u8]>) -> Answer {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(
            format!(
                "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            )
            .bytes(),
        );
    }
    if let Some(recording) = recording {
        body.extend(format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"talk.wav\"\r\ncontent-type: audio/wav\r\n\r\n").bytes());
        body.extend(recording);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{BOUNDARY}--\r\n").bytes());
    call(&start(), "POST", TRANSCRIPTIONS)
        .header(
            "content-type",
            &format!("multipart/form-data; boundary={BOUNDARY}"),
        )
        .bytes(&body)
        .send()
}

fn urlencoded(body: &str) -> Answer {
    call(&start(), "POST", TRANSCRIPTIONS)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
        .send()
}

/// A WAV file of so many seconds, with all of the 256 bytes in it.
fn recording(seconds: usize) -> Vec<u8> {
    let data: Vec<u8> = (0..=255).cycle().take(16_000 * seconds).collect();
    let length = u32::try_from(data.len()).unwrap();
    let mut wav = b"RIFF".to_vec();
    wav.extend((length + 36).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data");
    wav.extend(length.to_le_bytes());
    wav.extend(data);
    wav
}

const MODEL: (&str, &str) = ("model", "voxtral-mini-latest");

#[track_caller]
fn transcribe(fields: &[(&str, &str)]) -> Value {
    let answer = multipart(&[&[MODEL], fields].concat(), Some(&recording(4)));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// The events of a stream that ends without a marker, each named after its type.
#[track_caller]
fn events(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(
        answer.header("content-type"),
        "text/event-stream; charset=utf-8"
    );
    let frames = answer.frames.iter().map(|frame| {
        let text = std::str::from_utf8(frame).unwrap();
        let (name, data) = text
            .strip_prefix("event: ")
            .and_then(|text| text.strip_suffix("\n\n"))
            .and_then(|text| text.split_once("\ndata: "))
            .unwrap_or_else(|| panic!("not one event: {text:?}"));
        let data: Value = serde_json::from_str(data).unwrap();
        assert_eq!(data["type"], name);
        data
    });
    frames.collect()
}

fn of_type<'a>(events: &'a [Value], kind: &str) -> Vec<&'a Value> {
    events
        .iter()
        .filter(|event| event["type"] == kind)
        .collect()
}

#[test]
fn a_recording_becomes_text() {
    let answer = transcribe(&[("diarize", "false"), ("stream", "false")]);
    assert_eq!(answer["model"], "voxtral-mini-latest");
    assert_eq!(
        answer["text"],
        "This is the Mistral emulator. It was given talk.wav. \
         A real model would write here what is said."
    );
    assert_eq!(answer["language"], "en");
    assert_eq!(answer["segments"], json!([]));
    let usage = &answer["usage"];
    assert_eq!(usage["prompt_audio_seconds"], 4);
    assert_eq!(usage["prompt_tokens"], 4);
    assert_eq!(usage["completion_tokens"], 18);
    assert_eq!(usage["total_tokens"], 4 + 18 + 50);
}

#[test]
fn a_recording_can_be_named_in_either_encoding() {
    let url =
        urlencoded("model=voxtral-mini-latest&file_url=https%3A%2F%2Fexample.com%2Fa.mp3%3Fb");
    assert_eq!(url.status, 200, "{}", url.text());
    assert!(
        url.json()["text"]
            .as_str()
            .unwrap()
            .contains("given a.mp3.")
    );
    assert_eq!(url.json()["usage"]["prompt_audio_seconds"], 10);
    let id = multipart(&[MODEL, ("file_id", "f1"), ("language", "fr")], None);
    assert!(id.json()["text"].as_str().unwrap().contains("given f1."));
    assert_eq!(id.json()["language"], "fr");
}

#[test]
fn a_large_recording_is_taken() {
    let answer = multipart(&[MODEL], Some(&recording(200)));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["usage"]["prompt_audio_seconds"], 200);
}

#[test]
fn segments_cover_the_text_and_the_time() {
    for (fields, count) in [
        (&[("timestamp_granularities", "segment")] as &[_], 3),
        (&[("timestamp_granularities", "word")], 18),
        (
            &[
                ("timestamp_granularities", "segment"),
                ("timestamp_granularities", "word"),
            ],
            18,
        ),
        (&[("diarize", "true")], 3),
    ] {
        let answer = transcribe(fields);
        let segments = answer["segments"].as_array().unwrap();
        assert_eq!(segments.len(), count, "{fields:?}");
        let texts: Vec<&str> = segments
            .iter()
            .map(|segment| segment["text"].as_str().unwrap())
            .collect();
        assert_eq!(texts.concat(), answer["text"].as_str().unwrap());
        assert_eq!(segments[0]["start"], 0.0);
        assert_eq!(segments[count - 1]["end"], 4.0);
        for pair in segments.windows(2) {
            assert_eq!(pair[0]["end"], pair[1]["start"]);
            assert!(pair[0]["start"].as_f64() < pair[0]["end"].as_f64());
        }
        for segment in segments {
            assert_eq!(segment["type"], "transcription_segment");
            let diarized = fields[0].0 == "diarize";
            assert_eq!(segment["speaker_id"].is_string(), diarized);
        }
    }
    let known = transcribe(&[
        ("diarize", "1"),
        ("speaker_references", r#"{"Ada": "UklG"}"#),
    ]);
    assert_eq!(known["segments"][2]["speaker_id"], "Ada");
}

#[test]
fn words_that_help_are_counted() {
    let answer = transcribe(&[("context_bias", "Manet,Olympia"), ("context_bias", "Orsay")]);
    assert_eq!(answer["usage"]["prompt_tokens"], 7);
}

#[test]
fn the_pieces_of_a_transcription_are_the_whole() {
    let fields = [("timestamp_granularities", "segment"), ("diarize", "true")];
    let whole = transcribe(&fields);
    let streamed = [&[MODEL, ("stream", "true")], &fields as &[_]].concat();
    let answer = multipart(&streamed, Some(&recording(4)));
    let events = events(&answer);
    assert_eq!(
        events[0],
        json!({"type": "transcription.language", "audio_language": "en"})
    );
    let deltas = of_type(&events, "transcription.text.delta");
    let text: String = deltas
        .iter()
        .map(|delta| delta["text"].as_str().unwrap())
        .collect();
    assert_eq!(text, whole["text"].as_str().unwrap());
    let segments = of_type(&events, "transcription.segment");
    assert_eq!(segments.len(), 3);
    for (event, segment) in segments.iter().zip(whole["segments"].as_array().unwrap()) {
        for name in ["text", "start", "end", "speaker_id"] {
            assert_eq!(event[name], segment[name], "{name}");
        }
    }
    let mut done = whole;
    done["type"] = "transcription.done".into();
    assert_eq!(events.last(), Some(&done));
    assert_eq!(events.len(), 1 + deltas.len() + 3 + 1);
}

#[test]
fn broken_forms_are_refused() {
    let many = vec!["a"; 101].join(",");
    for (fields, status) in [
        (&[("model", "mistral-small-latest")] as &[_], 400),
        (&[("model", "nothing")], 400),
        (&[], 422),
        (&[MODEL, ("file_id", "f")], 422),
        (&[MODEL, ("diarize", "perhaps")], 422),
        (&[MODEL, ("temperature", "hot")], 422),
        (&[MODEL, ("prompt", "a")], 422),
        (&[MODEL, ("timestamp_granularities", "letter")], 422),
        (&[MODEL, ("timestamp_granularities[]", "word")], 422),
        (&[MODEL, ("context_bias", "two words")], 422),
        (&[MODEL, ("context_bias", "a,,b")], 422),
        (&[MODEL, ("context_bias", &many)], 422),
        (&[MODEL, ("language", "french")], 422),
        (
            &[
                MODEL,
                ("language", "fr"),
                ("timestamp_granularities", "word"),
            ],
            400,
        ),
    ] {
        let answer = multipart(fields, Some(&recording(1)));
        assert_eq!(answer.status, status, "{fields:?}: {}", answer.text());
    }
    assert_eq!(multipart(&[MODEL], None).status, 422);
    assert_eq!(multipart(&[MODEL, ("file", "text")], None).status, 422);
    assert_eq!(
        urlencoded("model=voxtral-mini-latest&file_url=a.mp3").status,
        422
    );
    let as_json = call(&start(), "POST", TRANSCRIPTIONS)
        .json(&json!({"model": "voxtral-mini-latest", "file_id": "f"}))
        .send();
    assert_eq!(as_json.status, 422);
    let cut = call(&start(), "POST", TRANSCRIPTIONS)
        .header("content-type", "multipart/form-data; boundary=b")
        .body("--b\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\nvox")
        .send();
    assert_eq!(cut.status, 400);
}

fn speak(emulator: &Emulator, members: &Value) -> Answer {
    let mut request = json!({"input": "Who painted Olympia?"});
    for (name, value) in members.as_object().unwrap() {
        request[name] = value.clone();
    }
    call(emulator, "POST", "/v1/audio/speech")
        .json(&request)
        .send()
}

#[track_caller]
fn sound(members: &Value) -> Vec<u8> {
    let answer = speak(&start(), members);
    assert_eq!(answer.status, 200, "{}", answer.text());
    STANDARD
        .decode(answer.json()["audio_data"].as_str().unwrap())
        .unwrap()
}

#[test]
fn text_becomes_sound() {
    let wav = sound(&json!({"model": "voxtral-mini-tts-latest", "response_format": "wav"}));
    assert_eq!(&wav[..4], b"RIFF");
    assert_eq!(&wav[8..16], b"WAVEfmt ");
    let length = u32::from_le_bytes(wav[40..44].try_into().unwrap());
    assert_eq!(length as usize, wav.len() - 44);
    // 400 samples of two bytes for each of three words.
    assert_eq!(length, 2400);
    assert_eq!(sound(&json!({})), wav);
    assert_eq!(sound(&json!({"response_format": "pcm"})), wav[44..]);
    assert_ne!(sound(&json!({"voice_id": "en_paul_neutral"})), wav);
    assert!(sound(&json!({"input": "one"})).len() < wav.len());
}

#[test]
fn the_pieces_of_speech_are_the_whole() {
    let members = json!({"input": "one two three four five six seven eight nine ten"});
    let whole = sound(&members);
    let mut streamed = members;
    streamed["stream"] = true.into();
    let events = events(&speak(&start(), &streamed));
    let (done, deltas) = events.split_last().unwrap();
    assert_eq!(deltas.len(), 3);
    let pieces = deltas.iter().map(|delta| {
        assert_eq!(delta["type"], "speech.audio.delta");
        STANDARD
            .decode(delta["audio_data"].as_str().unwrap())
            .unwrap()
    });
    assert_eq!(pieces.collect::<Vec<_>>().concat(), whole);
    assert_eq!(
        *done,
        json!({"type": "speech.audio.done", "usage":
            {"prompt_tokens": 10, "completion_tokens": 7, "total_tokens": 17}})
    );
}

#[test]
fn what_cannot_be_spoken_is_refused() {
    for (members, status) in [
        (json!({"model": "mistral-small-latest"}), 400),
        (json!({"voice_id": "nobody"}), 404),
        (json!({"input": null}), 422),
        (json!({"speed": 2}), 422),
        (json!({"response_format": "ogg"}), 422),
        (json!({"ref_audio": "%"}), 422),
    ] {
        assert_eq!(speak(&start(), &members).status, status, "{members}");
    }
}

fn voices(emulator: &Emulator, query: &str) -> Value {
    let answer = call(emulator, "GET", &format!("/v1/audio/voices{query}")).send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn create(emulator: &Emulator, members: &Value) -> Answer {
    call(emulator, "POST", "/v1/audio/voices")
        .json(members)
        .send()
}

fn at_voice(emulator: &Emulator, method: &str, id: &str, body: Option<&Value>) -> Answer {
    let request = call(emulator, method, &format!("/v1/audio/voices/{id}"));
    body.map_or(request.clone(), |body| request.json(body))
        .send()
}

#[test]
fn a_voice_is_made_changed_and_deleted() {
    let emulator = start();
    let before = voices(&emulator, "")["total"].as_u64().unwrap();
    let made = create(
        &emulator,
        &json!({"name": "Ada Lovelace", "languages": ["en"], "gender": "female",
            "sample_audio": STANDARD.encode(b"sample")}),
    )
    .json();
    assert_eq!(made["slug"], "ada_lovelace");
    assert_eq!(made["type"], "custom");
    assert_eq!(made["retention_notice"], 30);
    assert!(made["created_at"].as_str().unwrap().ends_with('Z'));
    assert!(made["user_id"].is_string());
    assert_eq!(made.get("sample_audio"), None);
    let id = made["id"].as_str().unwrap();

    let listed = voices(&emulator, "?type=custom");
    assert_eq!(listed["items"], json!([made]));
    assert_eq!(voices(&emulator, "")["total"], before + 1);
    assert_eq!(at_voice(&emulator, "GET", id, None).json(), made);
    assert_eq!(
        at_voice(&emulator, "GET", "ada_lovelace", None).json(),
        made
    );
    assert_eq!(speak(&emulator, &json!({"voice_id": id})).status, 200);

    let changes = json!({"name": "Ada", "age": 36, "gender": null});
    let changed = at_voice(&emulator, "PATCH", id, Some(&changes)).json();
    let mut expected = made.clone();
    expected["name"] = "Ada".into();
    expected["age"] = 36.into();
    assert_eq!(changed, expected);
    assert_eq!(at_voice(&emulator, "DELETE", id, None).json(), expected);
    for method in ["GET", "DELETE"] {
        let answer = at_voice(&emulator, method, id, None);
        assert_eq!(answer.status, 404);
        assert_eq!(answer.json(), json!({"detail": "Voice not found"}));
    }
    assert_eq!(voices(&emulator, "")["total"], before);
    assert_eq!(speak(&emulator, &json!({"voice_id": id})).status, 404);
}

#[test]
fn the_list_comes_in_pages() {
    let emulator = start();
    for number in 0..12 {
        create(&emulator, &json!({"name": format!("Voice {number}")}));
    }
    let page = voices(&emulator, "?type=custom");
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
    let page = voices(&emulator, "?type=custom&limit=5&offset=10");
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
    let answer = call(&emulator, "GET", "/v1/audio/voices?limit=many").send();
    assert_eq!(answer.status, 422);
    let problem = &answer.json()["message"]["detail"][0];
    assert_eq!(problem["loc"], json!(["query", "limit"]));
}

#[test]
fn a_sample_comes_as_sound_or_as_json() {
    let emulator = start();
    let members = json!({"name": "Ada", "sample_audio": STANDARD.encode(b"\xff\0sample")});
    let made = create(&emulator, &members).json();
    let path = format!("/v1/audio/voices/{}/sample", made["id"].as_str().unwrap());
    let plain = call(&emulator, "GET", &path).send();
    assert_eq!(plain.header("content-type"), "application/json");
    assert_eq!(plain.json(), members["sample_audio"]);
    let sound = call(&emulator, "GET", &path)
        .header("accept", "audio/wav")
        .send();
    assert_eq!(sound.header("content-type"), "audio/wav");
    assert_eq!(sound.frames.concat(), b"\xff\0sample");
    let preset = call(&emulator, "GET", "/v1/audio/voices/en_paul_neutral/sample")
        .header("accept", "audio/wav")
        .send();
    assert!(preset.frames.concat().starts_with(b"RIFF"));
}

#[test]
fn mistakes_about_voices_are_refused() {
    let emulator = start();
    for (members, status) in [
        (json!({}), 422),
        (json!({"name": "a", "gender": "none"}), 422),
        (json!({"name": "a", "sample_audio": "%"}), 422),
        (json!({"name": "a", "speed": 1}), 422),
    ] {
        assert_eq!(create(&emulator, &members).status, status, "{members}");
    }
    let presets = voices(&emulator, "?type=preset");
    let preset = presets["items"][0]["id"].as_str().unwrap();
    let nobody = "00000000-0000-4000-8000-000000000000";
    let changes = Some(json!({"age": 1}));
    for (method, id, body, status) in [
        ("DELETE", preset, None, 403),
        ("PATCH", preset, changes.clone(), 403),
        ("PATCH", nobody, changes.clone(), 404),
        ("PATCH", "ada", changes, 422),
        ("DELETE", "ada", None, 422),
        ("PATCH", preset, Some(json!({"slug": "a"})), 422),
        ("GET", "nobody", None, 404),
        ("GET", "nobody/sample", None, 404),
    ] {
        let answer = at_voice(&emulator, method, id, body.as_ref());
        assert_eq!(answer.status, status, "{method} {id}: {}", answer.text());
    }
}
