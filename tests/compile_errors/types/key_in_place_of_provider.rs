// says: `&str` is not a provider
// says: MistralApi::new(key)?
// says: Client::from_env()

use mistral_sdk::{Client, Result};

pub fn program() -> Result<()> {
    Client::new("my-key")?;
    Ok(())
}
