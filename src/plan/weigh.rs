//! The last steps of a plan: what is held because of whom it would cut, what has to wait
//! for something held, what is too much at once, and how the rest fits together.

use super::changes::Rows;
use super::draft::{Draft, Map, cuts};
use super::hold::{Held, Hold, Row};
use super::nest::{self, Nest};
use super::notices::{counted, duration, relations};
use super::wishes::Aim;
use super::{Add, Cause, Direction, Mode, Plan, Reason, Remove, Skipped, Update};
use crate::block::{Rule, Severity};
use crate::combine::Asks;
use crate::domain::Domain;
use crate::impact::Impact;
use crate::policy::{Guard, LossThen, Unknown};
use crate::target::{Capabilities, Matching};

pub(super) fn finish(mut draft: Draft<'_>, impact: &Impact) -> Plan {
    weigh(&mut draft, impact);
    wait_for_what_replaces(&mut draft);
    limit(&mut draft);
    settle_nested(&mut draft);
    let changes = draft.add.len() + draft.update.len() + draft.remove.len();
    draft.notices.extend(counted(impact, &draft.add, &draft.update));
    draft.notices.extend(duration(draft.can, changes));
    let mode = match draft.wishes.aim {
        Aim::Merge => Mode::Merge,
        Aim::Overwrite => Mode::Overwrite,
        Aim::Sync => Mode::Sync,
    };
    let Draft { state, target, can, now, .. } = draft;
    let rows = Rows {
        lists: draft.lists,
        notices: draft.notices,
        add: draft.add,
        update: draft.update,
        remove: draft.remove,
        held: draft.held,
        unchanged: draft.unchanged,
        skipped: draft.skipped,
        impact: impact.clone(),
        overrides: draft.wishes.overrides.iter().copied().collect(),
        accepted: draft.wishes.accept.iter().cloned().collect(),
    };
    Plan::assemble(target.clone(), mode, can.nested, now, state.clone(), rows)
}

/// What a block would come to, after looking at whom it cuts.
enum Weighed {
    Free,
    /// Limited instead.
    Limited,
    Skipped(usize),
    Held(Hold),
}

fn weigh(draft: &mut Draft<'_>, impact: &Impact) {
    let (loss, level) = (draft.wishes.policy.loss, draft.can.level);
    if draft.wishes.overrides(Guard::Relationships) || impact.is_empty() {
        return;
    }
    let weighed = |domain: &Domain, can_limit: bool| -> Weighed {
        if draft.wishes.accept.contains(domain) {
            return Weighed::Free;
        }
        if impact.unknown.contains(domain) {
            let careful = draft.wishes.unattended && loss.unknown == Unknown::Hold;
            let says = "nobody can tell whom it would cut";
            return if careful {
                Weighed::Held(Hold::guard(Guard::Relationships, says))
            } else {
                Weighed::Free
            };
        }
        let Some(cut) = impact.cuts.get(domain).filter(|cut| cut.relations() > loss.most) else {
            return Weighed::Free;
        };
        match loss.then {
            LossThen::Limit if can_limit => Weighed::Limited,
            LossThen::Skip => Weighed::Skipped(cut.relations()),
            LossThen::Hold | LossThen::Limit => {
                let says = format!("it cuts {}", relations(level, cut.following, cut.followers));
                Weighed::Held(Hold::guard(Guard::Relationships, says))
            }
        }
    };
    let (mut held, mut skipped) = (Vec::new(), Vec::new());
    let rules = draft.can.rules;
    let skip = |domain: &Domain, asked_by: &mut Asks, relations: usize| Skipped {
        domain: domain.as_str().into(),
        reason: Reason::Loss { relations },
        asked_by: std::mem::take(asked_by),
    };
    let limited = |rule: &mut Rule| rule.severity = Severity::Silence;
    draft.add.retain_mut(|add| {
        if !cuts(add.rule.as_ref(), None) {
            return true;
        }
        match weighed(&add.domain, rules) {
            Weighed::Free => return true,
            Weighed::Limited => {
                add.rule.as_mut().map(limited);
                return true;
            }
            Weighed::Skipped(relations) => {
                skipped.push(skip(&add.domain, &mut add.asked_by, relations));
            }
            Weighed::Held(why) => {
                held.push(Held { row: Row::Add(add.clone()), why: vec![why] });
            }
        }
        false
    });
    draft.update.retain_mut(|update| {
        if !cuts(Some(&update.after), Some(&update.before)) {
            return true;
        }
        match weighed(&update.domain, true) {
            Weighed::Free => return true,
            Weighed::Limited => {
                limited(&mut update.after);
                let moves = update.after != update.before && update.after.covers(&update.before);
                if !moves {
                    skipped.push(skip(&update.domain, &mut update.asked_by, 0));
                }
                return moves;
            }
            Weighed::Skipped(relations) => {
                skipped.push(skip(&update.domain, &mut update.asked_by, relations));
            }
            Weighed::Held(why) => {
                held.push(Held { row: Row::Update(update.clone()), why: vec![why] });
            }
        }
        false
    });
    // What is held for another reason tells this one too.
    for held in &mut draft.held {
        let (domain, is_cutting) = match &held.row {
            Row::Add(add) => (&add.domain, cuts(add.rule.as_ref(), None)),
            Row::Update(update) => {
                (&update.domain, cuts(Some(&update.after), Some(&update.before)))
            }
            Row::Remove(_) => continue,
        };
        if let (true, Weighed::Held(hold)) = (is_cutting, weighed(domain, false)) {
            held.why.push(hold);
        }
    }
    draft.held.append(&mut held);
    draft.skipped.append(&mut skipped);
}

