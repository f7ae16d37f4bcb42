//! Sequences in which keeping a target in step could go wrong.

use std::collections::BTreeMap;

use compact_str::CompactString;
use hedgerow::block::{Block, Level, Rule, Severity};
use hedgerow::domain::Domain;
use hedgerow::exception::Exception;
use hedgerow::ledger::{Done, Owner, settle};
use hedgerow::plan::{Aim, Change, Deed, Hold, Lowering, Plan, undo};
use hedgerow::policy::{Mode, Retractions};
use hedgerow::replay::{Listed, Step, World};

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::command::Machine;
use crate::fake::{AdminBlock, Fake, Moment, Version};
use crate::keeping::{HOME, ME, Scene, padded, pairs};
use crate::plan_laws::{list, state};
use crate::store::place::on_both;
use crate::sync_laws::{act, alone, days, entry, listed, sync, world};

fn domain(name: &str) -> Domain {
    Domain::from_stored(name).unwrap()
}

fn settled_twice(world: &mut World, plan: &Plan, done: &[Change], run: i64) {
    let found = world.state(days(9));
    for _ in 0..2 {
        let done = Done { run, plan, changes: done, found: Some(&found), now: days(9) };
        let delta = settle(&world.ledger, &done, |_| true);
        world.ledger.take(&delta);
    }
}

fn review(name: &str, names: &[&str]) -> Listed {
    let entries: Vec<_> = names.iter().map(|name| entry(name, Severity::Suspend)).collect();
    let mut list = listed(name, &entries);
    list.terms.mode = Mode::Review;
    list
}

fn excepted(name: &str) -> Exception {
    Exception {
        id: 1,
        target: None,
        domain: domain(name),
        subdomains: false,
        list: None,
        reason: None,
        until: None,
        created_at: days(0),
        made_by: "me".to_owned(),
    }
}

#[test]
fn a_raise_is_not_held_back_by_a_flag_that_means_nothing_any_more() {
    for retractions in [Retractions::Ask, Retractions::Ignore, Retractions::Follow] {
        let mut world = World::new(Level::Instance);
        let mut row = entry("a.example", Severity::Silence);
        row.reject_media = Some(true);
        let list = |row| {
            let mut list = listed("one", &[row]);
            list.terms.retractions = retractions;
            list.terms.grace_days = 7;
            [list]
        };
        alone(&mut world, &list(row.clone()), days(0));
        alone(&mut world, &list(row.clone()), days(0));
        assert_eq!(world.severity("a.example"), Some(Severity::Silence));
        let (severity, media) = (Some(Severity::Suspend), Some(false));
        row = hedgerow::list::Entry { severity, reject_media: media, ..row };
        alone(&mut world, &list(row.clone()), days(1));
        assert_eq!(world.severity("a.example"), Some(Severity::Suspend), "{retractions}");
    }
}

#[test]
fn a_flag_that_is_let_go_of_does_not_hold_back_a_raise() {
    let mut world = World::new(Level::Instance);
    let mut row = entry("a.example", Severity::Noop);
    row.reject_media = Some(true);
    let list = |row| {
        let mut list = listed("one", &[row]);
        list.terms.retractions = Retractions::Ignore;
        [list]
    };
    for _ in 0..2 {
        alone(&mut world, &list(row.clone()), days(0));
    }
    row.severity = Some(Severity::Silence);
    row.reject_media = None;
    row.reject_reports = Some(true);
    alone(&mut world, &list(row), days(1));
    let rule = world.blocks["a.example"].rule.clone().unwrap();
    assert_eq!(rule.severity, Severity::Silence);
    assert!(rule.reject_media && rule.reject_reports, "{rule:?}");
}

#[test]
fn a_look_is_had_at_flags_too() {
    let mut world = World::new(Level::Instance);
    let auto = || listed("one", &[entry("a.example", Severity::Silence)]);
    let careful = || {
        let mut row = entry("a.example", Severity::Silence);
        row.reject_media = Some(true);
        let mut list = listed("careful", &[row]);
        list.terms.mode = Mode::Review;
        list
    };
    alone(&mut world, &[auto(), careful()], days(0));
    assert!(!world.blocks["a.example"].rule.as_ref().unwrap().reject_media, "at once");
    for day in 1..3 {
        alone(&mut world, &[auto(), careful()], days(day));
        assert!(!world.blocks["a.example"].rule.as_ref().unwrap().reject_media, "later");
    }
    sync(&mut world, &[auto(), careful()], days(3));
    assert!(world.blocks["a.example"].rule.as_ref().unwrap().reject_media);
}

