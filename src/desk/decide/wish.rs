//! What becomes of the wish behind a plan by a person's words.

use std::collections::BTreeSet;

use crate::desk::{Proposal, Wish};
use crate::domain::Domain;
use crate::keep::Intent;
use crate::plan::{Lowering, Plan};
use crate::policy::Guard;

type Domains = BTreeSet<Domain>;

/// What a person said, as far as it changes the wish of one plan. No domain is in two of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub accept: Domains,
    pub unaccept: Domains,
    /// Left out of this plan.
    pub aside: Domains,
    /// Nothing of the plan but what has been said elsewhere: an exception, say.
    pub elsewhere: Domains,
    pub put_back: Domains,
    pub lower: Domains,
    pub unlower: Domains,
    pub let_go: Vec<Guard>,
    pub hold_again: Vec<Guard>,
    /// Nothing is left out of an undo or a restore any more.
    pub everything: bool,
}

/// The wish after that. `None` where nothing of the plan would be left.
pub(super) fn wish_after(proposal: &Proposal, said: &Said) -> Option<Wish> {
    Some(match &proposal.wish {
        Wish::Lists(intent) => Wish::Lists(Box::new(intent_after((**intent).clone(), said))),
        Wish::Restore { backup, aside } => {
            let mut aside = if said.everything { Vec::new() } else { aside.clone() };
            with(&mut aside, &said.aside);
            without(&mut aside, &said.put_back);
            Wish::Restore { backup: *backup, aside }
        }
        Wish::Undo { run, only } => {
            let (run, only) = (*run, only_after(&proposal.plan, only, said)?);
            Wish::Undo { run, only }
        }
    })
}

fn intent_after(mut intent: Intent, said: &Said) -> Intent {
    with(&mut intent.accept, &said.accept);
    for gone in [&said.unaccept, &said.elsewhere, &said.aside] {
        without(&mut intent.accept, gone);
    }
    with(&mut intent.aside, &said.aside);
    for back in [&said.accept, &said.put_back] {
        without(&mut intent.aside, back);
        without(&mut intent.allow, back);
    }
    if !said.lower.is_empty() {
        intent.lower = match intent.lower {
            Lowering::All => Lowering::All,
            Lowering::None => Lowering::Named(said.lower.iter().cloned().collect()),
            Lowering::Named(mut known) => {
                with(&mut known, &said.lower);
                Lowering::Named(known)
            }
        };
    }
    if let Lowering::Named(known) = &mut intent.lower {
        without(known, &said.unlower);
    }
    intent.overrides.retain(|known| !said.hold_again.contains(known));
    for guard in &said.let_go {
        if !intent.overrides.contains(guard) {
            intent.overrides.push(*guard);
        }
    }
    intent
}

fn without(known: &mut Vec<Domain>, gone: &Domains) {
    if !gone.is_empty() {
        known.retain(|domain| !gone.contains(domain));
    }
}

fn with(known: &mut Vec<Domain>, new: &Domains) {
    without(known, new);
    known.extend(new.iter().cloned());
}

/// The domains of an undo that are taken back; none stands for all that the run did.
fn only_after(plan: &Plan, only: &[Domain], said: &Said) -> Option<Vec<Domain>> {
    if said.everything {
        return Some(Vec::new());
    }
    if said.aside.is_empty() {
        return Some(only.to_vec());
    }
    let add = plan.add.iter().map(|row| row.domain.clone());
    let update = plan.update.iter().map(|row| row.domain.clone());
    let remove = plan.remove.iter().filter_map(|row| Domain::from_stored(&row.domain));
    let all = add.chain(update).chain(remove);
    let only: Vec<Domain> = all.filter(|domain| !said.aside.contains(domain)).collect();
    (!only.is_empty()).then_some(only)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<Domain> {
        names.iter().map(|name| Domain::from_stored(name).unwrap()).collect()
    }

    fn set(all: &[&str]) -> Domains {
        names(all).into_iter().collect()
    }

    #[test]
    fn all_that_is_said_at_once_counts() {
        let before = Intent {
            accept: names(&["a.example", "b.example", "c.example"]),
            aside: names(&["d.example", "e.example"]),
            allow: names(&["f.example", "g.example"]),
            lower: Lowering::Named(names(&["h.example", "i.example"])),
            overrides: vec![Guard::MostAdds, Guard::LargeServers],
            ..Intent::default()
        };
        let said = Said {
            accept: set(&["d.example"]),
            unaccept: set(&["a.example"]),
            aside: set(&["b.example"]),
            elsewhere: set(&["c.example"]),
            put_back: set(&["e.example", "f.example"]),
            lower: set(&["j.example"]),
            unlower: set(&["h.example"]),
            let_go: vec![Guard::MostAdds, Guard::Redundant],
            hold_again: vec![Guard::LargeServers],
            everything: false,
        };
        let after = intent_after(before, &said);
        assert_eq!(after.accept, names(&["d.example"]));
        assert_eq!(after.aside, names(&["b.example"]));
        assert_eq!(after.allow, names(&["g.example"]));
        assert_eq!(after.lower, Lowering::Named(names(&["i.example", "j.example"])));
        assert_eq!(after.overrides, [Guard::MostAdds, Guard::Redundant]);
        let none = intent_after(Intent::default(), &Said::default());
        assert_eq!(none, Intent::default());
    }
}
