//! Carrying a plan out, so that it can be interrupted anywhere and gone on with.
//!
//! The order is always the same: look at the target again and refuse if it has changed,
//! back up, write the whole run down, then one step after the other, each noted before
//! its request leaves and again when its answer is there. After a kill, [`Engine::resume`] reads
//! the target first: steps whose effect shows are done, steps whose ground has shifted
//! are left alone, and only the rest is sent. At the end the target is read once more and
//! compared with what the plan promised.

mod enter;
mod lock;
mod pace;

pub use enter::{done, plan_of};
pub use lock::Lock;
pub use pace::Pace;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use serde_json::json;

use crate::backup::{Backup, BackupError};
use crate::block::{Block, State};
use crate::clock::Clock;
use crate::combine::Asks;
use crate::domain::Domain;
use crate::impact::Impact;
use crate::keep::whose;
use crate::mastodon::client::{Patience, Silent};
use crate::plan::{Change, Difference, Plan, differences};
use crate::stop::Stop;
use crate::store::{
    Action, Ending, EventKind, NewBackup, NewEvent, NewRun, NewStep, Run, RunId, StepStatus, Store,
    StoreError,
};
use crate::target::{Kind, Target, TargetError, Writes, Written};

/// So many refusals in a row mean that the server refuses as such, not this domain.
const REFUSALS_IN_A_ROW: usize = 10;

/// Hears how far a run has come.
pub trait Progress: Patience {
    /// The run is written down under this number, and can be resumed from here on.
    fn began(&self, _run: RunId) {}

    fn begin(&self, total: usize);

    /// `outlook` is the least time that the rest will take by the server's rate limit.
    fn step(&self, done: usize, change: &Change, outlook: Option<Duration>);

    fn end(&self);
}

impl Progress for Silent {
    fn begin(&self, _: usize) {}
    fn step(&self, _: usize, _: &Change, _: Option<Duration>) {}
    fn end(&self) {}
}

/// What a run needs besides its plan.
pub struct Engine<'a> {
    pub store: &'a Store,
    pub target: &'a dyn Target,
    pub clock: &'a dyn Clock,
    pub stop: &'a Stop,
    pub progress: &'a dyn Progress,
    /// Who has it done, for the record.
    pub actor: &'a str,
    /// Where backups and locks are kept.
    pub data_dir: &'a Path,
}

#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The target is not what it was when the plan was made.
    #[error("{}", stale(.0))]
    Stale(Vec<Difference>),
    #[error(
        "Run {0} on this target was interrupted. Go on with `hedgerow resume {0}`, or give it up \
         with `hedgerow resume {0} --abandon`."
    )]
    Unfinished(i64),
    #[error("Another run is working on this target right now. Wait until it has finished.")]
    Busy,
    /// A person has made blocks their own that the plan would lift for lists.
    #[error(
        "Since the plan was made, a block of {0} that it would lift or weaken has become your own, \
         so nothing was done. Make a new plan and look at it again."
    )]
    Released(String),
    /// The name has passed to another account or server.
    #[error("The plan was made for {planned}, and {name} is {is} now, so nothing was done.")]
    Elsewhere { name: String, planned: String, is: String },
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error("No backup could be written, so nothing was changed. {0}")]
    Backup(#[from] BackupError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{path}: {error}")]
    Lock { path: String, error: std::io::Error },
}

fn stale(differences: &[Difference]) -> String {
    const SHOWN: usize = 10;
    let mut lines =
        vec!["The target has changed since the plan was made, so nothing was done:".to_owned()];
    lines.extend(differences.iter().take(SHOWN).map(|difference| format!("  {difference}")));
    if differences.len() > SHOWN {
        lines.push(format!("  … and {} more", differences.len() - SHOWN));
    }
    lines.push("Make a new plan and look at it again.".to_owned());
    lines.join("\n")
}

/// What a run came to.
#[derive(Debug, Serialize)]
pub struct Report {
    pub run: i64,
    /// The backup's number and its file.
    pub backup: Option<BackupRef>,
    pub total: usize,
    pub done: usize,
    pub failed: Vec<Failure>,
    /// Changes that would have overridden what somebody did meanwhile.
    pub left_alone: Vec<Failure>,
    pub outcome: Outcome,
    /// What the target showed when it was read again.
    #[serde(skip)]
    pub found: Option<State>,
}

#[derive(Debug, Clone, Serialize)]
pub struct BackupRef {
    pub id: i64,
    pub path: PathBuf,
    pub csv: PathBuf,
}

#[derive(Debug, Serialize)]
pub struct Failure {
    pub domain: String,
    pub why: String,
}

#[derive(Debug, Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum Outcome {
    /// The target was read again and is exactly what the plan promised.
    Verified,
    /// It was read again and differs.
    Differs { differences: Vec<Difference> },
    /// Something came up; `hedgerow resume` goes on.
    Stopped { why: String },
}

