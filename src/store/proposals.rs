//! Plans that wait for a person.

use chrono::{DateTime, Utc};

use super::error::RowOf;
use super::readings::Packed;
use super::{RunId, Store, StoreError, on, reached, stored_time};

pub type ProposalId = i64;

/// A proposal as it is kept. What it proposes is JSON that only [`crate::desk`] reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposed {
    pub id: ProposalId,
    pub target: String,
    /// JSON: what the plan is to bring about.
    pub wish: String,
    /// Grows with every change.
    pub revision: i64,
    /// JSON: the plan, and what was found out for it. Empty once a run has it.
    pub plan: Vec<u8>,
    pub created_at: DateTime<Utc>,
    /// When it was handed to a run.
    pub taken_at: Option<DateTime<Utc>>,
    pub run: Option<RunId>,
}

#[derive(sqlx::FromRow)]
struct Record {
    id: i64,
    target: String,
    wish: String,
    revision: i64,
    size: i64,
    packed: Vec<u8>,
    created_at: DateTime<Utc>,
    taken_at: Option<DateTime<Utc>>,
    run_id: Option<i64>,
}

impl TryFrom<Record> for Proposed {
    type Error = StoreError;

    fn try_from(r: Record) -> Result<Self, StoreError> {
        let row = RowOf::new("proposal", &r.id);
        let plan = match r.size {
            0 => Vec::new(),
            size => Packed { size, bytes: r.packed }.open(&row)?,
        };
        Ok(Proposed {
            plan,
            id: r.id,
            target: r.target,
            wish: r.wish,
            revision: r.revision,
            created_at: r.created_at,
            taken_at: r.taken_at,
            run: r.run_id,
        })
    }
}

impl Store {
    /// Keeps a new proposal for a target, in place of the one that was open.
    pub async fn propose(
        &self,
        target: &str,
        wish: &str,
        plan: &[u8],
        now: DateTime<Utc>,
    ) -> Result<ProposalId, StoreError> {
        const SQL: &str = "
            INSERT INTO proposal (owner, target, wish, revision, size, packed, created_at)
            VALUES ($1, $2, $3, 1, $4, $5, $6) RETURNING id";
        let packed = Packed::of(plan)?;
        let mut tx = self.begin().await?;
        on!(&mut tx, |c| {
            sqlx::query("DELETE FROM proposal WHERE owner = $1 AND target = $2 AND run_id IS NULL")
                .bind(self.owner)
                .bind(target)
                .execute(&mut **c)
                .await
                .map(drop)
        })?;
        let id = on!(&mut tx, |c| {
            sqlx::query_scalar(SQL)
                .bind(self.owner)
                .bind(target)
                .bind(wish)
                .bind(packed.size)
                .bind(packed.bytes)
                .bind(stored_time(now))
                .fetch_one(&mut **c)
                .await
        })?;
        tx.commit().await?;
        Ok(id)
    }

    /// How a proposal stands, without its plan: its revision, when it was taken, and the run.
    pub async fn proposal_standing(
        &self,
        id: ProposalId,
    ) -> Result<Option<(i64, Option<DateTime<Utc>>, Option<RunId>)>, StoreError> {
        const SQL: &str = "
            SELECT revision, taken_at, run_id FROM proposal WHERE id = $1 AND owner = $2";
        on!(&self.read, |pool| {
            sqlx::query_as(SQL).bind(id).bind(self.owner).fetch_optional(pool).await
        })
        .map_err(StoreError::reading("proposal"))
    }

    pub async fn proposal(&self, id: ProposalId) -> Result<Option<Proposed>, StoreError> {
        let record: Option<Record> = on!(&self.read, |pool| {
            sqlx::query_as("SELECT * FROM proposal WHERE id = $1 AND owner = $2")
                .bind(id)
                .bind(self.owner)
                .fetch_optional(pool)
                .await
        })
        .map_err(StoreError::reading("proposal"))?;
        record.map(Proposed::try_from).transpose()
    }

    /// The proposal on a target that was taken and has no run: it is about to begin, or
    /// whatever was to begin it has ended before.
    pub async fn stranded_proposal(&self, target: &str) -> Result<Option<ProposalId>, StoreError> {
        const SQL: &str = "
            SELECT MAX(id) FROM proposal
            WHERE owner = $1 AND target = $2 AND taken_at IS NOT NULL AND run_id IS NULL";
        Ok(on!(&self.read, |pool| {
            sqlx::query_scalar(SQL).bind(self.owner).bind(target).fetch_one(pool).await
        })?)
    }

    /// The number and revision of the proposal that waits on a target.
    pub async fn open_proposal(
        &self,
        target: &str,
    ) -> Result<Option<(ProposalId, i64)>, StoreError> {
        const SQL: &str = "
            SELECT id, revision FROM proposal
            WHERE owner = $1 AND target = $2 AND taken_at IS NULL AND run_id IS NULL";
        Ok(on!(&self.read, |pool| {
            sqlx::query_as(SQL).bind(self.owner).bind(target).fetch_optional(pool).await
        })?)
    }

    /// Puts another plan into a proposal, unless somebody was faster.
    pub async fn revise(
        &self,
        id: ProposalId,
        revision: i64,
        wish: &str,
        plan: &[u8],
    ) -> Result<bool, StoreError> {
        const SQL: &str = "
            UPDATE proposal SET wish = $4, size = $5, packed = $6, revision = revision + 1
            WHERE id = $1 AND owner = $2 AND revision = $3 AND taken_at IS NULL
                AND run_id IS NULL";
        let packed = Packed::of(plan)?;
        Ok(reached!(self, SQL, id, self.owner, revision, wish, packed.size, packed.bytes)? > 0)
    }

    /// Hands a proposal to a run that is about to begin: once, however often it is asked for.
    pub async fn take_proposal(
        &self,
        id: ProposalId,
        revision: i64,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        const SQL: &str = "
            UPDATE proposal SET taken_at = $4
            WHERE id = $1 AND owner = $2 AND revision = $3 AND taken_at IS NULL
                AND run_id IS NULL";
        Ok(reached!(self, SQL, id, self.owner, revision, stored_time(now))? > 0)
    }

    /// The run has begun, and has the plan from now on.
    pub async fn proposal_became(
        &self,
        id: ProposalId,
        run: RunId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        const SQL: &str = "
            UPDATE proposal SET run_id = $3, size = 0, packed = $4,
                taken_at = COALESCE(taken_at, $5)
            WHERE id = $1 AND owner = $2 AND run_id IS NULL";
        reached!(self, SQL, id, self.owner, run, Vec::<u8>::new(), stored_time(now))?;
        Ok(())
    }

    /// Nothing came of the run, so the proposal is open again, unless there is a newer one.
    /// Says whether it is.
    pub async fn reopen_proposal(&self, id: ProposalId) -> Result<bool, StoreError> {
        const SQL: &str = "
            UPDATE proposal SET taken_at = NULL
            WHERE id = $1 AND owner = $2 AND run_id IS NULL AND NOT EXISTS (
                SELECT 1 FROM proposal AS newer WHERE newer.owner = proposal.owner
                    AND newer.target = proposal.target AND newer.taken_at IS NULL)";
        Ok(reached!(self, SQL, id, self.owner)? > 0)
    }

    /// Lets go of a proposal that waits, and says whether there was one.
    pub async fn drop_proposal(&self, id: ProposalId) -> Result<bool, StoreError> {
        const SQL: &str = "DELETE FROM proposal WHERE id = $1 AND owner = $2 AND taken_at IS NULL";
        Ok(reached!(self, SQL, id, self.owner)? > 0)
    }
}
