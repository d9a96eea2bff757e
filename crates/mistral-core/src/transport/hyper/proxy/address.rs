//! The address of a proxy, and its credentials.

use http::uri::PathAndQuery;
use http::{HeaderValue, Uri};
use url::Host;

/// A proxy, and how the client authenticates to it.
pub(in super::super) struct Proxy {
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
    pub(super) fn parse(text: &str) -> Option<Self> {
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

    /// Sets the user name and the password. Returns `None` if HTTP does not allow them.
    pub(super) fn with_credentials(mut self, user: &str, password: &str) -> Option<Self> {
        if user.contains(':') {
            return None;
        }
        self.credentials = Some(Credentials::new(user.to_owned(), password.to_owned())?);
        Some(self)
    }

    /// Returns the address, without the credentials.
    pub(in super::super) fn uri(&self) -> &Uri {
        &self.uri
    }

    pub(in super::super) fn is_socks(&self) -> bool {
        matches!(self.uri.scheme_str(), Some("socks5" | "socks5h"))
    }

    /// Returns the value of `proxy-authorization`.
    pub(in super::super) fn basic_auth(&self) -> Option<&HeaderValue> {
        self.credentials
            .as_ref()
            .map(|credentials| &credentials.basic)
    }

    /// Returns the user name and the password.
    pub(in super::super) fn user_and_password(&self) -> Option<(&str, &str)> {
        let credentials = self.credentials.as_ref()?;
        Some((&credentials.user, &credentials.password))
    }
}

impl Credentials {
    fn parse(user_info: &str) -> Option<Self> {
        let (user, password) = user_info.split_once(':').unwrap_or((user_info, ""));
        Self::new(percent_decode(user)?, percent_decode(password)?)
    }

    fn new(user: String, password: String) -> Option<Self> {
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
}
