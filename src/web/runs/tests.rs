//! The pages of runs and backups with sample data.

use askama::Template;

use super::view::{given_up, left_again};
use super::{AllRuns, RunLine};
use crate::block::Level;
use crate::store::{Run, RunStatus, StepCounts};
use crate::web::paging::Paging;
use crate::web::targets::{Head, Tab};

fn run(id: i64, status: RunStatus, verified: Option<bool>, done: i64) -> Run {
    Run {
        id,
        target: "home.example".to_owned(),
        level: Level::Account,
        mode: "sync".to_owned(),
        plan_sha256: "ab".to_owned(),
        backup_id: Some(4),
        actor: "<me>@home.example\u{202e}".to_owned(),
        status,
        verified,
        message: None,
        created_at: "2026-11-01T10:00:00Z".parse().unwrap(),
        finished_at: None,
        steps: StepCounts { total: 40, done, ..StepCounts::default() },
    }
}

#[test]
fn runs_of_every_ending() {
    let given_up =
        Run { message: Some("abandoned".to_owned()), ..run(1, RunStatus::Failed, None, 9) };
    let runs = [
        run(5, RunStatus::Done, Some(true), 40),
        run(4, RunStatus::Failed, Some(false), 39),
        run(3, RunStatus::Stopped, None, 12),
        run(2, RunStatus::Running, None, 3),
        given_up,
    ];
    let page = |runs: &[Run]| AllRuns {
        head: Head::sample(Level::Account, Tab::Runs),
        runs: runs.iter().map(RunLine::of).collect(),
        paging: Paging::new(None, 2, runs.len() as u64, Vec::new()),
    };
    insta::assert_snapshot!("runs", page(&runs).render().unwrap());
    insta::assert_snapshot!("none", page(&[]).render().unwrap());
}

#[test]
fn a_run_is_given_up_in_numbers() {
    let says = |done, sent, pending| {
        let total = done + sent + pending + 1;
        given_up(StepCounts { total, done, sent, pending, failed: 1, skipped: 0 })
    };
    let words = |done, sent, pending| says(done, sent, pending).unwrap();
    assert_eq!(words(3, 0, 7), "3 changes stay, 7 are never made");
    assert_eq!(words(1, 1, 0), "1 change stays, 1 may stand already");
    assert_eq!(words(0, 1, 3), "1 change may stand already, 3 are never made");
    assert_eq!(words(0, 0, 1), "1 change is never made");
    assert_eq!(says(2, 0, 0), None);
}

#[test]
fn what_was_refused_comes_again_once_a_run_has_ended() {
    let refused = |mode: &str, status, failed| {
        let of = run(1, status, None, 3);
        let steps = StepCounts { failed, ..of.steps };
        left_again(&Run { mode: mode.to_owned(), steps, ..of })
    };
    assert_eq!(refused("sync", RunStatus::Failed, 1).unwrap().1, "the next plan");
    assert_eq!(refused("undo", RunStatus::Failed, 1).unwrap().1, "the run back");
    assert_eq!(refused("sync", RunStatus::Failed, 0), None);
    assert_eq!(refused("sync", RunStatus::Stopped, 1), None);
}
