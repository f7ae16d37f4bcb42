//! Work that changes a target, or takes up what was begun.

use std::pin::pin;
use std::sync::Arc;

use super::job::{Ended, Job, Work};
use super::proposal::{Proposal, Taken};
use super::{Desk, DeskError, open};
use crate::app::App;
use crate::apply::{Engine, Outcome, Report, plan_of};
use crate::impact::{Impact, Person};
use crate::keep;
use crate::plan::{Difference, Plan, differences};
use crate::store::{ProposalId, Run, RunId, RunStatus, Store, TargetRow};
use crate::verb::refollow::{RefollowError, Right, follow_again};
use crate::verb::resume::{self, ResumeError};
use crate::verb::undo;

/// What a person agrees to: the plan that they have seen, and the follows that it ends.
#[derive(Debug, Clone, Copy)]
pub struct Agreed<'a> {
    /// Of the plan.
    pub checksum: &'a str,
    /// How many follows end: of those who are followed, and of those who follow.
    pub cuts: (usize, usize),
}

impl Desk {
    /// Carries a proposal out, as a person has seen it. Where that is a while ago, whom it cuts
    /// is asked again first: if that is somebody else by now, the person has to look again.
    ///
    /// However often it is asked to, one run comes of it: the target is reserved first, and
    /// then the proposal is taken in the store.
    pub async fn apply(
        self: &Arc<Self>,
        app: &App,
        row: &TargetRow,
        proposal: &Arc<Proposal>,
        agreed: Agreed<'_>,
    ) -> anyhow::Result<Arc<Job>> {
        let plan = &proposal.plan;
        if plan.checksum != agreed.checksum {
            return Err(DeskError::Changed.into());
        }
        if plan.is_empty() {
            return Err(DeskError::Nothing.into());
        }
        let (following, followers) = (plan.summary.following, plan.summary.followers);
        if agreed.cuts != (following, followers) {
            return Err(DeskError::Cuts(following, followers).into());
        }
        is_open(&app.store().await?, proposal).await?;
        if self.is_outdated(app, proposal).await? {
            // The run may be that of this very plan, which somebody began a moment ago.
            is_open(&app.store().await?, proposal).await?;
            return Err(DeskError::Outdated.into());
        }
        let (desk, app, row, proposal) = (self.clone(), app.clone(), row.clone(), proposal.clone());
        let owner = app.owner();
        let begun = self.begin(owner, &row.name.clone(), Work::Apply, None, async move |job| {
            is_open(&app.store().await?, &proposal).await?;
            let live = open(&app, &row, &job)?;
            if let Some(now) = proposal.refresh(&app, live.as_ref()).await? {
                desk.replace(owner, &proposal, Arc::new(now));
                return Err(DeskError::Changed.into());
            }
            let store = app.store().await?;
            if !store.take_proposal(proposal.id, proposal.revision, app.clock.now()).await? {
                is_open(&store, &proposal).await?;
                return Err(DeskError::Changed.into());
            }
            desk.proposals.remove(&(owner, proposal.id, proposal.revision));
            let apply = async |engine: Engine<'_>| Ok(engine.apply(&proposal.plan).await?);
            let done = {
                // Known from its first moment on, so that a plan whose process is killed is
                // not offered again.
                let noted = note(&app, &store, proposal.id, &job);
                let (mut run, mut noted) = (pin!(desk.run(&app, &row, &job, apply)), pin!(noted));
                let mut known = false;
                loop {
                    tokio::select! {
                        done = &mut run => break done,
                        () = &mut noted, if !known => known = true,
                    }
                }
            };
            match job.status().run {
                Some(run) => store.proposal_became(proposal.id, run, app.clock.now()).await?,
                None => {
                    store.reopen_proposal(proposal.id).await?;
                }
            }
            done
        });
        Ok(begun?)
    }

    /// Goes on with a run that was interrupted.
    pub fn resume(
        self: &Arc<Self>,
        app: &App,
        row: &TargetRow,
        run: RunId,
    ) -> Result<Arc<Job>, DeskError> {
        let (desk, app, row) = (self.clone(), app.clone(), row.clone());
        self.begin(app.owner(), &row.name.clone(), Work::Apply, Some(run), async move |job| {
            let store = app.store().await?;
            let found = run_on(&store, &row, run).await?;
            let plan = plan_of(&store, run)
                .await?
                .map_err(|source| ResumeError::Unreadable { run, source })?;
            let resumed = async |engine: Engine<'_>| Ok(engine.resume(&found, &plan).await?);
            desk.run(&app, &row, &job, resumed).await
        })
    }

    /// Gives a run up that was interrupted. What it has done stays.
    pub fn abandon(
        self: &Arc<Self>,
        app: &App,
        row: &TargetRow,
        run: RunId,
    ) -> Result<Arc<Job>, DeskError> {
        let (app, row) = (app.clone(), row.clone());
        self.begin(app.owner(), &row.name.clone(), Work::Abandon, Some(run), async move |job| {
            let found = run_on(&app.store().await?, &row, run).await?;
            if !found.status.is_unfinished() {
                return Ok(Ended::Abandoned(run));
            }
            resume::abandon(&app, &found, job.stop(), job.clone()).await?;
            Ok(Ended::Abandoned(run))
        })
    }

