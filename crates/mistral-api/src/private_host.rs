//! Hosts that only this machine or its network can reach.

use std::net::Ipv4Addr;

use url::{Host, Url};

/// Domains that public DNS does not have: for loopback (RFC 6761), multicast DNS and the services
/// of Kubernetes (RFC 6762), home networks (RFC 8375), and private use (`internal`, reserved by
/// ICANN, and `lan`, which routers use).
const PRIVATE_DOMAINS: [&str; 5] = ["localhost", "local", "home.arpa", "internal", "lan"];

/// Whether a URL names this machine or a host of a private network: an address that the internet
/// does not route, a name without a dot (as those of containers), or one in a private domain.
pub(crate) fn is_private(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => is_private_v4(address),
        Some(Host::Ipv6(address)) => match address.to_ipv4_mapped() {
            Some(address) => is_private_v4(address),
            None => {
                address.is_loopback()
                    || address.is_unspecified()
                    || address.is_unique_local()
                    || address.is_unicast_link_local()
            }
        },
        Some(Host::Domain(name)) => is_private_name(name.trim_end_matches('.')),
        None => false,
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    // The shared addresses of RFC 6598 are those of overlay networks as well.
    let is_shared = first == 100 && (64..128).contains(&second);
    address.is_loopback()
        || address.is_unspecified() // servers log the address that they are bound to
        || address.is_private()
        || address.is_link_local()
        || is_shared
}

fn is_private_name(name: &str) -> bool {
    let is_in = |domain: &str| {
        let before = name.strip_suffix(domain);
        before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
    };
    !name.contains('.') || PRIVATE_DOMAINS.into_iter().any(is_in)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_is_private_where_the_internet_does_not_reach_it() {
        for host in [
            "localhost",
            "LOCALHOST.",
            "a.localhost",
            "127.0.0.1",
            "127.8.9.1",
            "0.0.0.0",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.7",
            "169.254.1.1",
            "100.64.0.1",
            "100.127.0.1",
            "[fd12::1]",
            "[fe80::1]",
            "vllm",
            "host.docker.internal",
            "gpu.local",
            "vllm.default.svc.cluster.local",
            "gpu.lan",
            "gpu.home.arpa",
        ] {
            let url = Url::parse(&format!("http://{host}:8000/v1")).unwrap();
            assert!(is_private(&url), "{host}");
        }
        for host in [
            "api.mistral.ai",
            "8.8.8.8",
            "100.128.0.1",
            "100.63.0.1",
            "172.32.0.1",
            "192.169.0.1",
            "[2001:db8::1]",
            "[::ffff:8.8.8.8]",
            "notlocalhost.com",
            "localhost.example.com",
            "mylocal.ai",
            "127.0.0.1.nip.io",
        ] {
            let url = Url::parse(&format!("http://{host}:8000/v1")).unwrap();
            assert!(!is_private(&url), "{host}");
        }
    }
}
