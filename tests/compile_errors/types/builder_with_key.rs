// says: MistralApi::new(key)?

use mistral_sdk::{Client, MistralApi, Result};

pub fn program(api: MistralApi) -> Result<()> {
    Client::builder(api).api_key("my-key").build()?;
    Ok(())
}
