//! Sequences in which keeping a target in step could go wrong.

use std::time::Duration;

use crate::command::Machine;
use crate::fake::{Fake, Moment, Version};
use crate::keeping::{HOME, ME, Scene, padded, pairs};
use crate::store::place::on_both;

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
    assert!(scene.fake.held(Duration::from_secs(20)));
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
    assert!(scene.fake.held(Duration::from_secs(20)));
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
    assert!(scene.fake.held(Duration::from_secs(20)));
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
fn what_an_abandoned_run_had_sent_is_hedgerows() {
    let scene = Scene::new();
    let rows: Vec<String> = (0..8).map(|n| format!("host{n}.example,suspend,")).collect();
    scene.follow("ours", &rows.iter().map(String::as_str).collect::<Vec<_>>());
    scene.auto(HOME, "ours");
    scene.fake.hold(9, Moment::After);
    let mut first = scene.machine.start(&["sync"]);
    assert!(scene.fake.held(Duration::from_secs(20)));
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
