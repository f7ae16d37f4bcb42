//! Blocks below blocks.
//!
//! On an instance the block nearest to a host decides, so a block of a subdomain can be
//! harder than its parent's, or an exemption from it. A server takes a new block below a
//! standing one only if it is as strict (Mastodon since 4.2.9) or not at all (before).
//! What has been set up in another order by hand may therefore be impossible to set up
//! again, and a plan must know that before it lifts anything.

use hashbrown::{HashMap, HashSet};

use super::{Add, Reason, Remove, Skipped, Update};
use crate::block::{Rule, State};
use crate::combine::Asks;
use crate::domain::Domain;

type Map<K, V> = HashMap<K, V, foldhash::fast::RandomState>;
type Set<K> = HashSet<K, foldhash::fast::RandomState>;

/// Rules by name, to be asked about parents.
pub struct Nest<'a>(Map<&'a str, &'a Rule>);

impl<'a> Nest<'a> {
    /// What stands in a reading.
    pub fn of(state: &'a State) -> Self {
        let named = |b: &'a crate::block::Block| Some((b.name.as_str(), b.rule.as_ref()?));
        Nest(state.blocks.iter().filter_map(named).collect())
    }

    /// What will stand of it after updates and removals.
    pub fn with(
        mut self,
        update: impl IntoIterator<Item = &'a Update>,
        remove: impl IntoIterator<Item = &'a Remove>,
    ) -> Self {
        for update in update {
            self.0.insert(update.domain.as_str(), &update.after);
        }
        for remove in remove {
            self.0.remove(remove.domain.as_str());
        }
        self
    }

    /// What will stand with new blocks too.
    pub fn and(mut self, add: impl IntoIterator<Item = &'a Add>) -> Self {
        let named = |add: &'a Add| Some((add.domain.as_str(), add.rule.as_ref()?));
        self.0.extend(add.into_iter().filter_map(named));
        self
    }

    /// The rule that decides about a host of this name.
    pub fn reaching(&self, name: &str) -> Option<&'a Rule> {
        up(name).find_map(|name| self.0.get(name).copied())
    }

    /// The nearest rule above a domain.
    pub fn above(&self, name: &str) -> Option<(Domain, &'a Rule)> {
        let (parent, rule) = parents(name).find_map(|p| Some((p, *self.0.get(p)?)))?;
        Some((Domain::from_stored(parent)?, rule))
    }

    /// Whether a server in this state takes a new block.
    pub fn takes(&self, name: &str, rule: &Rule, nested: bool) -> bool {
        self.above(name).is_none_or(|(_, above)| nested && rule.covers(above))
    }
}

/// A name and everything above it.
pub fn up(name: &str) -> impl Iterator<Item = &str> {
    std::iter::once(name).chain(parents(name))
}

fn parents(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(name.split_once('.'), |(_, rest)| rest.split_once('.'))
        .map(|(_, parent)| parent)
}

/// How many labels a name has.
pub fn depth(name: &str) -> usize {
    name.split('.').count()
}

/// Takes removals back that a restore could not undo, such as an exemption below a block
/// that stays.
pub fn keep_what_could_not_return(
    state: &State,
    add: &[Add],
    update: &[Update],
    mut remove: Vec<Remove>,
    nested: bool,
) -> (Vec<Remove>, Vec<Skipped>) {
    // Shallow ones first: one that is kept stands above those below it.
    remove.sort_by_key(|remove| depth(&remove.domain));
    let before = Nest::of(state);
    let kept: Vec<Option<Domain>> = {
        let mut after = Nest::of(state).with(update, &remove).and(add);
        let mut parent_if_stuck = |remove: &Remove| {
            let rule = before.0.get(remove.domain.as_str())?;
            let returns = after.takes(&remove.domain, rule, nested)
                || before.takes(&remove.domain, rule, nested);
            if returns {
                return None;
            }
            let (parent, _) = before.above(&remove.domain)?;
            let (name, _) = before.0.get_key_value(remove.domain.as_str())?;
            after.0.insert(name, rule);
            Some(parent)
        };
        remove.iter().map(&mut parent_if_stuck).collect()
    };
    let (mut gone, mut skipped) = (Vec::with_capacity(remove.len()), Vec::new());
    for (remove, kept) in remove.into_iter().zip(kept) {
        match kept {
            None => gone.push(remove),
            Some(parent) => {
                let reason = Reason::CouldNotReturn { parent };
                skipped.push(Skipped { domain: remove.domain, reason, asked_by: Asks::default() });
            }
        }
    }
    (gone, skipped)
}

/// Fits new blocks below those that will stand: one that a parent does anyway is dropped,
/// the others take over what the parent has beyond them, for the nearest block decides and
/// none may turn out milder than what held before. With `redundant` one that does as much
/// as its parent is kept.
pub fn settle(
    state: &State,
    mut add: Vec<Add>,
    update: &[Update],
    remove: &[Remove],
    nested: bool,
    redundant: bool,
) -> (Vec<Add>, Vec<Skipped>) {
    let now = Nest::of(state);
    let future = Nest::of(state).with(update, remove);
    add.sort_by_key(|add| depth(add.domain.as_str()));
    let above_others: Set<String> =
        add.iter().flat_map(|add| add.domain.parents()).map(str::to_owned).collect();
    let mut added: Map<String, Rule> = Map::default();
    let mut skipped = Vec::new();
    add.retain_mut(|add| {
        let Some(rule) = &mut add.rule else { return true };
        let name = add.domain.as_str();
        let nearest = parents(name).find_map(|parent| {
            Some((parent, added.get(parent).or_else(|| future.0.get(parent).copied())?))
        });
        let mut reason = None;
        if let Some((parent, above)) = nearest {
            // What does no more than its parent is taken all the same if somebody insists
            // and the server takes it.
            let insisted = redundant && rule.covers(above);
            if above.covers(rule) && !insisted {
                reason =
                    Domain::from_stored(parent).map(|parent| Reason::CoveredByParent { parent });
            } else {
                join(rule, above);
            }
        }
        // An old server takes nothing below a block that stands, now or afterwards.
        if reason.is_none() && !nested {
            reason = now
                .above(name)
                .and(future.above(name))
                .map(|(parent, _)| Reason::BlockedParent { parent });
        }
        if let Some(reason) = reason {
            let asked_by = std::mem::take(&mut add.asked_by);
            skipped.push(Skipped { domain: name.into(), reason, asked_by });
            return false;
        }
        if above_others.contains(name) {
            added.insert(name.to_owned(), rule.clone());
        }
        true
    });
    (add, skipped)
}

/// Makes a rule as strict as the one above it in every respect.
pub fn join(rule: &mut Rule, above: &Rule) {
    rule.severity = rule.severity.max(above.severity);
    rule.reject_media |= above.reject_media;
    rule.reject_reports |= above.reject_reports;
}
