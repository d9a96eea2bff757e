//! Uploads a document to a library, waits until it is processed, and asks a question about it.

use std::time::Duration;

use mistral_sdk::Client;
use mistral_sdk::beta::BetaExt as _;
use mistral_sdk::beta::conversations::ConversationRequest;
use mistral_sdk::beta::libraries::CreateLibraryRequest;
use mistral_sdk::files::FileSource;
use mistral_sdk::messages::DocumentLibraryTool;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::from_env()?;
    let libraries = client.beta().libraries();
    let documents = libraries.documents();

    let request = CreateLibraryRequest::new("Museum").description("Notes about paintings.");
    let library = libraries.create(&request).await?;

    // `FileSource::from_path` streams a file from disk, of any size.
    let notes = "Manet painted Olympia in 1863. It hangs in the Musée d'Orsay.";
    let file = FileSource::from_bytes("olympia.txt", notes)
        .on_progress(|sent, all| eprintln!("{sent} of {all:?} bytes sent"));
    let uploaded = documents.upload(&library.id, file).await?;
    let document = documents
        .wait_until_processed(&library.id, &uploaded.id)
        .on_progress(|document| eprintln!("{}", document.processing_status))
        .deadline(Duration::from_secs(600))
        .await?;
    println!(
        "{}: {} tokens",
        document.name, document.tokens_processing_total
    );

    let request = ConversationRequest::new("In which museum does Olympia hang?")
        .model("mistral-medium-latest")
        .tools([DocumentLibraryTool::new([&library.id])])
        .store(false);
    let response = client.beta().conversations().start(&request).await?;
    println!("{}", response.text());
    for source in response.references() {
        println!("source: {}", source.title);
    }

    libraries.delete(&library.id).await?;
    Ok(())
}
