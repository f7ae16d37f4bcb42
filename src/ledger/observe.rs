//! The ledger beside what the target shows and what the lists say now.

use arcstr::ArcStr;
use chrono::{DateTime, Utc};
use compact_str::CompactString;

use super::{Claim, Delta, Dismissal, Hand, Holding, Ledger, Owner, Told, Why, Word, Words};
use crate::block::State;

/// What has to be entered before anything is planned: what people did by hand since the
/// last time, and what lists no longer say.
///
/// `said` tells what the lists that count for the target say of a domain.
pub fn observe(
    ledger: &Ledger,
    state: &State,
    mut said: impl FnMut(&str) -> Words,
    now: DateTime<Utc>,
) -> Delta {
    let mut delta = Delta::default();
    for (name, holding) in &ledger.holdings {
        let words = said(name);
        match (state.find(name), holding.owner) {
            (Some(block), Owner::Hedgerow) if holding.is_untouched(block) => {
                if let Some(claims) = heard(holding, &words, now) {
                    let holding = Holding { claims, ..holding.clone() };
                    delta.holdings.insert(name.clone(), Some(holding));
                }
            }
            (Some(_), Owner::Hedgerow) => {
                delta.holdings.insert(name.clone(), Some(Holding::of_a_person(now)));
                delta.told.push(Told { domain: name.clone(), what: Hand::Changed });
            }
            (Some(_), Owner::Person) => {}
            (None, owner) => {
                delta.holdings.insert(name.clone(), None);
                lifted(&mut delta, name, owner, holding, words, now);
            }
        }
    }
    for block in &state.blocks {
        let known = ledger.holdings.contains_key(&block.name);
        if !known && !said(&block.name).is_empty() {
            delta.holdings.insert(block.name.clone(), Some(Holding::of_a_person(now)));
        }
    }
    for (name, dismissal) in &ledger.dismissals {
        if let Some(change) = remembered(dismissal, said(name)) {
            // One that was made just now knows more.
            delta.dismissals.entry(name.clone()).or_insert(Some(change));
        }
    }
    delta.told.sort_by(|a, b| a.domain.cmp(&b.domain));
    delta
}

fn lifted(
    delta: &mut Delta,
    name: &CompactString,
    owner: Owner,
    holding: &Holding,
    mut words: Words,
    now: DateTime<Utc>,
) {
    let what = if owner == Owner::Hedgerow { Hand::Lifted } else { Hand::LiftedOwn };
    for claim in holding.claims.iter().filter(|claim| !claim.once) {
        words.entry(claim.list.clone()).or_insert(claim.word);
    }
    if words.is_empty() && owner == Owner::Person {
        return;
    }
    let dismissal = Dismissal { why: Why::Lifted, at: now, said: Some(words) };
    delta.dismissals.insert(name.clone(), Some(dismissal));
    delta.told.push(Told { domain: name.clone(), what });
}

/// The claims of an untouched block after hearing the lists, if they change.
fn heard(holding: &Holding, words: &Words, now: DateTime<Utc>) -> Option<Vec<Claim>> {
    // A list's part is what was done for it, not what it asks for beyond that.
    let done = |word: &Word| word.within(holding.rule.as_ref());
    let mut claims = holding.claims.clone();
    for claim in &mut claims {
        match words.get(&claim.list).map(done) {
            Some(word) if word.covers(&claim.word) => {
                claim.word = word;
                claim.less_since = None;
                // Who subscribes to a list that was applied once has its blocks go with it.
                claim.once = false;
            }
            _ if claim.once => {}
            _ => claim.less_since = claim.less_since.or(Some(now)),
        }
    }
    let known: Vec<ArcStr> = claims.iter().map(|claim| claim.list.clone()).collect();
    for (list, word) in words.iter().filter(|(list, _)| !known.contains(list)) {
        claims.push(Claim {
            list: list.clone(),
            word: done(word),
            since: now,
            less_since: None,
            once: false,
        });
    }
    (claims != holding.claims).then_some(claims)
}

