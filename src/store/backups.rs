//! Where each backup is, and the digest that tells whether it is still what was written.

use chrono::{DateTime, Utc};

use super::error::RowOf;
use super::{Store, StoreError, level_from, level_word, on, stored_time};
use crate::block::Level;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBackup {
    pub target: String,
    pub level: Level,
    pub taken_at: DateTime<Utc>,
    pub blocks: i64,
    /// Of the JSON file's bytes.
    pub sha256: String,
    pub path: String,
    pub csv_path: String,
    /// Such as "before merge" or "by hand".
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    pub id: i64,
    pub target: String,
    pub level: Level,
    pub taken_at: DateTime<Utc>,
    pub blocks: i64,
    pub sha256: String,
    pub path: String,
    pub csv_path: String,
    pub reason: String,
}

#[derive(sqlx::FromRow)]
struct Record {
    id: i64,
    target: String,
    level: String,
    taken_at: DateTime<Utc>,
    blocks: i64,
    sha256: String,
    path: String,
    csv_path: String,
    reason: String,
}

impl TryFrom<Record> for Backup {
    type Error = StoreError;

    fn try_from(r: Record) -> Result<Self, StoreError> {
        let row = RowOf::new("backup", &r.id);
        let digest = |text: &str| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
        Ok(Backup {
            level: row.need("level", level_from(&r.level))?,
            blocks: row.need("blocks", (r.blocks >= 0).then_some(r.blocks))?,
            sha256: row.need("sha256", Some(r.sha256).filter(|text| digest(text)))?,
            id: r.id,
            target: r.target,
            taken_at: r.taken_at,
            path: r.path,
            csv_path: r.csv_path,
            reason: r.reason,
        })
    }
}

impl Store {
    pub async fn insert_backup(&self, new: &NewBackup) -> Result<i64, StoreError> {
        const SQL: &str = "
            INSERT INTO backup
                (target, level, taken_at, blocks, sha256, path, csv_path, reason, owner)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id";
        let id: i64 = on!(&self.write, |pool| {
            sqlx::query_scalar(SQL)
                .bind(&new.target)
                .bind(level_word(new.level))
                .bind(stored_time(new.taken_at))
                .bind(new.blocks)
                .bind(&new.sha256)
                .bind(&new.path)
                .bind(&new.csv_path)
                .bind(&new.reason)
                .bind(self.owner)
                .fetch_one(pool)
                .await
        })?;
        Ok(id)
    }

    pub async fn backup(&self, id: i64) -> Result<Option<Backup>, StoreError> {
        let record: Option<Record> = on!(&self.read, |pool| {
            sqlx::query_as("SELECT * FROM backup WHERE id = $1 AND owner = $2")
                .bind(id)
                .bind(self.owner)
                .fetch_optional(pool)
                .await
        })
        .map_err(StoreError::reading("backup"))?;
        record.map(Backup::try_from).transpose()
    }

    /// The backups of one target, or all of them, newest first.
    pub async fn backups(&self, target: Option<&str>) -> Result<Vec<Backup>, StoreError> {
        self.backups_page(target, 0, u32::MAX).await
    }

    /// A part of them, in the same order.
    pub async fn backups_page(
        &self,
        target: Option<&str>,
        offset: u32,
        limit: u32,
    ) -> Result<Vec<Backup>, StoreError> {
        const SQL: &str = "
            SELECT * FROM backup WHERE owner = $2 AND ($1 IS NULL OR target = $1)
            ORDER BY taken_at DESC, id DESC LIMIT $3 OFFSET $4";
        let records: Vec<Record> = on!(&self.read, |pool| {
            sqlx::query_as(SQL)
                .bind(target)
                .bind(self.owner)
                .bind(i64::from(limit))
                .bind(i64::from(offset))
                .fetch_all(pool)
                .await
        })
        .map_err(StoreError::reading("backup"))?;
        records.into_iter().map(Backup::try_from).collect()
    }

    /// How many there are of one target, or of all.
    pub async fn count_backups(&self, target: Option<&str>) -> Result<i64, StoreError> {
        const SQL: &str = "
            SELECT COUNT(*) FROM backup WHERE owner = $2 AND ($1 IS NULL OR target = $1)";
        Ok(on!(&self.read, |pool| {
            sqlx::query_scalar(SQL).bind(target).bind(self.owner).fetch_one(pool).await
        })?)
    }
}
