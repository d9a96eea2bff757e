//! Calls of every API group, and the options of calls, streams and lists.

use std::time::Duration;

use http::Method;
use mistral_emulator::{Emulator, Fault};
use mistral_sdk::agents::AgentsCompletionRequest;
use mistral_sdk::audio::{AudioTranscriptionRequest, ListVoicesRequest, SpeechRequest};
use mistral_sdk::batch::ListBatchJobsRequest;
use mistral_sdk::chat::ChatCompletionResponse;
use mistral_sdk::classifiers::ClassificationRequest;
use mistral_sdk::embeddings::EmbeddingRequest;
use mistral_sdk::error::TimeoutPhase;
use mistral_sdk::files::{FilePurpose, FileSource, ListFilesRequest, UploadFileRequest};
use mistral_sdk::fim::FimCompletionRequest;
use mistral_sdk::fine_tuning::ListFineTuningJobsRequest;
use mistral_sdk::messages::Message;
use mistral_sdk::ocr::{Document, OcrRequest};
use mistral_sdk::retry::Hedging;
use mistral_sdk::{Client, ErrorKind, RetryPolicy};
use serde_json::{Value, json};

use super::server::{DONE, EVENT, Server};
use super::{api, chat_request, chat_text, start};

#[test]
fn blocking_every_api_group_is_callable() {
    let (_emulator, client) = start();
    let text = chat_text(&client);
    assert!(text.contains("Manet"), "{text}");

    let fim = FimCompletionRequest::new("codestral-latest", "fn main() {");
    assert!(
        !client
            .fim()
            .complete(&fim)
            .send()
            .unwrap()
            .text()
            .is_empty()
    );
    let agents = AgentsCompletionRequest::new("ag:1:20260101:painter:1", [Message::user("Hi.")]);
    assert!(
        !client
            .agents()
            .complete(&agents)
            .send()
            .unwrap()
            .text()
            .is_empty()
    );
    let embedding = EmbeddingRequest::new("mistral-embed", ["a cat", "a dog"]);
    assert_eq!(
        client
            .embeddings()
            .create(&embedding)
            .send()
            .unwrap()
            .data
            .len(),
        2
    );
    let text = ClassificationRequest::new("mistral-moderation-latest", ["Good morning."]);
    assert_eq!(
        client
            .classifiers()
            .moderate(&text)
            .send()
            .unwrap()
            .results
            .len(),
        1
    );
    let document = Document::url("https://example.com/report.pdf");
    let ocr = OcrRequest::new("mistral-ocr-latest", document);
    assert!(!client.ocr().process(&ocr).send().unwrap().pages.is_empty());
    let jobs = client.batch().jobs().list(&ListBatchJobsRequest::new());
    assert!(jobs.send().unwrap().data.is_empty());
    let jobs = client
        .fine_tuning()
        .jobs()
        .list(&ListFineTuningJobsRequest::new());
    assert!(jobs.send().is_ok());
    let voices = client.audio().voices().list(&ListVoicesRequest::new());
    assert!(voices.send().is_ok());
    assert!(!client.models().list().send().unwrap().data.is_empty());

    let models: Value = client.request(Method::GET, "/v1/models").send().unwrap();
    assert!(models["data"].is_array());
    assert!(client.supports("ocr.process"));
    assert_eq!(client.provider_name(), "api");
}

#[test]
fn blocking_audio_speech_and_transcription_succeed() {
    let (_emulator, client) = start();
    let request = SpeechRequest::new("Bonjour !");
    let speech = client.audio().speech();
    let complete = speech.complete(&request).send().unwrap().audio().unwrap();
    let streamed = speech
        .stream(&request)
        .send()
        .unwrap()
        .collect_audio()
        .unwrap();
    assert!(!complete.is_empty());
    assert_eq!(streamed, complete);

    let recording = FileSource::from_bytes("bonjour.wav", complete);
    let request = AudioTranscriptionRequest::new("voxtral-mini-latest", recording);
    let transcriptions = client.audio().transcriptions();
    let heard = transcriptions.complete(&request).send().unwrap();
    let streamed = transcriptions.stream(&request).send().unwrap();
    assert_eq!(streamed.collect_response().unwrap().text, heard.text);
}

#[test]
fn sse_stream_is_an_iterator_and_collects_the_response() {
    let (_emulator, client) = start();
    let complete = chat_text(&client);
    let mut stream = client.chat().stream(&chat_request()).send().unwrap();
    assert!(stream.request_id().is_some());
    let mut text = String::new();
    for chunk in stream.by_ref() {
        text += &chunk.unwrap().text();
    }
    assert_eq!(text, complete);
    assert!(stream.next().is_none());
    assert_eq!(stream.collect_response().unwrap().text(), complete);

    let call = client.request_stream::<Value>(Method::POST, "/v1/chat/completions");
    let body = json!({"model": "mistral-small-latest", "stream": true,
        "messages": [{"role": "user", "content": "Hi."}]});
    let events: Result<Vec<_>, _> = call.json(&body).send().unwrap().collect();
    assert!(events.unwrap().len() > 1);
}

