//! Finds the text that is closest to a question, by their embeddings.

use mistral_sdk::Client;
use mistral_sdk::embeddings::{EmbeddingRequest, EncodingFormat};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::from_env()?;

    let texts = [
        "who painted the picture", // the question
        "the picture was painted by Manet",
        "the train leaves at noon",
        "a recipe for onion soup",
    ];
    // Base64 needs a quarter of the bytes of JSON numbers.
    let request = EmbeddingRequest::new("mistral-embed", texts);
    let request = request.encoding_format(EncodingFormat::Base64);
    let response = client.embeddings().create(&request).await?;
    let vectors = response.to_f32()?;

    let question = vectors.first().ok_or("the response has no vectors")?;
    for (text, vector) in texts.iter().zip(&vectors).skip(1) {
        println!("{:.3}  {text}", cosine(question, vector));
    }
    Ok(())
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}
