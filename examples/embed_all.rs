//! Creates embeddings of 1,000 texts, in as many calls as needed, with a bounded number in flight.

use mistral_sdk::Client;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::from_env()?;

    // An iterator, which is read only as fast as the calls proceed.
    let texts = (1..=1_000).map(|number| format!("the number {number}"));
    let mut vectors = client
        .embeddings()
        .create_all("mistral-embed", texts)
        .concurrency(2);
    let mut count = 0;
    while let Some(vector) = vectors.next().await {
        let (index, vector) = vector?;
        let numbers = vector.to_f32()?;
        if index % 250 == 0 {
            println!("{index}: {:.3?} …", numbers.get(..4).unwrap_or_default());
        }
        count += 1;
    }
    let tokens = vectors.usage().total_tokens;
    println!("{count} vectors for {tokens} tokens");
    Ok(())
}