#[test]
fn nothing_below_is_lifted_while_the_wider_block_that_replaces_it_is_held() {
    let mut world = World::new(Level::Instance);
    let narrow = listed("one", &[entry("sub.big.example", Severity::Suspend)]);
    alone(&mut world, &[narrow, review("careful", &["big.example"])], days(0));
    assert_eq!(world.severity("sub.big.example"), Some(Severity::Suspend));
    let lists = [listed("one", &[]), review("careful", &["big.example"])];
    let (plan, done) = alone(&mut world, &lists, days(1));
    assert!(done.is_empty(), "{done:?}");
    assert_eq!(plan.held.len(), 2, "{:?}", plan.held);
    sync(&mut world, &lists, days(2));
    assert_eq!(world.blocks.keys().collect::<Vec<_>>(), ["big.example"]);
}

#[test]
fn an_exception_does_not_wait_for_a_block_below_that_is_held() {
    let mut world = World::new(Level::Instance);
    let lists = [
        listed("one", &[entry("big.example", Severity::Silence)]),
        review("careful", &["sub.big.example"]),
    ];
    alone(&mut world, &lists, days(0));
    world.exceptions.push(excepted("big.example"));
    alone(&mut world, &lists, days(1));
    assert_eq!(world.severity("big.example"), None);
}

#[test]
fn an_exception_does_not_wait_for_too_many_new_blocks() {
    let mut world = World::new(Level::Instance);
    alone(&mut world, &[listed("one", &[entry("big.example", Severity::Silence)])], days(0));
    world.exceptions.push(excepted("big.example"));
    world.policy.limits.adds = 0;
    let rows = [entry("big.example", Severity::Silence), entry("new.example", Severity::Silence)];
    let (plan, _) = alone(&mut world, &[listed("one", &rows)], days(1));
    assert_eq!(plan.held.len(), 1, "{:?}", plan.held);
    assert!(world.blocks.is_empty());
}

#[test]
fn what_was_changed_by_hand_before_a_list_was_applied_once_is_the_persons() {
    let mut world = World::new(Level::Instance);
    let list = || listed("one", &[entry("a.example", Severity::Silence)]);
    alone(&mut world, &[list()], days(0));
    let mine = Rule { private_comment: Some("mine".into()), ..Rule::new(Severity::Silence) };
    world.set_by_hand("a.example", mine.clone());
    // Once, and without a sync in between.
    let once = listed("one", &[entry("a.example", Severity::Suspend)]);
    let step = Step { attended: true, aim: Aim::Merge, ..Step::default() };
    world.step(&[once], &step, days(1));
    assert_eq!(world.severity("a.example"), Some(Severity::Suspend));
    for day in 2..4 {
        sync(&mut world, &[listed("one", &[])], days(day));
    }
    assert_eq!(world.blocks["a.example"].rule.as_ref(), Some(&mine));
}

#[test]
fn what_a_person_let_a_list_weaken_is_not_raised_again_by_itself() {
    let mut world = World::new(Level::Instance);
    world.set_by_hand("a.example", Rule::new(Severity::Suspend));
    let list = || listed("one", &[entry("a.example", Severity::Silence)]);
    let mut step = Step { attended: true, aim: Aim::Overwrite, ..Step::default() };
    step.wishes.lower = Lowering::All;
    world.step(&[list()], &step, days(0));
    assert_eq!(world.severity("a.example"), Some(Severity::Silence));
    let (plan, _) = sync(&mut world, &[list()], days(1));
    assert!(plan.is_empty(), "{:?}", plan.update);
    world.exceptions.push(excepted("a.example"));
    sync(&mut world, &[list()], days(2));
    assert_eq!(world.severity("a.example"), Some(Severity::Silence));
}