    /// Saves what a target blocks now.
    pub fn back_up(self: &Arc<Self>, app: &App, row: &TargetRow) -> Result<Arc<Job>, DeskError> {
        let (desk, app, row) = (self.clone(), app.clone(), row.clone());
        self.begin(app.owner(), &row.name.clone(), Work::BackUp, None, async move |job| {
            let (target, store) = (open(&app, &row, &job)?, app.store().await?);
            let state = target.read().await?;
            let engine = app.engine(&store, target.as_ref(), job.stop(), job.as_ref());
            let made = engine.back_up(&state, "by hand", Impact::default()).await?;
            store.save_reading(&row.name, &keep::whose(target.identity()), &state).await?;
            desk.saw(&app, &row.name, state);
            Ok(Ended::BackedUp(made.id))
        })
    }

    /// Whom a run had cut off and who can be followed again by now: the blocks are gone, and its
    /// backup has the names. `plan` is the run's own.
    pub async fn lost(
        &self,
        app: &App,
        row: &TargetRow,
        run: &Run,
        plan: &Plan,
    ) -> anyhow::Result<Vec<Person>> {
        if run.status.is_unfinished() || plan.cuts().is_empty() {
            return Ok(Vec::new());
        }
        let state = self.reading(app, row).await?;
        Ok(undo::lost_for_now(app, run, plan, state.as_deref()).await?.people)
    }

    /// What was not as a run's plan wanted it, as far as that is known: from the run's own
    /// report, or from what it read at its end.
    pub async fn not_as_planned(
        &self,
        app: &App,
        row: &TargetRow,
        run: &Run,
        plan: &Plan,
    ) -> anyhow::Result<Vec<Difference>> {
        if run.verified != Some(false) {
            return Ok(Vec::new());
        }
        if let Some(job) = self.job(app.owner(), &row.name)
            && let Some(Ended::Ran(report)) = job.status().ended
            && let (true, Outcome::Differs { differences }) =
                (report.run == run.id, &report.outcome)
        {
            return Ok(differences.clone());
        }
        let Some(state) = self.reading(app, row).await? else { return Ok(Vec::new()) };
        let its_own = state.taken_at >= run.created_at
            && run.finished_at.is_some_and(|ended| state.taken_at <= ended);
        if !its_own || run.status != RunStatus::Failed {
            return Ok(Vec::new());
        }
        Ok(differences(&plan.expected(state.taken_at), &state))
    }

    /// Follows people again with a right that was granted for it, and gives that back. Where it
    /// cannot begin, that is left to the caller.
    pub fn refollow(
        self: &Arc<Self>,
        app: &App,
        row: &TargetRow,
        run: RunId,
        right: Right,
        lost: Vec<Person>,
    ) -> Result<Arc<Job>, DeskError> {
        let (app, row) = (app.clone(), row.clone());
        self.begin(app.owner(), &row.name.clone(), Work::Refollow, Some(run), async move |job| {
            match follow_again(&app, &right, &row, &lost, job.stop(), job.clone()).await {
                (Ok(followed), given_back) => {
                    Ok(Ended::Refollowed(run, Arc::new(followed), given_back.err().map(Arc::new)))
                }
                (Err(failed), Ok(())) => Err(failed.into()),
                (Err(failed), Err(kept)) => {
                    let (failed, kept) = (Box::new(failed), Box::new(kept));
                    Err(RefollowError::Kept { failed, kept, at: right.revocable_at() }.into())
                }
            }
        })
    }

    /// Carries a run out, and remembers what the target showed afterwards.
    async fn run(
        &self,
        app: &App,
        row: &TargetRow,
        job: &Arc<Job>,
        with: impl AsyncFnOnce(Engine<'_>) -> anyhow::Result<Report>,
    ) -> anyhow::Result<Ended> {
        let target = open(app, row, job)?;
        let store = app.store().await?;
        let mut report =
            with(app.engine(&store, target.as_ref(), job.stop(), job.as_ref())).await?;
        if let Some(state) = report.found.take() {
            self.saw(app, &row.name, state);
        }
        Ok(Ended::Ran(Arc::new(report)))
    }
}

/// A run on this very target.
async fn run_on(store: &Store, row: &TargetRow, run: RunId) -> anyhow::Result<Run> {
    let found = store.run(run).await?.filter(|found| found.target == row.name);
    Ok(found.ok_or(DeskError::Gone)?)
}

/// Whether a proposal still waits as somebody has seen it.
async fn is_open(store: &Store, proposal: &Proposal) -> anyhow::Result<()> {
    let standing = store.proposal_standing(proposal.id).await?;
    Err(match standing {
        None => DeskError::Gone,
        Some((_, _, Some(run))) => DeskError::Taken(Taken::By(run)),
        Some((_, Some(_), None)) => DeskError::Taken(Taken::Soon),
        Some((revision, None, None)) if revision == proposal.revision => return Ok(()),
        Some(_) => DeskError::Changed,
    }
    .into())
}

/// Writes down which run has a proposal as soon as there is one.
async fn note(app: &App, store: &Store, id: ProposalId, job: &Job) {
    let mut watch = job.watch();
    let begun = watch.wait_for(|status| status.run.is_some()).await.ok();
    let Some(run) = begun.and_then(|status| status.run) else { return };
    if let Err(error) = store.proposal_became(id, run, app.clock.now()).await {
        tracing::warn!(%error, "the run of a plan could not be written down yet");
    }
}
