//! Speech and voices: requests, responses, streams.

use http::Method;
use mistral_core::audio::{
    ListVoicesRequest, RawAudio, SearchVoicesRequest, SpeechAssistantTurn, SpeechOutputFormat,
    SpeechRequest, SpeechResponse, SpeechStreamEvents, SpeechTurn, SpeechUserTurn,
    VoiceCreateRequest, VoiceFilter, VoiceGender, VoiceKind, VoiceListPage, VoiceListResponse,
    VoiceResponse, VoiceType, VoiceUpdateRequest,
};
use mistral_core::json::Patch;
use mistral_core::provider::Operation;
use mistral_core::testing::MockChunk;
use mistral_core::{ErrorKind, EventStream};
use serde_json::{Value, json};

use super::{Fields, event, named, pairs, read, same};
use crate::common::{bytes, client_with, reply, scripted, sse};

#[tokio::test]
async fn speech_complete_sends_every_field_and_decodes_audio() {
    let mock = scripted([reply(200, r#"{"audio_data":"aGk=","new":null}"#)]);
    let speech = client_with(&mock).audio().speech();
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
    let sent = mock.requests();
    let call = &sent[0];
    assert_eq!(
        (&call.method, call.uri.path()),
        (&Method::POST, "/prefix/v1/audio/speech")
    );
    assert_eq!(call.headers["accept"], "application/json");
    assert_eq!(call.operation, "audio.speech.complete");
    assert_eq!(call.model.as_deref(), Some("voxtral-tts"));
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
    assert_eq!(sent[1].model.as_deref(), None);
    same::<SpeechTurn>(&json!({ "role": "narrator", "audio": null }));
}

async fn speak(events: impl IntoIterator<Item = MockChunk>) -> EventStream<SpeechStreamEvents> {
    let mock = scripted([sse(events)]);
    let call = client_with(&mock)
        .audio()
        .speech()
        .stream(&SpeechRequest::new("x"));
    let stream = call.await.unwrap();
    let sent = &mock.requests()[0];
    assert_eq!(sent.json(), json!({ "input": "x", "stream": true }));
    assert_eq!(sent.headers["accept"], "text/event-stream");
    assert_eq!(sent.operation, "audio.speech.stream");
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
async fn speech_stream_reads_events_and_collects_audio() {
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
async fn speech_stream_without_done_event_is_truncated() {
    let wire = || spoken().into_iter().take(3).map(|data| event(None, &data));
    let mut stream = speak(wire()).await;
    let (events, error) = read(&mut stream).await;
    assert_eq!((events.len(), error.is_none()), (3, true));
    let error = stream.collect_audio().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated);
    let cut = wire().chain([bytes("data: {\"type\":")]);
    let (events, error) = read(&mut speak(cut).await).await;
    assert_eq!(
        (events.len(), error.unwrap().kind()),
        (3, ErrorKind::Truncated)
    );
    let error = speak(wire()).await.collect_audio().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated);
    assert_eq!(error.partial::<::bytes::Bytes>().unwrap(), "Hello");
}

#[tokio::test]
async fn speech_audio_that_is_not_base64_is_a_decode_error() {
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

/// A part of the recording must not be missing without an error.
#[tokio::test]
async fn speech_event_that_cannot_be_read_is_an_error() {
    let delta = json!({ "type": "speech.audio.delta", "audio_data": null });
    for wire in [event(None, &delta), named(delta)] {
        let error = speak([wire]).await.collect_audio().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
    }
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
fn voice_with_missing_or_unknown_fields_is_read() {
    let read: VoiceResponse = same(&voice("v"));
    assert_eq!(read.voice_type, Some(VoiceType::Custom));
    assert_eq!(read.kind, Some(VoiceKind::Ivc));
    assert_eq!(read.gender.as_deref(), Some("female"));
    let bare = json!({
        "id": "v", "name": null, "languages": null, "gender": null, "age": null, "tags": null,
        "user_id": null, "type": "rented", "kind": null, "retention_notice": null,
    });
    let read: VoiceResponse = serde_json::from_value(bare).unwrap();
    assert_eq!(read.voice_type, Some(VoiceType::Unknown("rented".into())));
    serde_json::from_value::<VoiceResponse>(json!({ "name": "x" })).unwrap_err();
}

#[tokio::test]
async fn voices_crud_sends_methods_paths_and_bodies() {
    let mock = scripted([reply(200, &voice("v").to_string())]);
    let voices = client_with(&mock).audio().voices();
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
        .name("Anne")
        .languages(["fr"])
        .gender(Patch::Clear)
        .tags(Patch::Clear);
    assert_eq!(voices.create(&create).await.unwrap().id, "v");
    voices.create(&VoiceCreateRequest::new("n")).await.unwrap();
    voices.get("a/b").await.unwrap();
    voices.update("v", &update).await.unwrap();
    voices
        .update("v", &VoiceUpdateRequest::new())
        .await
        .unwrap();
    assert_eq!(voices.delete("v").await.unwrap().name, "Marie");
    let sent = mock.requests();
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
        assert_eq!(call.operation, format!("audio.voices.{name}"));
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
async fn paging_voices_by_offset_lists_all() {
    let page = |ids: &[&str]| {
        let items: Vec<_> = ids.iter().map(|id| voice(id)).collect();
        let page = json!({
            "items": items, "total": 5, "page": 1, "page_size": 2, "total_pages": 3, "new": 1,
        });
        same::<VoiceListResponse>(&page);
        reply(200, &page.to_string())
    };
    let mock = scripted([page(&["b", "c"]), page(&["d", "e"])]);
    let request = ListVoicesRequest::new()
        .limit(2)
        .offset(1)
        .filter(VoiceFilter::Custom);
    let mut voices = client_with(&mock)
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
    let sent = mock.requests();
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
async fn paging_voices_by_token_searches_all() {
    let first = json!({ "data": [voice("b")], "next_page_token": "t", "new": 1 });
    same::<VoiceListPage>(&first);
    let last = json!({ "data": [voice("c")], "next_page_token": null });
    let mock = scripted([
        reply(200, &first.to_string()),
        reply(200, &last.to_string()),
    ]);
    let request = SearchVoicesRequest::new()
        .page_size(1)
        .gender([VoiceGender::Female, "other".into()])
        .language(["fr"])
        .kind("ivc");
    let voices = client_with(&mock).audio().voices();
    let mut voices = voices.search(&request).pages().items();
    let mut ids = Vec::new();
    while let Some(voice) = voices.next().await {
        ids.push(voice.unwrap().id);
    }
    assert_eq!(ids, ["b", "c"]);
    let sent = mock.requests();
    let query = "gender=female&gender=other&kind=ivc&language=fr&page_size=1";
    assert_eq!(sent[0].uri.path(), "/prefix/v2/audio/voices");
    assert_eq!(sent[0].uri.query(), Some(query));
    assert_eq!(
        sent[1].uri.query(),
        Some(format!("{query}&page_token=t").as_str())
    );
}

#[tokio::test]
async fn download_voice_sample_returns_audio() {
    let mock = scripted([reply(200, "RIFF").with_header("content-type", "audio/wav")]);
    let voices = client_with(&mock).audio().voices();
    let sample = voices.get_sample_audio("v").await.unwrap();
    assert_eq!(sample.content_type(), Some("audio/wav"));
    assert_eq!(sample.bytes().await.unwrap(), "RIFF");
    let sent = &mock.requests()[0];
    assert_eq!(sent.method, Method::GET);
    assert_eq!(sent.uri.path(), "/prefix/v1/audio/voices/v/sample");
    assert_eq!(sent.headers["accept"], "audio/wav");
    assert_eq!(sent.operation, "audio.voices.get_sample_audio");
}

#[test]
fn operations_of_audio_are_complete() {
    let names: Vec<_> = Operation::all()
        .filter(|operation| operation.name.starts_with("audio."))
        .map(|operation| operation.name.trim_start_matches("audio."))
        .collect();
    let expected = [
        "transcriptions.complete",
        "transcriptions.stream",
        "speech.complete",
        "speech.stream",
        "voices.list",
        "voices.search",
        "voices.create",
        "voices.get",
        "voices.update",
        "voices.delete",
        "voices.get_sample_audio",
    ];
    assert_eq!(names, expected);
}
