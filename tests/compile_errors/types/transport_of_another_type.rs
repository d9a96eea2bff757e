// says: `&str` is not a transport
// says: HyperTransport
// says: ReqwestTransport

use mistral_sdk::{Client, MistralApi, Result};

pub fn program(api: MistralApi) -> Result<()> {
    Client::builder(api).transport("http://proxy:8080").build()?;
    Ok(())
}