#[test]
fn an_undo_leaves_what_a_person_set_again_after_lifting_it() {
    let mut world = World::new(Level::Account);
    let list = || listed("one", &[entry("a.example", Severity::Suspend)]);
    let (_, done) = alone(&mut world, &[list()], days(0));
    world.lift_by_hand("a.example");
    alone(&mut world, &[list()], days(1));
    world.set_by_hand("a.example", Rule::new(Severity::Suspend));
    let state = world.state(days(2));
    let touched = world.ledger.is_touched("a.example", 1, &state);
    let deed = Deed { change: done[0].clone(), touched };
    let plan = undo(&[deed], &state, &world.target(), world.capabilities(), days(2));
    assert!(plan.is_empty(), "{:?}", plan.remove);
}

#[test]
fn what_waits_is_told_in_the_same_order_every_time() {
    let mut world = World::new(Level::Instance);
    let lists = ["alpha", "beta", "gamma"].map(|name| review(name, &["a.example"]));
    let (plan, _) = alone(&mut world, &lists, days(0));
    let names = ["alpha", "beta", "gamma"].map(Into::into).to_vec();
    assert_eq!(plan.held[0].why, [Hold::Review { lists: names }]);
}

#[test]
fn a_run_that_is_entered_again_after_a_kill_says_the_same() {
    let mut world = World::new(Level::Instance);
    world.set_by_hand("a.example", Rule::new(Severity::Silence));
    let list = |severity| [listed("one", &[entry("a.example", severity)])];
    let mut step = Step { attended: true, aim: Aim::Sync, ..Step::default() };
    step.wishes.accept.insert(domain("a.example"));
    world.step(&list(Severity::Suspend), &step, days(0));
    // The list lets go, and the run that goes back to the person's block is entered twice.
    step.wishes.accept.clear();
    let plan = world.plan(&[listed("one", &[])], &step, days(1));
    let done = plan.changes();
    assert!(done.iter().all(|change| world.carry_out(change)));
    settled_twice(&mut world, &plan, &done, 2);
    assert_eq!(world.ledger.holdings["a.example"].owner, Owner::Person);
}

#[test]
fn a_restore_and_an_undo_can_be_taken_back() {
    let scene = Scene::new();
    scene.follow("ours", &["a.example,suspend,", "b.example,silence,"]);
    scene.auto(HOME, "ours");
    scene.run(&["backup", HOME]).exits(0);
    scene.sync().exits(0).says("blocked 2");
    scene.run(&["undo", "1", "--yes"]).exits(0);
    assert!(scene.all().is_empty());
    scene.run(&["undo", "2", "--yes"]).exits(0).says("adds 2");
    assert_eq!(scene.all().len(), 2);
    scene.run(&["undo", "3", "--yes"]).exits(0).says("removes 2");
    assert!(scene.all().is_empty());
}

#[test]
fn another_admin_of_the_same_server_goes_on_with_the_same_ledger() {
    on_both(async |place| {
        let scene = Scene::on(Machine::with_database(&place.url));
        scene.follow("ours", &["a.example,suspend,", "b.example,silence,"]);
        scene.auto(HOME, "ours");
        scene.sync().exits(0).says("blocked 2");
        place.sql("UPDATE target SET account = 'bob@home.example' WHERE level = 'instance'").await;
        scene.publish("ours", &["b.example,silence,"]);
        scene.sync().exits(0).says("lifted 1");
    });
}

#[test]
fn an_interrupted_run_is_not_finished_on_another_server_of_the_same_name() {
    let scene = Scene::new();
    let rows: Vec<String> = (0..8).map(|n| format!("host{n}.example,suspend,")).collect();
    scene.follow("ours", &rows.iter().map(String::as_str).collect::<Vec<_>>());
    scene.auto(ME, "ours");
    scene.fake.hold(9, Moment::After);
    let mut first = scene.machine.start(&["sync"]);
    scene.fake.held();
    first.kill().unwrap();
    first.wait().unwrap();
    scene.fake.let_go();
    let other = Fake::start(Version::V4_6);
    scene.machine.login(&other.url(), &other.account_token(), &["--name", ME]).exits(0);
    scene.run(&["exceptions", "add", "host7.example"]).exits(0);
    scene.run(&["exceptions", "add", "host0.example"]).exits(0);
    scene.run(&["resume"]).exits(1).says("was made for");
    scene.sync().exits(0);
    // Its own blocks were planned for it, and are known as Hedgerow's.
    let names = other.world().account_domains();
    assert_eq!(names.len(), 6, "{names:?}");
    assert!(!names.contains(&"host0.example".to_owned()), "{names:?}");
    scene.publish("ours", &["host1.example,suspend,", "host2.example,suspend,"]);
    scene.run(&["lists", "update"]);
    scene.run(&["lists", "accept", "ours"]);
    scene.sync().exits(0).says("lifted 4");
}

