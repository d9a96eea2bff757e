// says: enable the feature `api`
// says: `aws`
// says: `azure`
// says: `gcp`

use mistral_sdk::{Client, Result};

pub fn program() -> Result<()> {
    Client::from_env()?;
    Ok(())
}
