use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};

use super::Reply;
use super::apply::{Ran, RunOptions};
use super::options::{domain, stop_on_interrupt};
use super::plan::{ROWS, Shown, save};
use super::progress::Reporter;
use super::refollow::{self, Lost};
use crate::app::{App, FileHints};
use crate::apply::done;
use crate::backup::Backup;
use crate::domain::Domain;
use crate::keep;
use crate::plan::{Change, Deed, Plan, undo};
use crate::store::{Run, Store};
use crate::target::Kind;

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
        let store = app.store().await?;
        let run = store
            .run(self.run)
            .await?
            .with_context(|| format!("There is no run {}; see `hedgerow runs`.", self.run))?;
        if run.status.is_unfinished() {
            bail!(
                "Run {0} was interrupted. Finish it with `hedgerow resume {0}`, or give it up with \
                 `hedgerow resume {0} --abandon`; then it can be taken back.",
                run.id
            );
        }
        let text = store.plan(run.id).await?.unwrap_or_default();
        let was = Plan::from_json(text.as_bytes())
            .with_context(|| format!("run {} cannot be taken back", run.id))?;
        if was.target.kind == Kind::Csv {
            bail!(
                "Run {} wrote a file and changed nothing else: do not upload that file, or restore \
                 the backup that was made of your export.",
                run.id
            );
        }
        let reporter = Arc::new(Reporter::new(json));
        let stop = stop_on_interrupt();
        let (name, hints) = (was.target.handle(), FileHints::of(&was.target));
        let opened = app.open(name, &hints, &stop, reporter.clone()).await?;
        let target = opened.target();
        let identity = target.identity();
        if keep::whose(identity) != keep::whose(&was.target) {
            bail!("{name} is another account now than the one that run {} was on", run.id);
        }
        let state = target.read().await?;
        let mut deeds = deeds(app, &store, &run, &was, &state).await?;
        if !self.only.is_empty() {
            let named =
                |deed: &Deed| self.only.iter().any(|domain| domain.as_str() == deed.change.name());
            deeds.retain(named);
        }
        let plan = undo(&deeds, &state, identity, target.capabilities(), app.clock.now());
        let lost = lost(&store, &run, &deeds).await?;
        if self.plan {
            let saved: Option<PathBuf> = self.run_options.output().cloned();
            if let Some(path) = &saved {
                save(&plan, path)?;
            }
            return Shown { plan, rows: ROWS, saved }.reply();
        }
        if !json {
            lost.warn(self.refollow, run.id);
        }
        let row = store.target(&identity.name).await?;
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

/// What a run did, and whether somebody had a hand in it since.
async fn deeds(
    app: &App,
    store: &Store,
    run: &Run,
    was: &Plan,
    state: &crate::block::State,
) -> Result<Vec<Deed>> {
    let later = store.later_steps(&run.target, run.id).await?;
    let ledger = store.ledger(&run.target, &keep::whose(&was.target), app.clock.now()).await?;
    let done = done(store, run.id, was).await?;
    Ok(done
        .into_iter()
        .map(|change| {
            let name = change.name();
            let touched = later.contains(name) || ledger.is_touched(name, run.id, state);
            Deed { change, touched }
        })
        .collect())
}

/// Whom the run's blocks had cut off, as its backup remembers.
async fn lost(store: &Store, run: &Run, deeds: &[Deed]) -> Result<Lost> {
    let Some(id) = run.backup_id else { return Ok(Lost::default()) };
    let Some(kept) = store.backup(id).await? else { return Ok(Lost::default()) };
    // A backup that was moved away is no reason not to take the blocks back.
    let Ok(backup) = Backup::load(Path::new(&kept.path), Some(&kept.sha256)) else {
        return Ok(Lost::default());
    };
    let set: BTreeSet<&str> = deeds
        .iter()
        .filter(|deed| !matches!(deed.change, Change::Remove { .. }))
        .map(|deed| deed.change.name())
        .collect();
    let cuts = backup.cuts.cuts.into_iter().filter(|(domain, _)| set.contains(domain.as_str()));
    Ok(Lost::of(cuts.map(|(_, cut)| cut)))
}
