//! Chats with a model in the terminal: `/clear`, `/save FILE`, `/load FILE`. Ctrl-C ends the answer,
//! Ctrl-D the program.

use std::io::Write;

use mistral_sdk::Client;
use mistral_sdk::chat::{ChatCompletionRequest, Message};
use mistral_sdk::messages::repair_messages;
use tokio::signal::ctrl_c;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[tokio::main]
async fn main() -> Result<()> {
    let client = Client::from_env()?;

    let mut history = Vec::new();
    while let Some(line) = read_line().await? {
        if let Err(error) = handle_line(&client, &mut history, &line).await {
            eprintln!("{error:#}");
        }
    }
    Ok(())
}

/// Returns the next line, or `None` at the end of the input.
async fn read_line() -> Result<Option<String>> {
    // Reading blocks, so it must not run on a thread of the async runtime.
    let mut line = tokio::task::spawn_blocking(|| std::io::stdin().lines().next());
    loop {
        eprint!("> ");
        tokio::select! {
            line = &mut line => return Ok(line?.transpose()?),
            interrupted = ctrl_c() => interrupted?, // prompts again
        }
        eprintln!();
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

/// Streams the answer until its end or Ctrl-C, and appends the question and what was answered to the
/// history. An error leaves the history as it was.
async fn ask(client: &Client, history: &mut Vec<Message>, question: Message) -> Result<()> {
    let messages = history.iter().chain([&question]);
    let request = ChatCompletionRequest::new("mistral-small-latest", messages);
    let mut interrupted = std::pin::pin!(ctrl_c());
    let mut stream = tokio::select! {
        stream = client.chat().stream(&request) => stream?,
        interrupted = &mut interrupted => return Ok(interrupted?),
    };
    loop {
        let chunk = tokio::select! {
            chunk = stream.next() => chunk,
            interrupted = &mut interrupted => { interrupted?; None }
        };
        let Some(chunk) = chunk else { break };
        print!("{}", chunk?.text());
        std::io::stdout().flush()?;
    }
    println!();
    if let Some(answer) = stream.so_far().into_message() {
        history.extend([question, answer]);
    }
    Ok(())
}
