//! How lists overlap: what they share, what each has alone, and where they disagree.
//!
//! Domains are compared as they stand. That one list names `sub.bad.example` and another
//! `bad.example` is no agreement here, although on an instance the second covers the first.

mod combinations;
mod render;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use arcstr::ArcStr;
use foldhash::fast::RandomState;
use serde::Serialize;

use crate::block::Severity;
use crate::domain::Domain;
use crate::list::Document;

pub use combinations::{Combination, MOST, combinations};
pub use render::Table;

/// A list and what to call it.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    /// Unique among those that are compared.
    pub name: &'a str,
    pub document: &'a Document,
}

/// Everything about the overlap of some lists. The same lists in the same order give the
/// same comparison, down to the order of domains.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// In the order in which they were given.
    pub lists: Vec<Compared>,
    /// How many domains they name together.
    pub union: usize,
    /// Every list with every later one, in their order.
    pub pairs: Vec<Pair>,
    /// For two lists, three, and so on up to all: how many domains stand in so many or more.
    pub in_at_least: Vec<AtLeast>,
    /// The domains for which lists ask different severities, by name.
    pub differ: Vec<Differing>,
}

/// One of the lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Compared {
    pub name: ArcStr,
    /// How many domains it names.
    pub domains: usize,
    /// How many of its rows could not be used, such as obfuscated names. What stands there
    /// may well be shared; nobody can tell.
    pub rejected: usize,
    /// What no other of the lists names, by name.
    pub only: Vec<Domain>,
}

/// Two of the lists. Shares lie between 0 and 1 and have four decimals.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pair {
    pub one: ArcStr,
    pub other: ArcStr,
    /// How many domains stand in both.
    pub shared: usize,
    /// How many stand in either.
    pub union: usize,
    /// `shared` of `union`: 1 for lists that name the same domains.
    pub jaccard: f64,
    /// How much of `one` stands in `other`.
    pub one_in_other: f64,
    /// How much of `other` stands in `one`.
    pub other_in_one: f64,
    /// How many shared domains have a severity in each list, and not the same.
    pub differ: usize,
}

/// How many domains stand in so many lists or more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct AtLeast {
    pub lists: usize,
    pub domains: usize,
}

/// A domain about whose severity the lists disagree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Differing {
    pub domain: Domain,
    /// Only the lists that name the domain and give it a severity, in their order.
    pub severities: Vec<Asked>,
}

/// What one list asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Asked {
    pub list: ArcStr,
    pub severity: Severity,
}

/// One row of one list.
#[derive(Clone, Copy)]
struct Ask {
    domain: u32,
    list: u32,
    severity: Option<Severity>,
}

/// Compares lists. Each name is hashed once; after that, work grows with the number of
/// rows and, for each domain, with the square of the number of lists that name it.
pub fn compare(lists: &[Named<'_>]) -> Comparison {
    let (domains, asks) = gather(lists);
    let mut counted = Counted::new(lists);
    for group in asks.chunk_by(|one, other| one.domain == other.domain) {
        counted.add(domains[group[0].domain as usize], group);
    }
    counted.finish(lists, domains.len())
}

/// The different domains, and all rows in the order of domains and, for each, of lists.
fn gather<'a>(lists: &[Named<'a>]) -> (Vec<&'a Domain>, Vec<Ask>) {
    let rows = lists.iter().map(|list| list.document.entries.len()).sum();
    // Seeded by chance: a list must not be able to choose names that collide. Numbers are
    // given in the order of first appearance, and so chance has no say in the result.
    let mut numbers: HashMap<&str, u32, RandomState> = HashMap::default();
    let (mut domains, mut asks) = (Vec::new(), Vec::with_capacity(rows));
    for (list, named) in (0..).zip(lists) {
        for entry in &named.document.entries {
            let next = u32::try_from(domains.len()).expect("fewer than 2^32 domains fit in memory");
            let domain = *numbers.entry(entry.domain.as_str()).or_insert(next);
            if domain == next {
                domains.push(&entry.domain);
            }
            asks.push(Ask { domain, list, severity: entry.severity });
        }
    }
    // Stable: rows of one domain stay in the order of lists.
    asks.sort_by_key(|ask| ask.domain);
    (domains, asks)
}

/// The sums, while the domains pass by.
struct Counted {
    names: Vec<ArcStr>,
    only: Vec<Vec<Domain>>,
    /// By `one * lists + other`, with `one` before `other`.
    shared: Vec<usize>,
    differ: Vec<usize>,
    /// How many domains stand in exactly so many lists.
    in_exactly: Vec<usize>,
    differing: Vec<Differing>,
}

impl Counted {
    fn new(lists: &[Named<'_>]) -> Self {
        let count = lists.len();
        Counted {
            names: lists.iter().map(|list| list.name.into()).collect(),
            only: vec![Vec::new(); count],
            shared: vec![0; count * count],
            differ: vec![0; count * count],
            in_exactly: vec![0; count + 1],
            differing: Vec::new(),
        }
    }

    /// Takes a domain with all rows that name it.
    fn add(&mut self, domain: &Domain, asks: &[Ask]) {
        self.in_exactly[asks.len()] += 1;
        if let [ask] = asks {
            self.only[ask.list as usize].push(domain.clone());
            return;
        }
        let mut disagree = false;
        for (at, one) in asks.iter().enumerate() {
            for other in &asks[at + 1..] {
                let pair = one.list as usize * self.names.len() + other.list as usize;
                self.shared[pair] += 1;
                // A list that gives no severity disagrees with nobody.
                let both = one.severity.zip(other.severity);
                if both.is_some_and(|(one, other)| one != other) {
                    self.differ[pair] += 1;
                    disagree = true;
                }
            }
        }
        if disagree {
            let asked = |ask: &Ask| {
                let list = self.names[ask.list as usize].clone();
                ask.severity.map(|severity| Asked { list, severity })
            };
            let severities = asks.iter().filter_map(asked).collect();
            self.differing.push(Differing { domain: domain.clone(), severities });
        }
    }

    fn finish(mut self, lists: &[Named<'_>], union: usize) -> Comparison {
        let count = lists.len();
        let size = |list: usize| lists[list].document.entries.len();
        let mut pairs = Vec::with_capacity(count * count.saturating_sub(1) / 2);
        for one in 0..count {
            for other in one + 1..count {
                let shared = self.shared[one * count + other];
                let union = size(one) + size(other) - shared;
                pairs.push(Pair {
                    one: self.names[one].clone(),
                    other: self.names[other].clone(),
                    shared,
                    union,
                    jaccard: share(shared, union),
                    one_in_other: share(shared, size(one)),
                    other_in_one: share(shared, size(other)),
                    differ: self.differ[one * count + other],
                });
            }
        }
        for only in &mut self.only {
            only.sort_unstable();
        }
        self.differing.sort_unstable_by(|one, other| one.domain.cmp(&other.domain));
        let in_at_least = (2..=count)
            .map(|lists| AtLeast { lists, domains: self.in_exactly[lists..].iter().sum() });
        Comparison {
            union,
            pairs,
            in_at_least: in_at_least.collect(),
            differ: self.differing,
            lists: std::iter::zip(lists, std::iter::zip(self.names, self.only))
                .map(|(list, (name, only))| Compared {
                    name,
                    domains: list.document.entries.len(),
                    rejected: list.document.counts.rejected,
                    only,
                })
                .collect(),
        }
    }
}

/// A part of a whole, with four decimals; nothing of nothing is 0.
fn share(part: usize, whole: usize) -> f64 {
    let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    if whole == 0 { 0.0 } else { (number(part) / number(whole) * 1e4).round() / 1e4 }
}
