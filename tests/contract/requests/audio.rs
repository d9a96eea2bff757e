use std::collections::BTreeMap;

use mistral_sdk::audio::{
    AudioSource, AudioTranscriptionRequest, RawAudio, SpeechAssistantTurn, SpeechOutputFormat,
    SpeechRequest, SpeechTurn, SpeechUserTurn, TimestampGranularity, VoiceCreateRequest,
    VoiceGender, VoiceUpdateRequest,
};
use mistral_sdk::files::FileSource;
use mistral_sdk::json::Patch;

use super::{BuiltRequest, full, metadata, multipart, part};

pub(super) fn rows() -> Vec<BuiltRequest> {
    let mut rows = vec![
        full("SpeechRequest", &speech()),
        full("VoiceCreateRequest", &voice()),
        full("VoiceUpdateRequest", &update()),
        part(
            "VoiceUpdateRequest",
            &VoiceUpdateRequest::new().gender(Patch::Clear),
        ),
    ];
    for stream in [false, true] {
        let file = FileSource::from_bytes("a.wav", "sound");
        let url = AudioSource::url("https://example.com/a.wav");
        let file_id = AudioSource::file_id("6f1f7a0c-9e0b-4c6e-8a3e-0a4b4f0f9d11");
        for source in [file.into(), url, file_id] {
            rows.push(transcription(source, stream));
        }
    }
    rows
}

fn speech() -> SpeechRequest {
    let audio = || RawAudio::from_bytes("sound");
    let turns: [SpeechTurn; 2] = [
        SpeechUserTurn::new(audio()).into(),
        SpeechAssistantTurn::new("Bonjour.", audio()).into(),
    ];
    let hints = BTreeMap::from([("Manet".to_owned(), vec!["m".to_owned()])]);
    SpeechRequest::new("Bonjour.")
        .model("voxtral-mini-tts-latest")
        .voice_id("v")
        .ref_audio_bytes("sound")
        .response_format(SpeechOutputFormat::Wav)
        .conversation_history(turns)
        .expressiveness(0.5)
        .phoneme_hints(hints)
        .metadata(metadata())
        .prompt_cache_key("k")
}

fn voice() -> VoiceCreateRequest {
    VoiceCreateRequest::from_sample("Marie", "m.wav", "sound")
        .slug("marie")
        .description("Calm.")
        .languages(["fr"])
        .gender(VoiceGender::Female)
        .age(30)
        .tags(["calm"])
        .color("#fff")
        .retention_notice(7)
}

fn update() -> VoiceUpdateRequest {
    VoiceUpdateRequest::new()
        .name("Anne")
        .languages(["fr"])
        .gender(VoiceGender::Female)
        .age(31)
        .tags(["calm"])
        .description("Calm and low")
        .retention_notice(7)
}

fn transcription(source: AudioSource, stream: bool) -> BuiltRequest {
    let request = AudioTranscriptionRequest::new("voxtral-mini-latest", source)
        .language("fr")
        .temperature(0.3)
        .diarize(true)
        .context_bias(["Manet", "Olympia"])
        .timestamp_granularities([TimestampGranularity::Segment, TimestampGranularity::Word])
        .speaker_references([("Anne", "sound")]);
    let lists = ["context_bias", "timestamp_granularities"];
    let value = multipart::sent_fields(&lists, async move |client| {
        let transcriptions = client.audio().transcriptions();
        if stream {
            transcriptions.stream(&request).await.map(drop).unwrap_err();
        } else {
            transcriptions
                .complete(&request)
                .await
                .map(drop)
                .unwrap_err();
        }
    });
    let schema = if stream {
        "AudioTranscriptionRequestStream"
    } else {
        "AudioTranscriptionRequest"
    };
    BuiltRequest {
        schema,
        value,
        unset: Vec::new(),
    }
}
