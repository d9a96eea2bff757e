//! Transcriptions: forms, responses, streams.

use http::Method;
use mistral_core::audio::{
    AudioSource, AudioTranscriptionRequest, TimestampGranularity, TranscriptionResponse,
    TranscriptionStreamEvents,
};
use mistral_core::files::FileSource;
use mistral_core::testing::{MockChunk, MockRequest};
use mistral_core::{ErrorKind, EventStream};
use serde_json::{Value, json};

use super::{Fields, event, named, pairs, read, same};
use crate::common::{DONE, bytes, client_with, reply, scripted, sse};

/// The fields of a form, and its file: field name, file name, media type, content.
fn form(sent: &MockRequest) -> (Fields, Option<[String; 4]>) {
    let content_type = sent.headers["content-type"].to_str().unwrap();
    if content_type == "application/x-www-form-urlencoded" {
        let pairs = url::form_urlencoded::parse(&sent.body);
        return (pairs.into_owned().collect(), None);
    }
    let boundary = content_type.strip_prefix("multipart/form-data; boundary=");
    let boundary = format!("--{}", boundary.unwrap());
    let body = std::str::from_utf8(&sent.body).unwrap();
    let parts: Vec<_> = body.split(&*boundary).collect();
    assert_eq!((parts[0], *parts.last().unwrap()), ("", "--\r\n"));
    let (mut fields, mut file) = (Vec::new(), None);
    for part in &parts[1..parts.len() - 1] {
        assert!(file.is_none(), "something follows the file");
        let (head, value) = part.split_once("\r\n\r\n").unwrap();
        let value = value.strip_suffix("\r\n").unwrap().to_owned();
        let quoted: Vec<_> = head.split('"').collect();
        match quoted[..] {
            ["\r\ncontent-disposition: form-data; name=", name, ""] => {
                fields.push((name.to_owned(), value));
            }
            [_, name, "; filename=", file_name, rest] => {
                let media_type = rest.strip_prefix("\r\ncontent-type: ").unwrap();
                file = Some([name, file_name, media_type, &value].map(str::to_owned));
            }
            _ => unreachable!("{head}"),
        }
    }
    (fields, file)
}

fn by_url() -> AudioTranscriptionRequest {
    AudioTranscriptionRequest::new("voxtral", AudioSource::url("https://x.test/a.mp3"))
}

fn transcription() -> Value {
    json!({
        "model": "voxtral-mini-2507", "text": "Hello there", "language": "en",
        "segments": [{
            "type": "transcription_segment", "text": "Hello there", "start": 0.5, "end": 1.25,
            "score": -0.25, "speaker_id": "speaker_1", "words": [null],
        }],
        "usage": {
            "prompt_audio_seconds": 2, "prompt_tokens": 4, "total_tokens": 40,
            "completion_tokens": 6, "prompt_tokens_details": { "cached_tokens": 0 },
        },
        "new": { "x": null },
    })
}

