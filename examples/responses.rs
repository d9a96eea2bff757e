//! Creates responses with the Responses API: counts the tokens, answers a function call, streams text.

use mistral_sdk::Client;
use mistral_sdk::beta::BetaExt;
use mistral_sdk::beta::responses::{
    CreateResponseRequest, ResponseInput, ResponseInputItem, ResponsesFunctionTool,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
struct GetWeather {
    city: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::from_env()?;
    let schema = json!({
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    });
    let schema: Map<String, Value> = serde_json::from_value(schema)?;
    let tool = ResponsesFunctionTool::new("get_weather")
        .description("Returns the current weather of a city")
        .parameters(schema);

    let mut items = vec![ResponseInputItem::user("Call get_weather for Paris.")];
    let mut request = CreateResponseRequest::new("mistral-medium-latest", items.clone())
        .instructions("Answer in one sentence.")
        .tools([tool]);
    let count = (&request).into();
    let count = client.responses().count_input_tokens(&count).await?;
    println!("{} input tokens", count.input_tokens);

    // The API keeps no conversation: the input repeats the output, and the results follow.
    let response = client.responses().create(&request).await?;
    items.extend(response.output.iter().cloned().map(ResponseInputItem::from));
    for call in response.function_calls() {
        let arguments: GetWeather = call.parse_arguments()?;
        items.push(call.output(format!("{}: sunny, 21 °C", arguments.city)));
    }

    request.input = ResponseInput::List(items);
    let mut stream = client.responses().stream(&request).await?;
    while let Some(event) = stream.next().await {
        print!("{}", event?.text());
    }
    let response = stream.collect_response().await?;
    let tokens = response.usage.map(|usage| usage.total_tokens);
    println!("\n{} tokens", tokens.unwrap_or_default());
    Ok(())
}
