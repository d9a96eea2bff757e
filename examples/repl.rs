//! Chats with a model in the terminal: `/clear`, `/save FILE`, `/load FILE`; Ctrl-D ends it.

use std::io::Write;

use mistral_emulator::Emulator;
use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::messages::{Message, repair_messages};
use mistral_sdk::{Client, MistralApi};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[tokio::main]
async fn main() -> Result<()> {
    let emulator = Emulator::start_unless_set("MISTRAL_API_KEY")?;
    let client = match &emulator {
        Some(local) => Client::new(MistralApi::new(local.api_key())?.base_url(local.url())?)?,
        None => Client::from_env()?,
    };

    let mut history = Vec::new();
    loop {
        eprint!("> ");
        // Reading blocks, so it must not run on a thread of the async runtime.
        let line = tokio::task::spawn_blocking(|| std::io::stdin().lines().next());
        let Some(line) = line.await?.transpose()? else {
            return Ok(());
        };
        if let Err(error) = handle_line(&client, &mut history, &line).await {
            eprintln!("{error:#}");
        }
    }
}

async fn handle_line(client: &Client, history: &mut Vec<Message>, line: &str) -> Result<()> {
    match line.split_once(' ').unwrap_or((line, "")) {
        ("", _) => {}
        ("/clear", _) => history.clear(),
        ("/save", file) => std::fs::write(file, serde_json::to_vec_pretty(history)?)?,
        ("/load", file) => {
            *history = serde_json::from_slice(&std::fs::read(file)?)?;
            repair_messages(history); // the file may have been edited by hand
        }
        _ => ask(client, history, Message::user(line)).await?,
    }
    Ok(())
}

/// Streams the answer. Removes the question from the history if the call fails.
async fn ask(client: &Client, history: &mut Vec<Message>, question: Message) -> Result<()> {
    let messages = history.iter().chain([&question]).cloned();
    let request = ChatCompletionRequest::new("mistral-small-latest", messages);
    let mut stream = client.chat().stream(&request).await?;
    while let Some(chunk) = stream.next().await {
        print!("{}", chunk?.text());
        std::io::stdout().flush()?;
    }
    println!();
    let response = stream.collect_response().await?;
    let choice = response.choices.into_iter().next();
    let choice = choice.ok_or("the response has no choices")?;
    history.extend([question, choice.message.into()]);
    Ok(())
}
