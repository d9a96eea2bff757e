//! Asks two questions in one batch, waits for the job, and prints the answers.

use std::time::Duration;

use mistral_emulator::Emulator;
use mistral_sdk::batch::{ApiEndpoint, BatchRequest, CreateBatchJobRequest, GetBatchJobRequest};
use mistral_sdk::chat::{ChatCompletionRequest, ChatCompletionResponse};
use mistral_sdk::types::Message;
use mistral_sdk::{Client, MistralApi};

const MODEL: &str = "mistral-small-latest";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let emulator = Emulator::start_unless_set("MISTRAL_API_KEY")?;
    let client = match &emulator {
        Some(local) => Client::new(MistralApi::new(local.api_key())?.base_url(local.url())?)?,
        None => Client::from_env()?,
    };
    // A real job takes minutes; the emulator's moves with every look at it.
    let pause = Duration::from_secs(if emulator.is_some() { 0 } else { 10 });

    let ask = |text| ChatCompletionRequest::new(MODEL, [Message::user(text)]);
    let request = CreateBatchJobRequest::new(ApiEndpoint::ChatCompletions)
        .model(MODEL)
        .requests([
            BatchRequest::new("painter", &ask("Who painted Olympia?"))?,
            BatchRequest::new("cheese", &ask("What is the best cheese?"))?,
        ]);
    let jobs = client.batch().jobs();
    let mut job = jobs.create(&request).await?;
    let inline = GetBatchJobRequest::new().inline(true);
    while !job.status.is_finished() {
        tokio::time::sleep(pause).await;
        job = jobs.get(&job.id, &inline).await?;
        println!(
            "{}: {:?} of {:?}",
            job.status, job.completed_requests, job.total_requests
        );
    }
    for result in job.results()? {
        let answer: ChatCompletionResponse = result.body()?;
        println!(
            "{}: {}",
            result.custom_id.unwrap_or_default(),
            answer.text()
        );
    }
    Ok(())
}
