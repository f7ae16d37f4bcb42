//! The pages of runs and backups with sample data.

use askama::Template;

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
