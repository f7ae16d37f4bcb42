use std::sync::Arc;

use anyhow::{Context, Result, bail};

use super::apply::{Applied, coded};
use super::options::stop_on_interrupt;
use super::progress::Reporter;
use super::{Reply, confirm};
use crate::app::App;
use crate::verb::resume::{self, ResumeError, Resumed};

/// Go on with a run that was interrupted
///
/// The target is read first. What shows there is done is not sent again, and what
/// somebody has changed meanwhile is left alone.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hedgerow resume
  hedgerow resume 7
  hedgerow resume 7 --abandon")]
pub struct Args {
    /// The number of the run, as `hedgerow runs` shows it [default: the latest]
    run: Option<i64>,
    /// Give the run up: what it has done stays, the rest is never done
    #[arg(long)]
    abandon: bool,
    /// Do not ask before abandoning
    #[arg(long, short)]
    yes: bool,
}

impl Args {
    pub(super) async fn run(self, app: &App, json: bool) -> Result<Reply> {
        let store = app.store().await?;
        let run = match self.run {
            Some(id) => store
                .run(id)
                .await?
                .with_context(|| format!("There is no run {id}; see `hedgerow runs`."))?,
            None => match store.latest_unfinished().await? {
                Some(run) => run,
                None => return Reply::ok("No run was interrupted; there is nothing to resume."),
            },
        };
        if !run.status.is_unfinished() {
            return Reply::ok(format!("Run {} has finished; there is nothing to resume.", run.id));
        }
        if self.abandon {
            let question = format!(
                "Give up run {} with {} of {} changes made?",
                run.id, run.steps.done, run.steps.total
            );
            if !self.yes && !confirm(&question)? {
                bail!("run {} was not abandoned; add --yes to do so without being asked", run.id);
            }
            let (stop, progress) = (stop_on_interrupt(), Arc::new(Reporter::new(json)));
            resume::abandon(app, &run, &stop, progress).await?;
            return Reply::ok(format!("Run {} is abandoned; what it has done stays.", run.id));
        }
        let (stop, progress) = (stop_on_interrupt(), Arc::new(Reporter::new(json)));
        let resumed = resume::resume(app, &run, &stop, progress).await;
        let Resumed { plan, opened, report } = resumed.map_err(|error| match error {
            ResumeError::Apply(error) => coded(error),
            error => error.into(),
        })?;
        store.close().await;
        Applied::new(&plan, report, &opened).reply()
    }
}
