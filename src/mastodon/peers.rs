//! The servers that a server has met: `/api/v1/instance/peers`.
//!
//! The list leaves out suspended servers and is up to a day old, and a server may keep it to
//! itself (`app/controllers/api/v1/instances/peers_controller.rb`).

use hashbrown::{HashMap, HashSet};
use reqwest::Method;

use super::client::Api;
use super::rows::Rows;
use crate::domain::Domain;
use crate::target::TargetError;

/// Several times as many servers as there are.
const MOST_PEERS: usize = 250_000;

/// The hosts that a server has met, below some domains or with just their names.
pub struct Peers(HashMap<Domain, Vec<Domain>>);

impl Peers {
    /// Sorted, the domain itself among them if the server has met it.
    pub fn at_or_below(&self, domain: &Domain) -> &[Domain] {
        self.0.get(domain).map_or(&[], Vec::as_slice)
    }
}

/// Asks for the peers and keeps those that a block of these domains could reach. Nothing if
/// the server does not tell.
pub async fn read(api: &Api, domains: &[Domain]) -> Result<Option<Peers>, TargetError> {
    let answer = match api.ask(Method::GET, api.url("/api/v1/instance/peers"), &[]).await {
        Ok(answer) if answer.status.is_success() => answer,
        Ok(_) | Err(TargetError::Refused(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let names: Option<Rows<String, MOST_PEERS>> = answer.json("the servers that it knows").ok();
    Ok(names.and_then(|names| names.0).map(|names| sort_out(&names, domains)))
}

/// Hosts below these domains, and none of the domains themselves unless it is below another.
pub async fn below(api: &Api, domains: &[Domain]) -> Result<Vec<Domain>, TargetError> {
    let Some(peers) = read(api, domains).await? else { return Ok(Vec::new()) };
    let mut hosts: Vec<Domain> = domains
        .iter()
        .flat_map(|domain| peers.at_or_below(domain).iter().filter(|host| host.is_below(domain)))
        .cloned()
        .collect();
    hosts.sort();
    hosts.dedup();
    Ok(hosts)
}

fn sort_out(names: &[String], domains: &[Domain]) -> Peers {
    let asked: HashSet<&str> = domains.iter().map(Domain::as_str).collect();
    let mut found: HashMap<Domain, Vec<Domain>> = HashMap::new();
    for host in names.iter().filter_map(|name| Domain::from_stored(name)) {
        let above = std::iter::once(host.as_str()).chain(host.parents());
        for domain in above.filter(|name| asked.contains(name)).filter_map(Domain::from_stored) {
            found.entry(domain).or_default().push(host.clone());
        }
    }
    for hosts in found.values_mut() {
        hosts.sort();
        hosts.dedup();
    }
    Peers(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found_below_and_not_beside() {
        let names = ["a.bad.example", "bad.example", "b.a.bad.example", "evil-bad.example", "*.x"];
        let domain = |name: &str| Domain::from_stored(name).unwrap();
        let names = names.map(str::to_owned);
        let peers = sort_out(&names, &[domain("bad.example"), domain("a.bad.example")]);
        let below = |name: &str| -> Vec<String> {
            peers.at_or_below(&domain(name)).iter().map(ToString::to_string).collect()
        };
        assert_eq!(below("bad.example"), ["a.bad.example", "b.a.bad.example", "bad.example"]);
        assert_eq!(below("a.bad.example"), ["a.bad.example", "b.a.bad.example"]);
        assert_eq!(below("evil-bad.example"), [""; 0]);
    }
}
