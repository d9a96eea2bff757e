//! The proxies that the application sets, over those of the environment.

use std::ffi::OsString;
use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use super::bypass::Bypass;
use super::{
    HTTP_VARIABLES, HTTPS_VARIABLES, Proxies, Proxy, Rule, bypass_variable, not_understood,
    outside_cgi, setting,
};
use crate::redact::MASK;
use crate::transport::{TransportError, TransportErrorKind};

/// The proxies that the application sets. What it does not set is read from the environment.
#[derive(Clone, Default)]
pub(in super::super) struct ProxySettings {
    pub(in super::super) is_disabled: bool,
    pub(in super::super) all: Option<String>,
    pub(in super::super) http: Option<String>,
    pub(in super::super) https: Option<String>,
    /// The user name and the password for a URL without any.
    pub(in super::super) auth: Option<(String, SecretString)>,
    pub(in super::super) bypass: Option<String>,
}

impl ProxySettings {
    /// Returns the proxies, in which the settings take precedence over the environment.
    ///
    /// # Errors
    /// Fails when a setting is not understood. The message never contains it.
    #[inline]
    pub(in super::super) fn resolve(&self) -> Result<Proxies, TransportError> {
        self.resolve_with(|name| std::env::var_os(name))
    }

    #[inline]
    fn resolve_with(
        &self,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Proxies, TransportError> {
        if self.is_disabled {
            return Ok(Proxies::Direct);
        }
        let read = outside_cgi(variable);
        let from_code = self.bypass.as_deref();
        let from_code = from_code.map(|list| Arc::new(Bypass::parse("`no_proxy_for`", list)));
        let from_env = match &from_code {
            Some(bypass) => Arc::clone(bypass),
            None => Arc::new(bypass_variable(&read)),
        };
        let rule = |own: &Option<String>, name, variables| match own.as_ref().or(self.all.as_ref())
        {
            Some(url) => Ok(Rule {
                proxy: Ok(Some(self.parse(url, name)?)),
                bypass: from_code.clone().unwrap_or_default(),
                is_set_in_code: true,
            }),
            None => Ok(Rule {
                proxy: setting(variables, &read),
                bypass: Arc::clone(&from_env),
                is_set_in_code: false,
            }),
        };
        let http = rule(&self.http, "the proxy for `http`", &HTTP_VARIABLES)?;
        let https = rule(&self.https, "the proxy for `https`", &HTTPS_VARIABLES)?;
        Ok(Proxies::of(http, https))
    }

    #[inline]
    fn parse(&self, url: &str, name: &str) -> Result<Proxy, TransportError> {
        let proxy = Proxy::parse(url.trim()).ok_or_else(|| not_understood(name))?;
        match &self.auth {
            Some((user, password)) if proxy.basic_auth().is_none() => proxy
                .with_credentials(user, password.expose_secret())
                .ok_or_else(invalid_credentials),
            _ => Ok(proxy),
        }
    }
}

/// Writes which proxies are set, without their credentials.
impl fmt::Debug for ProxySettings {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = |url: &Option<String>| {
            let url = url.as_deref()?;
            Some(
                Proxy::parse(url.trim()).map_or_else(|| MASK.to_owned(), |it| it.uri().to_string()),
            )
        };
        f.debug_struct("ProxySettings")
            .field("is_disabled", &self.is_disabled)
            .field("all", &address(&self.all))
            .field("http", &address(&self.http))
            .field("https", &address(&self.https))
            .field("bypass", &self.bypass)
            .finish_non_exhaustive()
    }
}

#[cold]
fn invalid_credentials() -> TransportError {
    let message = "`proxy_basic_auth`: the user name or the password has control characters, or the \
                   user name has a colon, which HTTP basic authentication does not allow";
    TransportError::new(TransportErrorKind::Config, message)
}

#[cfg(test)]
mod tests {
    use http::Uri;

    use super::*;

    const VARIABLES: [(&str, &str); 3] = [
        ("HTTP_PROXY", "env-http"),
        ("HTTPS_PROXY", "env-https"),
        ("NO_PROXY", "skipped-by-env.test"),
    ];