/// Where a block is lifted or weakened because a list names something below or above it
/// instead, and that is held, there would be a gap.
fn wait_for_what_replaces(draft: &mut Draft<'_>) {
    if draft.can.matching != Matching::WithSubdomains || draft.held.is_empty() {
        return;
    }
    let mut protecting: Vec<Domain> = draft
        .held
        .iter()
        .filter(|held| !held.row.is_lifting())
        .filter_map(|held| Domain::from_stored(held.row.name()))
        .collect();
    // In one order, so that the same of them is named every time.
    protecting.sort_unstable();
    let (removed, updated): (Vec<_>, Vec<_>) = {
        let Draft { state, add, update, remove, .. } = &*draft;
        let nest = Nest::of(state).with(update, remove).and(add);
        let names: Map<&str, &Domain> = protecting.iter().map(|d| (d.as_str(), d)).collect();
        let above: Map<&str, &Domain> =
            protecting.iter().flat_map(|d| d.parents().map(move |parent| (parent, d))).collect();
        let waits = |name: &str, before: Option<&Rule>| {
            let name = Domain::from_stored(name)?;
            let child = above.get(name.as_str()).map(|child| (*child).clone());
            let parent = || name.parents().find_map(|parent| names.get(parent));
            // What stands above it does as much already.
            let covered = |before| nest.above(name.as_str()).is_some_and(|(_, a)| a.covers(before));
            let parent = || parent().filter(|_| !before.is_some_and(covered));
            let child = child.map(|child| Hold::Waits { child });
            child.or_else(|| Some(Hold::WaitsBelow { parent: (*parent()?).clone() }))
        };
        let removed = |remove: &Remove| {
            let lists = !is_decided(remove.because.as_ref());
            lists.then(|| waits(&remove.domain, remove.before.as_ref())).flatten()
        };
        let updated = |update: &Update| {
            let lists = !is_decided(update.because.as_ref());
            let lifting = lists && update.direction() == Direction::Lower;
            lifting.then(|| waits(update.domain.as_str(), Some(&update.before))).flatten()
        };
        (remove.iter().map(removed).collect(), update.iter().map(updated).collect())
    };
    let mut held = Vec::new();
    let (mut removed, mut updated) = (removed.into_iter(), updated.into_iter());
    draft.remove.retain(|remove| {
        let Some(why) = removed.next().flatten() else { return true };
        held.push(Held { row: Row::Remove(remove.clone()), why: vec![why] });
        false
    });
    draft.update.retain(|update| {
        let Some(why) = updated.next().flatten() else { return true };
        held.push(Held { row: Row::Update(update.clone()), why: vec![why] });
        false
    });
    draft.held.append(&mut held);
}

/// Whether a person wants the block gone, which waits for no list.
fn is_decided(because: Option<&Cause>) -> bool {
    matches!(because, Some(Cause::Excepted | Cause::Expired))
}

