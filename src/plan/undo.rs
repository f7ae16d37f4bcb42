//! Taking one run back: exactly what it did, and nothing that came after.
//!
//! A change is reversed only where the target still shows what the run left there. What
//! somebody has changed since, by hand or with a later run, is theirs and is left alone.

use chrono::{DateTime, Utc};

use super::changes::{Change, Rows};
use super::notices::duration;
use super::restore::skip_what_would_be_refused;
use super::{Add, Mode, Plan, Reason, Remove, Skipped, Update};
use crate::block::State;
use crate::combine::Asks;
use crate::domain::Domain;
use crate::target::{Capabilities, Matching, TargetRef};

/// One thing that a run did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    pub change: Change,
    /// A later run, or a person, has had a hand in it since.
    pub touched: bool,
}

/// Plans to take back what a run did.
pub fn undo(
    deeds: &[Deed],
    state: &State,
    target: &TargetRef,
    can: Capabilities,
    now: DateTime<Utc>,
) -> Plan {
    let mut rows = Rows::default();
    for Deed { change, touched } in deeds {
        let name = change.name();
        if *touched || !change.is_done_in(state) {
            let gone_again = !touched && change.is_due_in(state);
            if !gone_again {
                let reason = Reason::ChangedSince;
                let asked_by = Asks::default();
                rows.skipped.push(Skipped { domain: name.into(), reason, asked_by });
            }
            continue;
        }
        let asked_by = Asks::default();
        match change {
            Change::Add { rule, .. } => {
                let (domain, before) = (name.into(), rule.clone());
                rows.remove.push(Remove { domain, before, asked_by, because: None });
            }
            Change::Update { domain, before, after } => rows.update.push(Update {
                domain: domain.clone(),
                before: after.clone(),
                after: before.clone(),
                asked_by,
                because: None,
            }),
            Change::Remove { before, .. } => {
                if let Some(domain) = Domain::from_stored(name) {
                    rows.add.push(Add { domain, rule: before.clone(), asked_by });
                } else {
                    let reason = Reason::NotADomain;
                    rows.skipped.push(Skipped { domain: name.into(), reason, asked_by });
                }
            }
        }
    }
    if can.matching == Matching::WithSubdomains {
        skip_what_would_be_refused(&mut rows, state, can.nested);
    }
    let changes = rows.add.len() + rows.update.len() + rows.remove.len();
    rows.notices.extend(duration(can, changes));
    if !rows.remove.is_empty() || !rows.update.is_empty() {
        rows.notices.push(
            "The blocks go; follows that they have cut, and data that a suspension has deleted, \
             do not come back by themselves."
                .to_owned(),
        );
    }
    Plan::assemble(target.clone(), Mode::Undo, can.nested, now, state.clone(), rows)
}
