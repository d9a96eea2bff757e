//! Streams the answer to a question without async.

use std::io::Write;

use mistral_sdk::blocking::Client;
use mistral_sdk::chat::ChatCompletionRequest;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::from_env()?;

    let question = std::env::args().nth(1);
    let question = question.unwrap_or_else(|| "Who painted Olympia?".to_owned());
    let request = ChatCompletionRequest::new("mistral-small-latest", question);

    let mut stream = client.chat().stream(&request).send()?;
    for chunk in stream.by_ref() {
        print!("{}", chunk?.text());
        std::io::stdout().flush()?;
    }
    let response = stream.collect_response()?;
    let tokens = response.usage.unwrap_or_default().total_tokens;
    println!("\n{tokens} tokens");

    // Threads share the client. Each blocks only on its own call.
    std::thread::scope(|scope| {
        for artist in ["Manet", "Morisot", "Renoir"] {
            let client = &client;
            scope.spawn(move || {
                let question = format!("When was {artist} born?");
                let request = ChatCompletionRequest::new("mistral-small-latest", question);
                match client.chat().complete(&request).send() {
                    Ok(response) => println!("{artist}: {}", response.text()),
                    Err(error) => eprintln!("{artist}: {error}"),
                }
            });
        }
    });
    Ok(())
}