#[test]
fn a_run_that_was_killed_does_not_go_over_a_decision_that_came_since() {
    let scene = Scene::new();
    let rows: Vec<String> = (0..8).map(|n| format!("host{n}.example,suspend,")).collect();
    scene.follow("ours", &rows.iter().map(String::as_str).collect::<Vec<_>>());
    scene.auto(HOME, "ours");
    scene.fake.hold(9, Moment::After);
    let mut first = scene.machine.start(&["sync"]);
    scene.fake.held();
    first.kill().unwrap();
    first.wait().unwrap();
    scene.fake.let_go();
    let left: Vec<String> = (0..8)
        .map(|n| format!("host{n}.example"))
        .filter(|name| !scene.all().iter().any(|(known, _)| known == name))
        .collect();
    scene.run(&["exceptions", "add", &left[0]]).exits(0);
    scene.fake.forget_requests();
    scene.sync().exits(0).says("was interrupted");
    let sent = scene.fake.writes();
    assert!(!sent.iter().any(|r| r.param("domain") == Some(&left[0])), "{sent:?}");
    assert_eq!(scene.all().len(), 7);
}

#[test]
fn what_a_person_stopped_is_not_gone_on_with_at_night() {
    let scene = Scene::new();
    let rows: Vec<String> = (0..8).map(|n| format!("host{n}.example,suspend,")).collect();
    scene.follow("ours", &rows.iter().map(String::as_str).collect::<Vec<_>>());
    scene.auto(HOME, "ours");
    scene.fake.hold(9, Moment::After);
    let mut first = scene.machine.start(&["apply", HOME, "--list", "ours", "--yes"]);
    scene.fake.held();
    first.kill().unwrap();
    first.wait().unwrap();
    scene.fake.let_go();
    let left = scene.all();
    assert!((1..8).contains(&left.len()), "{left:?}");
    scene.sync().exits(1).says("was interrupted. Go on with");
    assert_eq!(scene.all(), left);
    scene.run(&["resume", "--abandon", "--yes"]).exits(0);
    scene.sync().exits(0);
    assert_eq!(scene.all().len(), 8);
}

#[test]
fn leaving_the_last_list_can_be_looked_at_too() {
    let scene = Scene::new();
    scene.follow("ours", &["a.example,suspend,", "b.example,silence,"]);
    scene.auto(HOME, "ours");
    scene.sync().exits(0).says("blocked 2");
    scene.run(&["unsubscribe", HOME, "ours"]).exits(0).says("2 blocks stand for it alone");
    let overwrite = ["plan", HOME, "--mode", "overwrite"];
    scene.run(&overwrite).exits(1).says("follows no lists");
    scene.run(&["plan", HOME]).exits(2).says("removes 2");
    scene.run(&["apply", HOME, "--yes"]).exits(0);
    assert!(scene.all().is_empty());
    scene.run(&["plan", HOME]).exits(1).says("follows no lists");
}

