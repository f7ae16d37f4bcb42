//! The requests of a run, one row each.
//!
//! A step is marked [`StepStatus::Sent`] before its request leaves. After a kill the rows
//! therefore name the few requests that may or may not have happened.

use chrono::{DateTime, Utc};
use compact_str::CompactString;

use super::error::RowOf;
use super::{RunId, Store, StoreError, Tx, on, stored_time, words};
use crate::text::plain;

/// Rows per statement: well under the 32,766 variables that `SQLite` takes.
const CHUNK: usize = 1000;

words! {
    /// What a step does to its domain.
    pub enum Action {
        Add = "add",
        Update = "update",
        Remove = "remove",
    }
}

words! {
    pub enum StepStatus {
        Pending = "pending",
        /// Its request is about to leave, or has left and was not answered.
        Sent = "sent",
        Done = "done",
        Failed = "failed",
        Skipped = "skipped",
    }
}

/// A step to come. Its place in the slice becomes its `seq`, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewStep<'a> {
    pub action: Action,
    pub domain: &'a str,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub seq: i64,
    pub action: Action,
    pub domain: CompactString,
    pub status: StepStatus,
    /// How often its request has been sent.
    pub attempts: i64,
    pub error: Option<String>,
    pub updated_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct Record {
    run_id: i64,
    seq: i64,
    action: String,
    domain: String,
    status: String,
    attempts: i64,
    error: Option<String>,
    updated_at: DateTime<Utc>,
}

impl TryFrom<Record> for Step {
    type Error = StoreError;

    fn try_from(r: Record) -> Result<Self, StoreError> {
        let row = RowOf::new("step", &format_args!("{}/{}", r.run_id, r.seq));
        Ok(Step {
            seq: r.seq,
            action: row.need("action", Action::from_word(&r.action))?,
            domain: row.need("domain", (!r.domain.is_empty()).then(|| r.domain.into()))?,
            status: row.need("status", StepStatus::from_word(&r.status))?,
            attempts: row.need("attempts", (r.attempts >= 0).then_some(r.attempts))?,
            error: r.error,
            updated_at: r.updated_at,
        })
    }
}

/// Writes the steps of a new run inside its transaction.
pub(super) async fn insert(
    tx: &mut Tx,
    run: RunId,
    steps: &[NewStep<'_>],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut seq = 0_i64;
    for chunk in steps.chunks(CHUNK) {
        on!(tx, |c| {
            let mut query = sqlx::QueryBuilder::new(
                "INSERT INTO step (run_id, seq, action, domain, updated_at) ",
            );
            query.push_values(chunk, |mut row, step| {
                row.push_bind(run)
                    .push_bind(seq)
                    .push_bind(step.action.as_str())
                    .push_bind(step.domain)
                    .push_bind(stored_time(now));
                seq += 1;
            });
            query.build().execute(&mut **c).await.map(drop)
        })?;
    }
    Ok(())
}

impl Store {
    /// All steps of a run in their order.
    pub async fn steps(&self, run: RunId) -> Result<Vec<Step>, StoreError> {
        let records: Vec<Record> = on!(&self.read, |pool| {
            sqlx::query_as("SELECT * FROM step WHERE run_id = $1 ORDER BY seq")
                .bind(run)
                .fetch_all(pool)
                .await
        })
        .map_err(StoreError::reading("step"))?;
        records.into_iter().map(Step::try_from).collect()
    }

    /// Marks one step; marking it sent counts an attempt. `error` replaces the old one.
    pub async fn mark_step(
        &self,
        run: RunId,
        seq: i64,
        status: StepStatus,
        error: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        const SQL: &str = "
            UPDATE step SET status = $1, error = $2, updated_at = $3, attempts = attempts + $4
            WHERE run_id = $5 AND seq = $6";
        let marked = on!(&self.write, |pool| {
            sqlx::query(SQL)
                .bind(status.as_str())
                .bind(error.map(plain))
                .bind(stored_time(now))
                .bind(attempt(status))
                .bind(run)
                .bind(seq)
                .execute(pool)
                .await
                .map(|done| done.rows_affected())
        })?;
        if marked == 1 { Ok(()) } else { Err(no_step(run, seq)) }
    }

    /// Marks many steps of a run at once: all of them or, if one is not there, none.
    pub async fn mark_steps(
        &self,
        run: RunId,
        seqs: &[i64],
        status: StepStatus,
        error: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        for chunk in seqs.chunks(CHUNK) {
            let marked = on!(&mut tx, |c| {
                let mut query = sqlx::QueryBuilder::new("UPDATE step SET status = ");
                query.push_bind(status.as_str());
                query.push(", error = ").push_bind(error.map(plain));
                query.push(", updated_at = ").push_bind(stored_time(now));
                query.push(", attempts = attempts + ").push_bind(attempt(status));
                query.push(" WHERE run_id = ").push_bind(run).push(" AND seq IN (");
                let mut list = query.separated(", ");
                for seq in chunk {
                    list.push_bind(*seq);
                }
                query.push(")");
                query.build().execute(&mut **c).await.map(|done| done.rows_affected())
            })?;
            if marked != chunk.len() as u64 {
                return Err(no_step(run, chunk[0]));
            }
        }
        tx.commit().await
    }
}

fn attempt(status: StepStatus) -> i64 {
    i64::from(status == StepStatus::Sent)
}

fn no_step(run: RunId, seq: i64) -> StoreError {
    StoreError::missing("step", &format_args!("{run}/{seq}"))
}
