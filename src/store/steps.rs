//! The requests of a run, one row each.
//!
//! A step is marked [`StepStatus::Sent`] before its request leaves. After a kill the rows
//! therefore name the few requests that may or may not have happened.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use compact_str::CompactString;
use serde_json::json;

use super::error::RowOf;
use super::events::{self, EventKind, NewEvent};
use super::{Owner, RunId, Store, StoreError, Tx, on, stored_time, words};
use crate::text::plain;

/// Rows per statement: well under the 32,766 variables that `SQLite` takes.
const CHUNK: usize = 1000;

/// A step is its run's owner's. This looks at no step, so it is asked once for a statement and
/// not for each of them.
const OWN_RUN: &str = " AND EXISTS (SELECT 1 FROM run WHERE id = ";

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

impl StepStatus {
    /// Whether nothing more is done for a step in this state.
    const fn is_an_end(self) -> bool {
        matches!(self, StepStatus::Done | StepStatus::Failed | StepStatus::Skipped)
    }
}

/// A step to come. Its place in the slice becomes its `seq`, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewStep<'a> {
    pub action: Action,
    pub domain: &'a str,
    /// The names of the lists that ask for it, joined with ", ".
    pub lists: &'a str,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub seq: i64,
    pub action: Action,
    pub domain: CompactString,
    /// The names of the lists that ask for it, joined with ", ".
    pub lists: String,
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
    lists: String,
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
            lists: r.lists,
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
                "INSERT INTO step (run_id, seq, action, domain, lists, updated_at) ",
            );
            query.push_values(chunk, |mut row, step| {
                row.push_bind(run)
                    .push_bind(seq)
                    .push_bind(step.action.as_str())
                    .push_bind(step.domain)
                    .push_bind(step.lists)
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
        self.steps_page(run, &[], 0, u32::MAX).await
    }

    /// A part of a run's steps in their order: those in one of these states, or in any where
    /// none is named.
    pub async fn steps_page(
        &self,
        run: RunId,
        states: &[StepStatus],
        offset: u32,
        limit: u32,
    ) -> Result<Vec<Step>, StoreError> {
        let records: Vec<Record> = on!(&self.read, |pool| {
            let mut query = sqlx::QueryBuilder::new("SELECT * FROM step WHERE run_id = ");
            query.push_bind(run).push(OWN_RUN).push_bind(run);
            query.push(" AND owner = ").push_bind(self.owner).push(")");
            if !states.is_empty() {
                query.push(" AND status IN (");
                let mut list = query.separated(", ");
                for state in states {
                    list.push_bind(state.as_str());
                }
                query.push(")");
            }
            query.push(" ORDER BY seq LIMIT ").push_bind(i64::from(limit));
            query.push(" OFFSET ").push_bind(i64::from(offset));
            query.build_query_as().fetch_all(pool).await
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
        self.mark_steps(run, &[seq], status, error, now).await
    }

    /// Marks many steps of a run at once: all of them or, if one is not there, none.
    ///
    /// What a step came to is an event. The same mark again is not another one.
    pub async fn mark_steps(
        &self,
        run: RunId,
        seqs: &[i64],
        status: StepStatus,
        error: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mark = Mark { owner: self.owner, run, status, error: error.map(plain), now };
        let mut tx = self.begin().await?;
        let mut marked = Vec::new();
        for chunk in seqs.chunks(CHUNK) {
            let mut reached = 0;
            if status.is_an_end() {
                let changed = mark.enter(&mut tx, chunk, true).await?;
                reached = changed.len();
                marked.extend(changed);
            }
            // Those that had the mark already get the new error and time.
            if reached < chunk.len() {
                reached = mark.enter(&mut tx, chunk, false).await?.len();
            }
            if reached != chunk.len() {
                return Err(no_step(run, chunk[0]));
            }
        }
        mark.tell(&mut tx, marked).await?;
        tx.commit().await
    }
}

/// What is entered for many steps at once.
struct Mark<'a> {
    owner: Owner,
    run: RunId,
    status: StepStatus,
    error: Option<Cow<'a, str>>,
    now: DateTime<Utc>,
}

/// What is told of a step that was marked.
#[derive(sqlx::FromRow)]
struct Marked {
    seq: i64,
    action: String,
    domain: String,
    lists: String,
}

impl Mark<'_> {
    /// Marks those of the steps that are there and, if `anew`, have another mark so far.
    /// PostgreSQL looks at that again after waiting for somebody else, so that only one of
    /// two who mark the same step sees it change.
    async fn enter(
        &self,
        tx: &mut Tx,
        seqs: &[i64],
        anew: bool,
    ) -> Result<Vec<Marked>, StoreError> {
        Ok(on!(tx, |c| {
            let mut query = sqlx::QueryBuilder::new("UPDATE step SET status = ");
            query.push_bind(self.status.as_str());
            query.push(", error = ").push_bind(self.error.as_deref());
            query.push(", updated_at = ").push_bind(stored_time(self.now));
            query.push(", attempts = attempts + ").push_bind(attempt(self.status));
            query.push(" WHERE run_id = ").push_bind(self.run);
            query.push(OWN_RUN).push_bind(self.run);
            query.push(" AND owner = ").push_bind(self.owner).push(") AND seq IN (");
            let mut list = query.separated(", ");
            for seq in seqs {
                list.push_bind(*seq);
            }
            query.push(")");
            if anew {
                query.push(" AND status <> ").push_bind(self.status.as_str());
            }
            query.push(" RETURNING seq, action, domain, lists");
            query.build_query_as().fetch_all(&mut **c).await
        })?)
    }

    async fn tell(&self, tx: &mut Tx, mut marked: Vec<Marked>) -> Result<(), StoreError> {
        if marked.is_empty() {
            return Ok(());
        }
        let (target, actor): (String, String) = on!(&mut *tx, |c| {
            sqlx::query_as("SELECT target, actor FROM run WHERE id = $1 AND owner = $2")
                .bind(self.run)
                .bind(self.owner)
                .fetch_one(&mut **c)
                .await
        })?;
        marked.sort_unstable_by_key(|step| step.seq);
        let event = |step: Marked| {
            let row = RowOf::new("step", &format_args!("{}/{}", self.run, step.seq));
            let action = row.need("action", Action::from_word(&step.action))?;
            let lists = Some(step.lists).filter(|names| !names.is_empty());
            let detail = json!({ "lists": lists, "error": self.error });
            let event = NewEvent::new(self.now, &actor, kind(action, self.status));
            Ok(event.target(&target).domain(step.domain).run(self.run).detail(detail))
        };
        let events: Vec<NewEvent> =
            marked.into_iter().map(event).collect::<Result<_, StoreError>>()?;
        events::insert(tx, self.owner, &events).await
    }
}

/// What it is called when a step has come to an end.
fn kind(action: Action, status: StepStatus) -> EventKind {
    match (status, action) {
        (StepStatus::Failed, _) => EventKind::Refused,
        (StepStatus::Skipped, _) => EventKind::LeftAlone,
        (_, Action::Add) => EventKind::Blocked,
        (_, Action::Update) => EventKind::Changed,
        (_, Action::Remove) => EventKind::Lifted,
    }
}

fn attempt(status: StepStatus) -> i64 {
    i64::from(status == StepStatus::Sent)
}

fn no_step(run: RunId, seq: i64) -> StoreError {
    StoreError::missing("step", &format_args!("{run}/{seq}"))
}
