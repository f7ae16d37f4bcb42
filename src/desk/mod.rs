//! Where the work on targets goes on between two requests.
//!
//! Reading a server takes seconds, and carrying a plan out takes minutes or hours. A face that
//! answers in milliseconds hands such work to the [`Desk`], which does one [`Job`] per target at
//! a time and tells whoever asks how far it is ([`Status`]). A plan that was made lies on the
//! desk as a [`Proposal`] until a person has decided: they can change what they wish, and it is
//! planned again from what is known, without asking the server; once they have seen what it
//! comes to, [`Desk::apply`] hands it to a run, once, however often it is asked to.
//!
//! Proposals and what targets were last seen to block are in the store, and last. Jobs are in
//! this process only: a run that ends with it can be resumed, as any run.

mod job;
mod memory;
mod proposal;

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::join_all;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::app::App;
use crate::apply::{Engine, Report, plan_of};
use crate::block::State;
use crate::keep;
use crate::stop::{Stop, Stopper, stop};
use crate::store::{Owner, ProposalId, RunId, TargetRow};
use crate::target::Target;
use crate::verb::resume::ResumeError;

pub use job::{Ended, Job, Status, Work};
pub use memory::Memory;
pub use proposal::{Proposal, Taken, Wish};

/// Rows that are kept at hand: of plans that somebody looks at, and of what targets hold.
/// About a hundred bytes each.
const ROWS_AT_HAND: u64 = 2_000_000;

/// Jobs that have ended are remembered until there are so many of them.
const JOBS: usize = 10_000;

#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    #[error("Something else is being done on this target right now. Wait until it has finished.")]
    Busy,
    #[error("The server is about to end. Try again in a moment.")]
    Closing,
    /// Another page, or another person, has changed the plan since it was looked at.
    #[error("The plan is not the one that you looked at any more. Look at it again.")]
    Changed,
    #[error("There is no such plan any more. Make a new one.")]
    Gone,
    #[error("The plan has been handed to a run already.")]
    Taken(Taken),
}

type Key = (Owner, String);

/// See the module's own words.
pub struct Desk {
    jobs: Mutex<HashMap<Key, Arc<Job>>>,
    proposals: Cache<(Owner, ProposalId, i64), Arc<Proposal>, Rows>,
    readings: Cache<(Owner, String), Arc<State>, Rows>,
    closing: (Stopper, Stop),
}

#[derive(Clone)]
struct Rows;

impl Weighter<(Owner, ProposalId, i64), Arc<Proposal>> for Rows {
    fn weight(&self, _: &(Owner, ProposalId, i64), proposal: &Arc<Proposal>) -> u64 {
        let plan = &proposal.plan;
        let rows = plan.add.len() + plan.update.len() + plan.remove.len() + plan.held.len();
        let rest = plan.unchanged.len() + plan.skipped.len() + plan.state.blocks.len();
        1 + (rows * 2 + rest) as u64
    }
}

impl Weighter<(Owner, String), Arc<State>> for Rows {
    fn weight(&self, _: &(Owner, String), state: &Arc<State>) -> u64 {
        1 + state.blocks.len() as u64
    }
}

impl Default for Desk {
    fn default() -> Self {
        Desk {
            jobs: Mutex::default(),
            proposals: Cache::with_weighter(1_000, ROWS_AT_HAND, Rows),
            readings: Cache::with_weighter(1_000, ROWS_AT_HAND, Rows),
            closing: stop(),
        }
    }
}

impl Desk {
    /// What is being done on a target, or was done last.
    pub fn job(&self, owner: Owner, target: &str) -> Option<Arc<Job>> {
        self.jobs().get(&(owner, target.to_owned())).cloned()
    }

    /// What is being done on a target right now.
    pub fn busy(&self, owner: Owner, target: &str) -> Option<Arc<Job>> {
        self.job(owner, target).filter(|job| !job.is_over())
    }

    /// Forgets how the last job ended, once a person has been told.
    pub fn forget(&self, owner: Owner, target: &str) {
        let key = (owner, target.to_owned());
        let mut jobs = self.jobs();
        if jobs.get(&key).is_some_and(|job| job.is_over()) {
            jobs.remove(&key);
        }
    }

    /// Returns once the desk is being closed: whoever waits for news should wait no longer.
    pub async fn closing(&self) {
        self.closing.1.asked().await;
    }