#[tokio::test]
async fn multipart_transcription_sends_every_field_and_the_file() {
    let mock = scripted([reply(200, &transcription().to_string())]);
    let file = FileSource::from_bytes("a.wav", "RIFF");
    let request = AudioTranscriptionRequest::new("voxtral", file)
        .language("en")
        .temperature(0.5)
        .diarize(true)
        .context_bias(["Chicago", "Joplin"])
        .timestamp_granularities([TimestampGranularity::Segment, TimestampGranularity::Word])
        .speaker_references([("Ann", "ref-1")])
        .extra("new", "field");
    let call = client_with(&mock)
        .audio()
        .transcriptions()
        .complete(&request);
    let response = call.await.unwrap();
    assert_eq!(serde_json::to_value(&response).unwrap(), transcription());
    let sent = &mock.requests()[0];
    assert_eq!(sent.method, Method::POST);
    assert_eq!(sent.uri.path(), "/prefix/v1/audio/transcriptions");
    assert_eq!(sent.headers["accept"], "application/json");
    assert_eq!(sent.operation, "audio.transcriptions.complete");
    assert_eq!(sent.model.as_deref(), Some("voxtral"));
    let (fields, file) = form(sent);
    let expected = pairs(&[
        ("model", "voxtral"),
        ("language", "en"),
        ("temperature", "0.5"),
        ("diarize", "true"),
        ("context_bias", "Chicago"),
        ("context_bias", "Joplin"),
        ("timestamp_granularities", "segment"),
        ("timestamp_granularities", "word"),
        ("speaker_references", r#"{"Ann":"ref-1"}"#),
        ("new", "field"),
    ]);
    assert_eq!(fields, expected);
    assert_eq!(file.unwrap(), ["file", "a.wav", "audio/wav", "RIFF"]);
}

#[tokio::test]
async fn recording_in_a_container_of_films_is_sent_as_audio() {
    let webm = "\u{1a}E...webm";
    for (file, expected) in [
        (FileSource::from_bytes("note.webm", webm), "audio/webm"),
        (FileSource::from_bytes("note.MP4", "x"), "audio/mp4"),
        (FileSource::from_bytes("note.mpeg", "x"), "audio/mpeg"),
        (FileSource::from_bytes("note.mov", "x"), "audio/mp4"),
        (FileSource::from_bytes("note.mkv", "x"), "audio/x-matroska"),
        (FileSource::from_bytes("note.3gp", "x"), "audio/3gpp"),
        (FileSource::from_bytes("note.m4a", "x"), "audio/mp4"),
        (FileSource::from_bytes("note.oga", "x"), "audio/ogg"),
        (FileSource::from_bytes("blob", "....ftypisom"), "audio/mp4"),
        (FileSource::from_bytes("blob", "OggS"), "audio/ogg"),
        (FileSource::from_bytes("blob", "RIFF....WAVE"), "audio/wav"),
        (
            FileSource::from_bytes("a.webm", "x").content_type("video/webm"),
            "video/webm",
        ),
    ] {
        let mock = scripted([reply(200, &transcription().to_string())]);
        let request = AudioTranscriptionRequest::new("voxtral", file);
        let client = client_with(&mock);
        let transcriptions = client.audio().transcriptions();
        transcriptions.complete(&request).await.unwrap();
        let (_, sent) = form(&mock.requests()[0]);
        assert_eq!(sent.unwrap()[2], expected, "{request:?}");
    }
}

#[tokio::test]
async fn transcription_without_file_is_form_urlencoded() {
    let mock = scripted([reply(200, &transcription().to_string())]);
    let transcriptions = client_with(&mock).audio().transcriptions();
    let url = url::Url::parse("https://x.test/a?b=c&d").unwrap();
    let by_id = AudioTranscriptionRequest::new("voxtral", AudioSource::file_id("f 1"));
    let by_url = AudioTranscriptionRequest::new("voxtral", url);
    transcriptions.complete(&by_id).await.unwrap();
    transcriptions.complete(&by_url).await.unwrap();
    let sent = mock.requests();
    let expected = pairs(&[("model", "voxtral"), ("file_id", "f 1")]);
    assert_eq!(form(&sent[0]), (expected, None));
    let expected = pairs(&[("model", "voxtral"), ("file_url", "https://x.test/a?b=c&d")]);
    assert_eq!(form(&sent[1]), (expected, None));
}

#[tokio::test]
async fn transcription_stream_field_is_set_by_the_method() {
    let mock = scripted([sse([event(None, &done())])]);
    let transcriptions = client_with(&mock).audio().transcriptions();
    let file = FileSource::from_bytes("a.mp3", "ID3");
    let with_file = AudioTranscriptionRequest::new("voxtral", file);
    transcriptions.stream(&with_file).await.unwrap();
    transcriptions.stream(&by_url()).await.unwrap();
    let refused = transcriptions
        .stream(&by_url().extra("stream", "false"))
        .await;
    let refused = refused.unwrap_err();
    assert_eq!((refused.kind(), refused.attempts()), (ErrorKind::Config, 0));
    assert_eq!(refused.operation(), "audio.transcriptions.stream");
    let sent = mock.requests();
    assert_eq!(sent.len(), 2);
    for call in &*sent {
        assert_eq!(call.uri.path(), "/prefix/v1/audio/transcriptions");
        assert_eq!(call.headers["accept"], "text/event-stream");
        assert!(form(call).0.contains(&("stream".into(), "true".into())));
    }
    assert_eq!(form(&sent[0]).1.unwrap()[0], "file");
}

#[test]
fn transcription_with_missing_fields_is_read() {
    same::<TranscriptionResponse>(&transcription());
    let json = json!({
        "text": "x", "model": null, "language": null, "usage": null,
        "segments": [{ "text": "x", "start": null, "end": null, "score": null, "speaker_id": null }],
    });
    let response: TranscriptionResponse = serde_json::from_value(json).unwrap();
    assert_eq!(
        (response.language, response.segments[0].start),
        (None, None)
    );
    let malformed = json!({ "text": "x", "segments": [{ "start": 0 }] });
    let response: TranscriptionResponse = serde_json::from_value(malformed.clone()).unwrap();
    assert_eq!((response.text.as_str(), response.segments.len()), ("x", 0));
    assert_eq!(response.extra["segments"], malformed["segments"]);
    let malformed = json!({ "segments": [] });
    serde_json::from_value::<TranscriptionResponse>(malformed).unwrap_err();
}

fn done() -> Value {
    let mut done = transcription();
    done["type"] = "transcription.done".into();
    done
}

fn deltas() -> [Value; 5] {
    [
        json!({ "type": "transcription.language", "audio_language": "en", "new": null }),
        json!({ "type": "transcription.text.delta", "text": "Hello" }),
        json!({ "type": "transcription.mood", "mood": "good" }),
        json!({ "type": "transcription.text.delta", "text": " there", "new": 1 }),
        json!({
            "type": "transcription.segment", "text": "Hello there", "start": 0.5, "end": 1.25,
            "speaker_id": "speaker_1",
        }),
    ]
}

async fn transcribe(
    events: impl IntoIterator<Item = MockChunk>,
) -> EventStream<TranscriptionStreamEvents> {
    let mock = scripted([sse(events)]);
    let call = client_with(&mock)
        .audio()
        .transcriptions()
        .stream(&by_url());
    call.await.unwrap()
}

#[tokio::test]
async fn transcription_language_that_is_null_does_not_end_the_stream() {
    let language = json!({ "type": "transcription.language", "audio_language": null });
    let [known, text, ..] = deltas();
    let mut last = done();
    last.as_object_mut().unwrap().remove("language");
    let events = [known, language, text, last].map(|data| event(None, &data));
    let response = transcribe(events).await.collect_response().await.unwrap();
    assert_eq!(response.language.as_deref(), Some("en"));
}

#[tokio::test]
async fn transcription_event_type_is_read_from_data_or_event_line() {
    let all = || deltas().into_iter().chain([done()]);
    let both = |data: Value| event(data["type"].as_str(), &data);
    let elsewhere = |data: Value| event(Some("transcription.other"), &data);
    let plain = |data: Value| event(None, &data);
    for wire in [
        all().map(plain).collect::<Vec<_>>(),
        all().map(named).collect(),
        all().map(both).collect(),
        all().map(elsewhere).collect(),
    ] {
        let mut stream = transcribe(wire).await;
        let (events, error) = read(&mut stream).await;
        assert!(error.is_none(), "{error:?}");
        let written: Vec<_> = events
            .iter()
            .map(|event| serde_json::to_value(event).unwrap())
            .collect();
        assert_eq!(written, all().collect::<Vec<_>>());
        assert!(matches!(events[0], TranscriptionStreamEvents::Language(_)));
        assert!(matches!(events[2], TranscriptionStreamEvents::Unknown(_)));
        assert!(matches!(events[4], TranscriptionStreamEvents::Segment(_)));
        assert!(matches!(events[5], TranscriptionStreamEvents::Done(_)));
        let text: String = events.iter().map(TranscriptionStreamEvents::text).collect();
        assert_eq!(text, "Hello there");
        let response = stream.collect_response().await.unwrap();
        assert_eq!(serde_json::to_value(response).unwrap(), transcription());
    }
}

#[tokio::test]
async fn transcription_fields_missing_in_done_event_come_from_deltas() {
    let end = |text: Value| {
        let kind = "transcription.done";
        json!({ "type": kind, "text": text, "model": "m", "language": null })
    };
    let wire = |end: Value| {
        let all = deltas().into_iter().chain([end]);
        all.map(|data| event(None, &data)).collect::<Vec<_>>()
    };
    let response = transcribe(wire(end(Value::Null))).await;
    let response = response.collect_response().await.unwrap();
    assert_eq!(
        serde_json::to_value(response).unwrap()["text"],
        "Hello there"
    );
    let response = transcribe(wire(end(json!("")))).await;
    let response = response.collect_response().await.unwrap();
    assert_eq!((&*response.text, &*response.model), ("Hello there", "m"));
    assert_eq!(response.language.as_deref(), Some("en"));
    let segment = &response.segments[0];
    assert_eq!((segment.start, segment.end), (Some(0.5), Some(1.25)));
    assert_eq!(segment.speaker_id.as_deref(), Some("speaker_1"));

    // `[DONE]` is an end, too.
    let wire = deltas()
        .map(|data| event(None, &data))
        .into_iter()
        .chain([bytes(DONE)]);
    let response = transcribe(wire).await.collect_response().await.unwrap();
    assert_eq!(response.text, "Hello there");
}

#[tokio::test]
async fn transcription_stream_cut_before_done_is_truncated_with_partial() {
    for end in [
        MockChunk::Break,
        bytes("data: {\"type\":\"transcription.done\""),
        bytes("event: transcription.done\ndata: {\"type\":\"transcription.done\"}\n"),
    ] {
        let wire = || {
            deltas()
                .map(|data| event(None, &data))
                .into_iter()
                .chain([end.clone()])
        };
        let mut stream = transcribe(wire()).await;
        let (events, error) = read(&mut stream).await;
        assert_eq!(events.len(), 5);
        let again = stream.collect_response().await.unwrap_err();
        let collected = transcribe(wire())
            .await
            .collect_response()
            .await
            .unwrap_err();
        for error in [error.unwrap(), again, collected] {
            assert_eq!(error.kind(), ErrorKind::Truncated);
            assert_eq!(error.operation(), "audio.transcriptions.stream");
            let partial: &TranscriptionResponse = error.partial().unwrap();
            assert_eq!(partial.text, "Hello there");
        }
    }
}

#[tokio::test]
async fn transcription_stream_closed_without_done_is_incomplete() {
    let wire = || deltas().map(|data| event(None, &data));
    let (events, error) = read(&mut transcribe(wire()).await).await;
    assert_eq!((events.len(), error.is_none()), (5, true));
    let error = transcribe(wire())
        .await
        .collect_response()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated);
    let partial: &TranscriptionResponse = error.partial().unwrap();
    assert_eq!(partial.text, "Hello there");

    let (_, error) = read(&mut transcribe([]).await).await;
    assert_eq!(error.unwrap().kind(), ErrorKind::Truncated);
}

