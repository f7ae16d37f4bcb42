//! Rows of a restore that a person leaves out of it, and those that cannot be done without them.
//!
//! The rows of a restore fit each other, for together they lead to something that has been
//! there before. Without some of them another can lead to what never was: an exemption stays
//! out, and the block above it reaches whom the backup and the present both leave alone; a
//! block of a subdomain stays out, and the one above it that stands in for it now goes. Such a
//! row waits. Wherever a host is, it ends up with what it has now, with what it had in the
//! backup, or with something in between.

use std::collections::BTreeSet;

use super::changes::Rows;
use super::draft::{Map, Set};
use super::hold::{Held, Hold, Row};
use super::nest::{Nest, up};
use super::{Add, Remove, Update};
use crate::block::{Rule, Severity, State};
use crate::domain::Domain;
use crate::target::{Capabilities, Matching};

/// Holds the rows of these domains, and what has to wait for them.
pub(super) fn leave(rows: &mut Rows, state: &State, aside: &BTreeSet<Domain>, can: Capabilities) {
    let mut holds: Map<String, Hold> = {
        let all = All { add: &rows.add, update: &rows.update, remove: &rows.remove };
        let is_aside = |name: &&str| Domain::from_stored(name).is_some_and(|n| aside.contains(&n));
        let mut holds: Map<&str, Hold> =
            all.names().filter(is_aside).map(|name| (name, Hold::Aside)).collect();
        if can.matching == Matching::WithSubdomains && !holds.is_empty() {
            all.wait(state, can.nested, &mut holds);
        }
        holds.into_iter().map(|(name, hold)| (name.to_owned(), hold)).collect()
    };
    if holds.is_empty() {
        return;
    }
    let is_held = |name: &str| holds.contains_key(name);
    let add: Vec<Add> = rows.add.extract_if(.., |row| is_held(row.domain.as_str())).collect();
    let update: Vec<Update> =
        rows.update.extract_if(.., |row| is_held(row.domain.as_str())).collect();
    let remove: Vec<Remove> = rows.remove.extract_if(.., |row| is_held(&row.domain)).collect();
    let held = add.into_iter().map(Row::Add);
    let held = held.chain(update.into_iter().map(Row::Update));
    let held = held.chain(remove.into_iter().map(Row::Remove));
    rows.held.extend(held.map(|row| {
        let why = holds.remove(row.name()).into_iter().collect();
        Held { row, why }
    }));
}

/// All that the restore would do.
#[derive(Clone, Copy)]
struct All<'a> {
    add: &'a [Add],
    update: &'a [Update],
    remove: &'a [Remove],
}

impl<'a> All<'a> {
    fn names(self) -> impl Iterator<Item = &'a str> {
        let add = self.add.iter().map(|row| row.domain.as_str());
        let update = self.update.iter().map(|row| row.domain.as_str());
        add.chain(update).chain(self.remove.iter().map(|row| row.domain.as_str()))
    }

    /// Adds to `held` what has to wait for something that is in it.
    fn wait(self, state: &'a State, nested: bool, held: &mut Map<&'a str, Hold>) {
        let rows: Set<&str> = self.names().collect();
        let hosts = || {
            let standing = state.blocks.iter().map(|block| block.name.as_str());
            standing.chain(self.add.iter().map(|row| row.domain.as_str()))
        };
        let now = Nest::of(state);
        let whole = Nest::of(state).with(self.update, self.remove).and(self.add);
        // What waits can have others wait for it.
        loop {
            let goes = |name: &str| !held.contains_key(name);
            let add = self.add.iter().filter(|row| goes(row.domain.as_str()));
            let update = self.update.iter().filter(|row| goes(row.domain.as_str()));
            let remove = self.remove.iter().filter(|row| goes(&row.domain));
            let then = Nest::of(state).with(update, remove);
            let refused = |row: &'a Add| {
                let (name, rule) = (row.domain.as_str(), row.rule.as_ref()?);
                let taken = now.takes(name, rule, nested) || then.takes(name, rule, nested);
                let (parent, _) = then.above(name).filter(|_| !taken)?;
                Some((name, Hold::WaitsBelow { parent }))
            };
            let mut waiting: Vec<(&str, Hold)> = add.clone().filter_map(refused).collect();
            if waiting.is_empty() {
                let after = then.and(add);
                let astray = |host: &&str| {
                    let is_concerned = up(host).any(|name| held.contains_key(name));
                    let [now, whole, after] =
                        [&now, &whole, &after].map(|nest| nest.reaching(host));
                    is_concerned && !is_between(after, now, whole)
                };
                // Of what leads there, the nearest that is not held yet, and what is.
                let row = |host: &'a str| {
                    let row = up(host).find(|name| rows.contains(name) && goes(name))?;
                    let other = up(host).find(|name| held.contains_key(name))?;
                    let domain = Domain::from_stored(other)?;
                    let why = if other.len() > row.len() {
                        Hold::Waits { child: domain }
                    } else {
                        Hold::WaitsBelow { parent: domain }
                    };
                    Some((row, why))
                };
                waiting = hosts().filter(astray).filter_map(row).collect();
            }
            if waiting.is_empty() {
                return;
            }
            for (name, hold) in waiting {
                held.entry(name).or_insert(hold);
            }
        }
    }
}

