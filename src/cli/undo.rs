use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};

use super::Reply;
use super::apply::{Ran, RunOptions};
use super::options::{domain, stop_on_interrupt};
use super::plan::{ROWS, Shown, save};
use super::progress::Reporter;
use super::refollow;
use crate::app::App;
use crate::domain::Domain;
use crate::verb::undo::{self, Undoable};

/// Take back exactly what one run did, and nothing that came after it
///
/// Blocks that the run set are lifted, those that it lifted come back, those that it changed
/// are as they were. What somebody has changed since is left alone. Like any other plan it is
/// shown, backed up and verified. What was taken back is not suggested again until a list
/// says more than it says now.
///
/// Followers do not come back by themselves, and nobody can fetch them. Whom you followed
/// yourself can be followed again with --refollow, where the backup knows them.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hedgerow runs
  hedgerow undo 7
  hedgerow undo 7 --only friends.example
  hedgerow undo 7 --refollow")]
pub struct Args {
    /// The number of the run, as `hedgerow runs` shows it
    run: i64,
    /// Take back only what it did to this domain; may be repeated
    #[arg(long, value_name = "DOMAIN", value_parser = domain)]
    only: Vec<Domain>,
    /// Then follow those again whom the run had cut off; you approve that in the browser
    #[arg(long)]
    refollow: bool,
    /// With --refollow, copy a code from the browser, which may be on another machine
    #[arg(long, requires = "refollow")]
    code: bool,
    /// Only show the plan, or save it with -o
    #[arg(long)]
    plan: bool,
    #[command(flatten)]
    run_options: RunOptions,
}

impl Args {
    pub(super) async fn run(self, app: &App, json: bool) -> Result<Reply> {
        let reporter = Arc::new(Reporter::new(json));
        let stop = stop_on_interrupt();
        let Undoable { run, opened, plan, lost } =
            undo::plan(app, self.run, &self.only, &stop, reporter.clone()).await?;
        if self.plan {
            let saved: Option<PathBuf> = self.run_options.output().cloned();
            if let Some(path) = &saved {
                save(&plan, path)?;
            }
            return Shown { plan, rows: ROWS, saved }.reply();
        }
        if !json {
            refollow::warn(&lost, self.refollow, run.id);
        }
        let row = app.store().await?.target(&plan.target.name).await?;
        let yes = self.run_options.yes();
        let ran = self.run_options.carry_out(app, opened, plan, &reporter, &stop, json).await?;
        let Ran::Applied(mut applied) = ran else { return ran.reply() };
        if self.refollow && applied.is_well() {
            let row = row.context("the target was removed meanwhile")?;
            applied.refollowed =
                refollow::offer(app, &row, lost, yes, self.code, &stop, reporter).await?;
        }
        applied.reply()
    }
}
