//! Tokens of Entra ID.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::credentials::TokenCredential;
use azure_core::time::OffsetDateTime;
use mistral_core::provider::{Token, TokenSource};
use mistral_core::{Error, Result};

/// Asks a credential for tokens of one scope.
#[derive(Debug)]
pub(crate) struct EntraTokens {
    pub(crate) credential: Arc<dyn TokenCredential>,
    pub(crate) scope: String,
}

#[async_trait]
impl TokenSource for EntraTokens {
    async fn token(&self) -> Result<Token> {
        let token = self
            .credential
            .get_token(&[&self.scope], None)
            .await
            .map_err(|error| {
                Error::credentials(format!(
                    "Entra ID gave no token for `{}`: {error}",
                    self.scope
                ))
            })?;
        let left = token.expires_on - OffsetDateTime::now_utc();
        // One that has ended already is sent once: the clock here may be wrong.
        let left = Duration::try_from(left).unwrap_or_default();
        Ok(Token::new(token.token.secret()).expires_in(left))
    }
}
