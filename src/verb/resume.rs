//! Going on with a run that was interrupted, or giving it up.

use std::sync::Arc;

use crate::app::{App, Opened};
use crate::apply::{ApplyError, Engine, Progress, Report, plan_of};
use crate::keep;
use crate::plan::{Plan, PlanFileError};
use crate::stop::Stop;
use crate::store::{Run, RunId, Store, StoreError};
use crate::target::Kind;

#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    #[error("run {run} cannot be resumed")]
    Unreadable { run: RunId, source: PlanFileError },
    #[error(transparent)]
    Apply(#[from] ApplyError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Other(#[from] anyhow::Error),
}

/// A run that was gone on with.
pub struct Resumed {
    pub plan: Plan,
    pub opened: Opened,
    pub report: Report,
}

/// Goes on with a run: what shows is done is not sent again.
pub async fn resume(
    app: &App,
    run: &Run,
    stop: &Stop,
    progress: Arc<dyn Progress>,
) -> Result<Resumed, ResumeError> {
    let store = app.store().await?;
    let plan = read(&store, run.id).await?;
    let mut opened = app.reopen(&plan.target, stop, progress.clone()).await?;
    if let Opened::File(file) = &mut opened {
        file.write_to(None, plan.mode);
    }
    let engine = app.engine(&store, opened.target(), stop, progress.as_ref());
    let report = engine.resume(run, &plan).await?;
    Ok(Resumed { plan, opened, report })
}

/// Gives a run up, knowing what its target shows if that can be had. One that has come to its end
/// meanwhile is left as it is.
pub async fn abandon(
    app: &App,
    run: &Run,
    stop: &Stop,
    progress: Arc<dyn Progress>,
) -> Result<(), ResumeError> {
    let store = app.store().await?;
    let plan = read(&store, run.id).await?;
    let (actor, clock) = (app.actor(), app.clock.as_ref());
    let opened = match plan.target.kind {
        Kind::Csv => None,
        // It may be gone for good, which is a reason to give up.
        Kind::Mastodon => app.reopen(&plan.target, stop, progress.clone()).await.ok(),
    };
    let Some(opened) = opened else {
        let run = unfinished(&store, run.id).await?;
        return Ok(Engine::abandon(&store, &run, &plan, None, actor, clock).await?);
    };
    let target = opened.target();
    let _lock = app.engine(&store, target, stop, progress.as_ref()).lock().await?;
    // Whoever had the lock until now may have brought it to its end.
    let run = unfinished(&store, run.id).await?;
    let found = target.read().await.ok();
    let found = found.filter(|_| keep::whose(target.identity()) == keep::whose(&plan.target));
    Ok(Engine::abandon(&store, &run, &plan, found.as_ref(), actor, clock).await?)
}

/// The run as it stands now.
async fn unfinished(store: &Store, id: RunId) -> Result<Run, StoreError> {
    let run = store.run(id).await?.ok_or_else(|| StoreError::missing("run", &id))?;
    if run.status.is_unfinished() { Ok(run) } else { Err(StoreError::Finished(id)) }
}

async fn read(store: &Store, run: RunId) -> Result<Plan, ResumeError> {
    plan_of(store, run).await?.map_err(|source| ResumeError::Unreadable { run, source })
}