    /// Returns the host of the proxy for `url`, or `direct`.
    fn found(settings: &ProxySettings, url: &str) -> String {
        let proxies = settings.resolve_with(|wanted| {
            let found = VARIABLES.iter().find(|(name, _)| *name == wanted);
            found.map(|(_, value)| OsString::from(value))
        });
        let uri: Uri = url.parse().unwrap();
        match proxies.unwrap().find(&uri).unwrap() {
            Some(proxy) => proxy.uri().host().unwrap().to_owned(),
            None => "direct".to_owned(),
        }
    }

    fn settings(change: impl FnOnce(&mut ProxySettings)) -> ProxySettings {
        let mut settings = ProxySettings::default();
        change(&mut settings);
        settings
    }

    #[test]
    fn proxy_set_in_code_takes_precedence_over_the_environment_for_its_scheme() {
        let text = |text: &str| Some(text.to_owned());
        let unset = ProxySettings::default();
        let disabled = settings(|it| it.is_disabled = true);
        let all = settings(|it| it.all = text("all"));
        let https = settings(|it| it.https = text("tls"));
        let both = settings(|it| (it.all, it.http) = (text("all"), text("plain")));
        for (settings, http, https) in [
            (&unset, "env-http", "env-https"),
            (&disabled, "direct", "direct"),
            (&all, "all", "all"),
            (&https, "env-http", "tls"),
            (&both, "plain", "all"),
        ] {
            assert_eq!(found(settings, "http://h.test"), http, "{settings:?}");
            assert_eq!(found(settings, "https://h.test"), https, "{settings:?}");
        }
        assert_eq!(found(&unset, "http://localhost"), "direct");
        assert_eq!(found(&all, "http://localhost"), "all");
    }

    #[test]
    fn no_proxy_list_in_code_takes_precedence_over_the_variable() {
        let text = |text: &str| Some(text.to_owned());
        let list = settings(|it| it.bypass = text("skipped-by-code.test"));
        let all = settings(|it| it.all = text("all"));
        let both = settings(|it| (it.all, it.bypass) = (text("all"), list.bypass.clone()));
        for (settings, by_env, by_code) in [
            (&ProxySettings::default(), "direct", "env-http"),
            (&list, "env-http", "direct"),
            // `NO_PROXY` belongs to the proxies of the environment.
            (&all, "all", "all"),
            (&both, "all", "direct"),
        ] {
            let found = |host: &str| found(settings, &format!("http://{host}"));
            assert_eq!(found("skipped-by-env.test"), by_env, "{settings:?}");
            assert_eq!(found("skipped-by-code.test"), by_code, "{settings:?}");
        }
    }

    #[test]
    fn proxy_credentials_are_those_of_the_url_before_those_set_apart() {
        let with = |url: &str, user: &str, password: &str| {
            let auth = Some((user.to_owned(), SecretString::from(password)));
            settings(|it| (it.all, it.auth) = (Some(url.to_owned()), auth))
        };
        // Base64 of `user:p/a@s#s` and of `other:word`.
        for (url, basic) in [
            ("http://proxy.test", "Basic dXNlcjpwL2FAcyNz"),
            ("http://other:word@proxy.test", "Basic b3RoZXI6d29yZA=="),
        ] {
            let proxies = with(url, "user", "p/a@s#s").resolve_with(|_| None).unwrap();
            let uri = Uri::from_static("http://h.test");
            let proxy = proxies.find(&uri).unwrap().unwrap();
            assert_eq!(proxy.basic_auth().unwrap(), basic);
            assert!(proxy.basic_auth().unwrap().is_sensitive());
        }
        for (user, password) in [("us:er", "s3cret"), ("user", "s3cret\n")] {
            let settings = with("http://proxy.test", user, password);
            let Err(error) = settings.resolve_with(|_| None) else {
                panic!("{user}");
            };
            assert_eq!(error.kind(), TransportErrorKind::Config);
            assert!(!format!("{error:?}{settings:?}").contains("s3cret"));
        }
    }

    #[test]
    fn proxy_settings_debug_shows_no_credentials() {
        for url in [
            "http://user:s3cret@proxy.test:1",
            "ftp://user:s3cret@proxy.test",
        ] {
            let settings = settings(|it| it.all = Some(url.to_owned()));
            let debug = format!("{settings:?}");
            assert!(!debug.contains("s3cret"), "{debug}");
            assert!(!debug.contains("user"), "{debug}");
        }
    }
}
