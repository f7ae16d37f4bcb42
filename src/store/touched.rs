//! What runs did to single domains.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use compact_str::CompactString;

use super::error::RowOf;
use super::runs::RunId;
use super::steps::{Action, StepStatus};
use super::{Store, StoreError, on};

/// One run's step for a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainStep {
    pub run: RunId,
    pub target: String,
    /// Of the run, such as `sync`.
    pub mode: String,
    pub action: Action,
    pub status: StepStatus,
    /// The names of the lists that asked for it, joined with ", ".
    pub lists: String,
    pub updated_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct Record {
    run_id: i64,
    seq: i64,
    target: String,
    mode: String,
    action: String,
    status: String,
    lists: String,
    updated_at: DateTime<Utc>,
}

impl TryFrom<Record> for DomainStep {
    type Error = StoreError;

    fn try_from(r: Record) -> Result<Self, StoreError> {
        let row = RowOf::new("step", &format_args!("{}/{}", r.run_id, r.seq));
        Ok(DomainStep {
            action: row.need("action", Action::from_word(&r.action))?,
            status: row.need("status", StepStatus::from_word(&r.status))?,
            run: r.run_id,
            target: r.target,
            mode: r.mode,
            lists: r.lists,
            updated_at: r.updated_at,
        })
    }
}

impl Store {
    /// What runs on any target did or meant to do to a domain, newest first.
    pub async fn domain_steps(&self, domain: &str) -> Result<Vec<DomainStep>, StoreError> {
        const SQL: &str = "
            SELECT step.run_id, step.seq, run.target, run.mode, step.action, step.status,
                step.lists, step.updated_at
            FROM step JOIN run ON run.id = step.run_id
            WHERE step.domain = $1 AND run.owner = $2
            ORDER BY step.run_id DESC, step.seq DESC";
        let records: Vec<Record> = on!(&self.read, |pool| {
            sqlx::query_as(SQL).bind(domain).bind(self.owner).fetch_all(pool).await
        })
        .map_err(StoreError::reading("step"))?;
        records.into_iter().map(DomainStep::try_from).collect()
    }

    /// The domains that runs after this one changed on the target.
    pub async fn later_steps(
        &self,
        target: &str,
        run: RunId,
    ) -> Result<BTreeSet<CompactString>, StoreError> {
        const SQL: &str = "
            SELECT DISTINCT step.domain FROM run JOIN step ON step.run_id = run.id
            WHERE run.owner = $3 AND run.target = $1 AND run.id > $2 AND step.status = 'done'";
        let names: Vec<String> = on!(&self.read, |pool| {
            sqlx::query_scalar(SQL).bind(target).bind(run).bind(self.owner).fetch_all(pool).await
        })?;
        Ok(names.into_iter().map(CompactString::from).collect())
    }
}