    /// Takes no more work, asks all jobs to stop, and waits until they have.
    pub async fn close(&self) {
        self.closing.0.ask();
        let jobs: Vec<Arc<Job>> = self.jobs().values().cloned().collect();
        for job in jobs.iter().filter(|job| !job.is_over()) {
            job.ask_to_stop();
        }
        join_all(jobs.iter().map(|job| job.over())).await;
    }

    /// Reads what a target blocks now.
    pub fn read(self: &Arc<Self>, app: &App, row: &TargetRow) -> Result<Arc<Job>, DeskError> {
        let (desk, app, row) = (self.clone(), app.clone(), row.clone());
        self.begin(app.owner(), &row.name.clone(), Work::Read, None, async move |job| {
            let target = open(&app, &row, &job)?;
            let (state, identity) = (target.read().await?, target.identity());
            app.store().await?.save_reading(&row.name, &keep::whose(identity), &state).await?;
            desk.saw(&app, &row.name, state);
            Ok(Ended::Read)
        })
    }

    /// Plans what `wish` says. The plan becomes the target's proposal, in place of another.
    pub fn plan(
        self: &Arc<Self>,
        app: &App,
        row: &TargetRow,
        wish: Wish,
    ) -> Result<Arc<Job>, DeskError> {
        let (desk, app, row) = (self.clone(), app.clone(), row.clone());
        self.begin(app.owner(), &row.name.clone(), Work::Plan, None, async move |job| {
            let target = open(&app, &row, &job)?;
            let proposal = Arc::new(Proposal::make(&app, target.as_ref(), wish).await?);
            desk.saw(&app, &row.name, proposal.plan.state.clone());
            let id = proposal.id;
            desk.proposals.insert((app.owner(), id, proposal.revision), proposal);
            Ok(Ended::Proposed(id))
        })
    }

    /// The proposal that waits on a target, if there is one.
    pub async fn waiting(&self, app: &App, target: &str) -> anyhow::Result<Option<Arc<Proposal>>> {
        let store = app.store().await?;
        let Some((id, revision)) = store.open_proposal(target).await? else { return Ok(None) };
        if let Some(known) = self.proposals.get(&(app.owner(), id, revision)) {
            return Ok(Some(known));
        }
        match self.proposal(app, id).await {
            Ok(proposal) => Ok(Some(proposal)),
            Err(error) if error.is::<DeskError>() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A proposal by its number. [`DeskError::Taken`] says what has it by now.
    pub async fn proposal(&self, app: &App, id: ProposalId) -> anyhow::Result<Arc<Proposal>> {
        let store = app.store().await?;
        let proposal = match Proposal::read(&store, id).await? {
            None => return Err(DeskError::Gone.into()),
            Some(Err(taken)) => return Err(DeskError::Taken(taken).into()),
            Some(Ok(proposal)) => proposal,
        };
        if let Some(taken) = proposal.taken {
            if self.busy(app.owner(), &proposal.target).is_some() {
                return Err(DeskError::Taken(taken).into());
            }
            // Whoever had taken it ended before a run began.
            store.reopen_proposal(id).await?;
            return Box::pin(self.proposal(app, id)).await;
        }
        let (key, proposal) = ((app.owner(), id, proposal.revision), Arc::new(proposal));
        self.proposals.insert(key, proposal.clone());
        Ok(proposal)
    }

    /// Plans the same proposal for another wish, from what is known of the target.
    pub async fn revise(
        &self,
        app: &App,
        row: &TargetRow,
        proposal: &Proposal,
        wish: Wish,
    ) -> anyhow::Result<Arc<Proposal>> {
        let silent = Arc::new(crate::mastodon::client::Silent);
        let live = app.server(row, &self.closing.1, silent)?;
        let revised = proposal.revise(app, live.as_ref(), wish).await?;
        let revised = Arc::new(revised.ok_or(DeskError::Changed)?);
        let owner = app.owner();
        self.proposals.remove(&(owner, proposal.id, proposal.revision));
        self.proposals.insert((owner, revised.id, revised.revision), revised.clone());
        Ok(revised)
    }

    /// Carries a proposal out. `checksum` is that of the plan that the person has seen.
    pub async fn apply(
        self: &Arc<Self>,
        app: &App,
        row: &TargetRow,
        proposal: &Proposal,
        checksum: &str,
    ) -> anyhow::Result<Arc<Job>> {
        if proposal.plan.checksum != checksum {
            return Err(DeskError::Changed.into());
        }
        let (store, now) = (app.store().await?, app.clock.now());
        if self.busy(app.owner(), &row.name).is_some() {
            return Err(DeskError::Busy.into());
        }
        if !store.take_proposal(proposal.id, proposal.revision, now).await? {
            return Err(DeskError::Taken(Taken::Soon).into());
        }
        let (id, revision) = (proposal.id, proposal.revision);
        let plan = proposal.plan.clone();
        let (desk, own, target) = (self.clone(), app.clone(), row.clone());
        let begun = self.begin(app.owner(), &row.name, Work::Apply, None, async move |job| {
            let done =
                desk.run(&own, &target, &job, async |engine| Ok(engine.apply(&plan).await?)).await;
            let store = own.store().await?;
            match job.status().run {
                Some(run) => store.proposal_became(id, run).await?,
                None => store.reopen_proposal(id).await?,
            }
            desk.proposals.remove(&(own.owner(), id, revision));
            done
        });
        if begun.is_err() {
            store.reopen_proposal(id).await?;
        }
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
            let found = store.run(run).await?.filter(|found| found.target == row.name);
            let found = found.ok_or(DeskError::Gone)?;
            let plan = plan_of(&store, run)
                .await?
                .map_err(|source| ResumeError::Unreadable { run, source })?;
            let resumed = async |engine: Engine<'_>| Ok(engine.resume(&found, &plan).await?);
            desk.run(&app, &row, &job, resumed).await
        })
    }

