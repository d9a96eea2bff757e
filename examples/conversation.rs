//! Holds a conversation that the server stores: a web search, a function, and another question from
//! an earlier point.

use mistral_sdk::Client;
use mistral_sdk::beta::BetaExt as _;
use mistral_sdk::beta::agents::AgentTool;
use mistral_sdk::beta::conversations::{
    ConversationAppendRequest, ConversationEvent, ConversationRequest, ConversationRestartRequest,
};
use mistral_sdk::messages::{Function, FunctionTool, WebSearchTool};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
struct Weather {
    city: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::from_env()?;
    let conversations = client.beta().conversations();

    // The server runs the web search, the program runs the function.
    let parameters = json!({
        "type": "object",
        "properties": { "city": { "type": "string" } },
        "required": ["city"],
    });
    let weather = Function::new("get_weather", parameters).description("Returns the weather.");
    let tools = [
        AgentTool::from(WebSearchTool::new()),
        AgentTool::from(FunctionTool::new(weather)),
    ];
    let request = ConversationRequest::new("Search the web: who painted Olympia?")
        .model("mistral-medium-latest")
        .tools(tools);
    let mut stream = conversations.start_stream(&request).await?;
    while let Some(event) = stream.next().await {
        match event? {
            ConversationEvent::ToolExecutionStarted(tool) => println!("[{}]", tool.name),
            event => print!("{}", event.text()),
        }
    }
    let first = stream.collect_response().await?;
    println!("\n{} sources", first.references().count());

    let id = &first.conversation_id;
    let request = ConversationAppendRequest::new().inputs("Call get_weather for Paris.");
    let mut response = conversations.append(id, &request).await?;
    loop {
        let mut results = Vec::new();
        for call in response.function_calls() {
            let weather: Weather = call.arguments.parse()?;
            results.push(call.result(format!("{}: sunny, 21 °C", weather.city)));
        }
        if results.is_empty() {
            break;
        }
        let request = ConversationAppendRequest::new().inputs(results);
        response = conversations.append(id, &request).await?;
    }
    println!("{}", response.text());

    // The question about the weather is not part of the new conversation.
    let history = conversations.get_messages(id).await?;
    println!("{} messages", history.messages.len());
    let answer = first.messages().next().and_then(|it| it.id.as_deref());
    let answer = answer.ok_or("the response has no message")?;
    let request = ConversationRestartRequest::new(answer).inputs("When was it painted?");
    let restarted = conversations.restart(id, &request).await?;
    println!("{}", restarted.text());

    conversations.delete(&restarted.conversation_id).await?;
    conversations.delete(id).await?;
    Ok(())
}
