//! The proxies of a transport: those of the environment, by the rules of curl, or one that the
//! application sets.

mod address;
mod bypass;

use std::ffi::OsString;
use std::sync::Arc;

use http::Uri;
use http::uri::Scheme;

pub(super) use self::address::Proxy;
use self::bypass::{Bypass, is_loopback};
use crate::environment::unquote;
use crate::transport::{TransportError, TransportErrorKind};

/// Variables take precedence in this order. Names in lower case come first, as in curl.
const HTTP_VARIABLES: [&str; 4] = ["http_proxy", HTTP_PROXY, "all_proxy", "ALL_PROXY"];
const HTTPS_VARIABLES: [&str; 4] = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
const NO_PROXY_VARIABLES: [&str; 2] = ["no_proxy", "NO_PROXY"];
/// In a CGI program, a request header `proxy` sets this variable.
const HTTP_PROXY: &str = "HTTP_PROXY";
const CGI_VARIABLE: &str = "REQUEST_METHOD";

/// The proxy for each request.
#[derive(Clone)]
pub(super) enum Proxies {
    /// No request goes through a proxy.
    Direct,
    /// Every request goes through the proxy that the application set.
    All(Arc<Proxy>),
    /// The proxies of the environment.
    Environment(Arc<Environment>),
}

/// The proxy of one scheme, or the variable whose value is not understood.
type Setting = Result<Option<Proxy>, &'static str>;

pub(super) struct Environment {
    http: Setting,
    https: Setting,
    bypass: Bypass,
}

impl Proxies {
    /// Reads the variables of the environment.
    pub(super) fn from_env() -> Self {
        Self::from_variables(|name| std::env::var_os(name))
    }

    fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let is_cgi = variable(CGI_VARIABLE).is_some();
        let read = |name: &str| match name {
            HTTP_PROXY if is_cgi => None,
            name => variable(name),
        };
        let (http, https) = (
            setting(&HTTP_VARIABLES, &read),
            setting(&HTTPS_VARIABLES, &read),
        );
        if matches!((&http, &https), (Ok(None), Ok(None))) {
            return Self::Direct;
        }
        let bypass = NO_PROXY_VARIABLES.into_iter().find_map(|name| {
            let value = text(&read(name)?)?;
            Some(Bypass::parse(name, &value))
        });
        Self::Environment(Arc::new(Environment {
            http,
            https,
            bypass: bypass.unwrap_or_default(),
        }))
    }

    /// Creates the proxy that the application sets for every request.
    pub(super) fn all(url: &str) -> Result<Self, TransportError> {
        match Proxy::parse(url.trim()) {
            Some(proxy) => Ok(Self::All(Arc::new(proxy))),
            None => Err(not_understood("the proxy")),
        }
    }

    /// Returns the proxy for a request, if there is one.
    ///
    /// # Errors
    /// Fails when the variable that applies is not understood. The message names the variable,
    /// never its value.
    pub(super) fn find(&self, uri: &Uri) -> Result<Option<&Proxy>, TransportError> {
        match self {
            Self::Direct => Ok(None),
            Self::All(proxy) => Ok(Some(proxy)),
            Self::Environment(environment) => environment.find(uri),
        }
    }
}

impl Environment {
    fn find(&self, uri: &Uri) -> Result<Option<&Proxy>, TransportError> {
        let host = uri.host().unwrap_or_default();
        let is_https = uri.scheme() == Some(&Scheme::HTTPS);
        let port = uri.port_u16().unwrap_or(if is_https { 443 } else { 80 });
        // No proxy elsewhere can reach the loopback interface of this machine.
        if is_loopback(host) || self.bypass.contains(host, port) {
            return Ok(None);
        }
        let setting = if is_https { &self.https } else { &self.http };
        let proxy = setting.as_ref();
        proxy
            .map(Option::as_ref)
            .map_err(|variable| not_understood(variable))
    }
}

