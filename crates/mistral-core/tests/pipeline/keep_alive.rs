//! Streams that a server or a gateway keeps alive, and the forms of their end and their start.

use std::time::Duration;

use mistral_core::ErrorKind;
use mistral_core::audio::{AudioTranscriptionRequest, SpeechRequest, TranscriptionStreamEvents};
use mistral_core::chat::ChatCompletionResponse;
use mistral_core::files::FileSource;
use mistral_core::fim::FimCompletionRequest;
use mistral_core::testing::MockChunk;
use mistral_core::{Error, Result};
use serde_json::Value;

use crate::common::{DONE, bytes, client_with, event, finish, question, scripted, sse};

/// Events that carry nothing of a response.
const SIGNS_OF_LIFE: [&str; 12] = [
    "data:\n\n",
    "data: \n\ndata:\n\ndata\n\n",
    "data: : PROCESSING\n\n",
    "data: keep-alive\n\n",
    "data: {}\n\n",
    "data: null\n\n",
    "event: ping\ndata: {\"type\":\"ping\"}\n\n",
    "event: heartbeat\ndata: 3\n\n",
    "event: keepalive\ndata: still here\n\n",
    "data: {\"type\":\"keepalive\",\"sequence_number\":1}\n\n",
    "data: {\"progress\":0.5}\n\n",
    "data: {\"id\":\"1\",\"choices\":null,\"usage\":null}\n\n",
];

async fn collect(wire: impl Into<String>) -> Result<ChatCompletionResponse> {
    let mock = scripted([sse([bytes(wire)])]);
    let stream = client_with(&mock).chat().stream(&question()).await.unwrap();
    stream.collect_response().await
}

#[tokio::test]
async fn stream_events_that_keep_it_alive_are_passed_over() {
    let (first, last) = (event("a"), event("b") + &finish() + DONE);
    for life in SIGNS_OF_LIFE {
        for wire in [
            format!("{first}{life}{last}"),
            format!("{life}{life}{first}{last}"),
        ] {
            let response = collect(wire).await.unwrap();
            assert_eq!(response.text(), "ab", "{life:?}");
            assert_eq!(response.choices.len(), 1);
        }
        let mock = scripted([sse([bytes(format!("{first}{life}{last}"))])]);
        let request = FimCompletionRequest::new("m", "f");
        let mut stream = client_with(&mock).fim().stream(&request).await.unwrap();
        let mut texts = Vec::new();
        while let Some(chunk) = stream.next().await {
            texts.push(chunk.unwrap().text().into_owned());
        }
        assert_eq!(texts, ["a", "b", ""], "{life:?}");
    }
}

#[tokio::test]
async fn stream_that_stops_after_a_keep_alive_is_truncated() {
    for life in SIGNS_OF_LIFE {
        for end in [vec![], vec![MockChunk::Break]] {
            let pieces = [vec![bytes(event("a")), bytes(life)], end].concat();
            let stream = client_with(&scripted([sse(pieces)]))
                .chat()
                .stream(&question());
            let error = stream.await.unwrap().collect_response().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Truncated, "{life:?}");
            let partial = error.partial::<ChatCompletionResponse>().unwrap();
            assert_eq!(partial.text(), "a");
        }
    }
}

#[tokio::test]
async fn stream_that_stops_after_an_event_passed_over_quotes_it() {
    let words = "data: {\"id\":\"1\",\"choices\":[],\"message\":\"No capacity\"}\n\n";
    let error = collect(event("a") + words).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated);
    assert!(format!("{error:#}").contains("No capacity"), "{error:#}");
    let partial = error.partial::<ChatCompletionResponse>().unwrap();
    assert_eq!(partial.text(), "a");
}

/// A stream of another API must not become an empty response.
#[tokio::test]
async fn stream_without_any_chunk_is_an_error() {
    let other = "data: {\"type\":\"response.output_text.delta\",\"delta\":\"a\"}\n\n";
    for wire in [format!("{other}{DONE}"), other.to_owned()] {
        let error = collect(wire).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(error.to_string().contains("`choices`"), "{error}");
        assert!(error.api().unwrap().body.contains("output_text"));
    }
}

#[tokio::test]
async fn stream_error_under_the_name_of_a_keep_alive_is_an_error() {
    for wire in [
        "event: ping\ndata: {\"error\":{\"message\":\"no luck\"}}\n\n",
        "data: {\"type\":\"ping\",\"error\":\"no luck\"}\n\n",
        "data: no luck\n\n",
    ] {
        let error = collect(format!("{}{wire}{DONE}", event("a"))).await;
        let error = error.unwrap_err();
        let words = error.api().unwrap();
        assert!(format!("{} {}", error, words.body).contains("no luck"));
    }
}

#[tokio::test]
async fn stream_chunk_of_any_event_type_is_read() {
    let named = |event: &str| format!("event: ping\n{event}");
    let wire = named(&event("a")) + &named(&event("b")) + &finish() + DONE;
    assert_eq!(collect(wire).await.unwrap().text(), "ab");
}

#[tokio::test(start_paused = true)]
async fn stream_keep_alive_resets_the_idle_timeout() {
    let nine = Duration::from_secs(9);
    let life = SIGNS_OF_LIFE.map(|life| [MockChunk::Delay(nine), bytes(life)]);
    let pieces = std::iter::once(bytes(event("a")))
        .chain(life.into_iter().flatten())
        .chain([bytes(finish() + DONE)]);
    let mock = scripted([sse(pieces)]);
    let client = client_with(&mock);
    let call = client.chat().stream(&question());
    let stream = call.idle_timeout(Duration::from_secs(10)).await.unwrap();
    assert_eq!(stream.collect_response().await.unwrap().text(), "a");
}

