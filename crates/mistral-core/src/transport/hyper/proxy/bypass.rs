//! The hosts that are reached without a proxy.

use std::net::IpAddr;

/// The hosts of `NO_PROXY`, by the rules of curl.
#[derive(Debug, Default)]
pub(super) struct Bypass(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    hosts: Hosts,
    /// The only port that the entry applies to.
    port: Option<u16>,
}

#[derive(Debug)]
enum Hosts {
    All,
    /// A domain and its subdomains, in lower case.
    Domain(String),
    /// The addresses that have the first bits of this one.
    Network(IpAddr, u32),
}

impl Bypass {
    /// Parses a list that is separated by commas or white space. `variable` names it in a warning.
    pub(super) fn parse(variable: &str, list: &str) -> Self {
        let entries = list.split(|letter: char| letter == ',' || letter.is_whitespace());
        let entries = entries.filter(|entry| !entry.is_empty());
        let (count, parsed) = entries.fold((0_usize, Vec::new()), |(count, mut parsed), entry| {
            parsed.extend(Entry::parse(entry));
            (count + 1, parsed)
        });
        let ignored = count - parsed.len();
        if ignored > 0 {
            tracing::warn!(
                "{ignored} of the {count} entries of {variable} are ignored: use names of hosts and \
                 domains, addresses, networks like `10.0.0.0/8`, or `*` alone"
            );
        }
        Self(parsed)
    }

    /// Whether a host is reached directly on this port.
    pub(super) fn contains(&self, host: &str, port: u16) -> bool {
        let host = normalize(host);
        let address = host.parse::<IpAddr>().ok().map(|it| it.to_canonical());
        self.0.iter().any(|entry| {
            entry.port.is_none_or(|wanted| wanted == port) && entry.hosts.contains(&host, address)
        })
    }
}

impl Entry {
    fn parse(text: &str) -> Option<Self> {
        if let Some(hosts) = Hosts::parse(text) {
            return Some(Self { hosts, port: None });
        }
        let (host, port) = text.rsplit_once(':')?;
        Some(Self {
            hosts: Hosts::parse(host)?,
            port: Some(port.parse().ok()?),
        })
    }
}

impl Hosts {
    fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::All);
        }
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let host = normalize(address);
        if let Ok(address) = host.parse::<IpAddr>() {
            let width = if address.is_ipv4() { 32 } else { 128 };
            let bits = bits.map_or(Ok(width), str::parse).ok()?;
            return (bits <= width).then_some(Self::Network(address, bits));
        }
        let domain = host.strip_prefix('*').filter(|rest| rest.starts_with('.'));
        let domain = domain.unwrap_or(&host).trim_start_matches('.');
        let is_name = !domain.is_empty() && !domain.contains(['*', ':', '/', '[', '<', '>', '@']);
        (is_name && bits.is_none()).then(|| Self::Domain(domain.to_owned()))
    }

    fn contains(&self, host: &str, address: Option<IpAddr>) -> bool {
        match self {
            Self::All => true,
            Self::Domain(domain) => {
                let before = host.strip_suffix(domain.as_str());
                before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
            }
            Self::Network(network, bits) => {
                address.is_some_and(|address| is_in_network(address, *network, *bits))
            }
        }
    }
}

/// Whether two addresses of the same family have the same first bits.
fn is_in_network(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    let (differing, width) = match (address, network) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (u128::from(a.to_bits() ^ b.to_bits()), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits(), 128),
        _ => return false,
    };
    differing.checked_shr(width - bits).unwrap_or(0) == 0
}

/// Whether a host is the loopback interface of this machine.
pub(super) fn is_loopback(host: &str) -> bool {
    let host = normalize(host);
    match host.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

/// Returns a host in lower case, without the brackets of IPv6 and the dot at the end.
fn normalize(host: &str) -> String {
    let bare = host.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    let host = bare.unwrap_or(host);
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_proxy_entry_matches_hosts_by_the_rules_of_curl() {
        for (list, host, port, is_direct) in [
            ("*", "h.test", 443, true),
            ("*", "10.0.0.1", 80, true),
            ("a, *", "10.0.0.1", 80, true),
            ("corp.test", "corp.test", 443, true),
            ("corp.test", "gate.corp.test", 443, true),
            (".corp.test", "gate.corp.test", 443, true),
            (".corp.test", "corp.test", 443, true),
            ("*.corp.test", "gate.corp.test", 443, true),
            ("corp.test.", "corp.test", 443, true),
            ("corp.test", "corp.test.", 443, true),
            ("CORP.test", "corp.TEST", 443, true),
            ("corp.test", "notcorp.test", 443, false),
            ("corp.test", "corp.test.example", 443, false),
            ("a b\tcorp.test\nc", "corp.test", 443, true),
            ("a,corp.test,,", "corp.test", 443, true),
            ("a,,", "", 443, false),
            ("corp.test:8080", "corp.test", 8080, true),
            ("corp.test:8080", "gate.corp.test", 8080, true),
            ("corp.test:8080", "corp.test", 80, false),
            ("10.1.2.3", "10.1.2.3", 80, true),
            ("10.1.2.3", "10.1.2.4", 80, false),
            ("10.1.2.3:81", "10.1.2.3", 81, true),
            ("10.1.2.3:81", "10.1.2.3", 80, false),
            ("10.0.0.0/8", "10.9.9.9", 80, true),
            ("10.0.0.0/8", "11.0.0.1", 80, false),
            ("10.1.2.3/32", "10.1.2.3", 80, true),
            ("0.0.0.0/0", "8.8.8.8", 80, true),
            ("0.0.0.0/0", "h.test", 80, false),
            ("10.0.0.0/8", "10.0.0.1.test", 80, false),
            ("fd00::/8", "[fd12::1]", 80, true),
            ("fd00::/8", "[fe80::1]", 80, false),
            ("::/0", "[fe80::1]", 80, true),
            ("::1", "[::1]", 80, true),
            ("[fd00::1]", "[fd00::1]", 80, true),
            ("[fd00::1]:81", "[fd00::1]", 81, true),
            ("[fd00::1]:81", "[fd00::1]", 80, false),
            ("10.0.0.1", "[::ffff:10.0.0.1]", 80, true),
        ] {
            let bypass = Bypass::parse("NO_PROXY", list);
            let found = bypass.contains(host, port);
            assert_eq!(found, is_direct, "{list:?} {host} {port}");
        }
    }

    #[test]
    fn no_proxy_entry_not_understood_is_ignored() {
        for list in [
            "10.0.0.0/33",
            "10.*",
            "a:b",
            "h.test/8",
            "<local>",
            ".",
            "*:*",
        ] {
            assert!(Bypass::parse("NO_PROXY", list).0.is_empty(), "{list}");
        }
        assert!(Bypass::parse("NO_PROXY", "10.*, corp.test").contains("corp.test", 1));
    }
}
