//! Which follows an account's blocks would cut: those with exactly the named hosts.
//!
//! The lists of follows tell who, a page at a time. Since 4.3 the server also counts, a
//! domain at a time (`app/controllers/api/v1/domain_blocks/previews_controller.rb`). Mostly
//! the blocks are few and cut nothing, and the counts are the quicker way to know that.

use std::collections::BTreeMap;

use hashbrown::HashSet;
use reqwest::Method;
use serde::Deserialize;

use crate::domain::Domain;
use crate::impact::{Cut, Impact, Person, host_of};
use crate::mastodon::client::{Api, Pages};
use crate::mastodon::follows::{self, Me, Side};
use crate::target::TargetError;

const PREVIEW: &str = "/api/v1/domain_blocks/preview";

/// Of the 300 requests that a server grants in five minutes, most are for the blocks.
const MOST_PREVIEWS: usize = 250;

/// Together 32,000 follows. A server grants 300 pages in a quarter of an hour.
const MOST_PAGES: usize = 400;

type Cuts = BTreeMap<Domain, Cut>;

/// Why nobody's name is known.
#[derive(Clone, Copy)]
enum Nameless {
    NotAllowed,
    TooMany,
}

pub(super) async fn of(api: &Api, domains: &[Domain]) -> Result<Impact, TargetError> {
    if domains.is_empty() {
        return Ok(Impact::default());
    }
    let me = follows::me(api).await?;
    let few =
        domains.len() <= MOST_PREVIEWS && me.as_ref().is_none_or(|me| domains.len() < me.pages());
    let mut counts = Counts::default();
    if few {
        counts = Counts::ask(api, domains).await?;
        if counts.cuts.is_empty() && counts.are_of(domains) {
            return Ok(Impact::default());
        }
    }
    let nameless = match &me {
        Some(me) if me.pages() > MOST_PAGES => Nameless::TooMany,
        Some(me) => match named(api, me, domains).await? {
            Ok(cuts) => return Ok(Impact { cuts: merged(cuts, counts), ..Impact::default() }),
            Err(nameless) => nameless,
        },
        None => Nameless::NotAllowed,
    };
    if !few {
        counts = Counts::ask(api, &domains[..domains.len().min(MOST_PREVIEWS)]).await?;
    }
    Ok(counts.without_names(api.host(), domains, nameless))
}

/// Reads both lists and keeps whoever is on one of these domains.
async fn named(
    api: &Api,
    me: &Me,
    domains: &[Domain],
) -> Result<Result<Cuts, Nameless>, TargetError> {
    let asked: HashSet<&str> = domains.iter().map(Domain::as_str).collect();
    let mut found: BTreeMap<Domain, BTreeMap<String, Person>> = BTreeMap::new();
    let mut left = MOST_PAGES;
    for side in [Side::Following, Side::Followers] {
        let pages = follows::list(api, me, side, left, |row| {
            let host = host_of(&row.acct).filter(|host| asked.contains(host.as_str()));
            let Some(host) = host else { return };
            let (id, acct) = (row.id(), row.acct);
            let person = found.entry(host).or_default().entry(id.clone()).or_insert(Person {
                acct,
                id,
                following: false,
                follower: false,
            });
            match side {
                Side::Following => person.following = true,
                Side::Followers => person.follower = true,
            }
        });
        match pages.await? {
            Pages::Whole(pages) => left -= pages,
            Pages::NotAllowed => return Ok(Err(Nameless::NotAllowed)),
            // The number of pages that led here can be behind.
            Pages::TooMany => return Ok(Err(Nameless::TooMany)),
        }
    }
    let cut = |people: BTreeMap<String, Person>| {
        let mut people: Vec<Person> = people.into_values().collect();
        people.sort();
        Cut {
            following: people.iter().filter(|person| person.following).count(),
            followers: people.iter().filter(|person| person.follower).count(),
            accounts: None,
            people,
        }
    };
    Ok(Ok(found.into_iter().map(|(domain, people)| (domain, cut(people))).collect()))
}

/// The lists leave out people whom the server has suspended, and the counts do not.
fn merged(mut cuts: Cuts, counts: Counts) -> Cuts {
    for (domain, count) in counts.cuts {
        let cut = cuts.entry(domain).or_default();
        cut.following = cut.following.max(count.following);
        cut.followers = cut.followers.max(count.followers);
    }
    cuts
}

/// What the server has counted.
#[derive(Default)]
struct Counts {
    /// Where there is anything to cut.
    cuts: Cuts,
    counted: HashSet<Domain>,
}

#[derive(Deserialize)]
struct Preview {
    following_count: usize,
    followers_count: usize,
}

impl Counts {
    async fn ask(api: &Api, domains: &[Domain]) -> Result<Counts, TargetError> {
        let mut counts = Counts::default();
        for domain in domains {
            let mut url = api.url(PREVIEW);
            url.query_pairs_mut().append_pair("domain", domain.as_str());
            let answer = match api.ask(Method::GET, url, &[]).await {
                Ok(answer) if answer.status.is_success() => answer,
                // Before 4.3, or without the right to write, all others go the same way;
                // and a server that fails is not asked 250 times to do so.
                Ok(_) | Err(TargetError::Refused(_)) => break,
                Err(error) => return Err(error),
            };
            let Ok(preview) = answer.json::<Preview>("a count of follows") else { break };
            let (following, followers) = (preview.following_count, preview.followers_count);
            let cut = Cut { following, followers, ..Cut::default() };
            if cut.relations() > 0 {
                counts.cuts.insert(domain.clone(), cut);
            }
            counts.counted.insert(domain.clone());
        }
        Ok(counts)
    }

    fn are_of(&self, domains: &[Domain]) -> bool {
        domains.iter().all(|domain| self.counted.contains(domain))
    }

    fn without_names(self, host: &str, domains: &[Domain], nameless: Nameless) -> Impact {
        let all = self.are_of(domains);
        let unknown = domains.iter().filter(|domain| !self.counted.contains(*domain)).cloned();
        let unknown = unknown.collect();
        let why = match (nameless, all) {
            (Nameless::NotAllowed, true) => format!(
                "This sign-in may not read whom you follow on {host}, so only the numbers are \
                 known. To see the names, sign in again (`hedgerow login {host}`)."
            ),
            (Nameless::NotAllowed, false) => format!(
                "This sign-in may not read whom you follow on {host}. To see whom a block would \
                 cut, sign in again (`hedgerow login {host}`)."
            ),
            (Nameless::TooMany, true) => format!(
                "You have too many follows and followers to read them all, so only the numbers \
                 are known. {host} shows the names under Preferences, Follows and followers."
            ),
            (Nameless::TooMany, false) => format!(
                "You have too many follows and followers to read them all, and {host} has not \
                 counted them for every domain. Look there under Preferences, Follows and \
                 followers, or plan with fewer domains at a time."
            ),
        };
        Impact { cuts: self.cuts, unknown, why_unknown: Some(why) }
    }
}
