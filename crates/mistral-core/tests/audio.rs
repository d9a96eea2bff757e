//! Transcriptions, speech and voices: what is sent, and what comes back.

#![allow(clippy::unwrap_used)] // helpers outside of test functions may panic as tests do
#![allow(clippy::indexing_slicing)]

mod common;

use common::{DONE, Piece, Script, Sent, Step, bytes};
use http::Method;
use mistral_core::audio::{
    AudioSource, AudioTranscriptionRequest, ListVoicesRequest, RawAudio, SpeechAssistantTurn,
    SpeechOutputFormat, SpeechRequest, SpeechResponse, SpeechStreamEvents, SpeechTurn,
    SpeechUserTurn, TimestampGranularity, TranscriptionResponse, TranscriptionStreamEvents,
    VoiceCreateRequest, VoiceFilter, VoiceGender, VoiceKind, VoiceListResponse, VoiceResponse,
    VoiceType, VoiceUpdateRequest,
};
use mistral_core::{Endpoint, Error, ErrorKind, EventStream, FileSource, StreamEvent};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Reads `json` and makes sure that it is written as it came.
fn same<T: Serialize + for<'de> Deserialize<'de>>(json: &Value) -> T {
    let read: T = serde_json::from_str(&json.to_string()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), *json);
    read
}

type Fields = Vec<(String, String)>;

