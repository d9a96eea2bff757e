//! Lets a model call two functions concurrently, one of which requires approval.

use mistral_sdk::Client;
use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::tools::{Approval, RunEvent, ToolSet};
use schemars::JsonSchema;
use serde::Deserialize;

/// Returns the current weather.
#[derive(Deserialize, JsonSchema)]
struct GetWeather {
    city: String,
}

/// Sends a message to a friend.
#[derive(Deserialize, JsonSchema)]
struct SendMessage {
    text: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::from_env()?;

    let tools = ToolSet::new()
        .tool("get_weather", async |call: GetWeather| {
            Ok::<_, std::io::Error>(format!("{}: sunny, 21 °C", call.city))
        })
        .tool("send_message", async |call: SendMessage| {
            Ok::<_, std::io::Error>(format!("sent: {}", call.text))
        });
    let question = "Call get_weather for Paris, and call send_message to tell Ada to come.";
    let request = ChatCompletionRequest::new("mistral-small-latest", question);
    let run = client.chat().run(&request, &tools).on_call(async |call| {
        match call.function.name.as_str() {
            "get_weather" => Approval::Approve,
            // An application would ask the user.
            _ => Approval::refuse("no user is available to approve it"),
        }
    });

    let mut stream = run.stream();
    while let Some(event) = stream.next().await {
        match event? {
            RunEvent::Chunk(chunk) => print!("{}", chunk.text()),
            RunEvent::Call(call) => println!("[calls {}]", call.function.name),
            RunEvent::ToolResult(result) => println!("[{}]", result.content.text()),
            _ => {}
        }
    }
    let run = stream.collect_run().await?;
    println!("\n{} tokens", run.usage().total_tokens);
    Ok(())
}
