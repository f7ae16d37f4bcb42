//! Runs: a plan that was confirmed, and how far it got.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::error::RowOf;
use super::events::{self, EventKind, NewEvent};
use super::steps::{self, NewStep, StepStatus};
use super::{Either, Owner, Store, StoreError, Tx, level_from, level_word, on, stored_time, words};
use crate::block::Level;
use crate::text::plain;

pub type RunId = i64;

words! {
    pub enum RunStatus {
        /// Under way, or killed on the way.
        Running = "running",
        /// Ended early on purpose; can be continued.
        Stopped = "stopped",
        Failed = "failed",
        Done = "done",
    }
}

impl RunStatus {
    /// Whether a run in this state can be continued.
    pub const fn is_unfinished(self) -> bool {
        matches!(self, RunStatus::Running | RunStatus::Stopped)
    }
}

/// The ways in which a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    Stopped,
    Failed,
    Done,
}

impl From<Ending> for RunStatus {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Stopped => RunStatus::Stopped,
            Ending::Failed => RunStatus::Failed,
            Ending::Done => RunStatus::Done,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRun {
    /// The target's name, or the path of a CSV file.
    pub target: String,
    pub level: Level,
    pub mode: String,
    /// The plan's JSON.
    pub plan: String,
    pub plan_sha256: String,
    pub backup_id: Option<i64>,
    /// Who confirmed it.
    pub actor: String,
    pub created_at: DateTime<Utc>,
}

/// How many steps of a run are in which state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StepCounts {
    pub total: i64,
    pub pending: i64,
    pub sent: i64,
    pub done: i64,
    pub failed: i64,
    pub skipped: i64,
}

impl StepCounts {
    /// How many are in this state.
    pub const fn of(&self, status: StepStatus) -> i64 {
        match status {
            StepStatus::Pending => self.pending,
            StepStatus::Sent => self.sent,
            StepStatus::Done => self.done,
            StepStatus::Failed => self.failed,
            StepStatus::Skipped => self.skipped,
        }
    }
}

/// A run without its plan, which can be megabytes: see [`Store::plan`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    pub id: RunId,
    pub target: String,
    pub level: Level,
    pub mode: String,
    pub plan_sha256: String,
    pub backup_id: Option<i64>,
    /// Who confirmed it or, from then on, who went on with it. Empty where nobody knows.
    pub actor: String,
    pub status: RunStatus,
    /// Whether the target was read again afterwards and was as planned, if it was read.
    pub verified: Option<bool>,
    pub message: Option<String>,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
    pub steps: StepCounts,
}

#[derive(sqlx::FromRow)]
struct Record {
    id: i64,
    target: String,
    level: String,
    mode: String,
    plan_sha256: String,
    backup_id: Option<i64>,
    actor: String,
    status: String,
    verified: Option<bool>,
    message: Option<String>,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
    total: i64,
    pending: i64,
    sent: i64,
    done: i64,
    failed: i64,
    skipped: i64,
}

impl TryFrom<Record> for Run {
    type Error = StoreError;

    fn try_from(r: Record) -> Result<Self, StoreError> {
        let row = RowOf::new("run", &r.id);
        let status = row.need("status", RunStatus::from_word(&r.status))?;
        let ended = r.finished_at.is_some() != (status == RunStatus::Running);
        let known = r.pending + r.sent + r.done + r.failed + r.skipped;
        RowOf::new("step", &format_args!("{}/…", r.id))
            .need("status", (known == r.total).then_some(()))?;
        Ok(Run {
            level: row.need("level", level_from(&r.level))?,
            finished_at: row.need("finished_at", ended.then_some(r.finished_at))?,
            steps: StepCounts {
                total: r.total,
                pending: r.pending,
                sent: r.sent,
                done: r.done,
                failed: r.failed,
                skipped: r.skipped,
            },
            id: r.id,
            target: r.target,
            mode: r.mode,
            plan_sha256: r.plan_sha256,
            backup_id: r.backup_id,
            actor: r.actor,
            status,
            verified: r.verified,
            message: r.message,
            created_at: r.created_at,
        })
    }
}

/// The runs that a clause picks, newest first, each with its steps counted. The runs are
/// picked first, so that only their steps are looked at.
macro_rules! runs_where {
    ($clause:literal) => {
        concat!(
            "WITH picked AS (SELECT id FROM run ",
            $clause,
            ") SELECT run.id, run.target, run.level, run.mode, run.plan_sha256, run.backup_id,
                 run.actor, run.status, run.verified, run.message, run.created_at, run.finished_at,
                 COUNT(step.seq) AS total,
                 COUNT(CASE step.status WHEN 'pending' THEN 1 END) AS pending,
                 COUNT(CASE step.status WHEN 'sent' THEN 1 END) AS sent,
                 COUNT(CASE step.status WHEN 'done' THEN 1 END) AS done,
                 COUNT(CASE step.status WHEN 'failed' THEN 1 END) AS failed,
                 COUNT(CASE step.status WHEN 'skipped' THEN 1 END) AS skipped
             FROM picked JOIN run ON run.id = picked.id LEFT JOIN step ON step.run_id = run.id
             GROUP BY run.id ORDER BY run.id DESC"
        )
    };
}

