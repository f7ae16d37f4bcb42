//! When a block ends by itself, and when somebody wants to look at it again.

use chrono::{DateTime, Utc};

use super::error::RowOf;
use super::{Store, StoreError, on, reached, stored_time};
use crate::domain::Domain;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockDate {
    pub domain: Domain,
    pub expires_at: Option<DateTime<Utc>>,
    pub review_at: Option<DateTime<Utc>>,
    pub reason: Option<String>,
    pub made_by: String,
    pub created_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct Record {
    target: String,
    domain: String,
    expires_at: Option<DateTime<Utc>>,
    review_at: Option<DateTime<Utc>>,
    reason: Option<String>,
    made_by: String,
    created_at: DateTime<Utc>,
}

impl TryFrom<Record> for BlockDate {
    type Error = StoreError;

    fn try_from(r: Record) -> Result<Self, StoreError> {
        let row = RowOf::new("block_date", &format_args!("{}/{}", r.target, r.domain));
        Ok(BlockDate {
            domain: row.need("domain", Domain::from_stored(&r.domain))?,
            expires_at: r.expires_at,
            review_at: r.review_at,
            reason: r.reason,
            made_by: r.made_by,
            created_at: r.created_at,
        })
    }
}

impl Store {
    /// The dates of a target's blocks, ordered by domain. They go with the ledger when the
    /// target's name is given to another account or server.
    pub async fn dates(&self, target: &str) -> Result<Vec<BlockDate>, StoreError> {
        const SQL: &str =
            "SELECT * FROM block_date WHERE target = $1 AND owner = $2 ORDER BY domain";
        let records: Vec<Record> = on!(&self.read, |pool| {
            sqlx::query_as(SQL).bind(target).bind(self.owner).fetch_all(pool).await
        })
        .map_err(StoreError::reading("block_date"))?;
        records.into_iter().map(BlockDate::try_from).collect()
    }

    /// Keeps the dates of a domain's block, in the place of earlier ones.
    pub async fn save_date(&self, target: &str, date: &BlockDate) -> Result<(), StoreError> {
        const SQL: &str = "
            INSERT INTO block_date
                (target, domain, expires_at, review_at, reason, made_by, created_at, owner)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            ON CONFLICT (owner, target, domain) DO UPDATE SET
                expires_at = excluded.expires_at, review_at = excluded.review_at,
                reason = excluded.reason, made_by = excluded.made_by,
                created_at = excluded.created_at";
        reached!(
            self,
            SQL,
            target,
            date.domain.as_str(),
            date.expires_at.map(stored_time),
            date.review_at.map(stored_time),
            &date.reason,
            &date.made_by,
            stored_time(date.created_at),
            self.owner
        )?;
        Ok(())
    }

    /// Forgets the dates of a domain's block, and says whether there were any.
    pub async fn delete_date(&self, target: &str, domain: &Domain) -> Result<bool, StoreError> {
        const SQL: &str = "DELETE FROM block_date WHERE target = $1 AND domain = $2 AND owner = $3";
        Ok(reached!(self, SQL, target, domain.as_str(), self.owner)? > 0)
    }
}
