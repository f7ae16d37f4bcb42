use std::fmt;

use anyhow::Result;
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::Reply;
use crate::app::App;
use crate::store::{Run, RunStatus};
use crate::text::{fit, plain};

/// List what was applied, newest first
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hedgerow runs
  hedgerow runs --limit 100 --json")]
pub struct Args {
    /// At most so many
    #[arg(long, default_value_t = 20)]
    limit: u32,
}

#[derive(Serialize)]
struct Runs {
    runs: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    id: i64,
    target: String,
    mode: String,
    status: RunStatus,
    verified: Option<bool>,
    message: Option<String>,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
    backup: Option<i64>,
    plan_sha256: String,
    total: i64,
    done: i64,
    failed: i64,
    left_alone: i64,
}

impl From<Run> for Row {
    fn from(run: Run) -> Self {
        Row {
            id: run.id,
            target: run.target,
            mode: run.mode,
            status: run.status,
            verified: run.verified,
            message: run.message,
            created_at: run.created_at,
            finished_at: run.finished_at,
            backup: run.backup_id,
            plan_sha256: run.plan_sha256,
            total: run.steps.total,
            done: run.steps.done,
            failed: run.steps.failed,
            left_alone: run.steps.skipped,
        }
    }
}

impl fmt::Display for Runs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.runs.is_empty() {
            return writeln!(f, "Nothing was applied yet.");
        }
        writeln!(
            f,
            "{:>4}  {:<16} {:<28} {:<9} {:>11}  STATE",
            "RUN", "WHEN (UTC)", "TARGET", "MODE", "DONE"
        )?;
        for run in &self.runs {
            let state = match (run.status, run.verified) {
                (RunStatus::Running | RunStatus::Stopped, _) => "stopped",
                (_, Some(true)) if run.failed == 0 => "verified",
                (_, Some(false)) => "differs",
                _ => "failed",
            };
            writeln!(
                f,
                "{:>4}  {:<16} {:<28} {:<9} {:>11}  {state}",
                run.id,
                run.created_at.format("%Y-%m-%d %H:%M"),
                fit(&plain(&run.target), 28),
                run.mode,
                format!("{}/{}", run.done, run.total),
            )?;
        }
        Ok(())
    }
}

impl Args {
    pub(super) async fn run(self, app: &App) -> Result<Reply> {
        let runs = app.store().await?.runs(self.limit).await?;
        Reply::ok(Runs { runs: runs.into_iter().map(Row::from).collect() })
    }
}
