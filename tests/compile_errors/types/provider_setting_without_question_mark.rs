// says: use the `?` operator to extract the `MistralApi` value

use mistral_sdk::{Client, MistralApi, Result};

pub fn program() -> Result<()> {
    let api = MistralApi::new("my-key").base_url("http://localhost:8000")?;
    Client::new(api)?;
    Ok(())
}
