//! What a block would cut, which no undo brings back.
//!
//! Blocking a domain ends the follows between here and there, for one account or, where an
//! instance suspends, for everybody on it. So a plan can tell beforehand how many there are
//! and, where the server tells it, whose; a backup keeps that.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::domain::Domain;

/// What blocking some domains would cut, each as if it were blocked alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Impact {
    /// By the domain of the block. One that was asked about and is neither here nor among
    /// the unknown has nothing to cut. An instance may know accounts there and no follows.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cuts: BTreeMap<Domain, Cut>,
    /// The domains of which nothing could be learnt.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub unknown: BTreeSet<Domain>,
    /// What is not known, why, and the next step, in a sentence or two. It can also stand
    /// where every number is known and only the names are not. A target that never can tell
    /// says nothing here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why_unknown: Option<String>,
}

/// What the block of one domain would cut.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// Follows from here to there: of one account, or of everybody on the instance.
    pub following: usize,
    /// Follows from there to here.
    pub followers: usize,
    /// The accounts there that an instance knows. An account is not told their number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accounts: Option<usize>,
    /// Who they are, by name; empty where the server tells only numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<Person>,
}

/// Somebody on the other side.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Person {
    /// `user@domain` as the server shows it: it may be in Unicode.
    pub acct: String,
    /// The server's own number for the account, with which it can be followed again.
    pub id: String,
    /// Whether they are followed from here.
    pub following: bool,
    /// Whether they follow.
    pub follower: bool,
}

/// What is known of one domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known<'a> {
    Nothing,
    /// The block would cut nothing at all.
    NoCut,
    Cut(&'a Cut),
}

impl Impact {
    /// Nothing is known of these domains.
    pub fn untold(domains: &[Domain], why: Option<String>) -> Self {
        let unknown: BTreeSet<Domain> = domains.iter().cloned().collect();
        let why_unknown = why.filter(|_| !unknown.is_empty());
        Impact { cuts: BTreeMap::new(), unknown, why_unknown }
    }

    /// Nothing is cut, and nothing is unknown.
    pub fn is_empty(&self) -> bool {
        self.cuts.is_empty() && self.unknown.is_empty()
    }

    /// What is known of a domain that was asked about.
    pub fn of(&self, domain: &Domain) -> Known<'_> {
        match self.cuts.get(domain) {
            Some(cut) => Known::Cut(cut),
            None if self.unknown.contains(domain) => Known::Nothing,
            None => Known::NoCut,
        }
    }

    /// All the follows that would end, as far as they are known.
    pub fn relations(&self) -> usize {
        self.cuts.values().map(Cut::relations).sum()
    }
}

impl Cut {
    /// The follows that would end, in both directions.
    pub fn relations(&self) -> usize {
        self.following + self.followers
    }
}

/// The host in an `acct` as a server shows it, which for an IDN is in Unicode. Local people
/// have none.
pub(crate) fn host_of(acct: &str) -> Option<Domain> {
    let (_, host) = acct.rsplit_once('@')?;
    // Mastodon shows in Unicode what it stores as punycode, and some of that no standard of
    // today would turn back; such a name is shown as it is stored.
    let ascii = idna::domain_to_ascii(host).unwrap_or_else(|_| host.to_ascii_lowercase());
    Domain::from_stored(&ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain(name: &str) -> Domain {
        Domain::from_stored(name).unwrap()
    }

    #[test]
    fn zero_and_unknown_are_told_apart() {
        let cut = Cut { following: 2, followers: 1, ..Cut::default() };
        let mut impact = Impact::untold(&[domain("dark.example")], Some("Look there.".to_owned()));
        impact.cuts.insert(domain("bad.example"), cut.clone());
        assert_eq!(impact.of(&domain("bad.example")), Known::Cut(&cut));
        assert_eq!(impact.of(&domain("dark.example")), Known::Nothing);
        assert_eq!(impact.of(&domain("fine.example")), Known::NoCut);
        assert_eq!((cut.relations(), impact.relations()), (3, 3));
        assert!(!impact.is_empty() && Impact::default().is_empty());
        assert_eq!(Impact::untold(&[], Some("No.".to_owned())), Impact::default());
    }

    #[test]
    fn only_what_there_is_is_written_and_read_back() {
        assert_eq!(serde_json::to_string(&Impact::default()).unwrap(), "{}");
        let (acct, id) = ("a@bad.example".to_owned(), "7".to_owned());
        let people = vec![Person { acct, id, following: true, follower: false }];
        let cut = Cut { following: 1, followers: 0, accounts: None, people };
        let mut impact = Impact::default();
        impact.cuts.insert(domain("bad.example"), cut);
        let text = serde_json::to_string(&impact).unwrap();
        assert_eq!(
            text,
            r#"{"cuts":{"bad.example":{"following":1,"followers":0,"people":[{"acct":"a@bad.example","id":"7","following":true,"follower":false}]}}}"#
        );
        assert_eq!(serde_json::from_str::<Impact>(&text).unwrap(), impact);
    }

    #[test]
    fn hosts_are_found_in_names_as_people_read_them() {
        for (acct, host) in [
            ("a@bad.example", Some("bad.example")),
            ("a@B\u{fc}cher.example", Some("xn--bcher-kva.example")),
            ("a@stra\u{df}e.example", Some("xn--strae-oqa.example")),
            ("a@xn--a.example", Some("xn--a.example")),
            ("a@com", Some("com")),
            ("local", None),
            ("a@", None),
            ("a@ex_ample.com", None),
        ] {
            assert_eq!(host_of(acct).as_ref().map(Domain::as_str), host, "{acct}");
        }
    }
}