    /// What a target was last seen to block, and when that was.
    pub async fn reading(&self, app: &App, row: &TargetRow) -> anyhow::Result<Option<Arc<State>>> {
        let (store, identity) = (app.store().await?, app.identity(row)?);
        let whose = keep::whose(&identity);
        let Some(at) = store.reading_at(&row.name, &whose).await? else { return Ok(None) };
        let key = (app.owner(), row.name.clone());
        // The store keeps a little less of a time than the clock gives.
        let fresh =
            |state: &Arc<State>| (state.taken_at - at).abs() < chrono::TimeDelta::milliseconds(1);
        if let Some(known) = self.readings.get(&key).filter(fresh) {
            return Ok(Some(known));
        }
        let Some(state) = store.reading(&row.name, &whose).await? else { return Ok(None) };
        let state = Arc::new(state);
        self.readings.insert(key, state.clone());
        Ok(Some(state))
    }

    fn saw(&self, app: &App, target: &str, state: State) {
        self.readings.insert((app.owner(), target.to_owned()), Arc::new(state));
    }

    fn jobs(&self) -> MutexGuard<'_, HashMap<Key, Arc<Job>>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a job, unless one is under way on that target.
    fn begin<F, W>(
        &self,
        owner: Owner,
        target: &str,
        work: Work,
        run: Option<RunId>,
        does: F,
    ) -> Result<Arc<Job>, DeskError>
    where
        F: FnOnce(Arc<Job>) -> W,
        W: Future<Output = anyhow::Result<Ended>> + Send + 'static,
    {
        if self.closing.1.is_asked() {
            return Err(DeskError::Closing);
        }
        let mut jobs = self.jobs();
        let key = (owner, target.to_owned());
        if jobs.get(&key).is_some_and(|job| !job.is_over()) {
            return Err(DeskError::Busy);
        }
        if jobs.len() >= JOBS {
            jobs.retain(|_, job| !job.is_over());
        }
        let job = Arc::new(Job::new(work, run));
        jobs.insert(key, job.clone());
        let (work, ending) = (does(job.clone()), job.clone());
        tokio::spawn(async move {
            // In a task of its own, so that a panic is an end as well.
            let done = tokio::spawn(work).await;
            ending.end(match done {
                Ok(Ok(ended)) => ended,
                Ok(Err(error)) => Ended::Failed(Arc::new(error)),
                Err(panic) => Ended::Failed(Arc::new(panic.into())),
            });
        });
        Ok(job)
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

fn open(app: &App, row: &TargetRow, job: &Arc<Job>) -> anyhow::Result<Box<dyn Target>> {
    app.server(row, job.stop(), job.clone())
}
