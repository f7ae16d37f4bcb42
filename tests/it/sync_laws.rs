//! What keeping a target in step promises: ownership, undo, and lists that come and go.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use compact_str::CompactString;
use hedgerow::block::{Block, Level, Rule, Severity, State};
use hedgerow::exception::Exception;
use hedgerow::ledger::Owner;
use hedgerow::list::{Document, Entry, Format};
use hedgerow::plan::{Aim, Change, Deed, Plan, Reason, Row, undo};
use hedgerow::policy::{
    Agreement, Choice, Mode, Policy, Retractions, Share, Terms, Verdict, Voice, decide,
};
use hedgerow::replay::{Listed, Step, World};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::plan_laws::{NAMES, any_state, list, now, rule, severity};

pub fn listed(name: &str, entries: &[Entry]) -> Listed {
    let terms = Terms {
        mode: Mode::Auto,
        retractions: Retractions::Follow,
        grace_days: 0,
        ..Terms::default()
    };
    let document = Document::of(Format::UserCsv, entries.to_vec());
    Listed { name: name.to_owned(), terms, document, held: false }
}

/// A target with blocks that people had set before Hedgerow came.
pub fn world(state: &State) -> World {
    let mut world = World::new(state.level);
    for block in &state.blocks {
        let rule = block.rule.clone().unwrap_or(Rule::new(Severity::Suspend));
        world.set_by_hand(&block.name, rule);
    }
    world.policy.limits.adds_percent = 10_000;
    world.policy.limits.removes_percent = 100;
    world
}

pub fn sync(world: &mut World, lists: &[Listed], at: DateTime<Utc>) -> (Plan, Vec<Change>) {
    let step = Step { attended: true, aim: Aim::Sync, ..Step::default() };
    world.step(lists, &step, at)
}

pub fn alone(world: &mut World, lists: &[Listed], at: DateTime<Utc>) -> (Plan, Vec<Change>) {
    world.step(lists, &Step { aim: Aim::Sync, ..Step::default() }, at)
}

/// How hard each name is hit, by the block nearest to it as a server decides, without rows
/// and words: a block that its parent covers makes no difference.
fn effects(world: &World) -> BTreeMap<&'static str, Option<(Severity, bool, bool)>> {
    let effect = |name: &str| {
        let reaches = world.level == Level::Instance;
        let mut names = std::iter::successors(Some(name), |name| Some(name.split_once('.')?.1))
            .take(if reaches { usize::MAX } else { 1 });
        let block = names.find_map(|name| world.blocks.get(name))?;
        let rule = block.rule.clone().unwrap_or(Rule::new(Severity::Suspend));
        let inert = rule.severity == Severity::Suspend;
        Some((rule.severity, rule.reject_media && !inert, rule.reject_reports && !inert))
    };
    NAMES.into_iter().map(|name| (name, effect(name))).collect()
}

/// Something that a person does.
#[derive(Debug, Clone)]
pub enum Act {
    Set(&'static str, Rule),
    Lift(&'static str),
    /// Lifted and set again as it was.
    Renew(&'static str),
}

pub fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        (select(&NAMES[..]), rule()).prop_map(|(name, rule)| Act::Set(name, rule)),
        select(&NAMES[..]).prop_map(Act::Lift),
        select(&NAMES[..]).prop_map(Act::Renew),
    ]
}

impl Act {
    pub fn name(&self) -> &'static str {
        match self {
            Act::Set(name, _) | Act::Lift(name) | Act::Renew(name) => name,
        }
    }

    /// Does it, and says whether the target can show that it was done.
    pub fn on(&self, world: &mut World) -> bool {
        let before = world.blocks.get(self.name()).cloned();
        match self {
            Act::Set(name, rule) => world.set_by_hand(name, rule.clone()),
            Act::Lift(name) => world.lift_by_hand(name),
            Act::Renew(name) => {
                if let Some(block) = before.clone() {
                    world.lift_by_hand(name);
                    world.set_by_hand(name, block.rule.unwrap_or(Rule::new(Severity::Suspend)));
                }
            }
        }
        world.blocks.get(self.name()) != before.as_ref()
    }
}

fn voices() -> impl Strategy<Value = Vec<Voice>> {
    let share = prop_oneof![Just(Share::Member), Just(Share::Alone), Just(Share::Support)];
    let voice = (severity(), 0u32..4, share).prop_map(|(severity, weight, share)| Voice {
        severity,
        weight,
        share,
    });
    vec(voice, 0..5)
}

