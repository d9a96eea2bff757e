//! The span of a stream.

use std::time::Duration;

use mistral_core::audio::{AudioTranscriptionRequest, SpeechRequest};
use mistral_core::files::FileSource;
use mistral_core::testing::{MockReply, MockTransport};
use serde_json::json;

use super::recorder::Recorder;
use super::{MESSAGES, ask, builder, events, has, lacks};

#[tokio::test(start_paused = true)]
async fn span_of_stream_ends_with_it_and_has_usage() {
    let (recorder, _guard) = Recorder::start();
    let reply = MockReply::sse(events()).with_delay(Duration::from_secs(3));
    let mock = MockTransport::new().reply(reply.with_chunk_delay(Duration::from_secs(2)));
    let client = builder(&mock).build().unwrap();
    let mut stream = client.chat().stream(&ask()).await.unwrap();
    while let Some(chunk) = stream.next().await {
        chunk.unwrap();
        assert!(!recorder.span().ended);
    }
    let span = recorder.span();
    assert!(span.ended, "the stream is over, though it is not dropped");
    has(
        &span,
        &[
            ("otel.name", "chat mistral-small-latest"),
            ("mistral.operation", "chat.stream"),
            ("gen_ai.request.stream", "true"),
            ("gen_ai.response.finish_reasons", r#"["stop"]"#),
            ("gen_ai.response.id", "cmpl-2"),
            ("gen_ai.response.model", "mistral-small-2506"),
            ("gen_ai.usage.input_tokens", "5"),
            ("gen_ai.usage.output_tokens", "2"),
        ],
    );
    let first: f64 = span
        .get("gen_ai.response.time_to_first_chunk")
        .unwrap()
        .parse()
        .unwrap();
    assert!((3.0..7.0).contains(&first), "{first}");
    lacks(&span, &["error.type"]);
    lacks(&span, &MESSAGES);
    assert_eq!(stream.collect_response().await.unwrap().text(), "my answer");
}

#[tokio::test]
async fn span_of_dropped_or_cut_stream_has_partial_attributes() {
    let (recorder, _guard) = Recorder::start();
    let mock = MockTransport::new()
        .sse(events())
        .reply(MockReply::sse(events()).with_break_after(2));
    let client = builder(&mock).build().unwrap();
    let mut dropped = client.chat().stream(&ask()).await.unwrap();
    dropped.next().await.unwrap().unwrap();
    assert!(!recorder.spans()[0].ended);
    drop(dropped);
    let broken = client.chat().stream(&ask()).await.unwrap();
    broken.collect_response().await.unwrap_err();

    let spans = recorder.spans();
    for span in &spans {
        assert!(span.ended);
        has(
            span,
            &[
                ("gen_ai.response.model", "mistral-small-2506"),
                ("mistral.attempts", "1"),
            ],
        );
        lacks(
            span,
            &[
                "gen_ai.response.finish_reasons",
                "gen_ai.usage.output_tokens",
            ],
        );
    }
    lacks(&spans[0], &["error.type"]);
    has(
        &spans[1],
        &[("error.type", "truncated"), ("otel.status_code", "ERROR")],
    );
}

#[tokio::test]
async fn span_of_audio_streams_has_usage() {
    let (recorder, _guard) = Recorder::start();
    let usage = json!({ "prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7 });
    let spoken = [
        json!({ "type": "speech.audio.delta", "audio_data": "AAAA" }),
        json!({ "type": "speech.audio.done", "usage": usage }),
    ];
    let written = [json!({
        "type": "transcription.done", "model": "voxtral-mini-2507", "text": "my words",
        "language": "en", "segments": [], "usage": usage,
    })];
    let mock = MockTransport::new().sse(spoken).sse(written);
    let client = builder(&mock).build().unwrap();
    let speech = SpeechRequest::new("my words");
    let stream = client.audio().speech().stream(&speech).await.unwrap();
    stream.collect_audio().await.unwrap();
    let recording = FileSource::from_bytes("a.mp3", "sound");
    let request = AudioTranscriptionRequest::new("voxtral-mini-latest", recording);
    let stream = client
        .audio()
        .transcriptions()
        .stream(&request)
        .await
        .unwrap();
    stream.collect_response().await.unwrap();
    for span in recorder.spans() {
        assert!(span.ended);
        has(
            &span,
            &[
                ("gen_ai.usage.input_tokens", "3"),
                ("gen_ai.usage.output_tokens", "4"),
            ],
        );
    }
    has(
        &recorder.spans()[1],
        &[("gen_ai.response.model", "voxtral-mini-2507")],
    );
    assert!(!recorder.text().contains("my words"));
}

/// Whatever is tolerated is logged, without what the response says.
#[tokio::test]
async fn response_that_is_tolerated_is_logged_without_its_content() {
    let (recorder, _guard) = Recorder::start();
    let chunk = |choice: &str| format!(r#"{{"choices":[{{"index":0,{choice}}}]}}"#);
    let wire = [
        r#"{"progress":"secret"}"#.to_owned(),
        chunk(r#""delta":{"content":[{"type":"text","text":["secret"]}]}"#),
        chunk(r#""delta":{"content":"secret \ud83d"}"#),
        chunk(r#""delta":{},"finish_reason":"stop""#),
        "[DONE]".to_owned(),
    ];
    let wire = wire.map(|data| format!("data: {data}\n\n")).concat();
    let mock = MockTransport::new()
        .reply(MockReply::bytes("text/event-stream", [wire]))
        .json(json!({ "choices": [{ "index": 0, "text": "secret" }] }));
    let client = builder(&mock).build().unwrap();
    let stream = client.chat().stream(&ask()).await.unwrap();
    assert!(
        stream
            .collect_response()
            .await
            .unwrap()
            .text()
            .starts_with("secret")
    );
    client.chat().complete(&ask()).await.unwrap();
    let text = recorder.text();
    for words in [
        "an event that carries nothing of the response is passed over",
        "a member of a union is not what its tag says",
        "a response is not valid JSON",
        "the text of a choice is not in the field that the API documents",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains("secret"), "{text}");
}

#[tokio::test]
async fn span_of_raw_call_is_that_of_a_typed_call() {
    let (recorder, _guard) = Recorder::start();
    let mock = MockTransport::new().sse(events()).sse(events());
    let client = builder(&mock).build().unwrap();
    let typed = client.chat().stream(&ask()).await.unwrap();
    typed.collect_response().await.unwrap();
    let body = serde_json::to_string(&ask()).unwrap();
    let mut raw = client.chat().stream_raw(body).await.unwrap();
    while let Some(chunk) = raw.next().await {
        chunk.unwrap();
    }
    let spans = recorder.spans();
    let fields = |at: usize| {
        let mut fields = spans[at].fields.clone();
        fields.retain(|name, _| !name.contains("time_to_first_chunk"));
        fields
    };
    assert_eq!(spans.len(), 2);
    assert_eq!(fields(0), fields(1));
    assert_eq!(fields(1)["gen_ai.request.model"], "mistral-small-latest");
}
