//! Going back: the target made equal to a backup.
//!
//! What the backup holds is what people had decided, so no list's guard applies here: a
//! bare TLD that an admin had blocked by hand comes back too. Only what the target would
//! refuse, or what could not be put back afterwards, is skipped.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::nest::Nest;
use super::notices::duration;
use super::{Add, Mode, Plan, Reason, Remove, Skipped, Unchanged, Update, aside, changes::Rows};
use crate::block::State;
use crate::combine::Asks;
use crate::domain::Domain;
use crate::target::{Capabilities, Matching, TargetRef};

/// Plans to bring the target back to `backup`, but for domains that are left as they are now.
pub fn restore(
    backup: &State,
    state: State,
    aside: &BTreeSet<Domain>,
    target: &TargetRef,
    can: Capabilities,
    now: DateTime<Utc>,
) -> Plan {
    let mut rows = Rows::default();
    for block in &backup.blocks {
        let current = state.find(&block.name);
        let Some(domain) = block.domain() else {
            if current.is_none() {
                let (domain, asked_by) = (block.name.clone(), Asks::default());
                rows.skipped.push(Skipped { domain, reason: Reason::NotADomain, asked_by });
            }
            continue;
        };
        let asked_by = Asks::default();
        match (current, &block.rule) {
            (None, rule) => rows.add.push(Add { domain, rule: rule.clone(), asked_by }),
            (Some(current), Some(after)) if current.rule.as_ref() != Some(after) => {
                // An account's backup has no rules, an instance's has one everywhere.
                if let Some(before) = current.rule.clone() {
                    let after = after.clone();
                    rows.update.push(Update { domain, before, after, asked_by, because: None });
                }
            }
            _ => rows.unchanged.push(Unchanged { domain, asked_by }),
        }
    }
    for block in state.blocks.iter().filter(|block| backup.find(&block.name).is_none()) {
        let domain = block.name.clone();
        if block.domain().is_some() {
            rows.remove.push(Remove {
                domain,
                before: block.rule.clone(),
                asked_by: Asks::default(),
                because: None,
            });
        } else {
            let asked_by = Asks::default();
            rows.skipped.push(Skipped { domain, reason: Reason::NotADomain, asked_by });
        }
    }
    if can.matching == Matching::WithSubdomains {
        skip_what_would_be_refused(&mut rows, &state, can.nested);
    }
    aside::leave(&mut rows, &state, aside, can);
    let changes = rows.add.len() + rows.update.len() + rows.remove.len();
    rows.notices.extend(duration(can, changes));
    if changes > 0 {
        rows.notices.push(
            "A restore brings blocks back and lifts those that came later. Follows that a block \
             has cut, and data that a suspension has deleted, do not come back."
                .to_owned(),
        );
    }
    Plan::assemble(target.clone(), Mode::Restore, can.nested, now, state, rows)
}

/// A block below another is taken before the other changes, or after, or not at all.
pub(super) fn skip_what_would_be_refused(rows: &mut Rows, state: &State, nested: bool) {
    let refusals: Vec<Option<Domain>> = {
        let now = Nest::of(state);
        let future = Nest::of(state).with(&rows.update, &rows.remove);
        let refusing = |add: &Add| {
            let (name, rule) = (add.domain.as_str(), add.rule.as_ref()?);
            let taken = now.takes(name, rule, nested) || future.takes(name, rule, nested);
            if taken { None } else { future.above(name).map(|(parent, _)| parent) }
        };
        rows.add.iter().map(refusing).collect()
    };
    let mut refusals = refusals.into_iter();
    let skipped = &mut rows.skipped;
    rows.add.retain(|add| match refusals.next().flatten() {
        None => true,
        Some(parent) => {
            let (domain, asked_by) = (add.domain.as_str().into(), Asks::default());
            skipped.push(Skipped { domain, reason: Reason::BlockedParent { parent }, asked_by });
            false
        }
    });
}