impl Engine<'_> {
    /// Carries out a plan. An empty plan must not come here: it needs no backup and no run.
    pub async fn apply(&self, plan: &Plan) -> Result<Report, ApplyError> {
        let lock = self.lock().await?;
        self.apply_locked(&lock, plan).await
    }

    /// The same for whoever has the lock already, and has planned under it.
    pub async fn apply_locked(&self, _: &Lock, plan: &Plan) -> Result<Report, ApplyError> {
        self.is_for(plan)?;
        let name = &self.target.identity().name;
        if let Some(run) = self.store.unfinished_run(name).await? {
            return Err(ApplyError::Unfinished(run.id));
        }
        let state = self.target.read().await?;
        let differences = differences(&plan.state, &state);
        if !differences.is_empty() {
            return Err(ApplyError::Stale(differences));
        }
        if let Some(name) = enter::released(self.store, plan, self.clock).await? {
            return Err(ApplyError::Released(name));
        }
        let reason = format!("before {}", plan.mode);
        let backup = self.back_up(&state, &reason, plan.cut()).await?;
        let changes = plan.changes();
        let asked = asked_by(plan);
        let steps: Vec<NewStep> = changes.iter().map(|change| step_of(change, &asked)).collect();
        let run = NewRun {
            target: name.clone(),
            level: state.level,
            mode: plan.mode.to_string(),
            plan: plan.to_json(),
            plan_sha256: plan.checksum.clone(),
            backup_id: Some(backup.id),
            actor: self.actor.to_owned(),
            created_at: self.clock.now(),
        };
        let id = self.store.begin_run(&run, &steps).await?;
        self.progress.began(id);
        self.store.log(&self.overridden(plan, id)).await?;
        let due: Vec<i64> = (0..).take(changes.len()).collect();
        let report = Report::new(id, Some(backup), changes.len());
        self.carry_out(plan, &changes, &due, &state, report).await
    }

    /// Whether the target is the one that the plan was made for.
    fn is_for(&self, plan: &Plan) -> Result<(), ApplyError> {
        let (target, planned) = (self.target.identity(), whose(&plan.target));
        let is = whose(target);
        // A file may lie elsewhere by now; what it holds is compared all the same.
        if plan.target.kind == Kind::Csv || planned == is {
            return Ok(());
        }
        let [planned, is] = [planned, is].map(|text| text.trim_end().to_owned());
        Err(ApplyError::Elsewhere { name: target.name.clone(), planned, is })
    }

    /// What a person had done though something would have held it.
    fn overridden(&self, plan: &Plan, run: RunId) -> Vec<NewEvent> {
        let event = || {
            let event = NewEvent::new(self.clock.now(), self.actor, EventKind::Overridden);
            event.target(&plan.target.name).run(run)
        };
        let guards = plan.overrides.iter().map(|guard| event().detail(json!({ "guard": guard })));
        let named = plan.accepted.iter().map(|domain| event().domain(domain.as_str()));
        guards.chain(named).collect()
    }

    /// Goes on with a run that was interrupted, wherever that was.
    /// `plan` is the one that the store holds for it.
    pub async fn resume(&self, run: &Run, plan: &Plan) -> Result<Report, ApplyError> {
        let lock = self.lock().await?;
        self.resume_locked(&lock, run, plan).await
    }

    /// The same for whoever has the lock already.
    pub async fn resume_locked(
        &self,
        _: &Lock,
        run: &Run,
        plan: &Plan,
    ) -> Result<Report, ApplyError> {
        self.is_for(plan)?;
        self.store.resume_run(run.id, self.actor, self.clock.now()).await?;
        self.progress.began(run.id);
        let changes = plan.changes();
        let backup = match run.backup_id {
            Some(id) => self.store.backup(id).await?.map(|backup| BackupRef {
                id,
                path: backup.path.into(),
                csv: backup.csv_path.into(),
            }),
            None => None,
        };
        let mut report = Report::new(run.id, backup, changes.len());
        let state = match self.target.read().await {
            Ok(state) => state,
            Err(error) => return self.interrupted(report, &error).await,
        };
        let (mut due, mut done) = (Vec::new(), Vec::new());
        for step in self.store.steps(run.id).await? {
            let Some(change) = usize::try_from(step.seq).ok().and_then(|at| changes.get(at)) else {
                continue;
            };
            match step.status {
                StepStatus::Done => report.done += 1,
                StepStatus::Failed => report.failed.push(Failure::of(change, step.error)),
                StepStatus::Skipped => report.left_alone.push(Failure::of(change, step.error)),
                StepStatus::Sent if change.is_done_in(&state) => done.push(step.seq),
                StepStatus::Pending | StepStatus::Sent if change.is_due_in(&state) => {
                    due.push(step.seq);
                }
                StepStatus::Pending | StepStatus::Sent => {
                    // What was never sent and shows all the same is not Hedgerow's either.
                    let why = if change.is_done_in(&state) {
                        "somebody else has done it meanwhile".to_owned()
                    } else {
                        "it was changed by somebody else meanwhile".to_owned()
                    };
                    let at = self.clock.now();
                    self.store
                        .mark_steps(run.id, &[step.seq], StepStatus::Skipped, Some(&why), at)
                        .await?;
                    report.left_alone.push(Failure::of(change, Some(why)));
                }
            }
        }
        report.done += done.len();
        self.store.mark_steps(run.id, &done, StepStatus::Done, None, self.clock.now()).await?;
        self.carry_out(plan, &changes, &due, &state, report).await
    }

    /// Saves what the target holds and notes it, with whom the blocks to come will cut off.
    pub async fn back_up(
        &self,
        state: &State,
        reason: &str,
        cuts: Impact,
    ) -> Result<BackupRef, ApplyError> {
        let identity = self.target.identity();
        let backup = Backup::new(identity.clone(), state.clone(), reason).with_cuts(cuts);
        let saved = backup.save(&self.data_dir.join("backups"))?;
        let id = self
            .store
            .insert_backup(&NewBackup {
                target: identity.name.clone(),
                level: state.level,
                taken_at: backup.taken_at,
                blocks: i64::try_from(state.blocks.len()).unwrap_or(i64::MAX),
                sha256: saved.sha256,
                path: saved.path.display().to_string(),
                csv_path: saved.csv_path.display().to_string(),
                reason: reason.to_owned(),
            })
            .await?;
        // Names that others hide may be found among them one day.
        let names: Vec<Domain> = state.blocks.iter().filter_map(Block::domain).collect();
        self.store.see_blocked(&names).await?;
        Ok(BackupRef { id, path: saved.path, csv: saved.csv_path })
    }

    async fn carry_out(
        &self,
        plan: &Plan,
        changes: &[Change],
        due: &[i64],
        state: &State,
        mut report: Report,
    ) -> Result<Report, ApplyError> {
        self.progress.begin(due.len());
        let written = match self.target.capabilities().writes {
            Writes::Bulk => self.write_all(changes, due, state, &mut report).await,
            Writes::Single => self.write_each(changes, due, state, &mut report).await,
        };
        self.progress.end();
        match written? {
            Ok(()) => self.verify(plan, report).await,
            Err(error) => self.interrupted(report, &error).await,
        }
    }

    async fn write_all(
        &self,
        changes: &[Change],
        due: &[i64],
        state: &State,
        report: &mut Report,
    ) -> Result<Result<(), TargetError>, ApplyError> {
        let changes: Vec<Change> =
            due.iter().filter_map(|seq| at(changes, *seq).cloned()).collect();
        self.store.mark_steps(report.run, due, StepStatus::Sent, None, self.clock.now()).await?;
        if let Err(error) = self.target.write(&changes, state).await {
            return Ok(Err(error));
        }
        self.store.mark_steps(report.run, due, StepStatus::Done, None, self.clock.now()).await?;
        report.done += changes.len();
        Ok(Ok(()))
    }

    async fn write_each(
        &self,
        changes: &[Change],
        due: &[i64],
        state: &State,
        report: &mut Report,
    ) -> Result<Result<(), TargetError>, ApplyError> {
        let mut refusals = 0;
        for (done, seq) in due.iter().enumerate() {
            if self.stop.is_asked() {
                return Ok(Err(TargetError::Stopped));
            }
            let Some(change) = at(changes, *seq) else { continue };
            let mark = async |status, why: Option<&str>| {
                self.store.mark_step(report.run, *seq, status, why, self.clock.now()).await
            };
            mark(StepStatus::Sent, None).await?;
            match self.target.write(std::slice::from_ref(change), state).await {
                Ok(Written::Done | Written::AlreadySo) => {
                    mark(StepStatus::Done, None).await?;
                    report.done += 1;
                    refusals = 0;
                }
                Ok(Written::LeftAlone(why)) => {
                    mark(StepStatus::Skipped, Some(&why)).await?;
                    report.left_alone.push(Failure::of(change, Some(why)));
                    refusals = 0;
                }
                Err(TargetError::Refused(why)) => {
                    mark(StepStatus::Failed, Some(&why)).await?;
                    report.failed.push(Failure::of(change, Some(why.clone())));
                    refusals += 1;
                    if refusals == REFUSALS_IN_A_ROW {
                        return Ok(Err(TargetError::Unavailable(format!(
                            "{refusals} changes in a row were refused, the last one so: {why}"
                        ))));
                    }
                }
                Err(error) => return Ok(Err(error)),
            }
            let left = due.len() - done - 1;
            self.progress.step(done + 1, change, self.target.outlook(left));
        }
        Ok(Ok(()))
    }

    async fn verify(&self, plan: &Plan, mut report: Report) -> Result<Report, ApplyError> {
        let found = match self.target.read_back().await {
            Ok(found) => found,
            Err(error) => {
                let error = TargetError::Unavailable(format!(
                    "All changes were made, but they could not be verified. {error}"
                ));
                return self.interrupted(report, &error).await;
            }
        };
        enter::enter(self.store, report.run, plan, Some(&found), self.clock).await?;
        let differences = differences(&plan.expected(found.taken_at), &found);
        let verified = differences.is_empty();
        let whole = verified && report.failed.is_empty();
        let ending = if whole { Ending::Done } else { Ending::Failed };
        let message = (!verified).then(|| {
            let domains = crate::text::count(differences.len(), "domain");
            format!("{domains} not as planned")
        });
        self.store
            .finish_run(report.run, ending, Some(verified), message.as_deref(), self.clock.now())
            .await?;
        if !verified {
            report.outcome = Outcome::Differs { differences };
        }
        let identity = self.target.identity();
        if identity.kind != Kind::Csv {
            self.store.save_reading(&identity.name, &whose(identity), &found).await?;
        }
        report.found = Some(found);
        Ok(report)
    }

    async fn interrupted(
        &self,
        mut report: Report,
        error: &TargetError,
    ) -> Result<Report, ApplyError> {
        let why = error.to_string();
        self.store
            .finish_run(report.run, Ending::Stopped, None, Some(&why), self.clock.now())
            .await?;
        report.outcome = Outcome::Stopped { why };
        Ok(report)
    }

    /// Gives a run up that was interrupted: what it has done stays and is remembered, the
    /// rest is never done. `found` is what the target shows, if it could be read: it tells
    /// of a change that was sent and not answered any more.
    pub async fn abandon(
        store: &Store,
        run: &Run,
        plan: &Plan,
        found: Option<&State>,
        actor: &str,
        clock: &dyn Clock,
    ) -> Result<(), ApplyError> {
        if let Some(found) = found {
            let changes = plan.changes();
            let steps = store.steps(run.id).await?.into_iter();
            let sent = steps.filter(|step| step.status == StepStatus::Sent);
            let shows = |seq: &i64| at(&changes, *seq).is_some_and(|c| c.is_done_in(found));
            let done: Vec<i64> = sent.map(|step| step.seq).filter(shows).collect();
            store.mark_steps(run.id, &done, StepStatus::Done, None, clock.now()).await?;
        }
        enter::enter(store, run.id, plan, found, clock).await?;
        let (ending, why) = (Ending::Failed, Some("abandoned"));
        store.finish_run(run.id, ending, run.verified, why, clock.now()).await?;
        let event = NewEvent::new(clock.now(), actor, EventKind::RunAbandoned);
        store.log(&[event.target(&run.target).run(run.id)]).await?;
        Ok(())
    }
}

