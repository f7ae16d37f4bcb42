//! Taking back exactly what one run did, and nothing that came after it.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::refollow::Lost;
use crate::app::{App, Opened};
use crate::apply::{done, plan_of};
use crate::backup::Backup;
use crate::block::State;
use crate::domain::Domain;
use crate::keep;
use crate::mastodon::client::Patience;
use crate::plan::{self, Change, Deed, Plan, PlanFileError};
use crate::stop::Stop;
use crate::store::{Run, RunId, Store, StoreError};
use crate::target::{Kind, Target, TargetError};

#[derive(Debug, thiserror::Error)]
pub enum UndoError {
    #[error("There is no run {0}; see `hedgerow runs`.")]
    NoSuchRun(RunId),
    #[error(
        "Run {0} was interrupted. Finish it with `hedgerow resume {0}`, or give it up with \
         `hedgerow resume {0} --abandon`; then it can be taken back."
    )]
    Unfinished(RunId),
    #[error("run {run} cannot be taken back")]
    Unreadable { run: RunId, source: PlanFileError },
    #[error(
        "Run {0} wrote a file and changed nothing else: do not upload that file, or restore the \
         backup that was made of your export."
    )]
    OnlyAFile(RunId),
    #[error("{name} is another account now than the one that run {run} was on")]
    AnotherAccount { name: String, run: RunId },
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Other(#[from] anyhow::Error),
}

/// A run that can be taken back.
pub struct Undoable {
    pub run: Run,
    pub opened: Opened,
    pub plan: Plan,
    /// Whom the run's blocks had cut off, and who does not come back by this.
    pub lost: Lost,
}

/// Plans to take back what a run did, or only what it did to these domains.
pub async fn plan(
    app: &App,
    run: RunId,
    only: &[Domain],
    stop: &Stop,
    patience: Arc<dyn Patience>,
) -> Result<Undoable, UndoError> {
    let (run, was) = run_to_undo(app, run).await?;
    let opened = app.reopen(&was.target, stop, patience).await?;
    let (plan, lost) = plan_on(app, opened.target(), &run, &was, only).await?;
    Ok(Undoable { run, opened, plan, lost })
}

/// A run that has ended, on a server, with its plan.
pub async fn run_to_undo(app: &App, run: RunId) -> Result<(Run, Plan), UndoError> {
    let store = app.store().await?;
    let run = store.run(run).await?.ok_or(UndoError::NoSuchRun(run))?;
    if run.status.is_unfinished() {
        return Err(UndoError::Unfinished(run.id));
    }
    let was = plan_of(&store, run.id)
        .await?
        .map_err(|source| UndoError::Unreadable { run: run.id, source })?;
    if was.target.kind == Kind::Csv {
        return Err(UndoError::OnlyAFile(run.id));
    }
    Ok((run, was))
}

/// The same for whoever has opened the run's target already. `was` is the run's own plan.
pub async fn plan_on(
    app: &App,
    target: &dyn Target,
    run: &Run,
    was: &Plan,
    only: &[Domain],
) -> Result<(Plan, Lost), UndoError> {
    let store = app.store().await?;
    let identity = target.identity();
    if keep::whose(identity) != keep::whose(&was.target) {
        let name = was.target.handle().to_owned();
        return Err(UndoError::AnotherAccount { name, run: run.id });
    }
    let state = target.read().await?;
    let mut deeds = deeds(app, &store, run, was, &state).await?;
    if !only.is_empty() {
        deeds.retain(|deed| only.iter().any(|domain| domain.as_str() == deed.change.name()));
    }
    let plan = plan::undo(&deeds, &state, identity, target.capabilities(), app.clock.now());
    let lost = lost(&store, run, &deeds).await?;
    Ok((plan, lost))
}

/// What a run did, and whether somebody had a hand in it since.
async fn deeds(
    app: &App,
    store: &Store,
    run: &Run,
    was: &Plan,
    state: &State,
) -> Result<Vec<Deed>, StoreError> {
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

/// Whom a run's blocks had cut off and who can be followed again by now: those on domains that
/// the target was last seen not to block.
pub async fn lost_for_now(
    app: &App,
    run: &Run,
    was: &Plan,
    state: Option<&State>,
) -> Result<Lost, UndoError> {
    let Some(state) = state else { return Ok(Lost::default()) };
    let store = app.store().await?;
    let done = done(&store, run.id, was).await?;
    let gone = done.into_iter().filter(|change| state.find(change.name()).is_none());
    let deeds: Vec<Deed> = gone.map(|change| Deed { change, touched: false }).collect();
    Ok(lost(&store, run, &deeds).await?)
}

/// Whom the run's blocks had cut off, as its backup remembers.
async fn lost(store: &Store, run: &Run, deeds: &[Deed]) -> Result<Lost, StoreError> {
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