fn agreement() -> impl Strategy<Value = Option<Agreement>> {
    option::of(prop_oneof![
        (1u32..4).prop_map(Agreement::Lists),
        (1u32..101).prop_map(Agreement::Percent),
    ])
}

proptest! {
    /// What stands there by a person's hand is there afterwards, to the letter, whatever
    /// lists say, whoever looks, and however often.
    #[test]
    fn ownership_is_never_taken_by_force(
        state in any_state(),
        lists in vec(vec(list(), 2), 1..4),
        acts in vec(act(), 0..4),
        attended in any::<bool>(),
    ) {
        let mut world = world(&state);
        let mut theirs: BTreeMap<CompactString, Block> = world.blocks.clone();
        for (day, (round, act)) in (0..).zip(lists.iter().zip(acts.iter().map(Some).chain(std::iter::repeat(None)))) {
            let lists = [listed("one", &round[0]), listed("two", &round[1])];
            let step = Step { attended, aim: Aim::Sync, ..Step::default() };
            world.step(&lists, &step, now() + TimeDelta::days(day));
            if let Some(act) = act && act.on(&mut world) {
                match world.blocks.get(act.name()) {
                    Some(block) => theirs.insert(act.name().into(), block.clone()),
                    None => theirs.remove(act.name()),
                };
            }
            for (name, block) in &theirs {
                prop_assert_eq!(world.blocks.get(name), Some(block));
                let taken = world.ledger.owned(name).is_some_and(|h| h.is_untouched(block));
                prop_assert!(!taken, "{} is taken for Hedgerow's", name);
            }
        }
    }

    /// A run is taken back: what it changed and nobody has touched since is as it was before,
    /// and everything else is as it is.
    #[test]
    fn undo_restores_what_the_run_changed_and_only_that(
        state in any_state(),
        first in vec(list(), 2),
        second in vec(list(), 2),
        acts in vec(act(), 0..5),
    ) {
        let mut world = world(&state);
        let lists = |round: &[Vec<Entry>]| [listed("one", &round[0]), listed("two", &round[1])];
        sync(&mut world, &lists(&first), now());
        let before = world.state(now());
        let (_, done) = sync(&mut world, &lists(&second), now() + TimeDelta::days(1));
        // The first run of this world has the number 1, this one 2.
        let left = world.blocks.clone();
        for act in &acts {
            act.on(&mut world);
        }
        let touched = |name: &str| world.blocks.get(name) != left.get(name);
        let touched: Vec<&str> = NAMES.into_iter().filter(|name| touched(name)).collect();
        let at = now() + TimeDelta::days(2);
        let edited = world.state(at);
        let run: Vec<Deed> = done.iter().map(|change| Deed {
            change: change.clone(),
            touched: world.ledger.is_touched(change.name(), 2, &edited),
        }).collect();
        let plan = undo(&run, &edited, &world.target(), world.capabilities(), at);
        let undone = plan.changes();
        for change in &undone {
            prop_assert!(world.carry_out(change), "refused: {change:?}");
        }
        let after = world.state(at);
        let changed: Vec<&str> = done.iter().map(Change::name).collect();
        let refused = |name: &str| plan.skipped.iter().any(|skipped| {
            skipped.domain == name && matches!(skipped.reason, Reason::BlockedParent { .. })
        });
        for name in NAMES {
            let rule = |state: &State| state.find(name).map(|block| block.rule.clone());
            if changed.contains(&name) && !touched.contains(&name) && !refused(name) {
                prop_assert_eq!(rule(&after), rule(&before), "{} was not restored", name);
            } else {
                prop_assert_eq!(rule(&after), rule(&edited), "{} was changed", name);
            }
        }
        // What a person took back is not suggested again by the same words.
        let mut settled = world.clone();
        settled.settle(&plan, &undone, &lists(&second), at);
        let (again, _) = alone(&mut settled, &lists(&second), at + TimeDelta::days(1));
        for change in &undone {
            let back = again.changes().iter().any(|next| next.name() == change.name());
            prop_assert!(!back, "{} comes back", change.name());
        }
    }

    /// A list that was followed and is left leaves nothing behind among the blocks that are
    /// Hedgerow's.
    #[test]
    fn removing_a_list_equals_never_having_had_it(
        state in any_state(),
        kept in list(),
        left in list(),
    ) {
        let (kept, left) = (listed("kept", &kept), listed("left", &left));
        let (mut with, mut without) = (world(&state), world(&state));
        sync(&mut with, &[kept.clone(), left], now());
        sync(&mut without, std::slice::from_ref(&kept), now());
        for day in 1..3 {
            sync(&mut with, std::slice::from_ref(&kept), now() + TimeDelta::days(day));
            sync(&mut without, std::slice::from_ref(&kept), now() + TimeDelta::days(day));
        }
        prop_assert_eq!(effects(&with), effects(&without));
    }

    /// One more list that asks, or one that asks for more, never makes a block disappear or
    /// milder.
    #[test]
    fn consensus_is_monotone(
        voices in voices(),
        more in voices(),
        raised in any::<prop::sample::Index>(),
        agreement in agreement(),
        agreed in any::<bool>(),
        total in 8u64..40,
    ) {
        let severity = if agreed { Choice::Agreed } else { Choice::Strictest };
        let policy = Policy { severity, agreement, ..Policy::default() };
        let before = decide(&voices, &policy, total).severity();
        let joined: Vec<Voice> = voices.iter().chain(&more).copied().collect();
        prop_assert!(decide(&joined, &policy, total).severity() >= before);
        if !voices.is_empty() {
            let mut stricter = voices.clone();
            raised.get_mut(&mut stricter).severity = Severity::Suspend;
            prop_assert!(decide(&stricter, &policy, total).severity() >= before);
        }
        // And asking for more agreement never blocks more.
        if let Some(Agreement::Lists(lists)) = agreement {
            let fewer = Policy { agreement: Some(Agreement::Lists(lists + 1)), ..policy };
            prop_assert!(decide(&voices, &fewer, total).severity() <= before);
        }
        prop_assert!(matches!(decide(&[], &Policy::default(), total), Verdict::NotAsked));
    }

    /// Every block that is held is held for a reason, and nothing of it is done.
    #[test]
    fn nobody_is_blocked_by_lists_that_wait_for_a_look(state in any_state(), entries in list()) {
        let mut world = world(&state);
        let mut list = listed("one", &entries);
        list.terms.mode = Mode::Review;
        let before = world.blocks.clone();
        let (plan, done) = alone(&mut world, &[list], now());
        prop_assert!(done.is_empty());
        prop_assert_eq!(&world.blocks, &before);
        prop_assert!(plan.held.iter().all(|held| !held.why.is_empty()));
    }
}

