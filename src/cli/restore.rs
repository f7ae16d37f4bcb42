use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;

use super::apply::RunOptions;
use super::options::{FileOptions, stop_on_interrupt};
use super::plan::{ROWS, Shown, save};
use super::progress::Reporter;
use super::{Reply, backups};
use crate::app::{App, FileHints};
use crate::verb::restore;

/// Bring a target back to a backup
///
/// This is a plan like any other: it is shown, backed up, applied and verified. Blocks that
/// came later are lifted, lost ones come back. Follows that a block has cut, and data that
/// a suspension has deleted, do not.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hedgerow backups
  hedgerow restore 3
  hedgerow restore 3 --plan -o back.json")]
pub struct Args {
    /// A number from `hedgerow backups`, or the path of a backup's JSON
    backup: String,
    /// Another target than the one it was made of
    #[arg(long)]
    target: Option<String>,
    /// Only show the plan, or save it with -o
    #[arg(long)]
    plan: bool,
    #[command(flatten)]
    file: FileOptions,
    #[command(flatten)]
    run: RunOptions,
}

impl Args {
    pub(super) async fn run(self, app: &App, json: bool) -> Result<Reply> {
        let (_, backup) = backups::load(app, &self.backup).await?;
        let name = self.target.unwrap_or_else(|| backup.target.handle().to_owned());
        let (given, known) = (self.file.hints(), FileHints::of(&backup.target));
        let hints =
            FileHints { level: given.level.or(known.level), server: given.server.or(known.server) };
        let reporter = Arc::new(Reporter::new(json));
        let stop = stop_on_interrupt();
        let opened = app.open(&name, &hints, &stop, reporter.clone()).await?;
        let plan = restore::plan(app, opened.target(), &backup, &BTreeSet::new()).await?;
        if self.plan {
            let saved: Option<PathBuf> = self.run.output().cloned();
            if let Some(path) = &saved {
                save(&plan, path)?;
            }
            return Shown { plan, rows: ROWS, saved }.reply();
        }
        self.run.carry_out(app, opened, plan, &reporter, &stop, json).await?.reply()
    }
}
