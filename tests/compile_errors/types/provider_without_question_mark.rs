// says: is not a provider
// says: `?`

use mistral_sdk::{Client, MistralApi, Result};

pub fn program() -> Result<()> {
    Client::new(MistralApi::new("my-key"))?;
    Ok(())
}
