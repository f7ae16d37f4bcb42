//! What must not be blocked, as people decided it.

use std::collections::{HashMap, VecDeque};

use chrono::{DateTime, Utc};

use super::error::RowOf;
use super::{NewEvent, Store, StoreError, events, on, stored_time};
use crate::domain::Domain;
use crate::exception::{Exception, ExceptionId};

/// Rows per statement: nine variables each, of the 32,766 that `SQLite` takes.
const CHUNK: usize = 1000;

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

    /// Makes exceptions and enters the event of each: all of them or none. The numbers come in
    /// the order of `new`.
    pub async fn add_exceptions(
        &self,
        new: &[NewException],
        event: impl Fn(ExceptionId, &NewException) -> NewEvent,
    ) -> Result<Vec<ExceptionId>, StoreError> {
        let mut tx = self.begin().await?;
        let mut made = Vec::with_capacity(new.len());
        for chunk in new.chunks(CHUNK) {
            let rows: Vec<(ExceptionId, String)> = on!(&mut tx, |c| {
                let mut query = sqlx::QueryBuilder::new(
                    "INSERT INTO exception (target, domain, subdomains, list, reason, until,
                        created_at, made_by, owner) ",
                );
                query.push_values(chunk, |mut row, new| {
                    row.push_bind(&new.target)
                        .push_bind(new.domain.as_str())
                        .push_bind(new.subdomains)
                        .push_bind(&new.list)
                        .push_bind(&new.reason)
                        .push_bind(new.until.map(stored_time))
                        .push_bind(stored_time(new.created_at))
                        .push_bind(&new.made_by)
                        .push_bind(self.owner);
                });
                query.push(" RETURNING id, domain");
                query.build_query_as().fetch_all(&mut **c).await
            })?;
            // Neither database promises to answer in the order of the question.
            let mut by_domain: HashMap<&str, VecDeque<ExceptionId>> = HashMap::new();
            for (id, domain) in &rows {
                by_domain.entry(domain).or_default().push_back(*id);
            }
            made.extend(chunk.iter().filter_map(|new| {
                by_domain.get_mut(new.domain.as_str()).and_then(VecDeque::pop_front)
            }));
        }
        let events: Vec<NewEvent> = made.iter().zip(new).map(|(id, new)| event(*id, new)).collect();
        events::insert(&mut tx, self.owner, &events).await?;
        tx.commit().await?;
        Ok(made)
    }

    /// Ends exceptions for good, enters the event of each, and says what they were: all of
    /// those that there are, or none.
    pub async fn delete_exceptions(
        &self,
        ids: &[ExceptionId],
        event: impl Fn(&Exception) -> NewEvent,
    ) -> Result<Vec<Exception>, StoreError> {
        let mut tx = self.begin().await?;
        let mut gone = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(CHUNK) {
            let records: Vec<Record> = on!(&mut tx, |c| {
                let mut query = sqlx::QueryBuilder::new("DELETE FROM exception WHERE owner = ");
                query.push_bind(self.owner).push(" AND id IN (");
                let mut list = query.separated(", ");
                for id in chunk {
                    list.push_bind(id);
                }
                query.push(") RETURNING *");
                query.build_query_as().fetch_all(&mut **c).await
            })
            .map_err(StoreError::reading("exception"))?;
            for record in records {
                gone.push(Exception::try_from(record)?);
            }
        }
        let events: Vec<NewEvent> = gone.iter().map(event).collect();
        events::insert(&mut tx, self.owner, &events).await?;
        tx.commit().await?;
        Ok(gone)
    }
}
