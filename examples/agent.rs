//! Creates two agents of which one hands over to the other, and pins a version by an alias.

use mistral_sdk::Client;
use mistral_sdk::beta::BetaExt as _;
use mistral_sdk::beta::agents::{
    CreateAgentRequest, CreateAgentVersionAliasRequest, UpdateAgentRequest,
};
use mistral_sdk::beta::conversations::ConversationRequest;

const MODEL: &str = "mistral-medium-latest";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::from_env()?;
    let agents = client.beta().agents();
    let conversations = client.beta().conversations();

    let request = CreateAgentRequest::new(MODEL, "historian")
        .description("Answers questions about history of art.")
        .instructions("Answer in one sentence.");
    let historian = agents.create(&request).await?;
    let request = CreateAgentRequest::new(MODEL, "receptionist")
        .description("Welcomes visitors.")
        .handoffs([&historian.id]);
    let receptionist = agents.create(&request).await?;

    // The alias keeps users on this version until it is moved.
    let alias = CreateAgentVersionAliasRequest::new("production", receptionist.version);
    let alias = agents
        .create_version_alias(&receptionist.id, &alias)
        .await?;
    let update = UpdateAgentRequest::new()
        .instructions("Answer in French.")
        .version_message("Speaks French.");
    let updated = agents.update(&receptionist.id, &update).await?;
    println!(
        "version {}, {} is {}",
        updated.version, alias.alias, alias.version
    );

    let request = ConversationRequest::new("Ask the historian: who painted Olympia?")
        .agent_id(&receptionist.id)
        .agent_version(alias.alias.as_str());
    let response = conversations.start(&request).await?;
    for handoff in response.handoffs() {
        println!(
            "{} -> {}",
            handoff.previous_agent_name, handoff.next_agent_name
        );
    }
    println!("{}", response.text());

    conversations.delete(&response.conversation_id).await?;
    agents.delete(&receptionist.id).await?;
    agents.delete(&historian.id).await?;
    Ok(())
}
