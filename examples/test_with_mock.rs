//! Tests a program without a server: its handling of responses and errors, and its requests.

use mistral_sdk::chat::{ChatCompletionRequest, Message};
use mistral_sdk::testing::{MockReply, MockTransport};
use mistral_sdk::{Client, ErrorKind, MistralApi, Result};

/// The program under test: shortens a text, and truncates it if the model is overloaded.
async fn shorten(client: &Client, text: &str) -> Result<String> {
    let messages = [Message::system("Shorten this text."), Message::user(text)];
    let request = ChatCompletionRequest::new("mistral-small-latest", messages);
    match client.chat().complete(&request).await {
        Ok(answer) => Ok(answer.text().into_owned()),
        Err(error) if error.kind() == ErrorKind::Overloaded => Ok(text.chars().take(6).collect()),
        Err(error) => Err(error),
    }
}

fn client(mock: &MockTransport) -> Result<Client> {
    let api = MistralApi::new("any key")?;
    Client::builder(api).transport(mock.clone()).build()
}

// In a test, use `#[tokio::test(start_paused = true)]`, so that delays take no time.
#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<()> {
    let mock = MockTransport::new()
        .reply(MockReply::status(503))
        .reply(MockReply::chat("Short."));
    assert_eq!(shorten(&client(&mock)?, "A long text.").await?, "Short.");
    for request in mock.requests() {
        println!(
            "attempt {}: {} {} {}",
            request.attempt,
            request.operation,
            request.uri,
            request.json()
        );
    }
    assert_eq!(mock.remaining(), 0);

    let busy = MockTransport::new().reply(MockReply::status(503).always());
    assert_eq!(shorten(&client(&busy)?, "A long text.").await?, "A long");
    println!("{} attempts, then the beginning", busy.requests().len());

    let empty = MockTransport::new(); // an unexpected request fails with an error that names it
    if let Err(error) = shorten(&client(&empty)?, "A long text.").await {
        println!("{error}");
    }
    Ok(())
}
