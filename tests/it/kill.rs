//! The process is killed at every request of an apply, before the request takes effect and
//! after. Whatever happens, `resume` finishes the work, repeats nothing that was known to
//! be done, and the backup is there.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};

use crate::command::{Machine, Said};
use crate::fake::{AdminBlock, Fake, Fault, Moment, Request, Version};
use crate::gate::Gate;

const CHANGES: usize = 50;

/// Fifty changes of all three kinds on an instance: 20 new, 15 raised, 15 lifted.
struct Scene {
    fake: Fake,
    machine: Machine,
}

impl Scene {
    fn new() -> Scene {
        let (fake, machine) = (Fake::start(Version::V4_6), Machine::new());
        for n in 0..15 {
            fake.world().block_for_all(AdminBlock::new(&format!("raised{n}.example"), "silence"));
            fake.world().block_for_all(AdminBlock::new(&format!("lifted{n}.example"), "suspend"));
        }
        let mut list = "domain,severity\n".to_owned();
        for n in 0..20 {
            list.push_str(&format!("new{n}.example,suspend\n"));
        }
        for n in 0..15 {
            list.push_str(&format!("raised{n}.example,suspend\n"));
        }
        machine.write("list.csv", list);
        machine.login(&fake.url(), &fake.admin_token(), &["--admin"]).exits(0);
        machine
            .run(&[
                "plan",
                "home.example",
                "-l",
                "list.csv",
                "--mode",
                "overwrite",
                "--override",
                "most-adds",
                "--override",
                "most-removes",
                "-o",
                "plan.json",
            ])
            .exits(2);
        fake.forget_requests();
        Scene { fake, machine }
    }

    /// Starts the apply and kills it at a request, without a word of warning.
    fn kill_at(&self, number: usize, moment: Moment) {
        self.fake.hold(number, moment);
        let mut child = self.machine.start(&["apply", "plan.json", "--yes"]);
        self.fake.held();
        child.kill().unwrap();
        child.wait().unwrap();
        self.fake.let_go();
    }

    fn blocks(&self) -> BTreeMap<String, String> {
        let world = self.fake.world();
        world.admin_blocks.iter().map(|b| (b.domain.clone(), b.severity.clone())).collect()
    }

    /// What the plan promises.
    fn check_result(&self) {
        let blocks = self.blocks();
        assert_eq!(blocks.len(), 35);
        assert!(blocks.values().all(|severity| severity == "suspend"));
        assert!(!blocks.keys().any(|domain| domain.starts_with("lifted")));
    }
}

/// The same request, for telling whether it was repeated.
fn key(request: &Request) -> String {
    format!("{} {} {:?}", request.method, request.path, request.form)
}

#[test]
fn killed_before_or_after_any_request_the_run_can_be_resumed() {
    // One reading, then the changes, then one reading to verify.
    let requests = 1 + CHANGES + 1;
    for moment in [Moment::Before, Moment::After] {
        for number in 1..=requests {
            let scene = Scene::new();
            scene.kill_at(number, moment);
            let sent = scene.fake.writes();
            // The last of them may have had no answer; those before it were known done.
            let known = match (moment, sent.len()) {
                (Moment::After, len) if number <= 1 + CHANGES => len.saturating_sub(1),
                (_, len) => len,
            };
            scene.fake.forget_requests();

            if number == 1 {
                // Killed before anything was decided: nothing was written, nothing is owed.
                scene.machine.run(&["resume"]).exits(0).says("nothing to resume");
                assert_eq!(sent.len(), 0);
                scene.machine.run(&["apply", "plan.json", "--yes"]).exits(0);
            } else {
                scene
                    .machine
                    .run(&["apply", "plan.json", "--yes"])
                    .exits(1)
                    .says("hedgerow resume 1");
                scene.machine.run(&["resume"]).exits(0).says("Verified");
                scene.machine.run(&["backup", "verify", "1"]).exits(0).says("30 blocks");
            }
            scene.check_result();
            let known: Vec<String> = sent[..known].iter().map(key).collect();
            for repeated in scene.fake.writes() {
                assert!(!known.contains(&key(&repeated)), "{number} {moment:?}: {repeated:?}");
            }
            scene.machine.run(&["resume"]).exits(0).says("nothing to resume");
        }
    }
}

#[test]
fn what_somebody_changed_meanwhile_is_left_alone() {
    let scene = Scene::new();
    scene.kill_at(10, Moment::Before);
    {
        // An admin has lowered one block by hand, and set another that the run would set.
        let mut world = scene.fake.world();
        let at = world.admin_blocks.iter().position(|b| b.domain == "raised3.example").unwrap();
        world.admin_blocks[at].severity = "noop".to_owned();
        world.block_for_all(AdminBlock::new("new9.example", "silence"));
    }
    scene
        .machine
        .run(&["resume"])
        .exits(1)
        .says("Left alone: raised3.example")
        .says("Left alone: new9.example");
    let blocks = scene.blocks();
    assert_eq!(blocks["raised3.example"], "noop");
    assert_eq!(blocks["new9.example"], "silence");
    assert_eq!(blocks["new10.example"], "suspend");
}

#[cfg(unix)]
#[test]
fn ctrl_c_stops_after_the_current_change_and_the_run_goes_on_later() {
    let scene = Scene::new();
    let gate = Gate::default();
    scene.fake.fail("POST", "/api/v1/admin", Fault::Held(gate.clone()));
    let mut child = scene.machine.start(&["apply", "plan.json", "--yes"]);
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    // The first change is on its way, and stays so until the command has heard.
    gate.reached(1);
    let id = i32::try_from(child.id()).unwrap();
    std::process::Command::new("kill").args(["-INT", &id.to_string()]).status().unwrap();
    let mut heard = String::new();
    while !heard.contains("Stopping after the current change.") {
        assert!(stderr.read_line(&mut heard).unwrap() > 0, "{heard}");
    }
    gate.open();
    let mut said = Said::from(child.wait_with_output().unwrap());
    stderr.read_to_string(&mut heard).unwrap();
    said.stderr = heard;
    said.exits(1).says("stopped on request").says("Run 1 stopped after 1 change of 50");
    scene.machine.run(&["resume", "1"]).exits(0).says("Verified");
    scene.check_result();
}

#[test]
fn two_runs_at_once_never_work_on_one_target() {
    let scene = Scene::new();
    scene.fake.hold(5, Moment::Before);
    let mut first = scene.machine.start(&["apply", "plan.json", "--yes"]);
    scene.fake.held();
    scene.machine.run(&["apply", "plan.json", "--yes"]).exits(1).says("Another run is working");
    scene.machine.run(&["resume"]).exits(1).says("Another run is working");
    scene.fake.let_go();
    assert!(first.wait().unwrap().success());
    scene.check_result();
}

#[test]
fn an_abandoned_run_stays_as_it_is() {
    let scene = Scene::new();
    scene.kill_at(10, Moment::Before);
    scene.machine.run(&["resume", "--abandon"]).exits(1).says("--yes");
    scene.machine.run(&["resume", "--abandon", "--yes"]).exits(0).says("abandoned");
    let before = scene.blocks();
    scene.machine.run(&["resume"]).exits(0).says("nothing to resume");
    assert_eq!(scene.blocks(), before);
    // And going back is always possible.
    scene.machine.run(&["restore", "1", "--yes"]).exits(0).says("Verified");
    assert_eq!(scene.blocks().len(), 30);
}
