//! Runs a workflow: starts an execution, signals it, prints its events while it runs, and its result.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use mistral_sdk::Client;
use mistral_sdk::beta::BetaExt;
use mistral_sdk::beta::workflows::ExecuteWorkflowRequest;
use mistral_sdk::beta::workflows::events::WorkflowEvent as Event;
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::from_env()?;
    let workflow = std::env::args().nth(1);
    let workflow = workflow.as_deref().unwrap_or("report");

    // With an id of its own, a program finds the execution again after a lost connection.
    let millis = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
    let id = format!("{workflow}-{millis}");
    let request = ExecuteWorkflowRequest::new()
        .execution_id(&id)
        .input(json!({"topic": "cheese"}));
    client.workflows().execute(workflow, &request).await?;

    let executions = client.workflows().executions();
    let approval = json!({"by": "Ada"});
    executions.signal_with(&id, "approve", &approval).await?;

    let mut events = executions.follow(&id);
    while let Some(event) = events.next().await {
        let event = event?;
        let number = event.broker_sequence;
        match event.data {
            Event::WorkflowExecutionStarted(event) => {
                println!("{number}: {} has started", event.workflow_name);
            }
            Event::ActivityTaskStarted(event) => {
                println!("{number}: runs {}", event.attributes.activity_name);
            }
            Event::WorkflowExecutionFailed(event) => {
                println!("{number}: {}", event.attributes.failure.message);
            }
            Event::WorkflowExecutionCompleted(_) => println!("{number}: completed"),
            _ => {}
        }
    }

    let minute = Duration::from_secs(60);
    let result: Value = executions.wait(&id).deadline(minute).parse().await?;
    println!("The result is {result}");
    Ok(())
}