#[tokio::test]
async fn audio_streams_pass_over_keep_alives() {
    let done = "data: {\"type\":\"transcription.done\",\"text\":\"a\",\"model\":\"m\"}\n\n";
    let recording = FileSource::from_bytes("a.wav", "x");
    let request = AudioTranscriptionRequest::new("m", recording);
    let spoken = "data: {\"type\":\"speech.audio.delta\",\"audio_data\":\"YQ==\"}\n\n\
                  data: {\"type\":\"speech.audio.done\"}\n\n";
    for life in SIGNS_OF_LIFE {
        let client = client_with(&scripted([sse([bytes(format!("{life}{done}"))])]));
        let stream = client.audio().transcriptions().stream(&request);
        let response = stream.await.unwrap().collect_response().await.unwrap();
        assert_eq!(response.text, "a", "{life:?}");

        let client = client_with(&scripted([sse([bytes(format!("{life}{spoken}"))])]));
        let stream = client.audio().speech().stream(&SpeechRequest::new("a"));
        let audio = stream.await.unwrap().collect_audio().await.unwrap();
        assert_eq!(audio, "a", "{life:?}");
    }
}

#[tokio::test]
async fn audio_stream_of_keep_alives_alone_is_truncated() {
    let recording = FileSource::from_bytes("a.wav", "x");
    let request = AudioTranscriptionRequest::new("m", recording);
    for life in SIGNS_OF_LIFE {
        let client = client_with(&scripted([sse([bytes(life)])]));
        let mut stream = client
            .audio()
            .transcriptions()
            .stream(&request)
            .await
            .unwrap();
        let mut error: Option<Error> = None;
        while let Some(event) = stream.next().await {
            error = event.err();
        }
        assert_eq!(error.unwrap().kind(), ErrorKind::Truncated, "{life:?}");
    }
}

#[tokio::test]
async fn audio_stream_of_a_new_event_alone_is_whole() {
    let recording = FileSource::from_bytes("a.wav", "x");
    let request = AudioTranscriptionRequest::new("m", recording);
    let wire = "data: {\"type\":\"transcription.speaker\",\"name\":\"a\"}\n\n";
    let client = client_with(&scripted([sse([bytes(wire)])]));
    let stream = client.audio().transcriptions().stream(&request);
    let mut stream = stream.await.unwrap();
    let event = stream.next().await.unwrap().unwrap();
    assert!(matches!(event, TranscriptionStreamEvents::Unknown(_)));
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn request_stream_passes_over_events_without_data() {
    let mock = scripted([sse([bytes("data:\n\ndata: {\"n\":1}\n\ndata: \n\n")])]);
    let client = client_with(&mock);
    let call = client.request_stream::<Value>(http::Method::POST, "/v1/new");
    let mut stream = call.await.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap()["n"], 1);
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn stream_end_marker_may_have_blanks_around_it() {
    for marker in [
        "data:  [DONE]\n\n",
        "data: [DONE] \n\n",
        "data:\t[DONE]\n\n",
        "data: [DONE] \r\n\r\n",
        "event: done\ndata:  [DONE]\n\n",
        "data: [DONE]\ndata:\n\n",
        "data: \"[DONE]\"\n\n",
        "data: [done]\n\n",
        "data: [DONE].\n\n",
        "data: '[DONE]',\n\n",
    ] {
        let mock = scripted([sse([
            bytes(event("a")),
            bytes(marker),
            MockChunk::Stall, // it is the end, although the connection stays open
        ])]);
        let stream = client_with(&mock).chat().stream(&question());
        let response = stream.await.unwrap().collect_response().await.unwrap();
        assert_eq!(response.text(), "a", "{marker:?}");
    }
}

#[tokio::test]
async fn stream_may_begin_with_blank_lines_under_any_content_type() {
    let wire = event("a") + &finish() + DONE;
    for start in [
        "\n\n",
        " \n",
        "\t\r\n",
        "\r\n\r\n",
        "\u{feff}",
        "\u{feff}\n",
        "\n: ping\n\n",
    ] {
        for content_type in ["text/event-stream", "text/plain", "application/json", ""] {
            for size in [1, 3, 1000] {
                let wire = format!("{start}{wire}");
                let chunks = wire.as_bytes().chunks(size);
                let chunks = chunks.map(|it| MockChunk::Bytes(bytes::Bytes::copy_from_slice(it)));
                let reply = sse(chunks).with_header("content-type", content_type);
                let stream = client_with(&scripted([reply])).chat().stream(&question());
                let response = stream.await.unwrap().collect_response().await.unwrap();
                assert_eq!(response.text(), "a", "{start:?} {content_type}");
            }
        }
    }
    for (body, kind) in [
        ("\n\n", ErrorKind::Truncated),
        ("\n\n{\"message\":\"boom\"}", ErrorKind::Server),
        ("\u{feff}{\"message\":\"boom\"}", ErrorKind::Server),
    ] {
        let reply = sse([bytes(body)]).with_header("content-type", "application/json");
        let stream = client_with(&scripted([reply])).chat().stream(&question());
        assert_eq!(stream.await.unwrap_err().kind(), kind, "{body:?}");
    }
}
