//! Lists the models that the key may use, and their capabilities.

use mistral_sdk::Client;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::from_env()?;

    let models = client.models().list().await?;
    for model in &models.data {
        print!("{:<45}", model.id());
        if let Some(capabilities) = model.capabilities() {
            for (name, has) in [
                ("chat", capabilities.completion_chat),
                ("tools", capabilities.function_calling),
                ("vision", capabilities.vision),
                ("ocr", capabilities.ocr),
                ("audio", capabilities.audio),
            ] {
                print!(" {:<6}", if has { name } else { "" });
            }
        }
        match model.deprecation() {
            Some(date) => println!(" retired on {date}"),
            None => println!(),
        }
    }
    Ok(())
}