#[tokio::test]
async fn transcription_stream_error_events_are_errors() {
    for wire in [
        event(
            None,
            &json!({ "object": "error", "message": "no capacity", "type": "x", "code": "3505" }),
        ),
        event(None, &json!({ "error": { "message": "no capacity" } })),
        event(None, &json!({ "detail": "no capacity" })),
        event(Some("error"), &json!({ "message": "no capacity" })),
    ] {
        let (events, error) = read(&mut transcribe([wire]).await).await;
        let error = error.unwrap();
        assert!(events.is_empty());
        assert_ne!(error.kind(), ErrorKind::Truncated);
        assert!(error.to_string().contains("no capacity"), "{error}");
    }
    let malformed = bytes("data: {\"type\n\n");
    let (_, error) = read(&mut transcribe([malformed]).await).await;
    assert_eq!(error.unwrap().kind(), ErrorKind::Decode);
}

/// The last event has the whole text, so that nothing is lost.
#[tokio::test]
async fn transcription_event_that_cannot_be_read_is_unknown() {
    let [known, text, ..] = deltas();
    for odd in [
        json!({ "type": "transcription.text.delta", "text": null }),
        json!({ "type": "transcription.segment", "text": ["a"] }),
    ] {
        let events = [known.clone(), text.clone(), odd.clone(), done()];
        for wire in [
            events.clone().map(|data| event(None, &data)),
            events.map(named),
        ] {
            let mut stream = transcribe(wire).await;
            let (events, error) = read(&mut stream).await;
            assert!(error.is_none(), "{error:?}");
            assert_eq!(events[2], TranscriptionStreamEvents::Unknown(odd.clone()));
            let response = stream.collect_response().await.unwrap();
            assert_eq!(response.text, transcription()["text"]);
        }
    }
    let refused = json!({ "type": "transcription.text.delta", "error": { "message": "no luck" } });
    let stream = transcribe([event(None, &refused)]).await;
    let error = stream.collect_response().await.unwrap_err();
    assert!(error.to_string().contains("no luck"), "{error}");
}
