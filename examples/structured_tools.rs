//! Lets a model call a function until it can return a value of a Rust type.

use std::io::Error;

use mistral_sdk::Client;
use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::tools::ToolSet;
use schemars::JsonSchema;
use serde::Deserialize;

/// Returns the current weather.
#[derive(Deserialize, JsonSchema)]
struct GetWeather {
    city: String,
}

/// Advice for a day in a city.
#[derive(Deserialize, JsonSchema)]
struct Advice {
    city: String,
    /// Whether an umbrella is needed.
    umbrella: bool,
    /// The clothes to wear, in a few words each.
    clothes: Vec<String>,
}

#[tokio::main]
async fn main() -> mistral_sdk::Result<()> {
    let client = Client::from_env()?;

    let tools = ToolSet::new().tool("get_weather", async |call: GetWeather| {
        Ok::<_, Error>(format!("{}: sunny, 21 °C", call.city))
    });
    let question = "Call get_weather for Paris: what should I wear there?";
    let request = ChatCompletionRequest::new("mistral-small-latest", question);
    let run = client.chat().run(&request, &tools).max_turns(5);
    let parsed = run.parse::<Advice>().await?;
    let advice = parsed.value;
    println!("{}, umbrella: {}", advice.city, advice.umbrella);
    println!("{}", advice.clothes.join(", "));
    println!("{} turns", parsed.run.responses.len());
    Ok(())
}
