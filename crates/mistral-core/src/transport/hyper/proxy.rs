//! The proxies of a transport: those of the environment, by the rules of curl, or one that the
//! application sets.

mod address;
mod bypass;
mod settings;

use std::ffi::OsString;
use std::sync::Arc;

use http::Uri;
use http::uri::Scheme;

pub(super) use self::address::Proxy;
use self::bypass::{Bypass, is_loopback};
pub(super) use self::settings::ProxySettings;
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
    Rules(Arc<Rules>),
}

/// The proxies by the scheme of the request.
pub(super) struct Rules {
    http: Rule,
    https: Rule,
}

/// The proxy of one scheme, or the variable whose value is not understood.
type Setting = Result<Option<Proxy>, &'static str>;

struct Rule {
    proxy: Setting,
    bypass: Arc<Bypass>,
    /// Whether the application set the proxy, so that it also applies to loopback.
    is_set_in_code: bool,
}

impl Proxies {
    /// Reads the variables of the environment.
    pub(super) fn from_env() -> Self {
        Self::from_variables(|name| std::env::var_os(name))
    }

    fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let read = outside_cgi(variable);
        let bypass = Arc::new(bypass_variable(&read));
        let rule = |variables| Rule {
            proxy: setting(variables, &read),
            bypass: Arc::clone(&bypass),
            is_set_in_code: false,
        };
        Self::of(rule(&HTTP_VARIABLES), rule(&HTTPS_VARIABLES))
    }

    fn of(http: Rule, https: Rule) -> Self {
        match (&http.proxy, &https.proxy) {
            (Ok(None), Ok(None)) => Self::Direct,
            _ => Self::Rules(Arc::new(Rules { http, https })),
        }
    }

    /// Creates the proxy that the application sets for every request.
    pub(super) fn all(url: &str) -> Result<Self, TransportError> {
        let settings = ProxySettings {
            all: Some(url.to_owned()),
            ..ProxySettings::default()
        };
        settings.resolve()
    }

    /// Returns the proxy for a request, if there is one.
    ///
    /// # Errors
    /// Fails when the variable that applies is not understood. The message names the variable,
    /// never its value.
    pub(super) fn find(&self, uri: &Uri) -> Result<Option<&Proxy>, TransportError> {
        match self {
            Self::Direct => Ok(None),
            Self::Rules(rules) => rules.find(uri),
        }
    }
}

impl Rules {
    fn find(&self, uri: &Uri) -> Result<Option<&Proxy>, TransportError> {
        let host = uri.host().unwrap_or_default();
        let (rule, default_port) = match uri.scheme() == Some(&Scheme::HTTPS) {
            true => (&self.https, 443),
            false => (&self.http, 80),
        };
        // No proxy of the environment can reach the loopback interface of this machine.
        let is_unreachable = !rule.is_set_in_code && is_loopback(host);
        if is_unreachable
            || rule
                .bypass
                .contains(host, uri.port_u16().unwrap_or(default_port))
        {
            return Ok(None);
        }
        let proxy = rule.proxy.as_ref();
        proxy
            .map(Option::as_ref)
            .map_err(|variable| not_understood(variable))
    }
}

/// Reads variables, except those that a request to a CGI program can set.
fn outside_cgi(variable: impl Fn(&str) -> Option<OsString>) -> impl Fn(&str) -> Option<OsString> {
    let is_cgi = variable(CGI_VARIABLE).is_some();
    move |name| match name {
        HTTP_PROXY if is_cgi => None,
        name => variable(name),
    }
}

/// Returns the hosts of the first variable that is not blank.
fn bypass_variable(read: &impl Fn(&str) -> Option<OsString>) -> Bypass {
    let bypass = NO_PROXY_VARIABLES.into_iter().find_map(|name| {
        let value = text(&read(name)?)?;
        Some(Bypass::parse(name, &value))
    });
    bypass.unwrap_or_default()
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
