//! Microsoft Entra ID tokens.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::credentials::TokenCredential;
use azure_core::time::OffsetDateTime;
use mistral_core::provider::{Token, TokenSource};
use mistral_core::{Error, Result};

/// Fetches tokens for one scope from an `azure_core` credential.
#[derive(Debug)]
pub(crate) struct EntraTokenSource {
    pub(crate) credential: Arc<dyn TokenCredential>,
    pub(crate) scope: String,
}

#[async_trait]
impl TokenSource for EntraTokenSource {
    async fn token(&self) -> Result<Token> {
        let token = self
            .credential
            .get_token(&[&self.scope], None)
            .await
            .map_err(|error| {
                Error::credentials(format!(
                    "the Entra ID credential returned no token for the scope `{}`: {error}",
                    self.scope
                ))
            })?;
        let lifetime = token.expires_on - OffsetDateTime::now_utc();
        // An expired token is still sent once: the local clock may be wrong.
        let lifetime = Duration::try_from(lifetime).unwrap_or_default();
        Ok(Token::new(token.token.secret()).expires_in(lifetime))
    }
}