/// A dismissal after hearing the lists, if it changes. What a list no longer says it will
/// say anew when it returns.
fn remembered(dismissal: &Dismissal, words: Words) -> Option<Dismissal> {
    let Some(said) = &dismissal.said else {
        return Some(Dismissal { said: Some(words), ..dismissal.clone() });
    };
    let kept: Words = said
        .iter()
        .filter(|(list, _)| words.contains_key(*list))
        .map(|(list, word)| (list.clone(), *word))
        .collect();
    (kept != *said).then(|| Dismissal { said: Some(kept), ..dismissal.clone() })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::block::{Block, Level, Rule, Severity};

    fn now() -> DateTime<Utc> {
        "2026-11-01T10:00:00Z".parse().unwrap()
    }

    fn words(said: &[(&'static str, Severity)]) -> Words {
        said.iter().map(|(list, severity)| (ArcStr::from(*list), Word::new(*severity))).collect()
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

    fn owned(severity: Severity, lists: &[&'static str]) -> Holding {
        let claim = |list: &&'static str| Claim {
            list: ArcStr::from(*list),
            word: Word::new(severity),
            since: now(),
            less_since: None,
            once: false,
        };
        Holding {
            owner: Owner::Hedgerow,
            rule: Some(Rule::new(severity)),
            claims: lists.iter().map(claim).collect(),
            ..Holding::of_a_person(now())
        }
    }

    fn ledger(name: &str, holding: Holding) -> Ledger {
        let mut ledger = Ledger::default();
        ledger.holdings.insert(name.into(), holding);
        ledger
    }

    use Severity::{Silence, Suspend};

    #[test]
    fn what_was_changed_by_hand_is_the_persons_and_what_was_lifted_is_remembered() {
        let mut ledger = ledger("a.example", owned(Suspend, &["l"]));
        let said = |_: &str| words(&[("l", Suspend)]);
        let changed = observe(&ledger, &state(&[("a.example", Silence)]), said, now());
        assert_eq!(changed.told[0].what, Hand::Changed);
        ledger.take(&changed);
        assert_eq!(ledger.holdings["a.example"].owner, Owner::Person);
        // And then lifted: it is not suggested while the list says no more than now.
        let lifted = observe(&ledger, &state(&[]), said, now());
        ledger.take(&lifted);
        assert!(ledger.holdings.is_empty());
        let dismissal = &ledger.dismissals["a.example"];
        assert!(dismissal.holds(&words(&[("l", Suspend)])));
        assert!(!dismissal.holds(&words(&[("l", Suspend), ("other", Silence)])));
        // The list lets go of it and takes it up again: another word than then.
        let silent = observe(&ledger, &state(&[]), |_: &str| Words::new(), now());
        ledger.take(&silent);
        assert!(!ledger.dismissals["a.example"].holds(&words(&[("l", Silence)])));
    }

    #[test]
    fn claims_follow_the_lists_and_know_since_when_one_asks_for_less() {
        let mut ledger = ledger("a.example", owned(Silence, &["l"]));
        let there = state(&[("a.example", Silence)]);
        let both = |_: &str| words(&[("l", Suspend), ("m", Silence)]);
        ledger.take(&observe(&ledger, &there, both, now()));
        let claims = &ledger.holdings["a.example"].claims;
        assert_eq!(claims.len(), 2);
        // The list asks for more than was done, and has no claim to that yet.
        assert_eq!(claims[0].word.severity, Silence);
        let later = now() + TimeDelta::days(1);
        let one = |_: &str| words(&[("m", Silence)]);
        ledger.take(&observe(&ledger, &there, one, later));
        assert_eq!(ledger.holdings["a.example"].claims[0].less_since, Some(later));
        let again = observe(&ledger, &there, one, later + TimeDelta::days(1));
        assert!(again.is_empty(), "the first sight counts");
        ledger.take(&observe(&ledger, &there, both, later + TimeDelta::days(2)));
        assert_eq!(ledger.holdings["a.example"].claims[0].less_since, None);
    }

    #[test]
    fn a_persons_own_block_is_known_so_that_its_lifting_is_noticed() {
        let mut ledger = Ledger::default();
        let there = state(&[("a.example", Silence), ("b.example", Silence)]);
        let said =
            |name: &str| if name == "a.example" { words(&[("l", Suspend)]) } else { Words::new() };
        ledger.take(&observe(&ledger, &there, said, now()));
        assert_eq!(ledger.holdings.len(), 1);
        assert!(observe(&ledger, &there, said, now()).is_empty());
        ledger.take(&observe(&ledger, &state(&[("b.example", Silence)]), said, now()));
        assert!(ledger.dismissals["a.example"].holds(&said("a.example")));
    }

    #[test]
    fn a_row_that_was_set_anew_is_not_ours() {
        let holding = Holding { row: Some("7".into()), ..owned(Silence, &["l"]) };
        let mut there = state(&[("a.example", Silence)]);
        there.blocks[0].id = Some("9".into());
        let delta = observe(&ledger("a.example", holding), &there, |_: &str| Words::new(), now());
        assert_eq!(delta.told[0].what, Hand::Changed);
    }
}
