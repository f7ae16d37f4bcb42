//! How many follows a suspension would cut for everybody on an instance, subdomains
//! included.
//!
//! The server counts them for its dashboard (`app/lib/admin/metrics/measure/`). It takes one
//! request a domain, so those that it has never met are left out.

use reqwest::Method;
use serde::Deserialize;

use crate::domain::Domain;
use crate::impact::{Cut, Impact};
use crate::mastodon::client::Api;
use crate::mastodon::peers;
use crate::target::TargetError;

const PATH: &str = "/api/v1/admin/measures";

/// Of the 300 requests that a server grants in five minutes, most are for the blocks.
const MOST: usize = 250;

/// `subdomains` tells whether the server can count those of a domain together with it;
/// Mastodon does since 4.2.0. To others each known host is a question of its own.
pub(super) async fn of(
    api: &Api,
    domains: &[Domain],
    subdomains: bool,
) -> Result<Impact, TargetError> {
    if domains.is_empty() {
        return Ok(Impact::default());
    }
    let peers = peers::read(api, domains).await?;
    let mut impact = Impact::default();
    let mut left = MOST;
    let mut end = None;
    for domain in domains {
        let hosts = match &peers {
            Some(peers) => match peers.at_or_below(domain) {
                [] => continue,
                _ if subdomains => std::slice::from_ref(domain),
                hosts => hosts,
            },
            None if subdomains => std::slice::from_ref(domain),
            None => {
                end = end.or(Some(End::HiddenPeers));
                &[]
            }
        };
        if end.is_none() && hosts.len() > left {
            end = Some(End::TooMany);
        }
        if end.is_none() {
            left -= hosts.len();
            match count(api, hosts, subdomains).await? {
                Some(cut) if cut != NOBODY => drop(impact.cuts.insert(domain.clone(), cut)),
                Some(_) => {}
                None => end = Some(End::NotAllowed),
            }
        }
        if end.is_some() {
            impact.unknown.insert(domain.clone());
        }
    }
    impact.why_unknown = end.map(|end| end.says(api.host()));
    Ok(impact)
}

const NOBODY: Cut = Cut { following: 0, followers: 0, accounts: Some(0), people: Vec::new() };

/// Why counting ended early.
enum End {
    NotAllowed,
    TooMany,
    HiddenPeers,
}

impl End {
    fn says(&self, host: &str) -> String {
        match self {
            End::NotAllowed => format!(
                "{host} does not tell this sign-in how many follows a block would cut. Sign in \
                 again (`hedgerow login {host} --admin --impact`); your role there has to \
                 include \"View Dashboard\"."
            ),
            End::TooMany => format!(
                "{host} knows many of these servers and was asked about {MOST} of them. Plan \
                 with fewer domains at a time to see the others, or look them up on {host} under \
                 Moderation, Federation."
            ),
            End::HiddenPeers => format!(
                "{host} keeps the list of the servers that it knows to itself, and is too old to \
                 count the follows of subdomains. Look the domains up on {host} under \
                 Moderation, Federation."
            ),
        }
    }
}

#[derive(Deserialize)]
struct Measure {
    key: String,
    total: Total,
}

/// Text in Mastodon (`serializers/rest/admin/measure_serializer.rb`).
#[derive(Deserialize)]
#[serde(untagged)]
enum Total {
    Text(String),
    Number(usize),
}

/// The sum over these hosts, or nothing if the server does not tell.
async fn count(api: &Api, hosts: &[Domain], subdomains: bool) -> Result<Option<Cut>, TargetError> {
    let mut sum = NOBODY;
    for host in hosts {
        let Some(cut) = count_one(api, host, subdomains).await? else { return Ok(None) };
        sum.following += cut.following;
        sum.followers += cut.followers;
        sum.accounts = sum.accounts.zip(cut.accounts).map(|(one, other)| one + other);
    }
    Ok(Some(sum))
}

async fn count_one(api: &Api, host: &Domain, subdomains: bool) -> Result<Option<Cut>, TargetError> {
    // The days are those of the curve that comes with each number; one keeps it short.
    let today = api.clock().now().format("%Y-%m-%d").to_string();
    let mut form = vec![("start_at", today.as_str()), ("end_at", today.as_str())];
    for (key, domain, below) in [
        ("instance_accounts", "instance_accounts[domain]", "instance_accounts[include_subdomains]"),
        ("instance_follows", "instance_follows[domain]", "instance_follows[include_subdomains]"),
        (
            "instance_followers",
            "instance_followers[domain]",
            "instance_followers[include_subdomains]",
        ),
    ] {
        form.extend([("keys[]", key), (domain, host.as_str())]);
        if subdomains {
            form.push((below, "true"));
        }
    }
    let answer = match api.ask(Method::POST, api.url(PATH), &form).await {
        Ok(answer) if answer.status.is_success() => answer,
        Ok(_) | Err(TargetError::Refused(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let Ok(measures) = answer.json::<Vec<Measure>>("counts of follows") else { return Ok(None) };
    let total = |key: &str| {
        let measure = measures.iter().find(|measure| measure.key == key)?;
        match &measure.total {
            Total::Text(text) => text.parse().ok(),
            Total::Number(number) => Some(*number),
        }
    };
    let (Some(accounts), Some(following), Some(followers)) =
        (total("instance_accounts"), total("instance_follows"), total("instance_followers"))
    else {
        return Ok(None);
    };
    Ok(Some(Cut { following, followers, accounts: Some(accounts), people: Vec::new() }))
}
