//! What must not be blocked, as people decided it.

use chrono::{DateTime, Utc};

use super::error::RowOf;
use super::{Store, StoreError, on, stored_time};
use crate::domain::Domain;
use crate::exception::{Exception, ExceptionId};

/// An [`Exception`] that has no number yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewException {
    /// Nothing for all targets.
    pub target: Option<String>,
    pub domain: Domain,
    pub subdomains: bool,
    pub list: Option<String>,
    pub reason: Option<String>,
    pub until: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub made_by: String,
}

#[derive(sqlx::FromRow)]
struct Record {
    id: i64,
    target: Option<String>,
    domain: String,
    subdomains: bool,
    list: Option<String>,
    reason: Option<String>,
    until: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    made_by: String,
}

impl TryFrom<Record> for Exception {
    type Error = StoreError;

    fn try_from(r: Record) -> Result<Self, StoreError> {
        let row = RowOf::new("exception", &r.id);
        Ok(Exception {
            domain: row.need("domain", Domain::from_stored(&r.domain))?,
            id: r.id,
            target: r.target,
            subdomains: r.subdomains,
            list: r.list,
            reason: r.reason,
            until: r.until,
            created_at: r.created_at,
            made_by: r.made_by,
        })
    }
}

impl Store {
    /// The exceptions that hold for a target, those for all targets among them, or simply
    /// all of them; ordered by domain. Those that have ended are among them.
    pub async fn exceptions(&self, target: Option<&str>) -> Result<Vec<Exception>, StoreError> {
        const SQL: &str = "
            SELECT * FROM exception
            WHERE owner = $2 AND ($1 IS NULL OR target IS NULL OR target = $1)
            ORDER BY domain, id";
        let records: Vec<Record> = on!(&self.read, |pool| {
            sqlx::query_as(SQL).bind(target).bind(self.owner).fetch_all(pool).await
        })
        .map_err(StoreError::reading("exception"))?;
        records.into_iter().map(Exception::try_from).collect()
    }

    pub async fn add_exception(&self, new: &NewException) -> Result<ExceptionId, StoreError> {
        const SQL: &str = "
            INSERT INTO exception
                (target, domain, subdomains, list, reason, until, created_at, made_by, owner)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id";
        Ok(on!(&self.write, |pool| {
            sqlx::query_scalar(SQL)
                .bind(&new.target)
                .bind(new.domain.as_str())
                .bind(new.subdomains)
                .bind(&new.list)
                .bind(&new.reason)
                .bind(new.until.map(stored_time))
                .bind(stored_time(new.created_at))
                .bind(&new.made_by)
                .bind(self.owner)
                .fetch_one(pool)
                .await
        })?)
    }

    /// Ends an exception for good, and says what it was.
    pub async fn delete_exception(&self, id: ExceptionId) -> Result<Option<Exception>, StoreError> {
        let record: Option<Record> = on!(&self.write, |pool| {
            sqlx::query_as("DELETE FROM exception WHERE id = $1 AND owner = $2 RETURNING *")
                .bind(id)
                .bind(self.owner)
                .fetch_optional(pool)
                .await
        })
        .map_err(StoreError::reading("exception"))?;
        record.map(Exception::try_from).transpose()
    }
}
