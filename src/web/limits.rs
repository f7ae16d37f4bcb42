//! How often one address, or one program, may ask for what costs something.

use std::hash::Hash;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};

use super::fault::Fault;
use super::site::Site;
use crate::fetch::is_public;
use crate::store::TokenId;

/// So many at once.
const SIGN_IN: NonZeroU32 = NonZeroU32::new(10).unwrap();
const UPLOAD: NonZeroU32 = NonZeroU32::new(60).unwrap();
/// Subscribers come once an hour, and many of them from behind one address.
const PUBLISHED: NonZeroU32 = NonZeroU32::new(120).unwrap();
/// Programs are quicker than people.
const API: NonZeroU32 = NonZeroU32::new(1000).unwrap();
const FETCH: NonZeroU32 = NonZeroU32::new(30).unwrap();
/// After so many questions, addresses that have been quiet are forgotten.
const SWEEP: u32 = 1000;

pub struct Limits {
    sign_in: DefaultKeyedRateLimiter<IpAddr>,
    upload: DefaultKeyedRateLimiter<IpAddr>,
    published: DefaultKeyedRateLimiter<IpAddr>,
    /// By token.
    api: DefaultKeyedRateLimiter<TokenId>,
    fetch: DefaultKeyedRateLimiter<IpAddr>,
    asked: AtomicU32,
}

impl Default for Limits {
    fn default() -> Self {
        // And then one each so many seconds.
        let every = |burst: NonZeroU32, period| {
            Quota::with_period(period)
                .unwrap_or_else(|| Quota::per_minute(burst))
                .allow_burst(burst)
        };
        let quota = |burst, seconds| every(burst, Duration::from_secs(seconds));
        Limits {
            sign_in: DefaultKeyedRateLimiter::keyed(quota(SIGN_IN, 6)),
            upload: DefaultKeyedRateLimiter::keyed(quota(UPLOAD, 2)),
            published: DefaultKeyedRateLimiter::keyed(quota(PUBLISHED, 1)),
            api: DefaultKeyedRateLimiter::keyed(every(API, Duration::from_millis(10))),
            fetch: DefaultKeyedRateLimiter::keyed(quota(FETCH, 10)),
            asked: AtomicU32::new(0),
        }
    }
}

impl Limits {
    /// Counts an attempt to sign in or to connect a server.
    pub fn sign_in(&self, from: Address) -> Result<(), Fault> {
        self.count(&self.sign_in, from)
    }

    /// Counts a file, or a form as large as one.
    pub fn upload(&self, from: Address) -> Result<(), Fault> {
        self.count(&self.upload, from)
    }

    /// Counts a look at what somebody has published.
    pub fn published(&self, from: Address) -> Result<(), Fault> {
        self.count(&self.published, from)
    }

    /// Counts a request of a program.
    pub fn api(&self, token: TokenId) -> Result<(), Fault> {
        self.check(&self.api, &token)
    }

    /// Counts a list that somebody else's server is asked for.
    pub fn fetch(&self, from: Address) -> Result<(), Fault> {
        self.count(&self.fetch, from)
    }

    fn count(&self, limiter: &DefaultKeyedRateLimiter<IpAddr>, from: Address) -> Result<(), Fault> {
        self.check(limiter, &from.0)
    }

    fn check<K>(&self, limiter: &DefaultKeyedRateLimiter<K>, key: &K) -> Result<(), Fault>
    where
        K: Clone + Eq + Hash,
    {
        if self.asked.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            self.sign_in.retain_recent();
            self.upload.retain_recent();
            self.published.retain_recent();
            self.api.retain_recent();
            self.fetch.retain_recent();
        }
        limiter.check_key(key).map_err(|until| {
            let wait = until.wait_time_from(DefaultClock::default().now()).as_secs() + 1;
            let says = format!("That was too often in a short time. Try again in {wait} seconds.");
            Fault::told(StatusCode::TOO_MANY_REQUESTS, "Slowly, please", says)
        })
    }
}

/// Where a request comes from, as far as it can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address(pub IpAddr);

impl FromRequestParts<Site> for Address {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Self::Rejection> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
        let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        // The proxy stands on this machine or in its network.
        let proxied = site.settings().is_shared() && !is_public(peer);
        let told = proxied.then(|| forwarded(&parts.headers)).flatten();
        Ok(Address(network(told.unwrap_or(peer))))
    }
}

/// The last address in the list is the one that the proxy itself has seen; those before it
/// are whatever the visitor wrote.
fn forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    last.rsplit(',').next()?.trim().parse().ok()
}

/// One household has a whole network of IPv6 addresses, of which it may use any.
fn network(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(ip) => ip.to_ipv4_mapped().map_or_else(
            || {
                let [a, b, c, d, ..] = ip.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            },
            IpAddr::V4,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_fill_and_others_have_theirs() {
        let limits = Limits::default();
        let one = Address("192.0.2.1".parse().unwrap());
        let tries = (0..20).filter(|_| limits.sign_in(one).is_ok()).count();
        assert_eq!(tries, 10);
        assert!(limits.sign_in(Address("192.0.2.2".parse().unwrap())).is_ok());
        assert!(limits.upload(one).is_ok());
    }

    #[test]
    fn only_what_the_proxy_wrote_is_believed_and_a_network_is_one() {
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", "10.0.0.1, 192.0.2.7".parse().unwrap());
        assert_eq!(forwarded(&headers), Some("192.0.2.7".parse().unwrap()));
        headers.append("x-forwarded-for", "nonsense".parse().unwrap());
        assert_eq!(forwarded(&headers), None);
        let [a, b] = ["2001:db8:1:2::3", "2001:db8:1:2:ffff::9"].map(|ip| ip.parse().unwrap());
        assert_eq!(network(a), network(b));
    }
}