pub fn entry(name: &str, severity: Severity) -> Entry {
    Entry {
        domain: hedgerow::domain::Domain::from_stored(name).unwrap(),
        line: 1,
        shared_by_strangers: false,
        covers_subdomains: false,
        severity: Some(severity),
        reject_media: None,
        reject_reports: None,
        obfuscate: None,
        public_comment: None,
        private_comment: None,
    }
}

pub fn days(days: i64) -> DateTime<Utc> {
    now() + TimeDelta::days(days)
}

#[test]
fn a_retraction_lifts_only_what_no_other_list_asks_for() {
    let mut world = World::new(Level::Instance);
    let both = [entry("a.example", Severity::Suspend), entry("b.example", Severity::Suspend)];
    let (one, two) =
        (listed("one", &both), listed("two", &[entry("b.example", Severity::Silence)]));
    alone(&mut world, &[one, two.clone()], days(0));
    assert_eq!(world.blocks.len(), 2);
    // One of them takes everything back: what the other asks for is left, at what it asks.
    alone(&mut world, &[listed("one", &[]), two], days(1));
    assert_eq!(world.severity("a.example"), None);
    assert_eq!(world.severity("b.example"), Some(Severity::Silence));
}

#[test]
fn retractions_wait_for_their_grace_and_are_asked_about_or_ignored() {
    for retractions in [Retractions::Follow, Retractions::Ask, Retractions::Ignore] {
        let mut world = World::new(Level::Account);
        let with = |entries: &[Entry]| {
            let mut list = listed("one", entries);
            list.terms.grace_days = 7;
            list.terms.retractions = retractions;
            [list]
        };
        alone(&mut world, &with(&[entry("a.example", Severity::Suspend)]), days(0));
        let (plan, _) = alone(&mut world, &with(&[]), days(1));
        let waits = &plan.skipped[0].reason;
        match retractions {
            Retractions::Ignore => assert!(matches!(waits, Reason::RetractionIgnored { .. })),
            _ => assert!(matches!(waits, Reason::InGrace { until, .. } if *until == days(8))),
        }
        // A list that comes back in time never went away.
        alone(&mut world, &with(&[entry("a.example", Severity::Suspend)]), days(2));
        alone(&mut world, &with(&[]), days(6));
        let (plan, done) = alone(&mut world, &with(&[]), days(12));
        assert!(done.is_empty() && plan.held.is_empty());
        let (plan, done) = alone(&mut world, &with(&[]), days(13));
        match retractions {
            Retractions::Follow => assert_eq!(done.len(), 1),
            Retractions::Ask => {
                assert_eq!((done.len(), plan.held.len()), (0, 1));
                assert!(matches!(plan.held[0].row, Row::Remove(_)));
                let (_, done) = sync(&mut world, &with(&[]), days(13));
                assert_eq!(done.len(), 1);
            }
            Retractions::Ignore => assert_eq!((done.len(), plan.held.len()), (0, 0)),
        }
    }
}

