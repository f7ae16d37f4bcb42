//! What a run has done, entered into the ledger.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use compact_str::CompactString;

use super::{Claim, Delta, Dismissal, Holding, Ledger, Owner, Why, Word};
use crate::block::{Rule, Severity, State};
use crate::combine::{Ask, Asks};
use crate::plan::{Cause, Change, Mode, Plan};

/// A run as far as it got.
pub struct Done<'a> {
    pub run: i64,
    pub plan: &'a Plan,
    /// What was done of it.
    pub changes: &'a [Change],
    /// What the target showed afterwards, if it was read.
    pub found: Option<&'a State>,
    pub now: DateTime<Utc>,
}

/// What a run means for the ledger. `follows` tells whether the target follows a list.
pub fn settle(ledger: &Ledger, done: &Done<'_>, follows: impl Fn(&str) -> bool) -> Delta {
    let mut delta = Delta::default();
    let plan = done.plan;
    let by_lists = matches!(plan.mode, Mode::Merge | Mode::Overwrite | Mode::Sync);
    let asked: HashMap<&str, &Asks> = plan
        .add
        .iter()
        .map(|add| (add.domain.as_str(), &add.asked_by))
        .chain(plan.update.iter().map(|update| (update.domain.as_str(), &update.asked_by)))
        .collect();
    let expired = |name: &str| {
        let removed = plan.remove.iter().filter(|row| row.because == Some(Cause::Expired));
        removed.map(|row| row.domain.as_str()).any(|row| row == name)
    };
    for change in done.changes {
        let name: CompactString = change.name().into();
        let known = ledger.holdings.get(&name);
        // A kill can have come between this and the end of the run.
        if known.is_some_and(|known| known.run == Some(done.run)) {
            continue;
        }
        // What somebody has changed since, without a look at the ledger, is theirs.
        let stood = plan.state.find(&name);
        let known = known.filter(|k| stood.is_some_and(|block| k.is_untouched(block)));
        let asks = asked.get(change.name()).copied();
        let held = |before: Option<Rule>, after: Option<&Rule>| {
            let claims =
                asks.map_or_else(Vec::new, |asks| claims(asks, after, known, done, &follows));
            let row = done.found.and_then(|state| state.find(&name)?.id.clone());
            let rule = after.map(|after| as_kept(after, done.found, &name));
            Holding {
                owner: Owner::Hedgerow,
                rule,
                before,
                row,
                run: Some(done.run),
                since: known.filter(|k| k.owner == Owner::Hedgerow).map_or(done.now, |k| k.since),
                claims,
            }
        };
        let dismiss = |why: Why| Some(Dismissal { why, at: done.now, said: None });
        let (holding, dismissal) = match change {
            Change::Add { rule, .. } if by_lists => (Some(held(None, rule.as_ref())), None),
            Change::Update { before, after, .. } if by_lists => {
                let own = known.filter(|known| known.owner == Owner::Hedgerow);
                let floor = own.map_or(Some(before), |own| own.before.as_ref());
                let floor = floor.map(|floor| left(floor, after));
                let holding = held(floor, Some(after));
                // Back at what the person had, with nobody asking for more: theirs again.
                let theirs = holding.before.as_ref() == Some(after);
                (Some(if theirs { theirs_from(&holding) } else { holding }), None)
            }
            Change::Remove { .. } if by_lists => (
                None,
                match plan.mode {
                    _ if expired(&name) => dismiss(Why::Expired),
                    // A person had it lifted, whatever the lists that are followed say.
                    Mode::Overwrite if ledger.holdings.contains_key(&name) => dismiss(Why::Said),
                    _ => None,
                },
            ),
            // A person took something back, and what they restored is theirs.
            Change::Add { rule, .. } => (Some(theirs_from(&held(None, rule.as_ref()))), None),
            Change::Update { after, .. } => (Some(theirs_from(&held(None, Some(after)))), None),
            Change::Remove { .. } => (None, dismiss(Why::Undone)),
        };
        delta.holdings.insert(name.clone(), holding);
        if dismissal.is_some() || ledger.dismissals.contains_key(&name) {
            delta.dismissals.insert(name, dismissal);
        }
    }
    delta
}

/// A person's block that a run has left there. The run is kept, so that it can be taken back.
fn theirs_from(holding: &Holding) -> Holding {
    let Holding { row, run, .. } = holding.clone();
    Holding { row, run, ..Holding::of_a_person(holding.since) }
}

/// What is a person's of a rule that they had set and let be changed: as much as is left of
/// it. Where they let it be weakened, that is their will.
fn left(before: &Rule, after: &Rule) -> Rule {
    if after.covers(before) {
        return before.clone();
    }
    // Under a suspension the flags mean nothing, and what it turns into is all theirs.
    let all = before.severity == Severity::Suspend;
    let rule = Rule {
        severity: before.severity.min(after.severity),
        reject_media: after.reject_media && (all || before.reject_media),
        reject_reports: after.reject_reports && (all || before.reject_reports),
        ..before.clone()
    };
    // What is theirs altogether is so with its words.
    if rule.covers(after) { after.clone() } else { rule }
}

/// The lists' parts in a block: what they asked for, and what of earlier claims stands.
fn claims(
    asks: &Asks,
    after: Option<&Rule>,
    known: Option<&Holding>,
    done: &Done<'_>,
    follows: &impl Fn(&str) -> bool,
) -> Vec<Claim> {
    let earlier = known.filter(|known| known.owner == Owner::Hedgerow);
    let mut claims: BTreeMap<_, Claim> = earlier
        .into_iter()
        .flat_map(|known| &known.claims)
        .map(|claim| {
            let word = claim.word.within(after);
            (claim.list.clone(), Claim { word, ..claim.clone() })
        })
        .collect();
    for ask in asks.iter().filter(|ask| !ask.watched) {
        let word = word_of(&ask, after);
        let claim = claims.entry(ask.list.clone()).or_insert_with(|| Claim {
            list: ask.list.clone(),
            word,
            since: done.now,
            less_since: None,
            once: !follows(&ask.list),
        });
        if word.covers(&claim.word) {
            // What the list says now was done for it, so it does not ask for less any more.
            claim.word = word;
            claim.less_since = None;
        }
    }
    claims.into_values().collect()
}

/// A list's part cannot be more than what was done. Which flag was set for whom a plan does
/// not keep, so what is set is everybody's until the lists are next read.
fn word_of(ask: &Ask, after: Option<&Rule>) -> Word {
    let Some(rule) = after else { return Word::new(Severity::Suspend) };
    Word::new(ask.taken().unwrap_or(rule.severity).min(rule.severity))
}

/// The rule as the server kept it, if only its words differ from what was sent: servers
/// trim and shorten comments.
fn as_kept(sent: &Rule, found: Option<&State>, name: &str) -> Rule {
    let kept = found.and_then(|state| state.find(name)?.rule.as_ref());
    match kept {
        Some(kept) if kept.covers(sent) && sent.covers(kept) => kept.clone(),
        _ => sent.clone(),
    }
}