/// The fields of a form, and the file: its name in the form, its own, its type, its bytes.
fn form(sent: &Sent) -> (Fields, Option<[String; 4]>) {
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

fn pairs(pairs: &[(&str, &str)]) -> Fields {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
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
async fn a_file_is_transcribed_as_multipart() {
    let script = Script::new([Step::status(200, &transcription().to_string())]);
    let file = FileSource::from_bytes("a.wav", "RIFF");
    let request = AudioTranscriptionRequest::new("voxtral", file)
        .language("en")
        .temperature(0.5)
        .diarize(true)
        .context_bias(["Chicago", "Joplin"])
        .timestamp_granularities([TimestampGranularity::Segment, TimestampGranularity::Word])
        .speaker_references([("Ann", "ref-1")])
        .extra("new", "field");
    let call = script.client().audio().transcriptions().complete(&request);
    let response = call.await.unwrap();
    assert_eq!(serde_json::to_value(&response).unwrap(), transcription());
    let sent = &script.sent.lock().unwrap()[0];
    assert_eq!(sent.method, Method::POST);
    assert_eq!(sent.uri.path(), "/prefix/v1/audio/transcriptions");
    assert_eq!(sent.headers["accept"], "application/json");
    assert_eq!(sent.operation.name(), "audio.transcriptions.complete");
    assert_eq!(sent.operation.model(), Some("voxtral"));
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
async fn without_a_file_the_form_is_urlencoded() {
    let script = Script::new([Step::status(200, &transcription().to_string())]);
    let transcriptions = script.client().audio().transcriptions();
    let url = url::Url::parse("https://x.test/a?b=c&d").unwrap();
    let by_id = AudioTranscriptionRequest::new("voxtral", AudioSource::file_id("f 1"));
    let by_url = AudioTranscriptionRequest::new("voxtral", url);
    transcriptions.complete(&by_id).await.unwrap();
    transcriptions.complete(&by_url).await.unwrap();
    let sent = script.sent.lock().unwrap();
    let expected = pairs(&[("model", "voxtral"), ("file_id", "f 1")]);
    assert_eq!(form(&sent[0]), (expected, None));
    let expected = pairs(&[("model", "voxtral"), ("file_url", "https://x.test/a?b=c&d")]);
    assert_eq!(form(&sent[1]), (expected, None));
}

#[tokio::test]
async fn the_method_says_whether_to_stream() {
    let script = Script::new([Step::events([event(None, &done())])]);
    let transcriptions = script.client().audio().transcriptions();
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
    let sent = script.sent.lock().unwrap();
    assert_eq!(sent.len(), 2);
    for call in &*sent {
        assert_eq!(call.uri.path(), "/prefix/v1/audio/transcriptions");
        assert_eq!(call.headers["accept"], "text/event-stream");
        assert!(form(call).0.contains(&("stream".into(), "true".into())));
    }
    assert_eq!(form(&sent[0]).1.unwrap()[0], "file");
}

#[test]
fn transcriptions_are_read_whatever_is_missing() {
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

fn event(name: Option<&str>, data: &Value) -> Piece {
    let name = name.map_or(String::new(), |name| format!("event: {name}\n"));
    bytes(format!("{name}data: {data}\n\n"))
}

/// The same event with its kind in the `event:` line alone.
fn named(mut data: Value) -> Piece {
    let name = data.as_object_mut().unwrap().remove("type").unwrap();
    event(name.as_str(), &data)
}

async fn transcribe(
    events: impl IntoIterator<Item = Piece>,
) -> EventStream<TranscriptionStreamEvents> {
    let script = Script::new([Step::events(events)]);
    let call = script.client().audio().transcriptions().stream(&by_url());
    call.await.unwrap()
}

async fn read<T: StreamEvent>(stream: &mut EventStream<T>) -> (Vec<T>, Option<Error>) {
    let (mut events, mut error) = (Vec::new(), None);
    while let Some(event) = stream.next().await {
        match event {
            Ok(event) => events.push(event),
            Err(failed) => error = Some(failed),
        }
    }
    (events, error)
}

#[tokio::test]
async fn events_tell_their_kind_in_the_data_or_in_the_event_line_or_in_both() {
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
async fn what_the_last_event_leaves_open_comes_from_the_others() {
    let end = json!({ "type": "transcription.done", "text": "", "model": "m", "language": null });
    let wire = deltas()
        .into_iter()
        .chain([end])
        .map(|data| event(None, &data));
    let response = transcribe(wire).await.collect_response().await.unwrap();
    assert_eq!((&*response.text, &*response.model), ("Hello there", "m"));
    assert_eq!(response.language.as_deref(), Some("en"));
    let segment = &response.segments[0];
    assert_eq!((segment.start, segment.end), (Some(0.5), Some(1.25)));
    assert_eq!(segment.speaker_id.as_deref(), Some("speaker_1"));

    // An end mark is an end, too.
    let wire = deltas()
        .map(|data| event(None, &data))
        .into_iter()
        .chain([bytes(DONE)]);
    let response = transcribe(wire).await.collect_response().await.unwrap();
    assert_eq!(response.text, "Hello there");
}

#[tokio::test]
async fn a_transcription_without_its_end_is_truncated_and_carries_what_had_arrived() {
    for end in [
        None,
        Some(Piece::Break),
        Some(bytes("data: {\"type\":\"transcription.done\"")),
    ] {
        let wire = || {
            deltas()
                .map(|data| event(None, &data))
                .into_iter()
                .chain(end.clone())
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
async fn errors_in_a_stream_are_told_as_such() {
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
    for malformed in [
        event(
            None,
            &json!({ "type": "transcription.text.delta", "text": 5 }),
        ),
        event(Some("transcription.text.delta"), &json!({ "text": 5 })),
        bytes("data: {\"type\n\n"),
    ] {
        let (_, error) = read(&mut transcribe([malformed]).await).await;
        assert_eq!(error.unwrap().kind(), ErrorKind::Decode);
    }
}

#[tokio::test]
async fn a_text_is_spoken() {
    let script = Script::new([Step::status(200, r#"{"audio_data":"aGk=","new":null}"#)]);
    let speech = script.client().audio().speech();
    let audio = RawAudio::from_bytes("hi");
    let turns: [SpeechTurn; 2] = [
        SpeechUserTurn::new(audio.clone()).into(),
        SpeechAssistantTurn::new("hi", audio).into(),
    ];
    let request = SpeechRequest::new("Bonjour")
        .model("voxtral-tts")
        .voice_id("marie")
        .ref_audio_bytes("hi")
        .response_format(SpeechOutputFormat::Flac)
        .conversation_history(turns)
        .expressiveness(0.5)
        .phoneme_hints([("Ann".to_owned(), vec!["æ".to_owned(), "n".to_owned()])].into())
        .metadata([("team".to_owned(), json!("a"))].into_iter().collect())
        .prompt_cache_key("k");
    let response = speech.complete(&request).await.unwrap();
    assert_eq!(response.audio().unwrap(), "hi");
    speech.complete(&SpeechRequest::new("x")).await.unwrap();
    let sent = script.sent.lock().unwrap();
    let call = &sent[0];
    assert_eq!(
        (&call.method, call.uri.path()),
        (&Method::POST, "/prefix/v1/audio/speech")
    );
    assert_eq!(call.headers["accept"], "application/json");
    assert_eq!(call.operation.name(), "audio.speech.complete");
    assert_eq!(call.operation.model(), Some("voxtral-tts"));
    let expected = json!({
        "input": "Bonjour", "model": "voxtral-tts", "voice_id": "marie", "ref_audio": "aGk=",
        "response_format": "flac",
        "conversation_history": [
            { "role": "user", "audio": { "data": "aGk=" } },
            { "role": "assistant", "text": "hi", "audio": { "data": "aGk=" } },
        ],
        "expressiveness": 0.5, "phoneme_hints": { "Ann": ["æ", "n"] },
        "metadata": { "team": "a" }, "prompt_cache_key": "k",
    });
    assert_eq!(call.json(), expected);
    assert_eq!(same::<SpeechRequest>(&expected), request);
    assert_eq!(sent[1].json(), json!({ "input": "x" }));
    assert_eq!(sent[1].operation.model(), None);
    same::<SpeechTurn>(&json!({ "role": "narrator", "audio": null }));
}

async fn speak(events: impl IntoIterator<Item = Piece>) -> EventStream<SpeechStreamEvents> {
    let script = Script::new([Step::events(events)]);
    let call = script
        .client()
        .audio()
        .speech()
        .stream(&SpeechRequest::new("x"));
    let stream = call.await.unwrap();
    let sent = &script.sent.lock().unwrap()[0];
    assert_eq!(sent.json(), json!({ "input": "x", "stream": true }));
    assert_eq!(sent.headers["accept"], "text/event-stream");
    assert_eq!(sent.operation.name(), "audio.speech.stream");
    stream
}

fn spoken() -> [Value; 4] {
    let usage = json!({ "prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3 });
    [
        json!({ "type": "speech.audio.delta", "audio_data": "SGVs", "new": [] }),
        json!({ "type": "speech.audio.mark", "at": 5 }),
        json!({ "type": "speech.audio.delta", "audio_data": "bG8=" }),
        json!({ "type": "speech.audio.done", "usage": usage, "new": null }),
    ]
}

#[tokio::test]
async fn speech_is_streamed() {
    let plain = |data: Value| event(None, &data);
    for wire in [spoken().map(plain), spoken().map(named)] {
        let (events, error) = read(&mut speak(wire.clone()).await).await;
        assert!(error.is_none(), "{error:?}");
        let written: Vec<_> = events
            .iter()
            .map(|event| serde_json::to_value(event).unwrap())
            .collect();
        assert_eq!(written, spoken());
        let SpeechStreamEvents::Done(done) = &events[3] else {
            unreachable!("{events:?}")
        };
        assert_eq!(done.usage.as_ref().unwrap().total_tokens, 3);
        let audio: Vec<_> = events.iter().map(|event| event.audio().unwrap()).collect();
        assert_eq!(audio.concat(), b"Hello");
        assert_eq!(
            speak(wire.clone()).await.collect_audio().await.unwrap(),
            "Hello"
        );
        let mut stream = speak(wire).await;
        stream.next().await.unwrap().unwrap();
        assert_eq!(stream.collect_audio().await.unwrap(), "lo");
    }
}

#[tokio::test]
async fn speech_without_its_end_is_truncated() {
    let wire = || spoken().into_iter().take(3).map(|data| event(None, &data));
    let mut stream = speak(wire()).await;
    let (events, error) = read(&mut stream).await;
    assert_eq!(
        (events.len(), error.unwrap().kind()),
        (3, ErrorKind::Truncated)
    );
    let error = stream.collect_audio().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated);
    let error = speak(wire()).await.collect_audio().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated);
    assert_eq!(error.partial::<::bytes::Bytes>().unwrap(), "Hello");
}

#[tokio::test]
async fn audio_that_is_not_base64_is_an_error() {
    let response: SpeechResponse = same(&json!({ "audio_data": "a?" }));
    assert_eq!(response.audio().unwrap_err().kind(), ErrorKind::Decode);
    let delta = json!({ "type": "speech.audio.delta", "audio_data": "a?" });
    let event_of: SpeechStreamEvents = same(&delta);
    assert_eq!(event_of.audio().unwrap_err().kind(), ErrorKind::Decode);
    let wire = spoken()
        .into_iter()
        .take(1)
        .chain([delta])
        .map(|data| event(None, &data));
    let error = speak(wire).await.collect_audio().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert_eq!(error.partial::<::bytes::Bytes>().unwrap(), "Hel");
}

fn voice(id: &str) -> Value {
    json!({
        "id": id, "name": "Marie", "slug": "marie", "description": "calm", "type": "custom",
        "kind": "ivc", "languages": ["fr"], "gender": "female", "age": 30, "tags": ["calm"],
        "color": "#fff", "retention_notice": 30, "trimmed_seconds": 1.5,
        "created_at": "2026-01-02T03:04:05Z", "user_id": "u", "new": { "x": null },
    })
}

#[test]
fn voices_are_read_whatever_is_missing_or_new() {
    let read: VoiceResponse = same(&voice("v"));
    assert_eq!(read.voice_type, Some(VoiceType::Custom));
    assert_eq!(read.kind, Some(VoiceKind::Ivc));
    assert_eq!(read.gender, Some(VoiceGender::Female));
    let bare = json!({
        "id": "v", "name": null, "languages": null, "gender": null, "age": null, "tags": null,
        "user_id": null, "type": "rented", "kind": null, "retention_notice": null,
    });
    let read: VoiceResponse = serde_json::from_value(bare).unwrap();
    assert_eq!(read.voice_type, Some(VoiceType::Unknown("rented".into())));
    serde_json::from_value::<VoiceResponse>(json!({ "name": "x" })).unwrap_err();
}

#[tokio::test]
async fn voices_are_made_read_changed_and_deleted() {
    let script = Script::new([Step::status(200, &voice("v").to_string())]);
    let voices = script.client().audio().voices();
    let create = VoiceCreateRequest::from_sample("Marie", "m.wav", "hi")
        .slug("marie")
        .description("calm")
        .languages(["fr"])
        .gender(VoiceGender::Female)
        .age(30)
        .tags(["calm"])
        .color("#fff")
        .retention_notice(7);
    let update = VoiceUpdateRequest::new()
        .name(Some("Anne".into()))
        .languages(Some(vec!["fr".into()]))
        .gender(None)
        .tags(None);
    assert_eq!(voices.create(&create).await.unwrap().id, "v");
    voices.create(&VoiceCreateRequest::new("n")).await.unwrap();
    voices.get("a/b").await.unwrap();
    voices.update("v", &update).await.unwrap();
    voices
        .update("v", &VoiceUpdateRequest::new())
        .await
        .unwrap();
    assert_eq!(voices.delete("v").await.unwrap().name, "Marie");
    let sent = script.sent.lock().unwrap();
    let made = json!({
        "name": "Marie", "slug": "marie", "description": "calm", "languages": ["fr"],
        "gender": "female", "age": 30, "tags": ["calm"], "color": "#fff",
        "retention_notice": 7, "sample_audio": "aGk=", "sample_filename": "m.wav",
    });
    let changed = json!({ "name": "Anne", "languages": ["fr"], "gender": null, "tags": null });
    assert_eq!(same::<VoiceUpdateRequest>(&changed), update);
    let expected = [
        ("create", Method::POST, "", Some(made)),
        ("create", Method::POST, "", Some(json!({ "name": "n" }))),
        ("get", Method::GET, "/a%2Fb", None),
        ("update", Method::PATCH, "/v", Some(changed)),
        ("update", Method::PATCH, "/v", Some(json!({}))),
        ("delete", Method::DELETE, "/v", None),
    ];
    assert_eq!(sent.len(), expected.len());
    for (call, (name, method, path, body)) in sent.iter().zip(expected) {
        assert_eq!(call.operation.name(), format!("audio.voices.{name}"));
        assert_eq!(call.method, method);
        assert_eq!(call.uri.path(), format!("/prefix/v1/audio/voices{path}"));
        assert_eq!(call.uri.query(), None);
        match body {
            Some(body) => assert_eq!(call.json(), body),
            None => assert!(call.body.is_empty()),
        }
    }
}

#[tokio::test]
async fn voices_are_listed_page_by_page() {
    let page = |ids: &[&str]| {
        let items: Vec<_> = ids.iter().map(|id| voice(id)).collect();
        let page = json!({
            "items": items, "total": 5, "page": 1, "page_size": 2, "total_pages": 3, "new": 1,
        });
        same::<VoiceListResponse>(&page);
        Step::status(200, &page.to_string())
    };
    let script = Script::new([page(&["b", "c"]), page(&["d", "e"])]);
    let request = ListVoicesRequest::new()
        .limit(2)
        .offset(1)
        .filter(VoiceFilter::Custom);
    let mut voices = script
        .client()
        .audio()
        .voices()
        .list(&request)
        .pages()
        .items();
    let mut ids = Vec::new();
    while let Some(voice) = voices.next().await {
        ids.push(voice.unwrap().id);
    }
    assert_eq!(ids, ["b", "c", "d", "e"]);
    let sent = script.sent.lock().unwrap();
    let queries: Vec<_> = sent
        .iter()
        .map(|call| {
            assert_eq!(
                (&call.method, call.uri.path()),
                (&Method::GET, "/prefix/v1/audio/voices")
            );
            let query = call.uri.query().unwrap_or_default();
            let mut query: Fields = url::form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect();
            query.sort();
            query
        })
        .collect();
    let expected = |offset| pairs(&[("limit", "2"), ("offset", offset), ("type", "custom")]);
    assert_eq!(queries, [expected("1"), expected("3")]);
}

#[tokio::test]
async fn the_sample_of_a_voice_is_downloaded() {
    let script = Script::new([Step::status(200, "RIFF").header("content-type", "audio/wav")]);
    let voices = script.client().audio().voices();
    let sample = voices.get_sample_audio("v").await.unwrap();
    assert_eq!(sample.content_type(), Some("audio/wav"));
    assert_eq!(sample.bytes().await.unwrap(), "RIFF");
    let sent = &script.sent.lock().unwrap()[0];
    assert_eq!(sent.method, Method::GET);
    assert_eq!(sent.uri.path(), "/prefix/v1/audio/voices/v/sample");
    assert_eq!(sent.headers["accept"], "audio/wav");
    assert_eq!(sent.operation.name(), "audio.voices.get_sample_audio");
}

#[test]
fn all_operations_are_known() {
    let names: Vec<_> = Endpoint::all()
        .filter(|endpoint| endpoint.name.starts_with("audio."))
        .map(|endpoint| endpoint.name.trim_start_matches("audio."))
        .collect();
    let expected = [
        "transcriptions.complete",
        "transcriptions.stream",
        "speech.complete",
        "speech.stream",
        "voices.list",
        "voices.create",
        "voices.get",
        "voices.update",
        "voices.delete",
        "voices.get_sample_audio",
    ];
    assert_eq!(names, expected);
}
