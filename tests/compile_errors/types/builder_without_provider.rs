// says: MistralApi::new(key)?

use mistral_sdk::{Client, Result};

pub fn program() -> Result<()> {
    Client::builder().api_key("my-key").build()?;
    Ok(())
}
