//! From the settings of the builder to the address and the credentials of a provider.

use mistral_core::{Error, Result};
use secrecy::ExposeSecret;

use crate::builder::{CredentialSource, MistralApiBuilder, Setting, UrlSource};
use crate::credentials::{Credentials, bearer_header};
use crate::private_host::is_private;
use crate::provider::{BaseUrl, MistralApi};
use crate::server::Server;
use crate::{API_KEY_VARIABLE, SERVER_VARIABLE};

impl MistralApiBuilder {
    /// Builds the provider. Performs no I/O.
    ///
    /// Without a credential, no key is sent to a [`Server`] that needs none
    /// ([`Server::needs_key`]), nor to a host of this machine or of a private network: loopback, an
    /// address that the internet does not route (`10.0.0.7`, `192.168.1.7`, `fd00::7`), a name
    /// without a dot (`vllm`), or one below `localhost`, `local`, `internal`, `lan` or `home.arpa`.
    ///
    /// # Errors
    /// Fails if the credential is missing although the server requires one, or if a setting is
    /// invalid. The message names the setting.
    pub fn build(self) -> Result<MistralApi> {
        let base_url = self.address()?;
        let server = match &base_url {
            BaseUrl::Server(server) => Some(*server),
            BaseUrl::Custom(url) => Server::at(url).or(self.server),
        };
        if self.is_local {
            self.check_local(server)?;
        }
        let is_optional = self.is_key_optional(server, &base_url);
        let credentials = match self.credentials {
            None if is_optional => Credentials::Keyless,
            None => return Err(missing_key(server, &base_url)),
            Some(CredentialSource::Key(Setting { name, value })) => {
                let header = bearer_header(value.expose_secret());
                Credentials::Static(
                    header.map_err(|reason| Error::config(format!("{name} {reason}")))?,
                )
            }
            Some(CredentialSource::Source(source)) => Credentials::Dynamic(source),
            Some(CredentialSource::Keyless) => match base_url {
                BaseUrl::Server(server) if server.needs_key() => {
                    return Err(keyless_refused(server));
                }
                _ => Credentials::Keyless,
            },
        };
        Ok(MistralApi {
            base_url,
            credentials,
        })
    }

    fn address(&self) -> Result<BaseUrl> {
        let server = match &self.base_url {
            Some(UrlSource::Url(url)) => return BaseUrl::parse(url.name, &url.value),
            Some(UrlSource::Variable(url)) if url.contains("://") => {
                return BaseUrl::parse(SERVER_VARIABLE, url);
            }
            Some(UrlSource::Variable(name)) => name
                .parse()
                .map_err(|error| Error::config(format!("{SERVER_VARIABLE}: {error}")))?,
            None => self.server.unwrap_or_default(),
        };
        server.known_url()?;
        Ok(BaseUrl::Server(server))
    }

    /// Checks that requests do not go to Mistral by mistake.
    fn check_local(&self, server: Option<Server>) -> Result<()> {
        let names = "the URL of your server, such as `http://localhost:8000`, or to `vllm`, \
                     `sglang`, `llama.cpp` or `ollama` for one at its usual port on this machine";
        if self.base_url.is_none() {
            return Err(Error::config(format!(
                "{SERVER_VARIABLE} is not set, which the provider `local` requires: set it to {names}"
            )));
        }
        match server.filter(|server| server.is_mistral()) {
            Some(server) => Err(Error::config(format!(
                "{SERVER_VARIABLE} is a server of Mistral, `{}`: use the provider `api`, or set it \
                 to {names}",
                server.name()
            ))),
            None => Ok(()),
        }
    }

    fn is_key_optional(&self, server: Option<Server>, base_url: &BaseUrl) -> bool {
        let is_private = matches!(base_url, BaseUrl::Custom(url) if is_private(url));
        is_private || server.map_or(self.is_local, |server| !server.needs_key())
    }
}

fn missing_key(server: Option<Server>, base_url: &BaseUrl) -> Error {
    let setter = "or call `MistralApiBuilder::api_key`";
    Error::config(match (server, base_url) {
        (Some(server), _) if server.is_mistral() => format!(
            "{API_KEY_VARIABLE} is not set: set it to a key from https://console.mistral.ai, \
             {setter} or, for a server that needs no key, `MistralApiBuilder::keyless`"
        ),
        (Some(server), _) => format!(
            "{API_KEY_VARIABLE} is not set: set it to {}, {setter}",
            server.key_source().unwrap_or("the key of the server")
        ),
        (None, BaseUrl::Custom(url)) => format!(
            "{API_KEY_VARIABLE} is not set, and `{}` is not a host of a private network: set it to \
             the key of that server, {setter}. For a server that needs no key, set \
             MISTRAL_PROVIDER to `local`, or call `MistralApiBuilder::keyless`",
            url.host_str().unwrap_or_default()
        ),
        (None, BaseUrl::Server(_)) => format!("{API_KEY_VARIABLE} is not set: set it, {setter}"),
    })
}

fn keyless_refused(server: Server) -> Error {
    let whose = match server.is_mistral() {
        true => "Mistral's own servers need a key".to_owned(),
        false => format!("the server `{}` needs a key", server.name()),
    };
    Error::config(format!(
        "`keyless`: {whose}: set `MistralApiBuilder::base_url` or {SERVER_VARIABLE} to the URL of \
         another server, or call `MistralApiBuilder::api_key`"
    ))
}
