//! Accounts and instances that somebody signed in to.

use chrono::{DateTime, Utc};

use super::error::RowOf;
use super::{Store, StoreError, level_from, level_word, on, reached, stored_time};
use crate::block::Level;

/// A sign-in to remember. The two secrets are already sealed by the vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTarget {
    pub name: String,
    pub level: Level,
    pub base_url: String,
    /// The domain in the server's handles, which need not be the host of its API.
    pub domain: String,
    /// `user@domain`.
    pub account: Option<String>,
    pub software: String,
    pub version: String,
    /// Separated by spaces.
    pub scopes: String,
    pub client_id: String,
    pub client_secret: String,
    pub token: String,
    pub created_at: DateTime<Utc>,
}

/// A remembered sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetRow {
    pub id: i64,
    pub name: String,
    pub level: Level,
    pub base_url: String,
    pub domain: String,
    pub account: Option<String>,
    pub software: String,
    pub version: String,
    pub scopes: String,
    pub client_id: String,
    /// Sealed.
    pub client_secret: String,
    /// Sealed.
    pub token: String,
    pub created_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
pub(super) struct Record {
    id: i64,
    name: String,
    level: String,
    base_url: String,
    domain: String,
    account: Option<String>,
    software: String,
    version: String,
    scopes: String,
    client_id: String,
    client_secret: String,
    token: String,
    created_at: DateTime<Utc>,
}

impl TryFrom<Record> for TargetRow {
    type Error = StoreError;

    fn try_from(r: Record) -> Result<Self, StoreError> {
        let row = RowOf::new("target", &r.id);
        Ok(TargetRow {
            level: row.need("level", level_from(&r.level))?,
            base_url: row
                .need("base_url", url::Url::parse(&r.base_url).ok().map(|_| r.base_url))?,
            id: r.id,
            name: r.name,
            domain: r.domain,
            account: r.account,
            software: r.software,
            version: r.version,
            scopes: r.scopes,
            client_id: r.client_id,
            client_secret: r.client_secret,
            token: r.token,
            created_at: r.created_at,
        })
    }
}

impl Store {
    /// Remembers a target, replacing the one of the same name but keeping its id.
    pub async fn save_target(&self, new: &NewTarget) -> Result<i64, StoreError> {
        const SQL: &str = "
            INSERT INTO target (name, level, base_url, domain, account, software, version,
                                scopes, client_id, client_secret, token, created_at, owner)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
            ON CONFLICT (owner, name) DO UPDATE SET
                level = excluded.level, base_url = excluded.base_url,
                domain = excluded.domain, account = excluded.account,
                software = excluded.software, version = excluded.version,
                scopes = excluded.scopes, client_id = excluded.client_id,
                client_secret = excluded.client_secret, token = excluded.token,
                created_at = excluded.created_at
            RETURNING id";
        let id: i64 = on!(&self.write, |pool| {
            sqlx::query_scalar(SQL)
                .bind(&new.name)
                .bind(level_word(new.level))
                .bind(&new.base_url)
                .bind(&new.domain)
                .bind(&new.account)
                .bind(&new.software)
                .bind(&new.version)
                .bind(&new.scopes)
                .bind(&new.client_id)
                .bind(&new.client_secret)
                .bind(&new.token)
                .bind(stored_time(new.created_at))
                .bind(self.owner)
                .fetch_one(pool)
                .await
        })?;
        Ok(id)
    }

    pub async fn target(&self, name: &str) -> Result<Option<TargetRow>, StoreError> {
        let record: Option<Record> = on!(&self.read, |pool| {
            sqlx::query_as("SELECT * FROM target WHERE name = $1 AND owner = $2")
                .bind(name)
                .bind(self.owner)
                .fetch_optional(pool)
                .await
        })
        .map_err(StoreError::reading("target"))?;
        record.map(TargetRow::try_from).transpose()
    }

    /// The target with this number, which addresses of pages carry.
    pub async fn target_by_id(&self, id: i64) -> Result<Option<TargetRow>, StoreError> {
        let record: Option<Record> = on!(&self.read, |pool| {
            sqlx::query_as("SELECT * FROM target WHERE id = $1 AND owner = $2")
                .bind(id)
                .bind(self.owner)
                .fetch_optional(pool)
                .await
        })
        .map_err(StoreError::reading("target"))?;
        record.map(TargetRow::try_from).transpose()
    }

    /// All targets, ordered by name.
    pub async fn targets(&self) -> Result<Vec<TargetRow>, StoreError> {
        let records: Vec<Record> = on!(&self.read, |pool| {
            sqlx::query_as("SELECT * FROM target WHERE owner = $1 ORDER BY name")
                .bind(self.owner)
                .fetch_all(pool)
                .await
        })
        .map_err(StoreError::reading("target"))?;
        records.into_iter().map(TargetRow::try_from).collect()
    }

    /// Forgets a target and says whether there was one. Its runs and backups stay.
    pub async fn delete_target(&self, name: &str) -> Result<bool, StoreError> {
        const SQL: &str = "DELETE FROM target WHERE name = $1 AND owner = $2";
        Ok(reached!(self, SQL, name, self.owner)? > 0)
    }
}
