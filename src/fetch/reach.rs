//! Which addresses of the network a list may be fetched from.
//!
//! A server that fetches what strangers type can be made to ask its own neighbours:
//! databases, cloud metadata, printers. So an address counts as public only if it is known
//! to be one, and it is looked at three times: as the host of the first URL, as the host of
//! every redirect, and as what the name resolves to at the moment of connecting.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Where a fetch may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Anywhere, this machine included.
    Anywhere,
    /// To addresses of the public internet only.
    PublicOnly,
}

/// An address that is not of the public internet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not an address of the public internet")]
pub struct Private(pub String);

impl Reach {
    /// Looks at the host of a URL. A name may still resolve to anything; the resolver
    /// looks at that.
    pub fn allows(self, url: &Url) -> Result<(), Private> {
        if self == Reach::Anywhere {
            return Ok(());
        }
        let private = |what: &dyn ToString| Err(Private(what.to_string()));
        match url.host() {
            Some(Host::Ipv4(ip)) if !is_public(ip.into()) => private(&ip),
            Some(Host::Ipv6(ip)) if !is_public(ip.into()) => private(&ip),
            Some(Host::Domain(name)) if is_private_name(name) => private(&name),
            Some(_) => Ok(()),
            None => private(&"an address without a host"),
        }
    }
}

/// Names that mean this machine or its neighbours by convention.
fn is_private_name(name: &str) -> bool {
    const SUFFIXES: [&str; 7] =
        ["localhost", "local", "internal", "intranet", "lan", "home.arpa", "localdomain"];
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let below = |suffix: &str| name.strip_suffix(suffix).is_some_and(|head| head.ends_with('.'));
    // A bare word is completed by the machine's own search domain.
    !name.contains('.') || SUFFIXES.iter().any(|suffix| name == *suffix || below(suffix))
}

/// Whether the address is one of the public internet.
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

/// The special-purpose blocks of RFC 6890 and its successors.
fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    !(ip.is_unspecified()
        || ip.is_loopback()
        || ip.is_private()
        || ip.is_link_local()
        || ip.is_broadcast()
        || ip.is_multicast()
        || ip.is_documentation()
        || a == 0
        // Carriers' shared space, protocol assignments, 6to4 relays, benchmarks, reserved.
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19))
        || a >= 240)
}

/// Of IPv6, only `2000::/3` is given out. What embeds an IPv4 address counts as that one.
fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, c, d, ..] = ip.segments();
    let octets = ip.octets();
    let v4 = |at: usize| Ipv4Addr::new(octets[at], octets[at + 1], octets[at + 2], octets[at + 3]);
    if let Some(mapped) = ip.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    // ISATAP, which any network may use within itself.
    if let [_, _, _, _, 0 | 0x200, 0x5efe, ..] = ip.segments()
        && !is_public_v4(v4(12))
    {
        return false;
    }
    match (a, b, c, d) {
        // NAT64, and 6to4.
        (0x64, 0xff9b, 0, 0) => is_public_v4(v4(12)),
        (0x2002, ..) => is_public_v4(v4(2)),
        // Teredo and other protocols, ORCHID, documentation (old and new).
        (0x2001, 0..=0x1ff | 0xdb8, ..) | (0x3fff, 0..=0x0fff, ..) => false,
        _ => a & 0xe000 == 0x2000,
    }
}

type LookedUp = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;
type Lookup = Arc<dyn Fn(String) -> LookedUp + Send + Sync>;

/// Resolves names, and refuses a name that leads to a private address.
///
/// One private address among public ones refuses the name as a whole. Such a name is
/// either a mistake or an attempt to be asked again until the private one comes up.
#[derive(Clone)]
pub struct Resolver {
    reach: Reach,
    lookup: Lookup,
}

impl Resolver {
    pub fn new(reach: Reach) -> Self {
        Self::with(reach, |name| {
            Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.collect()) })
        })
    }

    pub(super) fn with(
        reach: Reach,
        lookup: impl Fn(String) -> LookedUp + Send + Sync + 'static,
    ) -> Self {
        Resolver { reach, lookup: Arc::new(lookup) }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let Resolver { reach, lookup } = self.clone();
        Box::pin(async move {
            let found = lookup(name.as_str().to_owned()).await?;
            if reach == Reach::PublicOnly
                && let Some(private) = found.iter().find(|found| !is_public(found.ip()))
            {
                return Err(Private(private.ip().to_string()).into());
            }
            let found: Addrs = Box::new(found.into_iter());
            Ok(found)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_known_in_every_spelling() {
        for host in [
            "127.0.0.1",
            "2130706433",
            "0x7f.1",
            "0x7f000001",
            "017700000001",
            "127.1",
            "0",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "100.127.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "[::]",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:10.0.0.1]",
            "[::127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[64:ff9b:1::1]",
            "[2002:7f00:1::]",
            "[2002:c0a8:101::1]",
            "[2001::1]",
            "[2606:4700::5efe:192.168.0.1]",
            "[2001:db8::1]",
            "[3fff::1]",
            "[fc00::1]",
            "[fd12:3456::1]",
            "[fe80::1]",
            "[fec0::1]",
            "[ff02::1]",
            "[100::1]",
            "localhost",
            "LOCALHOST.",
            "a.localhost",
            "printer.local",
            "metadata.google.internal",
            "router.lan",
            "intranet",
            "ⓛocalhost",
        ] {
            let url = Url::parse(&format!("http://{host}/list")).unwrap();
            assert!(Reach::PublicOnly.allows(&url).is_err(), "{host} ({url})");
            assert!(Reach::Anywhere.allows(&url).is_ok(), "{host}");
        }
    }

    #[test]
    fn public_addresses_pass() {
        for host in [
            "1.1.1.1",
            "9.255.255.255",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "[2606:4700::1111]",
            "[::ffff:1.1.1.1]",
            "[64:ff9b::101:101]",
            "[2002:101:101::1]",
            "[2001:200::1]",
            "lists.example",
            "local.example",
            "mylocalhost.example",
        ] {
            let url = Url::parse(&format!("https://{host}/list")).unwrap();
            assert_eq!(Reach::PublicOnly.allows(&url), Ok(()), "{host}");
        }
    }

    #[tokio::test]
    async fn a_name_is_refused_if_any_of_its_addresses_is_private() {
        let resolved = async |reach: Reach, addresses: &'static [&'static str]| {
            let lookup = move |_: String| -> LookedUp {
                let found = addresses.iter().map(|a| SocketAddr::new(a.parse().unwrap(), 0));
                Box::pin(std::future::ready(Ok(found.collect())))
            };
            let name = "lists.example".parse().unwrap();
            Resolver::with(reach, lookup).resolve(name).await.map(Iterator::count)
        };
        assert_eq!(resolved(Reach::PublicOnly, &["1.1.1.1", "2606:4700::1"]).await.unwrap(), 2);
        let error = resolved(Reach::PublicOnly, &["1.1.1.1", "127.0.0.1"]).await.unwrap_err();
        assert_eq!(error.to_string(), "127.0.0.1 is not an address of the public internet");
        assert_eq!(resolved(Reach::Anywhere, &["127.0.0.1"]).await.unwrap(), 1);
    }
}