#[test]
fn sse_stream_cut_is_one_error_with_partial_response() {
    let server = Server::start();
    let client = Client::builder(server.api()).build_blocking().unwrap();
    let script = server.run_script(|server| {
        for _ in 0..2 {
            let mut connection = server.accept();
            connection.request().unwrap();
            connection.begin_stream();
            connection.chunk(EVENT);
        }
    });
    let mut stream = client.chat().stream(&chat_request()).send().unwrap();
    assert_eq!(stream.next().unwrap().unwrap().text(), "a");
    let error = stream.next().unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated);
    assert_eq!(error.operation(), "chat.stream");
    assert!(stream.next().is_none());

    let stream = client.chat().stream(&chat_request()).send().unwrap();
    let error = stream.collect_response().unwrap_err();
    assert_eq!(
        error.partial::<ChatCompletionResponse>().unwrap().text(),
        "a"
    );
    script.join().unwrap();
}

#[test]
fn sse_events_in_one_chunk_are_all_returned() {
    let server = Server::start();
    let client = Client::builder(server.api()).build_blocking().unwrap();
    let script = server.run_script(|server| {
        let mut connection = server.accept();
        connection.request().unwrap();
        connection.begin_stream();
        let after_the_end = EVENT;
        connection.chunk(&[EVENT, EVENT, EVENT, DONE, after_the_end].concat());
        connection.wait_for_close();
    });
    let mut stream = client.chat().stream(&chat_request()).send().unwrap();
    assert_eq!(stream.by_ref().map(Result::unwrap).count(), 3);
    assert_eq!(stream.collect_response().unwrap().text(), "aaa");
    script.join().unwrap();
}

#[test]
fn call_options_apply_and_response_metadata_is_kept() {
    let (emulator, client) = start();
    let call = client
        .models()
        .list()
        .header("x-team", "search")
        .query("q", "1");
    let response = call.with_response().unwrap();
    assert_eq!(response.status, 200);
    assert!(response.request_id().is_some());
    assert!(!response.raw_body.is_empty());
    let sent = emulator.requests();
    assert_eq!(sent[0].headers["x-team"], "search");
    assert_eq!(sent[0].query.as_deref(), Some("q=1"));

    let response = client
        .chat()
        .stream(&chat_request())
        .with_response()
        .unwrap();
    assert_eq!(response.status, 200);
    assert!(response.request_id().is_some());
    assert!(
        response
            .body
            .collect_response()
            .unwrap()
            .text()
            .contains("Manet")
    );

    let error = client
        .models()
        .list()
        .header("a b", "c")
        .send()
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::Config, "models.list")
    );
    assert_eq!(emulator.requests().len(), 2);
}

#[test]
fn call_retry_and_timeout_apply() {
    let fault = Fault::status(503).times(2);
    let emulator = Emulator::builder().fault(fault).start().unwrap();
    let without_delay =
        RetryPolicy::backoff(Duration::ZERO, Duration::ZERO, 1.0, Duration::from_secs(60));
    let builder = Client::builder(api(&emulator)).retry(without_delay);
    let client = builder.build_blocking().unwrap();
    assert_eq!(client.models().list().with_response().unwrap().attempts, 3);

    emulator.push_fault(Fault::delay(Duration::from_secs(600)));
    let call = client.models().list().timeout(Duration::from_millis(50));
    let error = call.send().unwrap_err();
    assert_eq!(
        error.timeout_phase(),
        Some(TimeoutPhase::Total),
        "{error:#}"
    );
}

#[test]
fn paging_iterates_over_every_page() {
    let (_emulator, client) = start();
    for name in ["a.jsonl", "b.jsonl", "c.jsonl"] {
        let file = FileSource::from_bytes(name, "{}\n");
        let request = UploadFileRequest::new(FilePurpose::Batch, file);
        client.files().upload(&request).send().unwrap();
    }
    let request = ListFilesRequest::new().page_size(2);
    let pages = || client.files().list(&request).pages();
    let lengths: Vec<_> = pages().map(|page| page.unwrap().data.len()).collect();
    assert_eq!(lengths, [2, 1]);
    let mut names: Vec<_> = pages().items().map(|file| file.unwrap().filename).collect();
    names.sort();
    assert_eq!(names, ["a.jsonl", "b.jsonl", "c.jsonl"]);

    let wrong = client.files().list(&request).header("a b", "c");
    let mut pages = wrong.pages();
    assert_eq!(pages.next().unwrap().unwrap_err().kind(), ErrorKind::Config);
    assert!(pages.next().is_none());
}

#[test]
fn blocking_raw_calls_pass_json_on() {
    let (_emulator, client) = start();
    let request = serde_json::to_value(chat_request()).unwrap();
    let response = client.chat().complete_raw(&request).send().unwrap();
    assert_eq!(response["choices"][0]["finish_reason"], "stop");
    let stream = client.chat().stream_raw(&request).send().unwrap();
    let chunks: Vec<_> = stream.collect::<Result<_, _>>().unwrap();
    let last: Value = chunks.last().unwrap().parse().unwrap();
    assert_eq!(last["choices"][0]["finish_reason"], "stop");
}

#[test]
fn hedge_of_blocking_call_returns_the_first_response() {
    let (emulator, client) = start();
    for _ in 0..2 {
        emulator.push_fault(Fault::delay(Duration::from_secs(600)));
        let call = client.chat().complete(&chat_request());
        let hedged = call.hedge(Hedging::after(Duration::from_millis(20)));
        let response = hedged.with_response().unwrap();
        assert_eq!(response.attempts, 2);
        assert!(response.body.text().contains("Manet"));
    }
}