#[test]
fn what_was_lifted_by_hand_rests_until_the_list_changes_its_mind() {
    let mut world = World::new(Level::Instance);
    let list = |severity| [listed("one", &[entry("a.example", severity)])];
    alone(&mut world, &list(Severity::Silence), days(0));
    world.lift_by_hand("a.example");
    for day in 1..5 {
        let (plan, done) = alone(&mut world, &list(Severity::Silence), days(day));
        assert!(done.is_empty());
        assert!(matches!(plan.skipped[0].reason, Reason::TurnedDown { .. }));
    }
    // It asks for more now: that is shown, and still not done without a look.
    let (plan, done) = alone(&mut world, &list(Severity::Suspend), days(5));
    assert_eq!((done.len(), plan.held.len()), (0, 1));
    let (_, done) = sync(&mut world, &list(Severity::Suspend), days(5));
    assert_eq!(done.len(), 1);
}

#[test]
fn an_exception_lifts_what_hedgerow_put_there_and_leaves_what_a_person_did() {
    let mut world = World::new(Level::Instance);
    world.set_by_hand("mine.example", Rule::new(Severity::Silence));
    let entries = [entry("a.example", Severity::Suspend), entry("mine.example", Severity::Silence)];
    alone(&mut world, &[listed("one", &entries)], days(0));
    for name in ["a.example", "mine.example"] {
        world.exceptions.push(Exception {
            id: 1,
            target: None,
            domain: hedgerow::domain::Domain::from_stored(name).unwrap(),
            subdomains: false,
            list: None,
            reason: None,
            until: None,
            created_at: days(1),
            made_by: "me".to_owned(),
        });
    }
    alone(&mut world, &[listed("one", &entries)], days(1));
    assert_eq!(world.blocks.keys().collect::<Vec<_>>(), ["mine.example"]);
}

#[test]
fn a_raise_over_a_persons_block_goes_back_to_it() {
    let mut world = World::new(Level::Instance);
    let mine = Rule { private_comment: Some("mine".into()), ..Rule::new(Severity::Silence) };
    world.set_by_hand("a.example", mine.clone());
    let list = listed("one", &[entry("a.example", Severity::Suspend)]);
    let (plan, done) = sync(&mut world, std::slice::from_ref(&list), days(0));
    assert!(done.is_empty());
    assert!(matches!(plan.skipped[0].reason, Reason::Yours { asks: Severity::Suspend }));
    let mut step = Step { attended: true, aim: Aim::Sync, ..Step::default() };
    step.wishes.accept.insert(hedgerow::domain::Domain::from_stored("a.example").unwrap());
    world.step(std::slice::from_ref(&list), &step, days(1));
    assert_eq!(world.severity("a.example"), Some(Severity::Suspend));
    assert_eq!(world.ledger.holdings["a.example"].owner, Owner::Hedgerow);
    // The list lets go: the person's own block is back, words and all.
    sync(&mut world, &[listed("one", &[])], days(2));
    assert_eq!(world.blocks["a.example"].rule.as_ref(), Some(&mine));
    assert_eq!(world.ledger.holdings["a.example"].owner, Owner::Person);
}

#[test]
fn nothing_is_lifted_while_what_replaces_it_is_held() {
    let mut world = World::new(Level::Instance);
    let wide = [entry("big.example", Severity::Suspend)];
    let narrow = [entry("sub.big.example", Severity::Suspend)];
    let review = |entries: &[Entry]| {
        let mut list = listed("careful", entries);
        list.terms.mode = Mode::Review;
        list
    };
    alone(&mut world, &[listed("one", &wide), review(&narrow)], days(0));
    let (plan, done) = alone(&mut world, &[listed("one", &[]), review(&narrow)], days(1));
    assert!(done.is_empty(), "{done:?}");
    assert_eq!(plan.held.len(), 2, "{:?}", plan.held);
    let (_, done) = sync(&mut world, &[listed("one", &[]), review(&narrow)], days(2));
    assert_eq!(done.len(), 2);
    assert_eq!(world.blocks.keys().collect::<Vec<_>>(), ["sub.big.example"]);
}