#[test]
fn what_somebody_did_while_a_run_was_interrupted_is_theirs() {
    let scene = Scene::new();
    let rows: Vec<String> = (0..8).map(|n| format!("host{n}.example,suspend,")).collect();
    scene.follow("ours", &rows.iter().map(String::as_str).collect::<Vec<_>>());
    scene.subscribe(HOME, "ours", &["--retractions", "follow", "--grace", "0"]);
    scene.fake.hold(9, Moment::After);
    let mut first = scene.machine.start(&["apply", HOME, "--yes"]);
    scene.fake.held();
    first.kill().unwrap();
    first.wait().unwrap();
    scene.fake.let_go();
    let there = scene.all();
    let missing = |name: &String| !there.iter().any(|(known, _)| known == name);
    let last = (0..8).map(|n| format!("host{n}.example")).find(missing).unwrap();
    scene.fake.world().block_for_all(AdminBlock::new(&last, "suspend"));
    scene.run(&["resume"]).exits(0).says("somebody else");
    assert_eq!(scene.all().len(), 8);
    scene.publish("ours", &padded(&[]));
    scene.run(&["lists", "update"]);
    scene.run(&["lists", "accept", "ours"]);
    scene.run(&["policy", HOME, "--most-removes-percent", "100"]).exits(0);
    scene.run(&["apply", HOME, "--yes"]).exits(0);
    let left: Vec<_> = scene.all().into_iter().filter(|row| row.0.starts_with("host")).collect();
    assert_eq!(left, pairs(&[(&last, "suspend")]));
}

#[test]
fn what_an_abandoned_run_had_sent_is_hedgerows() {
    let scene = Scene::new();
    let rows: Vec<String> = (0..8).map(|n| format!("host{n}.example,suspend,")).collect();
    scene.follow("ours", &rows.iter().map(String::as_str).collect::<Vec<_>>());
    scene.auto(HOME, "ours");
    scene.fake.hold(9, Moment::After);
    let mut first = scene.machine.start(&["sync"]);
    scene.fake.held();
    first.kill().unwrap();
    first.wait().unwrap();
    scene.fake.let_go();
    let some = scene.all();
    assert!((1..8).contains(&some.len()), "{some:?}");
    scene.run(&["resume", "--abandon", "--yes"]).exits(0);
    scene.sync().exits(0);
    scene.publish("ours", &padded(&[]));
    scene.run(&["lists", "update"]);
    scene.run(&["lists", "accept", "ours"]);
    scene.run(&["policy", HOME, "--most-removes-percent", "100"]).exits(0);
    scene.sync();
    let left: Vec<_> = scene.all().into_iter().filter(|row| row.0.starts_with("host")).collect();
    assert_eq!(left, pairs(&[]));
}

#[test]
fn a_saved_plan_is_not_applied_to_another_account_of_the_same_name() {
    on_both(async |place| {
        let scene = Scene::on(Machine::with_database(&place.url));
        scene.follow("ours", &["a.example,suspend,"]);
        scene.auto(ME, "ours");
        scene.run(&["plan", ME, "-o", "plan.json"]).exits(2);
        place.sql("UPDATE target SET account = 'eve@home.example' WHERE level = 'account'").await;
        scene.run(&["apply", "plan.json", "--yes"]).exits(1).says("was made for");
        assert!(scene.mine().is_empty());
    });
}

proptest! {
    /// Lists that are applied once, in between, take nothing of a person's either.
    #[test]
    fn what_a_person_set_is_never_lowered_by_lists_that_come_once_or_stay(
        state in state(Level::Instance),
        rounds in vec((list(), list(), any::<bool>(), option::of(act())), 1..6),
    ) {
        let mut world = world(&state);
        let mut theirs: BTreeMap<CompactString, Block> = world.blocks.clone();
        for (day, (stays, once, is_once, act)) in (0..).zip(&rounds) {
            let aim = if *is_once { Aim::Merge } else { Aim::Sync };
            let list = if *is_once { listed("once", once) } else { listed("stays", stays) };
            let step = Step { attended: true, aim, ..Step::default() };
            world.step(&[list], &step, days(day));
            for (name, block) in &theirs {
                let now = world.blocks.get(name).and_then(|now| now.rule.clone());
                let covers = now.as_ref().zip(block.rule.as_ref()).is_some_and(|(n, b)| n.covers(b));
                prop_assert!(covers, "{name} is {now:?} and was {block:?}");
            }
            if let Some(act) = act && act.on(&mut world) {
                match world.blocks.get(act.name()) {
                    Some(block) => theirs.insert(act.name().into(), block.clone()),
                    None => theirs.remove(act.name()),
                };
            }
        }
    }
}