impl Store {
    /// Writes a run and all its steps, or nothing. The run counts as running from here.
    pub async fn begin_run(
        &self,
        new: &NewRun,
        steps: &[NewStep<'_>],
    ) -> Result<RunId, StoreError> {
        const SQL: &str = "
            INSERT INTO run
                (target, level, mode, plan_sha256, backup_id, actor, status, created_at, owner)
            VALUES ($1, $2, $3, $4, $5, $6, 'running', $7, $8) RETURNING id";
        const PLAN: &str = "INSERT INTO run_plan (run_id, plan) VALUES ($1, $2)";
        let mut tx = self.begin().await?;
        let id: RunId = on!(&mut tx, |c| {
            sqlx::query_scalar(SQL)
                .bind(&new.target)
                .bind(level_word(new.level))
                .bind(&new.mode)
                .bind(&new.plan_sha256)
                .bind(new.backup_id)
                .bind(&new.actor)
                .bind(stored_time(new.created_at))
                .bind(self.owner)
                .fetch_one(&mut **c)
                .await
        })?;
        on!(&mut tx, |c| {
            sqlx::query(PLAN).bind(id).bind(&new.plan).execute(&mut **c).await.map(drop)
        })?;
        steps::insert(&mut tx, id, steps, new.created_at).await?;
        let detail = json!({
            "mode": new.mode,
            "steps": steps.len(),
            "plan": new.plan_sha256,
            "backup": new.backup_id,
        });
        let begun = NewEvent::new(new.created_at, &new.actor, EventKind::RunBegun);
        let begun = begun.target(&new.target).run(id).detail(detail);
        events::insert(&mut tx, self.owner, &[begun]).await?;
        tx.commit().await?;
        Ok(id)
    }

    pub async fn run(&self, id: RunId) -> Result<Option<Run>, StoreError> {
        const SQL: &str = runs_where!("WHERE id = $1 AND owner = $2");
        let record: Option<Record> = on!(&self.read, |pool| {
            sqlx::query_as(SQL).bind(id).bind(self.owner).fetch_optional(pool).await
        })
        .map_err(StoreError::reading("run"))?;
        record.map(Run::try_from).transpose()
    }

    /// The plan of a run, as it was given to [`Store::begin_run`].
    pub async fn plan(&self, id: RunId) -> Result<Option<String>, StoreError> {
        const SQL: &str = "
            SELECT run_plan.plan FROM run JOIN run_plan ON run_plan.run_id = run.id
            WHERE run.id = $1 AND run.owner = $2";
        Ok(on!(&self.read, |pool| {
            sqlx::query_scalar(SQL).bind(id).bind(self.owner).fetch_optional(pool).await
        })?)
    }

    /// The last `limit` runs, newest first.
    pub async fn runs(&self, limit: u32) -> Result<Vec<Run>, StoreError> {
        self.runs_page(None, 0, limit).await
    }

    /// A part of the runs on one target, or of all, newest first.
    pub async fn runs_page(
        &self,
        target: Option<&str>,
        offset: u32,
        limit: u32,
    ) -> Result<Vec<Run>, StoreError> {
        // Each with the index that fits it.
        const ON_ONE: &str =
            runs_where!("WHERE owner = $1 AND target = $2 ORDER BY id DESC LIMIT $3 OFFSET $4");
        const ALL: &str =
            runs_where!("WHERE owner = $1 AND $2 IS NULL ORDER BY id DESC LIMIT $3 OFFSET $4");
        let sql = if target.is_some() { ON_ONE } else { ALL };
        let records: Vec<Record> = on!(&self.read, |pool| {
            sqlx::query_as(sql)
                .bind(self.owner)
                .bind(target)
                .bind(i64::from(limit))
                .bind(i64::from(offset))
                .fetch_all(pool)
                .await
        })
        .map_err(StoreError::reading("run"))?;
        records.into_iter().map(Run::try_from).collect()
    }

    /// How many runs there were on one target, or on all.
    pub async fn count_runs(&self, target: Option<&str>) -> Result<i64, StoreError> {
        const SQL: &str = "
            SELECT COUNT(*) FROM run WHERE owner = $1 AND ($2 IS NULL OR target = $2)";
        Ok(on!(&self.read, |pool| {
            sqlx::query_scalar(SQL).bind(self.owner).bind(target).fetch_one(pool).await
        })?)
    }

    /// When the newest run on a target began, and when it ended.
    pub async fn last_run_on(
        &self,
        target: &str,
    ) -> Result<Option<(DateTime<Utc>, Option<DateTime<Utc>>)>, StoreError> {
        const SQL: &str = "
            SELECT created_at, finished_at FROM run
            WHERE owner = $1 AND target = $2 ORDER BY id DESC LIMIT 1";
        on!(&self.read, |pool| {
            sqlx::query_as(SQL).bind(self.owner).bind(target).fetch_optional(pool).await
        })
        .map_err(StoreError::reading("run"))
    }

    /// The newest run on a target that was begun since then with exactly this plan.
    pub async fn run_of_plan(
        &self,
        target: &str,
        plan_sha256: &str,
        since: DateTime<Utc>,
    ) -> Result<Option<RunId>, StoreError> {
        const SQL: &str = "
            SELECT MAX(id) FROM run
            WHERE owner = $1 AND target = $2 AND plan_sha256 = $3 AND created_at >= $4";
        Ok(on!(&self.read, |pool| {
            sqlx::query_scalar(SQL)
                .bind(self.owner)
                .bind(target)
                .bind(plan_sha256)
                .bind(stored_time(since))
                .fetch_one(pool)
                .await
        })?)
    }

    /// The newest run on `target` that can be continued.
    pub async fn unfinished_run(&self, target: &str) -> Result<Option<Run>, StoreError> {
        const SQL: &str = runs_where!(
            "WHERE owner = $1 AND target = $2 AND status IN ('running', 'stopped')
             ORDER BY id DESC LIMIT 1"
        );
        let record: Option<Record> = on!(&self.read, |pool| {
            sqlx::query_as(SQL).bind(self.owner).bind(target).fetch_optional(pool).await
        })
        .map_err(StoreError::reading("run"))?;
        record.map(Run::try_from).transpose()
    }

    /// The newest run on any target that can be continued.
    pub async fn latest_unfinished(&self) -> Result<Option<Run>, StoreError> {
        const SQL: &str = runs_where!(
            "WHERE owner = $1 AND status IN ('running', 'stopped') ORDER BY id DESC LIMIT 1"
        );
        let record: Option<Record> = on!(&self.read, |pool| {
            sqlx::query_as(SQL).bind(self.owner).fetch_optional(pool).await
        })
        .map_err(StoreError::reading("run"))?;
        record.map(Run::try_from).transpose()
    }

    /// Takes a run up again: it counts as running, its ending is forgotten, and what it
    /// does from here on is `actor`'s doing.
    pub async fn resume_run(
        &self,
        id: RunId,
        actor: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        const SQL: &str = "
            UPDATE run SET status = 'running', verified = NULL, message = NULL,
                finished_at = NULL, actor = $2
            WHERE id = $1 AND owner = $3 RETURNING target";
        let mut tx = self.begin().await?;
        if !lock_status(&mut tx, self.owner, id).await?.is_unfinished() {
            return Err(StoreError::Finished(id));
        }
        let target: String = on!(&mut tx, |c| {
            sqlx::query_scalar(SQL).bind(id).bind(actor).bind(self.owner).fetch_one(&mut **c).await
        })?;
        let resumed = NewEvent::new(now, actor, EventKind::RunResumed).target(target).run(id);
        events::insert(&mut tx, self.owner, &[resumed]).await?;
        tx.commit().await
    }

    /// Brings a run to its end, once: one that has finished stays as it is.
    pub async fn finish_run(
        &self,
        id: RunId,
        ending: Ending,
        verified: Option<bool>,
        message: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        const SQL: &str = "
            UPDATE run SET status = $1, verified = $2, message = $3, finished_at = $4
            WHERE id = $5 AND owner = $6 RETURNING target, actor";
        let (ending, message) = (RunStatus::from(ending), message.map(plain));
        let mut tx = self.begin().await?;
        if !lock_status(&mut tx, self.owner, id).await?.is_unfinished() {
            return Err(StoreError::Finished(id));
        }
        let ended: Option<(String, String)> = on!(&mut tx, |c| {
            sqlx::query_as(SQL)
                .bind(ending.as_str())
                .bind(verified)
                .bind(&message)
                .bind(stored_time(now))
                .bind(id)
                .bind(self.owner)
                .fetch_optional(&mut **c)
                .await
        })?;
        let (target, actor) = ended.ok_or_else(|| StoreError::missing("run", &id))?;
        let detail = json!({ "ending": ending, "verified": verified, "message": message });
        let finished = NewEvent::new(now, actor, EventKind::RunFinished);
        events::insert(&mut tx, self.owner, &[finished.target(target).run(id).detail(detail)])
            .await?;
        tx.commit().await
    }
}

/// A run's status, which nobody else can change until the transaction ends.
async fn lock_status(tx: &mut Tx, owner: Owner, id: RunId) -> Result<RunStatus, StoreError> {
    let word: Option<String> = match tx {
        Either::Sqlite(tx) => {
            sqlx::query_scalar("SELECT status FROM run WHERE id = $1 AND owner = $2")
                .bind(id)
                .bind(owner)
                .fetch_optional(&mut **tx)
                .await?
        }
        Either::Postgres(tx) => {
            sqlx::query_scalar("SELECT status FROM run WHERE id = $1 AND owner = $2 FOR UPDATE")
                .bind(id)
                .bind(owner)
                .fetch_optional(&mut **tx)
                .await?
        }
    };
    let word = word.ok_or_else(|| StoreError::missing("run", &id))?;
    RowOf::new("run", &id).need("status", RunStatus::from_word(&word))
}
