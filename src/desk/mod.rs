//! Where the work on targets goes on between two requests.
//!
//! Reading a server takes seconds, and carrying a plan out takes minutes or hours. A face that
//! answers in milliseconds hands such work to the [`Desk`], which does one [`Job`] per target at
//! a time and tells whoever asks how far it is ([`Status`]). A plan that was made lies on the
//! desk as a [`Proposal`] until a person has decided: they say what they think of its rows
//! ([`Desk::decide`]), and it is planned again from what is known, without asking the server;
//! once they have seen what it comes to, [`Desk::apply`] hands it to a run, once, however often it is asked to.
//!
//! Proposals and what targets were last seen to block are in the store, and last. Jobs are in
//! this process only: a run that ends with it can be resumed, as any run.

mod again;
mod anew;
mod decide;
mod job;
mod memory;
mod outline;
mod proposal;
mod runs;

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::app::App;
use crate::at_hand::{at_hand, once};
use crate::block::State;
use crate::keep;
use crate::stop::{Stop, Stopper, stop};
use crate::store::{Owner, ProposalId, RunId, TargetRow};
use crate::target::Target;

pub use decide::word::{Context, Word, Words, endable};
pub use decide::{About, DecideError, Decision, Otherwise, Outcome};
pub use job::{Ended, Job, Status, Work};
pub use memory::Memory;
pub use outline::{At, Found, Group, Outline, Place, Sought};
pub use proposal::{Proposal, Taken, Wish};
pub use runs::Agreed;

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
    #[error("The plan has nothing to do, so nothing was done.")]
    Nothing,
    /// Of those who are followed, and of those who follow.
    #[error(
        "The plan ends follows that nobody can bring back: of {0} who are followed and {1} who \
         follow. Agree to exactly these numbers first. Nothing was done yet."
    )]
    Cuts(usize, usize),
    /// A run has worked on the target since it was read for the plan.
    #[error(
        "A run has worked on this target since the plan was made, so the plan is out of date. \
         Look again."
    )]
    Outdated,
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
            proposals: at_hand(ROWS_AT_HAND, Rows),
            readings: at_hand(ROWS_AT_HAND, Rows),
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

    /// Forgets how the last job ended, where its target is not there any more.
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
            job.set_wish(wish.clone());
            let target = open(&app, &row, &job)?;
            let proposal = Arc::new(Proposal::make(&app, target.as_ref(), wish).await?);
            desk.saw(&app, &row.name, proposal.plan.state.clone());
            // Whoever looks at it first should not have to wait for this.
            proposal.outline();
            let id = proposal.id;
            desk.proposals.insert((app.owner(), id, proposal.revision), proposal);
            Ok(Ended::Proposed(id))
        })
    }

    /// The proposal that waits on a target, if there is one.
    pub async fn waiting(&self, app: &App, target: &str) -> anyhow::Result<Option<Arc<Proposal>>> {
        let open = app.store().await?.open_proposal(target).await?;
        self.waiting_as(app, target, open).await
    }

    /// The same where the number and revision of what waits are known.
    pub async fn waiting_as(
        &self,
        app: &App,
        target: &str,
        open: Option<(ProposalId, i64)>,
    ) -> anyhow::Result<Option<Arc<Proposal>>> {
        let found = match open {
            Some((id, revision)) => {
                let read = async { Ok(Some(Arc::new(self.stored(app, id).await?))) };
                once(&self.proposals, &(app.owner(), id, revision), |_| true, read).await
            }
            // Whoever had taken it may have ended with the process.
            None if self.busy(app.owner(), target).is_none() => {
                match app.store().await?.stranded_proposal(target).await? {
                    Some(id) => self.proposal(app, id).await.map(Some),
                    None => Ok(None),
                }
            }
            None => Ok(None),
        };
        found.or_else(|error| if error.is::<DeskError>() { Ok(None) } else { Err(error) })
    }

    /// The proposal with this number, if it is the one that waits on the target. Otherwise the
    /// error says what became of it.
    pub async fn proposal_now(
        &self,
        app: &App,
        target: &str,
        id: ProposalId,
    ) -> anyhow::Result<Arc<Proposal>> {
        let waiting = self.waiting(app, target).await?;
        if let Some(proposal) = waiting.filter(|proposal| proposal.id == id) {
            return Ok(proposal);
        }
        let gone = match app.store().await?.proposal_standing(id).await? {
            Some((_, _, Some(run))) => DeskError::Taken(Taken::By(run)),
            Some((_, Some(_), None)) => DeskError::Taken(Taken::Soon),
            _ => DeskError::Gone,
        };
        Err(gone.into())
    }

    /// A proposal by its number. [`DeskError::Taken`] says what has it by now.
    pub async fn proposal(&self, app: &App, id: ProposalId) -> anyhow::Result<Arc<Proposal>> {
        let proposal = Arc::new(self.stored(app, id).await?);
        self.proposals.insert((app.owner(), id, proposal.revision), proposal.clone());
        Ok(proposal)
    }

    /// The same, from the store.
    async fn stored(&self, app: &App, id: ProposalId) -> anyhow::Result<Proposal> {
        let store = app.store().await?;
        let mut proposal = match Proposal::read(&store, id).await? {
            None => return Err(DeskError::Gone.into()),
            Some(Err(taken)) => return Err(DeskError::Taken(taken).into()),
            Some(Ok(proposal)) => proposal,
        };
        if let Some(taken) = proposal.taken {
            if self.busy(app.owner(), &proposal.target).is_some() {
                return Err(DeskError::Taken(taken).into());
            }
            // Whoever had taken it has ended: after a run began, or before.
            let Proposal { target, plan, created_at, .. } = &proposal;
            if let Some(run) = store.run_of_plan(target, &plan.checksum, *created_at).await? {
                store.proposal_became(id, run, app.clock.now()).await?;
                return Err(DeskError::Taken(Taken::By(run)).into());
            }
            if !store.reopen_proposal(id).await? {
                return Err(DeskError::Gone.into());
            }
            proposal.taken = None;
        }
        Ok(proposal)
    }

    /// Whether a run has worked on the target since it was read for this plan. What is planned
    /// from memory then would be about a target that is not there any more.
    pub async fn is_outdated(&self, app: &App, proposal: &Proposal) -> anyhow::Result<bool> {
        let last = app.store().await?.last_run_on(&proposal.target).await?;
        Ok(proposal.is_older_than(last))
    }

    /// Plans the same proposal for another wish, from what is known of the target.
    pub async fn revise(
        &self,
        app: &App,
        row: &TargetRow,
        proposal: &Proposal,
        wish: Wish,
    ) -> anyhow::Result<Arc<Proposal>> {
        if self.is_outdated(app, proposal).await? {
            return Err(DeskError::Outdated.into());
        }
        let silent = Arc::new(crate::mastodon::client::Silent);
        let live = app.server(row, &self.closing.1, silent)?;
        let revised = proposal.revise(app, live.as_ref(), wish).await?;
        let revised = Arc::new(revised.ok_or(DeskError::Changed)?);
        self.replace(app.owner(), proposal, revised.clone());
        Ok(revised)
    }

    /// Lets go of a proposal. Nothing of it was done.
    pub async fn let_go(&self, app: &App, proposal: &Proposal) -> anyhow::Result<bool> {
        self.proposals.remove(&(app.owner(), proposal.id, proposal.revision));
        Ok(app.store().await?.drop_proposal(proposal.id).await?)
    }

    fn replace(&self, owner: Owner, old: &Proposal, new: Arc<Proposal>) {
        self.proposals.remove(&(owner, old.id, old.revision));
        self.proposals.insert((owner, new.id, new.revision), new);
    }

    /// What a target was last seen to block, and when that was.
    pub async fn reading(&self, app: &App, row: &TargetRow) -> anyhow::Result<Option<Arc<State>>> {
        let whose = keep::whose(&app.identity(row)?);
        let at = app.store().await?.reading_at(&row.name, &whose).await?;
        self.reading_as(app, row, at.map(|at| (at, whose)).as_ref()).await
    }

    /// The same where it is known when the target was last read, and whose it was then.
    pub async fn reading_as(
        &self,
        app: &App,
        row: &TargetRow,
        last: Option<&(DateTime<Utc>, String)>,
    ) -> anyhow::Result<Option<Arc<State>>> {
        let whose = keep::whose(&app.identity(row)?);
        let Some((at, _)) = last.filter(|(_, was)| *was == whose) else { return Ok(None) };
        let key = (app.owner(), row.name.clone());
        // The store keeps a little less of a time than the clock gives. One that is newer than
        // what was asked about is what the store has by now.
        let fresh = |state: &Arc<State>| state.taken_at > *at - chrono::TimeDelta::milliseconds(1);
        let read = async {
            let state = app.store().await?.reading(&row.name, &whose).await?;
            anyhow::Ok(state.map(Arc::new))
        };
        once(&self.readings, &key, fresh, read).await
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
        let mut jobs = self.jobs();
        // Under the lock: whoever closes asks first and then takes it, so no job slips past.
        if self.closing.1.is_asked() {
            return Err(DeskError::Closing);
        }
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
}

fn open(app: &App, row: &TargetRow, job: &Arc<Job>) -> anyhow::Result<Box<dyn Target>> {
    app.server(row, job.stop(), job.clone())
}
