//! Which domains stand in exactly the same lists.

use std::collections::BTreeMap;

use super::{Named, gather};
use crate::domain::Domain;

/// The most lists that can be told apart.
pub const MOST: usize = 32;

/// The domains that these lists name and no other of those that are compared does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Combination {
    /// A bit for each list, by its place.
    pub lists: u32,
    /// By name.
    pub domains: Vec<Domain>,
}

/// Every combination that some domain stands in, the largest first. Lists beyond [`MOST`] are
/// left out.
pub fn combinations(lists: &[Named<'_>]) -> Vec<Combination> {
    let (domains, asks) = gather(&lists[..lists.len().min(MOST)]);
    let mut found: BTreeMap<u32, Vec<Domain>> = BTreeMap::new();
    for group in asks.chunk_by(|one, other| one.domain == other.domain) {
        let lists = group.iter().fold(0, |lists, ask| lists | 1 << ask.list);
        found.entry(lists).or_default().push(domains[group[0].domain as usize].clone());
    }
    let mut found: Vec<Combination> = found
        .into_iter()
        .map(|(lists, mut domains)| {
            domains.sort_unstable();
            Combination { lists, domains }
        })
        .collect();
    // Stable: equals stay in the order of their bits.
    found.sort_by_key(|combination| std::cmp::Reverse(combination.domains.len()));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list::read;

    #[test]
    fn a_domain_stands_in_one_combination_only() {
        let documents =
            ["a.example\nb.example\nd.example\n", "d.example\nb.example\n", "c.example"]
                .map(|text| read(text.as_bytes()).unwrap());
        let names = ["x", "y", "z"];
        let lists: Vec<Named<'_>> = std::iter::zip(names, &documents)
            .map(|(name, document)| Named { name, document })
            .collect();
        let found: Vec<(u32, Vec<String>)> = combinations(&lists)
            .into_iter()
            .map(|it| (it.lists, it.domains.iter().map(ToString::to_string).collect()))
            .collect();
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(
            found,
            [
                (0b011, names(&["b.example", "d.example"])),
                (0b001, names(&["a.example"])),
                (0b100, names(&["c.example"])),
            ]
        );
    }
}
