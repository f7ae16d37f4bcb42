use std::sync::Arc;

use anyhow::{Context, Result, bail};

use super::apply::{Applied, coded};
use super::options::stop_on_interrupt;
use super::progress::Reporter;
use super::{Reply, confirm};
use crate::app::{App, FileHints};
use crate::apply::Engine;
use crate::keep;
use crate::plan::Plan;
use crate::store::{Run, Store};
use crate::target::Kind;

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
            let plan = plan_of(&store, &run).await?;
            give_up(app, &store, &run, &plan, json).await?;
            return Reply::ok(format!("Run {} is abandoned; what it has done stays.", run.id));
        }
        let plan = plan_of(&store, &run).await?;
        let reporter = Arc::new(Reporter::new(json));
        let stop = stop_on_interrupt();
        let (name, hints) = (plan.target.handle(), FileHints::of(&plan.target));
        let mut opened = app.open(name, &hints, &stop, reporter.clone()).await?;
        if let crate::app::Opened::File(file) = &mut opened {
            file.write_to(None, plan.mode);
        }
        let engine = Engine {
            store: &store,
            target: opened.target(),
            clock: app.clock.as_ref(),
            stop: &stop,
            progress: reporter.as_ref(),
            actor: app.actor(),
            data_dir: app.data_dir(),
        };
        let report = engine.resume(&run, &plan).await.map_err(coded)?;
        store.close().await;
        Applied::new(&plan, report, &opened).reply()
    }
}

/// Gives a run up, knowing what its target shows if that can be had.
async fn give_up(app: &App, store: &Store, run: &Run, plan: &Plan, json: bool) -> Result<()> {
    let (actor, clock) = (app.actor(), app.clock.as_ref());
    let progress = Arc::new(Reporter::new(json));
    let (name, stop) = (plan.target.handle(), stop_on_interrupt());
    let opened = match plan.target.kind {
        Kind::Csv => None,
        // It may be gone for good, which is a reason to give up.
        Kind::Mastodon => app.open(name, &FileHints::default(), &stop, progress.clone()).await.ok(),
    };
    let Some(opened) = opened else {
        return Ok(Engine::abandon(store, run, plan, None, actor, clock).await?);
    };
    let (target, data_dir) = (opened.target(), app.data_dir());
    let progress = progress.as_ref();
    let engine = Engine { store, target, clock, stop: &stop, progress, actor, data_dir };
    let _lock = engine.lock().await?;
    let found = target.read().await.ok();
    let found = found.filter(|_| keep::whose(target.identity()) == keep::whose(&plan.target));
    Ok(Engine::abandon(store, run, plan, found.as_ref(), actor, clock).await?)
}

async fn plan_of(store: &Store, run: &Run) -> Result<Plan> {
    let text = store.plan(run.id).await?.unwrap_or_default();
    Plan::from_json(text.as_bytes()).with_context(|| format!("run {} cannot be resumed", run.id))
}