/// Returns the proxy of the first of these variables that is set and not blank.
fn setting(names: &[&'static str], read: &impl Fn(&str) -> Option<OsString>) -> Setting {
    for name in names {
        let Some(value) = read(name) else { continue };
        match value.to_str() {
            None => return Err(name),
            Some(value) => match unquote(value) {
                "" => {}
                value => return Proxy::parse(value).map(Some).ok_or(name),
            },
        }
    }
    Ok(None)
}

/// Returns the value of a variable, or `None` if it is blank.
fn text(value: &OsString) -> Option<String> {
    let value = value.to_string_lossy();
    Some(unquote(&value).to_owned()).filter(|value| !value.is_empty())
}

#[cold]
fn not_understood(setting: &str) -> TransportError {
    let message = format!(
        "{setting} is not the URL of a proxy: set it to a URL like `http://proxy.example:3128`, \
         which may start with `http://`, `https://` or `socks5://` and contain `user:password@`, \
         with special characters percent-encoded"
    );
    TransportError::new(TransportErrorKind::Config, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Proxies {
        let variables = variables.to_vec();
        Proxies::from_variables(move |wanted| {
            let found = variables.iter().find(|(name, _)| *name == wanted);
            found.map(|(_, value)| OsString::from(value))
        })
    }

    /// Describes the proxy for `url`: its address, `direct`, or the error.
    fn found(proxies: &Proxies, url: &str) -> String {
        match proxies.find(&url.parse().unwrap()) {
            Ok(None) => "direct".to_owned(),
            Ok(Some(proxy)) => proxy.uri().to_string(),
            Err(error) => {
                assert_eq!(error.kind(), TransportErrorKind::Config);
                error.source_text()
            }
        }
    }

    #[test]
    fn proxy_url_not_understood_names_the_variable_alone() {
        for value in [
            "ftp://s3cret",
            "quic://u:s3cret@proxy",
            "socks4://u:s3cret@proxy",
            "http://",
            "http:///path",
            "http://u:s3cret@",
            "http://u:s3/cret@proxy",
            "http://u:12/s3cret@proxy",
            "http://u:s3#cret@proxy",
            "http://proxy:s3cret",
            "http://proxy:0",
            "http://proxy:99999",
            "http://proxy:+1",
            "http://s3cret proxy",
            "http://u:s3%0acret@proxy",
            "http://u:%ffs3cret@proxy",
            "://s3cret",
            "::1",
        ] {
            for variable in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
                let found = found(&proxies(&[(variable, value)]), "http://gate.test");
                assert!(found.starts_with(variable), "{value}: {found}");
                assert!(!found.contains("s3"), "{value}: {found}");
                assert!(!found.contains("cret"), "{value}: {found}");
            }
        }
    }

    #[test]
    fn proxy_variable_applies_to_its_scheme() {
        let both = [("HTTP_PROXY", "a"), ("HTTPS_PROXY", "b")];
        let all = [("ALL_PROXY", "c"), ("https_proxy", "b")];
        let lower = [("http_proxy", "a"), ("HTTP_PROXY", "b")];
        let blank = [
            ("http_proxy", " "),
            ("HTTP_PROXY", ""),
            ("ALL_PROXY", "\"c\"\n"),
        ];
        let cgi = [("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "a")];
        for (variables, http, https) in [
            (&both[..], "http://a:80/", "http://b:80/"),
            (&all, "http://c:80/", "http://b:80/"),
            (&lower, "http://a:80/", "direct"),
            (&blank, "http://c:80/", "http://c:80/"),
            (&cgi, "direct", "direct"),
            (&[], "direct", "direct"),
        ] {
            let proxies = proxies(variables);
            assert_eq!(found(&proxies, "http://h.test"), http, "{variables:?}");
            assert_eq!(found(&proxies, "https://h.test"), https, "{variables:?}");
        }
        let one_is_broken = proxies(&[("HTTP_PROXY", "ftp://x"), ("HTTPS_PROXY", "b")]);
        assert_eq!(found(&one_is_broken, "https://h.test"), "http://b:80/");
        assert_eq!(found(&one_is_broken, "http://127.0.0.1"), "direct");
    }

    #[test]
    fn proxy_of_the_environment_is_not_used_for_loopback() {
        let from_env = proxies(&[("ALL_PROXY", "p")]);
        let explicit = Proxies::all("p").unwrap();
        for (host, is_direct) in [
            ("127.0.0.1", true),
            ("127.9.8.7:8080", true),
            ("[::1]:80", true),
            ("[::ffff:127.0.0.1]", true),
            ("localhost", true),
            ("LOCALHOST.:80", true),
            ("app.localhost", true),
            ("0.0.0.0", false),
            ("128.0.0.1", false),
            ("[::2]", false),
            ("localhost.test", false),
            ("notlocalhost", false),
        ] {
            for scheme in ["http", "https"] {
                let url = format!("{scheme}://{host}");
                let is_found = found(&from_env, &url) == "direct";
                assert_eq!(is_found, is_direct, "{url}");
                assert_eq!(found(&explicit, &url), "http://p:80/", "{url}");
            }
        }
    }

    #[test]
    fn no_proxy_first_variable_that_is_not_blank_applies() {
        for (variables, is_direct) in [
            (&[("no_proxy", ""), ("NO_PROXY", "h.test")][..], true),
            (&[("no_proxy", " \n"), ("NO_PROXY", "'h.test'")], true),
            (&[("no_proxy", "other"), ("NO_PROXY", "h.test")], false),
            (&[("NO_PROXY", "*")], true),
        ] {
            let proxies = proxies(&[variables, &[("ALL_PROXY", "p")]].concat());
            let is_found = found(&proxies, "http://h.test") == "direct";
            assert_eq!(is_found, is_direct, "{variables:?}");
        }
    }
}
