//! What somebody publishes, and under which address.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::error::RowOf;
use super::{Store, StoreError, on, reached, stored_time};
use crate::policy::worded;

worded! {
    /// Who can find a publication.
    pub enum Visibility {
        /// Whoever was given its address, which nobody can guess.
        Private = "private",
        /// Everybody.
        Public = "public",
    }
}

pub type PublicationId = i64;

/// A publication as it is kept. What it publishes is JSON that only [`crate::publish`] reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicationRow {
    pub id: PublicationId,
    pub owner: i64,
    pub slug: String,
    pub title: String,
    pub what: String,
    pub options: String,
    pub visibility: Visibility,
    pub created_at: DateTime<Utc>,
    pub changed_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
}

/// What a publication is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPublication {
    pub slug: String,
    pub title: String,
    pub what: String,
    pub options: String,
    pub visibility: Visibility,
}

#[derive(sqlx::FromRow)]
struct Record {
    id: i64,
    owner: i64,
    slug: String,
    title: String,
    what: String,
    options: String,
    visibility: String,
    created_at: DateTime<Utc>,
    changed_at: DateTime<Utc>,
    revoked_at: Option<DateTime<Utc>>,
}

impl TryFrom<Record> for PublicationRow {
    type Error = StoreError;

    fn try_from(r: Record) -> Result<Self, StoreError> {
        let row = RowOf::new("publication", &r.id);
        Ok(PublicationRow {
            visibility: row.need("visibility", r.visibility.parse().ok())?,
            id: r.id,
            owner: r.owner,
            slug: r.slug,
            title: r.title,
            what: r.what,
            options: r.options,
            created_at: r.created_at,
            changed_at: r.changed_at,
            revoked_at: r.revoked_at,
        })
    }
}

impl Store {
    /// Keeps a new publication. Its address must never have been anybody's.
    pub async fn add_publication(
        &self,
        new: &NewPublication,
        now: DateTime<Utc>,
    ) -> Result<PublicationId, StoreError> {
        const SQL: &str = "
            INSERT INTO publication
                (owner, slug, title, what, options, visibility, created_at, changed_at)
            SELECT $1, $2, $3, $4, $5, $6, $7, $8
            WHERE NOT EXISTS (SELECT 1 FROM publication_past WHERE slug = $2)
            ON CONFLICT (slug) DO NOTHING RETURNING id";
        let now = stored_time(now);
        let id: Option<i64> = on!(&self.write, |pool| {
            sqlx::query_scalar(SQL)
                .bind(self.owner)
                .bind(&new.slug)
                .bind(&new.title)
                .bind(&new.what)
                .bind(&new.options)
                .bind(new.visibility.as_str())
                .bind(now)
                .bind(now)
                .fetch_optional(pool)
                .await
        })?;
        id.ok_or_else(|| StoreError::NameTaken { what: "address", name: new.slug.clone() })
    }

    /// Changes a publication that has not ended. A new address replaces the old one, which
    /// nobody gets any more.
    pub async fn change_publication(
        &self,
        id: PublicationId,
        new: &NewPublication,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        const OLD: &str = "
            SELECT slug FROM publication WHERE id = $1 AND owner = $2 AND revoked_at IS NULL";
        const TAKEN: &str = "
            SELECT COUNT(*) FROM publication_past WHERE slug = $1
            UNION ALL SELECT COUNT(*) FROM publication WHERE slug = $1 AND id <> $2";
        const SQL: &str = "
            UPDATE publication SET slug = $3, title = $4, what = $5, options = $6,
                visibility = $7, changed_at = $8
            WHERE id = $1 AND owner = $2";
        let mut tx = self.begin().await?;
        let old: Option<String> = on!(&mut tx, |c| {
            sqlx::query_scalar(OLD).bind(id).bind(self.owner).fetch_optional(&mut **c).await
        })?;
        let old = old.ok_or_else(|| StoreError::missing("publication", &id))?;
        if old != new.slug {
            let taken: Vec<i64> = on!(&mut tx, |c| {
                sqlx::query_scalar(TAKEN).bind(&new.slug).bind(id).fetch_all(&mut **c).await
            })?;
            if taken.iter().any(|count| *count > 0) {
                return Err(StoreError::NameTaken { what: "address", name: new.slug.clone() });
            }
            on!(&mut tx, |c| {
                sqlx::query("INSERT INTO publication_past (slug) VALUES ($1)")
                    .bind(&old)
                    .execute(&mut **c)
                    .await
                    .map(drop)
            })?;
        }
        on!(&mut tx, |c| {
            sqlx::query(SQL)
                .bind(id)
                .bind(self.owner)
                .bind(&new.slug)
                .bind(&new.title)
                .bind(&new.what)
                .bind(&new.options)
                .bind(new.visibility.as_str())
                .bind(stored_time(now))
                .execute(&mut **c)
                .await
                .map(drop)
        })?;
        tx.commit().await
    }

    /// Ends a publication for good, and says whether there was one. Its address stays taken.
    pub async fn revoke_publication(
        &self,
        id: PublicationId,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        const SQL: &str = "
            UPDATE publication SET revoked_at = $3
            WHERE id = $1 AND owner = $2 AND revoked_at IS NULL";
        Ok(reached!(self, SQL, id, self.owner, stored_time(now))? > 0)
    }

    /// One of the owner's publications.
    pub async fn publication(
        &self,
        id: PublicationId,
    ) -> Result<Option<PublicationRow>, StoreError> {
        let record: Option<Record> = on!(&self.read, |pool| {
            sqlx::query_as("SELECT * FROM publication WHERE id = $1 AND owner = $2")
                .bind(id)
                .bind(self.owner)
                .fetch_optional(pool)
                .await
        })
        .map_err(StoreError::reading("publication"))?;
        record.map(PublicationRow::try_from).transpose()
    }

    /// The owner's publications that have not ended, ordered by title.
    pub async fn publications(&self) -> Result<Vec<PublicationRow>, StoreError> {
        const SQL: &str = "
            SELECT * FROM publication WHERE owner = $1 AND revoked_at IS NULL
            ORDER BY title, id";
        let records: Vec<Record> =
            on!(&self.read, |pool| sqlx::query_as(SQL).bind(self.owner).fetch_all(pool).await)
                .map_err(StoreError::reading("publication"))?;
        records.into_iter().map(PublicationRow::try_from).collect()
    }

    /// Whoever's publication has this address. Knowing the address is the right to read it,
    /// so this looks at everybody's.
    pub async fn publication_at(&self, slug: &str) -> Result<Option<PublicationRow>, StoreError> {
        let record: Option<Record> = on!(&self.read, |pool| {
            sqlx::query_as("SELECT * FROM publication WHERE slug = $1")
                .bind(slug)
                .fetch_optional(pool)
                .await
        })
        .map_err(StoreError::reading("publication"))?;
        record.map(PublicationRow::try_from).transpose()
    }
}
