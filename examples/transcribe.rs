//! Transcribes a recording: `cargo run -p examples --example transcribe -- interview.mp3`

use std::io::Write;

use mistral_sdk::Client;
use mistral_sdk::audio::{AudioSource, AudioTranscriptionRequest, TranscriptionStreamEvents};
use mistral_sdk::files::FileSource;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::from_env()?;

    let source = match std::env::args().nth(1) {
        Some(path) => FileSource::from_path(path).into(),
        None => AudioSource::url("https://docs.mistral.ai/audio/obama.mp3"),
    };
    let request = AudioTranscriptionRequest::new("voxtral-mini-latest", source);
    let mut events = client.audio().transcriptions().stream(&request).await?;
    while let Some(event) = events.next().await {
        if let TranscriptionStreamEvents::TextDelta(delta) = event? {
            print!("{}", delta.text);
            std::io::stdout().flush()?;
        }
    }
    println!();
    Ok(())
}