/// Holds everything of a kind that is too much at once. Where new blocks are held, nothing
/// is lifted either: one may be there for the other.
fn limit(draft: &mut Draft<'_>) {
    let limits = draft.wishes.policy.limits;
    let there = draft.state.blocks.len();
    let lifting = |update: &Update| update.direction() == Direction::Lower;
    let lowered = draft.update.iter().filter(|update| lifting(update)).count();
    let raised = draft.update.len() - lowered;
    let says = |says: Option<String>, guard: Guard| {
        says.filter(|_| !draft.wishes.overrides(guard)).map(|says| Hold::guard(guard, says))
    };
    let adds = |adds: usize| says(limits.too_many_adds(adds + raised, there), Guard::MostAdds);
    // What a parent covers is not done, and does not count.
    let too_many = adds(draft.add.len()).and_then(|_| adds(settled(draft)));
    let removes = draft.remove.len() + lowered;
    let too_few = says(limits.too_many_removes(removes, there), Guard::MostRemoves);
    let mut held = Vec::new();
    if let Some(hold) = &too_many {
        let why = || vec![hold.clone()];
        held.extend(draft.add.drain(..).map(|add| Held { row: Row::Add(add), why: why() }));
        let raised = draft.update.extract_if(.., |update| !lifting(update));
        held.extend(raised.map(|update| Held { row: Row::Update(update), why: why() }));
    }
    let all = too_few.is_some();
    if let Some(hold) = too_few.or(too_many) {
        let why = || vec![hold.clone()];
        let waits = |because: Option<&Cause>| all || !is_decided(because);
        let gone = draft.remove.extract_if(.., |row| waits(row.because.as_ref()));
        held.extend(gone.map(|row| Held { row: Row::Remove(row), why: why() }));
        let lowered =
            draft.update.extract_if(.., |row| lifting(row) && waits(row.because.as_ref()));
        held.extend(lowered.map(|update| Held { row: Row::Update(update), why: why() }));
    }
    draft.held.append(&mut held);
}

/// How many new blocks there are, those aside that a parent covers.
fn settled(draft: &Draft<'_>) -> usize {
    if draft.can.matching != Matching::WithSubdomains {
        return draft.add.len();
    }
    let Draft { state, add, update, remove, can, .. } = draft;
    nest::settle(state, add.clone(), update, remove, can.nested, is_redundant_wanted(draft)).0.len()
}

/// Whether somebody insists on blocks that a parent's does anyway.
fn is_redundant_wanted(draft: &Draft<'_>) -> bool {
    draft.wishes.overrides(Guard::Redundant) && draft.can.nested
}

/// The nearest block decides. One of Hedgerow's that is lowered must not become an exemption
/// from its parent that no list asked for: it takes over what the parent has beyond it, and
/// goes where that is all there is to it.
fn fit_below_parents(draft: &mut Draft<'_>, nested: bool, redundant: bool) {
    let lowered = |update: &Update| {
        let owned = draft.wishes.ledger.owned(update.domain.as_str());
        update.because.is_some() && owned.is_some_and(|holding| holding.before.is_none())
    };
    if !draft.update.iter().any(lowered) {
        return;
    }
    let (update, remove) = (&draft.update, &draft.remove);
    let (add, _) = nest::settle(draft.state, draft.add.clone(), update, remove, nested, redundant);
    let above: Vec<Option<Rule>> = {
        let nest = Nest::of(draft.state).with(update, remove).and(&add);
        let above = |update: &Update| Some(nest.above(update.domain.as_str())?.1.clone());
        update.iter().map(|update| above(update).filter(|_| lowered(update))).collect()
    };
    let mut gone = Vec::new();
    let mut above = above.into_iter();
    draft.update.retain_mut(|update| {
        let Some(above) = above.next().flatten() else { return true };
        if !above.covers(&update.after) {
            nest::join(&mut update.after, &above);
            return update.after != update.before;
        }
        gone.push(Remove {
            domain: update.domain.as_str().into(),
            before: Some(update.before.clone()),
            asked_by: std::mem::take(&mut update.asked_by),
            because: update.because.take(),
        });
        false
    });
    draft.remove.extend(gone);
}

/// Makes what is lifted and what is new fit with the blocks above it.
fn settle_nested(draft: &mut Draft<'_>) {
    let Capabilities { matching: Matching::WithSubdomains, nested, .. } = draft.can else {
        return;
    };
    let redundant = is_redundant_wanted(draft);
    fit_below_parents(draft, nested, redundant);
    // What is kept can change what fits below it, so this goes on until nothing moves.
    while !draft.remove.is_empty() {
        let (update, remove) = (&draft.update, std::mem::take(&mut draft.remove));
        let add: Vec<Add> = draft.add.clone();
        let (add, _) = nest::settle(draft.state, add, update, &remove, nested, redundant);
        let (remove, kept) =
            nest::keep_what_could_not_return(draft.state, &add, update, remove, nested);
        draft.remove = remove;
        if kept.is_empty() {
            break;
        }
        draft.skipped.extend(kept);
    }
    let add = std::mem::take(&mut draft.add);
    let (add, covered) =
        nest::settle(draft.state, add, &draft.update, &draft.remove, nested, redundant);
    draft.add = add;
    draft.skipped.extend(covered);
}
