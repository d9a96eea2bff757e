//! Creates a connector to an MCP server, and lets a model use its tools once each use is approved.

use mistral_sdk::Client;
use mistral_sdk::beta::BetaExt as _;
use mistral_sdk::beta::connectors::{
    ConnectionCredentialsInput, Connector, ConnectorCredentialsRequest, ConnectorScope,
    ConnectorVisibility, CreateMcpConnectorRequest, ListConnectorToolsRequest,
};
use mistral_sdk::beta::conversations::{ConversationAppendRequest, ConversationRequest};
use mistral_sdk::messages::{CustomConnector, ToolConfiguration};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::from_env()?;
    let connectors = client.beta().connectors();
    let conversations = client.beta().conversations();

    let server = "https://mcp.example.com/mcp";
    let request = CreateMcpConnectorRequest::new("museum", "Finds paintings.", server)
        .visibility(ConnectorVisibility::Private);
    let Connector::Mcp(connector) = connectors.create(&request.into()).await? else {
        return Err("the connector is of another kind".into());
    };
    let secrets = ConnectionCredentialsInput::new().bearer_token("a token of the museum");
    let credentials = ConnectorCredentialsRequest::new("guide").credentials(secrets);
    connectors
        .create_credentials("museum", &ConnectorScope::User, &credentials)
        .await?;

    let request = ListConnectorToolsRequest::new().pretty(true);
    for tool in connectors.list_tools("museum", &request).await? {
        println!("{tool}");
    }

    let configuration = ToolConfiguration::new().requires_confirmation(["search"]);
    let tool = CustomConnector::new("museum").tool_configuration(configuration);
    let request = ConversationRequest::new("Search the museum for Olympia.")
        .model("mistral-medium-latest")
        .tools([tool]);
    let mut response = conversations.start(&request).await?;
    loop {
        let mut decisions = Vec::new();
        for call in response.function_calls().filter(|call| call.is_pending()) {
            // An application would ask the user.
            println!("allowed: {}", call.name);
            decisions.push(call.allow());
        }
        if decisions.is_empty() {
            break;
        }
        let request = ConversationAppendRequest::new().tool_confirmations(decisions);
        let id = &response.conversation_id;
        response = conversations.append(id, &request).await?;
    }
    println!("{}", response.text());

    conversations.delete(&response.conversation_id).await?;
    connectors.delete(&connector.id).await?;
    Ok(())
}
