//! The proxies of a transport: those of the environment, by the rules of curl, or one that the
//! application sets.

mod bypass;

use std::ffi::OsString;
use std::sync::Arc;

use http::uri::{PathAndQuery, Scheme};
use http::{HeaderValue, Uri};
use url::Host;

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

/// A proxy, and how the client authenticates to it.
pub(super) struct Proxy {
    uri: Uri,
    credentials: Option<Credentials>,
}

struct Credentials {
    user: String,
    password: String,
    /// The same as the value of `proxy-authorization`.
    basic: HeaderValue,
}

impl Proxy {
    /// Parses the URL of a proxy, which is of the scheme `http` if it names none. The user name and
    /// the password end at the last `@` and may contain characters that should be encoded.
    fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let (scheme, default_port) = match scheme.to_ascii_lowercase().as_str() {
            "http" => ("http", 80),
            "https" => ("https", 443),
            "socks5" => ("socks5", 1080),
            "socks5h" => ("socks5h", 1080),
            _ => return None,
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end)?;
        if path.contains('@') {
            return None; // where the password ends is ambiguous
        }
        let (user_info, address) = match authority.rsplit_once('@') {
            Some((user_info, address)) => (Some(user_info), address),
            None => (None, authority),
        };
        let credentials = match user_info {
            Some(user_info) => Some(Credentials::parse(user_info)?),
            None => None,
        };
        let authority = parse_address(address, default_port)?;
        let uri = Uri::builder()
            .scheme(scheme)
            .authority(authority)
            .path_and_query(PathAndQuery::from_static("/"));
        let uri = uri.build().ok()?;
        Some(Self { uri, credentials })
    }

    /// Returns the address, without the credentials.
    pub(super) fn uri(&self) -> &Uri {
        &self.uri
    }

    pub(super) fn is_socks(&self) -> bool {
        matches!(self.uri.scheme_str(), Some("socks5" | "socks5h"))
    }

    /// Returns the value of `proxy-authorization`.
    pub(super) fn basic_auth(&self) -> Option<&HeaderValue> {
        self.credentials
            .as_ref()
            .map(|credentials| &credentials.basic)
    }

    /// Returns the user name and the password.
    pub(super) fn user_and_password(&self) -> Option<(&str, &str)> {
        let credentials = self.credentials.as_ref()?;
        Some((&credentials.user, &credentials.password))
    }
}

impl Credentials {
    fn parse(user_info: &str) -> Option<Self> {
        let (user, password) = user_info.split_once(':').unwrap_or((user_info, ""));
        let (user, password) = (percent_decode(user)?, percent_decode(password)?);
        if user.chars().chain(password.chars()).any(char::is_control) {
            return None;
        }
        let encoded = base64_simd::STANDARD.encode_to_string(format!("{user}:{password}"));
        let mut basic = HeaderValue::try_from(format!("Basic {encoded}")).ok()?;
        basic.set_sensitive(true);
        Some(Self {
            user,
            password,
            basic,
        })
    }
}

/// Parses a host and its port, and returns them as an authority.
fn parse_address(address: &str, default_port: u16) -> Option<String> {
    let end = address.rfind(']').map_or(0, |bracket| bracket + 1); // of an IPv6 address
    let (host, port) = match address.get(end..)?.rfind(':') {
        Some(colon) => {
            let (host, port) = address.split_at_checked(end + colon)?;
            (host, port.strip_prefix(':')?)
        }
        None => (address, ""),
    };
    let port = match port {
        "" => default_port,
        port if port.bytes().all(|byte| byte.is_ascii_digit()) => port.parse().ok()?,
        _ => return None,
    };
    let host = Host::parse(host).ok()?;
    (port != 0).then(|| format!("{host}:{port}"))
}

/// Decodes percent-encoded bytes. A percent sign that encodes nothing is kept.
fn percent_decode(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let encoded = after.split_at_checked(2).filter(|_| byte == b'%');
        match encoded.and_then(|(digits, after)| Some((hex(digits)?, after))) {
            Some((byte, after)) => {
                decoded.push(byte);
                rest = after;
            }
            None => {
                decoded.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8(decoded).ok()
}

fn hex(digits: &[u8]) -> Option<u8> {
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
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
    fn proxy_url_forms_are_understood() {
        for (text, uri, user) in [
            ("http://proxy:3128", "http://proxy:3128/", None),
            ("HTTP://proxy:3128/", "http://proxy:3128/", None),
            ("proxy:3128", "http://proxy:3128/", None),
            ("proxy", "http://proxy:80/", None),
            ("proxy:", "http://proxy:80/", None),
            ("https://proxy", "https://proxy:443/", None),
            ("socks5://proxy", "socks5://proxy:1080/", None),
            ("socks5h://proxy:9", "socks5h://proxy:9/", None),
            ("http://[::1]:3128", "http://[::1]:3128/", None),
            ("[::1]", "http://[::1]:80/", None),
            ("http://10.0.0.1:8080/path", "http://10.0.0.1:8080/", None),
            ("http://bücher.test", "http://xn--bcher-kva.test:80/", None),
            ("http://u:p@proxy:1", "http://proxy:1/", Some(("u", "p"))),
            ("u:p@proxy:1", "http://proxy:1/", Some(("u", "p"))),
            ("http://u@proxy:1", "http://proxy:1/", Some(("u", ""))),
            (
                "http://u:p@s:s@proxy",
                "http://proxy:80/",
                Some(("u", "p@s:s")),
            ),
            (
                "http://u:p%40%3a@proxy",
                "http://proxy:80/",
                Some(("u", "p@:")),
            ),
            (
                "http://u:100%@proxy",
                "http://proxy:80/",
                Some(("u", "100%")),
            ),
            ("http://u:%zz@proxy", "http://proxy:80/", Some(("u", "%zz"))),
            ("http://u:é@proxy", "http://proxy:80/", Some(("u", "é"))),
            (
                "http://C\\u:p@proxy",
                "http://proxy:80/",
                Some(("C\\u", "p")),
            ),
            (
                "http://us er:p@proxy",
                "http://proxy:80/",
                Some(("us er", "p")),
            ),
            (
                "socks5://u:p@proxy:1",
                "socks5://proxy:1/",
                Some(("u", "p")),
            ),
        ] {
            let proxy = Proxy::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(proxy.uri().to_string(), uri, "{text}");
            assert_eq!(proxy.user_and_password(), user, "{text}");
            assert!(proxy.basic_auth().is_none_or(HeaderValue::is_sensitive));
        }
        let basic = Proxy::parse("http://user:pass@proxy").unwrap();
        assert_eq!(basic.basic_auth().unwrap(), "Basic dXNlcjpwYXNz");
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