/// Whether a host that ends up with `after` is treated no harder than by both others, and no
/// milder.
fn is_between(after: Option<&Rule>, one: Option<&Rule>, other: Option<&Rule>) -> bool {
    (covers(one, after) || covers(other, after)) && (covers(after, one) || covers(after, other))
}

fn covers(above: Option<&Rule>, rule: Option<&Rule>) -> bool {
    let is_nothing =
        |rule: &Rule| rule.severity == Severity::Noop && !rule.reject_media && !rule.reject_reports;
    match (above, rule) {
        (_, None) => true,
        (Some(above), Some(rule)) => above.covers(rule),
        (None, Some(rule)) => is_nothing(rule),
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;
    use crate::block::{Block, Level};
    use crate::plan::{Plan, restore};
    use crate::target::{Kind, TargetRef, Writes};

    fn now() -> DateTime<Utc> {
        "2026-11-20T10:00:00Z".parse().unwrap()
    }

    fn state(blocks: &[(&str, Severity)]) -> State {
        let block = |(name, severity): &(&str, Severity)| Block {
            name: (*name).into(),
            rule: Some(Rule::new(*severity)),
            id: None,
            created_at: None,
        };
        State::new(Level::Instance, now(), blocks.iter().map(block).collect())
    }

    /// What is left of a restore, and what waits for what.
    fn without(
        aside: &str,
        now_there: &[(&str, Severity)],
        backup: &[(&str, Severity)],
    ) -> (Vec<String>, Vec<String>) {
        let can = Capabilities {
            level: Level::Instance,
            rules: true,
            matching: Matching::WithSubdomains,
            nested: true,
            writes: Writes::Single,
            page_size: 0,
            budget: None,
        };
        let target = TargetRef {
            name: "home.example".to_owned(),
            kind: Kind::Mastodon,
            level: Level::Instance,
            address: "https://home.example".to_owned(),
            account: None,
            own: Vec::new(),
        };
        let aside = [Domain::from_stored(aside).unwrap()].into();
        let plan: Plan = restore(&state(backup), state(now_there), &aside, &target, can, now());
        let done = plan.changes().iter().map(|change| change.name().to_owned()).collect();
        let held = plan.held.iter().map(|held| format!("{}: {}", held.row.name(), held.why[0]));
        (done, held.collect())
    }

    use Severity::{Silence, Suspend};

    #[test]
    fn what_does_not_depend_on_it_is_done() {
        let backup = [("a.example", Suspend), ("b.example", Suspend), ("x.c.example", Silence)];
        let (done, held) = without("b.example", &[("old.example", Suspend)], &backup);
        assert_eq!(done, ["x.c.example", "a.example", "old.example"]);
        assert_eq!(held, ["b.example: you leave it out this time"]);
    }

    #[test]
    fn a_block_waits_for_the_exemption_below_it() {
        let backup = [("big.example", Suspend), ("friend.big.example", Silence)];
        let (done, held) = without("friend.big.example", &[], &backup);
        assert!(done.is_empty(), "{done:?}");
        assert_eq!(held[0], "big.example: waits for friend.big.example below it, which is held");
        // The other way round the exemption is merely a block.
        let (done, _) = without("big.example", &[], &backup);
        assert_eq!(done, ["friend.big.example"]);
    }

    #[test]
    fn a_block_stays_that_stands_in_for_one_that_stays_out() {
        let (there, backup) = ([("big.example", Suspend)], [("bad.big.example", Suspend)]);
        let (done, held) = without("bad.big.example", &there, &backup);
        assert!(done.is_empty(), "{done:?}");
        assert_eq!(held[1], "big.example: waits for bad.big.example below it, which is held");
    }

    #[test]
    fn an_exemption_stays_below_a_block_that_stays() {
        let there = [("big.example", Suspend), ("friend.big.example", Silence)];
        let (done, held) = without("big.example", &there, &[]);
        assert!(done.is_empty(), "{done:?}");
        assert_eq!(held[1], "friend.big.example: waits for big.example above it, which is held");
        // And what the server would not take below it waits too.
        let there = [("big.example", Suspend)];
        let backup = [("friend.big.example", Silence), ("other.example", Suspend)];
        let (done, held) = without("big.example", &there, &backup);
        assert_eq!(done, ["other.example"]);
        assert_eq!(held[1], "friend.big.example: waits for big.example above it, which is held");
    }

    #[test]
    fn what_waits_has_others_wait_for_it() {
        let there = [("sub.big.example", Suspend)];
        let backup = [("big.example", Suspend), ("friend.big.example", Silence)];
        let (done, held) = without("friend.big.example", &there, &backup);
        assert!(done.is_empty(), "{done:?}");
        assert_eq!(held[0], "big.example: waits for friend.big.example below it, which is held");
        assert_eq!(held[2], "sub.big.example: waits for big.example above it, which is held");
    }
}
