//! Runs a batch of questions, prints its progress, and prints the answers in order. With the id of
//! a job as its argument, it resumes that job.

use std::time::Duration;

use mistral_sdk::Client;
use mistral_sdk::chat::ChatCompletionRequest;

const QUESTIONS: [&str; 3] = [
    "Who painted Olympia?",
    "What is the best cheese?",
    "How far is the moon?",
];

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::from_env()?;

    let batch = match std::env::args().nth(1) {
        Some(job_id) => client.batch().resume::<ChatCompletionRequest>(job_id),
        None => {
            let requests = QUESTIONS.into_iter().enumerate().map(|(number, question)| {
                let request = ChatCompletionRequest::new("mistral-small-latest", question);
                (number.to_string(), request)
            });
            client.batch().run(requests).await?
        }
    };
    println!("The job is {}", batch.id());

    let (min, max) = (Duration::from_millis(200), Duration::from_secs(60));
    let wait = batch.wait().poll_interval(min, max);
    wait.on_progress(|job| {
        let (done, all) = (job.completed_requests, job.total_requests);
        println!("{}: {done} of {all}", job.status);
    })
    .await?;

    let ids = (0..QUESTIONS.len()).map(|number| number.to_string());
    let mut results = batch.results().await?.in_order(ids);
    while let Some(outcome) = results.next().await {
        let outcome = outcome?;
        match outcome.result {
            Ok(answer) => println!("{}: {}", outcome.custom_id, answer.text()),
            Err(error) => println!("{}: {error}", outcome.custom_id),
        }
    }
    Ok(())
}
