//! Transcriptions and speech, unary and streamed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::client::{RawResponse, api_request, get, start, upload};

const TRANSCRIPTIONS: &str = "/v1/audio/transcriptions";
const BOUNDARY: &str = "a-boundary";

/// Sends a multipart form with text fields and, optionally, a recording.
fn post_multipart(fields: &[(&str, &str)], wav_recording: Option<&[u8]>) -> RawResponse {
    let mut body = Vec::new();
    let start_part = |body: &mut Vec<u8>, head: &str| {
        let head = format!("--{BOUNDARY}\r\ncontent-disposition: form-data; {head}\r\n\r\n");
        body.extend(head.bytes());
    };
    for (name, value) in fields {
        start_part(&mut body, &format!("name=\"{name}\""));
        body.extend(format!("{value}\r\n").bytes());
    }
    if let Some(wav_recording) = wav_recording {
        let head = "name=\"file\"; filename=\"talk.wav\"\r\ncontent-type: audio/wav";
        start_part(&mut body, head);
        body.extend(wav_recording);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{BOUNDARY}--\r\n").bytes());
    api_request(&start(), "POST", TRANSCRIPTIONS)
        .header(
            "content-type",
            &format!("multipart/form-data; boundary={BOUNDARY}"),
        )
        .bytes(&body)
        .send()
}

fn post_urlencoded(body: &str) -> RawResponse {
    api_request(&start(), "POST", TRANSCRIPTIONS)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
        .send()
}

/// Creates a WAV file that contains each of the 256 byte values.
fn wav_recording(seconds: usize) -> Vec<u8> {
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
    let response = post_multipart(&[&[MODEL], fields].concat(), Some(&wav_recording(4)));
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()
}

/// Returns the events of a stream without `[DONE]`, each named after its type.
#[track_caller]
fn events(response: &RawResponse) -> Vec<Value> {
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(
        response.header("content-type"),
        "text/event-stream; charset=utf-8"
    );
    let frames = response.frames.iter().map(|frame| {
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

fn events_of_type<'a>(events: &'a [Value], event_type: &str) -> Vec<&'a Value> {
    events
        .iter()
        .filter(|event| event["type"] == event_type)
        .collect()
}

#[test]
fn transcription_of_multipart_upload_returns_text_and_usage() {
    let response = transcribe(&[("diarize", "false"), ("stream", "false")]);
    assert_eq!(response["model"], "voxtral-mini-latest");
    assert_eq!(
        response["text"],
        "This is the Mistral emulator. It was given talk.wav. \
         A real model would write here what is said."
    );
    assert_eq!(response["language"], Value::Null);
    assert_eq!(response["segments"], json!([]));
    let usage = &response["usage"];
    assert_eq!(usage["prompt_audio_seconds"], 4);
    assert_eq!(usage["prompt_tokens"], 4);
    assert_eq!(usage["completion_tokens"], 18);
    // A recording counts 375 tokens for each 30 seconds that have begun.
    assert_eq!(usage["prompt_tokens_details"]["audio_tokens"], 375);
    assert_eq!(usage["total_tokens"], 4 + 18 + 375);
}

#[test]
fn transcription_accepts_multipart_and_urlencoded_forms() {
    let url =
        post_urlencoded("model=voxtral-mini-latest&file_url=https%3A%2F%2Fexample.com%2Fa.mp3%3Fb");
    assert_eq!(url.status, 200, "{}", url.text());
    assert!(
        url.json()["text"]
            .as_str()
            .unwrap()
            .contains("given a.mp3.")
    );
    assert_eq!(url.json()["usage"]["prompt_audio_seconds"], 10);
    let french = post_urlencoded(
        "model=voxtral-mini-latest&file_url=https%3A%2F%2Fexample.com%2Fa.mp3&language=fr",
    );
    assert_eq!(french.json()["language"], "fr");
}

#[test]
fn transcription_multipart_of_several_mib_is_accepted() {
    let response = post_multipart(&[MODEL], Some(&wav_recording(200)));
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(response.json()["usage"]["prompt_audio_seconds"], 200);
}

#[test]
fn transcription_segments_cover_text_and_duration() {
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
        let response = transcribe(fields);
        let segments = response["segments"].as_array().unwrap();
        assert_eq!(segments.len(), count, "{fields:?}");
        let texts: Vec<&str> = segments
            .iter()
            .map(|segment| segment["text"].as_str().unwrap())
            .collect();
        assert_eq!(texts.concat(), response["text"].as_str().unwrap());
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
fn transcription_context_bias_counts_as_prompt_tokens() {
    let response = transcribe(&[("context_bias", "Manet,Olympia"), ("context_bias", "Orsay")]);
    assert_eq!(response["usage"]["prompt_tokens"], 7);
}

#[test]
fn transcription_sse_deltas_join_to_text() {
    let fields = [("timestamp_granularities", "segment"), ("diarize", "true")];
    let whole = transcribe(&fields);
    let streamed = [&[MODEL, ("stream", "true")], &fields as &[_]].concat();
    let response = post_multipart(&streamed, Some(&wav_recording(4)));
    let events = events(&response);
    assert_eq!(
        events[0],
        json!({"type": "transcription.language", "audio_language": "en"})
    );
    let deltas = events_of_type(&events, "transcription.text.delta");
    let text: String = deltas
        .iter()
        .map(|delta| delta["text"].as_str().unwrap())
        .collect();
    assert_eq!(text, whole["text"].as_str().unwrap());
    let segments = events_of_type(&events, "transcription.segment");
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
fn transcription_invalid_multipart_form_is_rejected() {
    let many = vec!["a"; 101].join(",");
    for (fields, status) in [
        (&[("model", "mistral-small-latest")] as &[_], 400),
        (&[("model", "nothing")], 400),
        (&[], 422),
        (&[MODEL, ("file_url", "https://example.com/a.mp3")], 422),
        (&[MODEL, ("file_id", "f")], 422),
        (&[MODEL, ("diarize", "perhaps")], 422),
        (&[MODEL, ("temperature", "hot")], 422),
        (&[MODEL, ("prompt", "a")], 422),
        (&[MODEL, ("timestamp_granularities", "letter")], 422),
        (&[MODEL, ("timestamp_granularities[]", "letter")], 422),
        (&[MODEL, ("diarize[]", "true")], 422),
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
        let response = post_multipart(fields, Some(&wav_recording(1)));
        assert_eq!(response.status, status, "{fields:?}: {}", response.text());
    }
    assert_eq!(post_multipart(&[MODEL], None).status, 422);
    assert_eq!(post_multipart(&[MODEL, ("file", "text")], None).status, 422);
    assert_eq!(
        post_urlencoded("model=voxtral-mini-latest&file_url=a.mp3").status,
        422
    );
    let as_json = api_request(&start(), "POST", TRANSCRIPTIONS)
        .json(&json!({"model": "voxtral-mini-latest", "file_id": "f"}))
        .send();
    assert_eq!(as_json.status, 422);
    let cut = api_request(&start(), "POST", TRANSCRIPTIONS)
        .header("content-type", "multipart/form-data; boundary=b")
        .body("--b\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\nvox")
        .send();
    assert_eq!(cut.status, 400);
}

fn post_speech(members: &Value) -> RawResponse {
    let mut request = json!({"input": "Who painted Olympia?"});
    for (name, value) in members.as_object().unwrap() {
        request[name] = value.clone();
    }
    api_request(&start(), "POST", "/v1/audio/speech")
        .json(&request)
        .send()
}

#[track_caller]
fn speech_audio(members: &Value) -> Vec<u8> {
    let response = post_speech(members);
    assert_eq!(response.status, 200, "{}", response.text());
    STANDARD
        .decode(response.json()["audio_data"].as_str().unwrap())
        .unwrap()
}

#[test]
fn speech_returns_wav_or_pcm() {
    let wav = speech_audio(&json!({"model": "voxtral-mini-tts-latest", "response_format": "wav"}));
    assert_eq!(&wav[..4], b"RIFF");
    assert_eq!(&wav[8..16], b"WAVEfmt ");
    let length = u32::from_le_bytes(wav[40..44].try_into().unwrap());
    assert_eq!(length as usize, wav.len() - 44);
    // 400 samples of two bytes for each of three words.
    assert_eq!(length, 2400);
    assert_eq!(speech_audio(&json!({})), wav);
    assert_eq!(speech_audio(&json!({"response_format": "pcm"})), wav[44..]);
    assert_ne!(speech_audio(&json!({"voice_id": "en_paul_neutral"})), wav);
    assert!(speech_audio(&json!({"input": "one"})).len() < wav.len());
}

#[test]
fn speech_sse_deltas_join_to_audio() {
    let members = json!({"input": "one two three four five six seven eight nine ten"});
    let whole = speech_audio(&members);
    let mut streamed = members;
    streamed["stream"] = true.into();
    let events = events(&post_speech(&streamed));
    let (done, deltas) = events.split_last().unwrap();
    assert_eq!(deltas.len(), 3);
    let audio = deltas.iter().map(|delta| {
        assert_eq!(delta["type"], "speech.audio.delta");
        STANDARD
            .decode(delta["audio_data"].as_str().unwrap())
            .unwrap()
    });
    assert_eq!(audio.collect::<Vec<_>>().concat(), whole);
    assert_eq!(
        *done,
        json!({"type": "speech.audio.done", "usage":
            {"prompt_tokens": 10, "completion_tokens": 7, "total_tokens": 17}})
    );
}

#[test]
fn speech_invalid_request_is_rejected() {
    for (members, status) in [
        (json!({"model": "mistral-small-latest"}), 400),
        (json!({"voice_id": "unknown"}), 404),
        (json!({"input": null}), 422),
        (json!({"speed": 2}), 422),
        (json!({"response_format": "ogg"}), 422),
        (json!({"ref_audio": "%"}), 422),
    ] {
        assert_eq!(post_speech(&members).status, status, "{members}");
    }
}

#[test]
fn transcription_of_uploaded_file_has_its_duration() {
    let emulator = start();
    let file = upload(&emulator, "audio", "talk.wav", &wav_recording(2));
    let id = file["id"].as_str().unwrap();
    let url = get(&emulator, &format!("/v1/files/{id}/url"))["url"].clone();
    for (name, value) in [("file_id", id), ("file_url", url.as_str().unwrap())] {
        let encoded = value.replace('&', "%26");
        let response = api_request(&emulator, "POST", TRANSCRIPTIONS)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(&format!("model=voxtral-mini-latest&{name}={encoded}"))
            .send();
        assert_eq!(response.status, 200, "{}", response.text());
        assert_eq!(response.json()["usage"]["prompt_audio_seconds"], 2);
        let text = response.json()["text"].clone();
        assert!(text.as_str().unwrap().contains("given talk.wav."), "{text}");
    }
    let unknown = api_request(&emulator, "POST", TRANSCRIPTIONS)
        .header("content-type", "application/x-www-form-urlencoded")
        .body("model=voxtral-mini-latest&file_id=f")
        .send();
    assert_eq!(unknown.status, 404);
}

#[test]
fn transcription_accepts_names_of_arrays_with_brackets() {
    let response = post_multipart(
        &[
            MODEL,
            ("timestamp_granularities[]", "segment"),
            ("context_bias[]", "Olympia"),
            ("context_bias[]", "Manet"),
        ],
        Some(&wav_recording(1)),
    );
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(response.json()["segments"].as_array().unwrap().len(), 3);
    assert_eq!(response.json()["usage"]["prompt_tokens"], 4 + 2);
}