/// The names of the lists that ask for a change, joined, by domain.
fn asked_by(plan: &Plan) -> HashMap<&str, String> {
    let add = plan.add.iter().map(|row| (row.domain.as_str(), &row.asked_by));
    let update = plan.update.iter().map(|row| (row.domain.as_str(), &row.asked_by));
    let remove = plan.remove.iter().map(|row| (row.domain.as_str(), &row.asked_by));
    let names = |asks: &Asks| {
        let heard = asks.iter().filter(|ask| !ask.watched);
        heard.map(|ask| ask.list.to_string()).collect::<Vec<_>>().join(", ")
    };
    add.chain(update).chain(remove).map(|(domain, asks)| (domain, names(asks))).collect()
}

fn step_of<'a>(change: &'a Change, asked: &'a HashMap<&str, String>) -> NewStep<'a> {
    let action = match change {
        Change::Add { .. } => Action::Add,
        Change::Update { .. } => Action::Update,
        Change::Remove { .. } => Action::Remove,
    };
    let lists = asked.get(change.name()).map_or("", String::as_str);
    NewStep { action, domain: change.name(), lists }
}

fn at(changes: &[Change], seq: i64) -> Option<&Change> {
    changes.get(usize::try_from(seq).ok()?)
}

impl Report {
    fn new(run: i64, backup: Option<BackupRef>, total: usize) -> Self {
        Report {
            run,
            backup,
            total,
            done: 0,
            failed: Vec::new(),
            left_alone: Vec::new(),
            outcome: Outcome::Verified,
            found: None,
        }
    }

    pub fn is_verified(&self) -> bool {
        matches!(self.outcome, Outcome::Verified) && self.failed.is_empty()
    }
}

impl Failure {
    fn of(change: &Change, why: Option<String>) -> Self {
        Failure { domain: change.name().to_owned(), why: why.unwrap_or_default() }
    }
}
