//! The versions of a list. What they contain is kept once, however often it returns, and
//! however many people follow the list. It is handed out to those who have a version with it.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::error::RowOf;
use super::lists::ListId;
use super::{HOUSE, Store, StoreError, Tx, on, stored_time, words};
use crate::block::hex;

pub type SnapshotId = i64;

/// Fast, and lists are repetitive enough.
const LEVEL: i32 = 3;

words! {
    /// What became of a version.
    pub enum Standing {
        /// It came into force, at once or by a decision.
        Good = "good",
        /// It waits for a decision.
        Held = "held",
        /// Somebody turned it down.
        Rejected = "rejected",
        /// It was held, and the publisher replaced it before anybody decided.
        Superseded = "superseded",
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSnapshot<'a> {
    pub bytes: &'a [u8],
    pub fetched_at: DateTime<Utc>,
    pub standing: Standing,
    /// JSON: why it is held.
    pub why: String,
    /// The format's word; nothing where it could not be read.
    pub format: Option<String>,
    /// How many domains it asks to block, or to leave alone if it is such a list.
    pub entries: i64,
    pub rejected: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    pub id: SnapshotId,
    pub list_id: ListId,
    /// Of the content, in lower-case hexadecimal.
    pub sha256: String,
    pub fetched_at: DateTime<Utc>,
    pub standing: Standing,
    /// JSON: why it was held.
    pub why: String,
    pub format: Option<String>,
    pub entries: i64,
    pub rejected: i64,
    /// When somebody accepted or rejected it, or the publisher replaced it.
    pub decided_at: Option<DateTime<Utc>>,
}

#[derive(sqlx::FromRow)]
struct Record {
    id: i64,
    list_id: i64,
    sha256: String,
    fetched_at: DateTime<Utc>,
    standing: String,
    why: String,
    format: Option<String>,
    entries: i64,
    rejected: i64,
    decided_at: Option<DateTime<Utc>>,
}

impl TryFrom<Record> for Snapshot {
    type Error = StoreError;

    fn try_from(r: Record) -> Result<Self, StoreError> {
        let row = RowOf::new("snapshot", &r.id);
        Ok(Snapshot {
            standing: row.need("standing", Standing::from_word(&r.standing))?,
            id: r.id,
            list_id: r.list_id,
            sha256: r.sha256,
            fetched_at: r.fetched_at,
            why: r.why,
            format: r.format,
            entries: r.entries,
            rejected: r.rejected,
            decided_at: r.decided_at,
        })
    }
}

impl Store {
    /// A version of a list that the owner can use.
    pub async fn snapshot(&self, id: SnapshotId) -> Result<Option<Snapshot>, StoreError> {
        const SQL: &str = "
            SELECT * FROM snapshot WHERE id = $1 AND list_id IN (
                SELECT id FROM followed_list WHERE owner IN ($2, $3))";
        let record: Option<Record> = on!(&self.read, |pool| {
            sqlx::query_as(SQL).bind(id).bind(self.owner).bind(HOUSE).fetch_optional(pool).await
        })
        .map_err(StoreError::reading("snapshot"))?;
        record.map(Snapshot::try_from).transpose()
    }

    /// All versions of a list, newest first.
    pub async fn snapshots(&self, list: ListId) -> Result<Vec<Snapshot>, StoreError> {
        const SQL: &str = "
            SELECT * FROM snapshot WHERE list_id = $1 AND EXISTS (
                SELECT 1 FROM followed_list WHERE id = $1 AND owner IN ($2, $3))
            ORDER BY id DESC";
        let records: Vec<Record> = on!(&self.read, |pool| {
            sqlx::query_as(SQL).bind(list).bind(self.owner).bind(HOUSE).fetch_all(pool).await
        })
        .map_err(StoreError::reading("snapshot"))?;
        records.into_iter().map(Snapshot::try_from).collect()
    }

    /// What a version contains. It is checked against its digest: a list that was damaged
    /// on the disk must not become blocks, and even less become fewer of them.
    pub async fn content(&self, sha256: &str) -> Result<Vec<u8>, StoreError> {
        const SQL: &str = "
            SELECT size, packed FROM content WHERE sha256 = $1 AND EXISTS (
                SELECT 1 FROM snapshot JOIN followed_list ON followed_list.id = snapshot.list_id
                WHERE snapshot.sha256 = $1 AND followed_list.owner IN ($2, $3))";
        let found: Option<(i64, Vec<u8>)> = on!(&self.read, |pool| {
            sqlx::query_as(SQL).bind(sha256).bind(self.owner).bind(HOUSE).fetch_optional(pool).await
        })
        .map_err(StoreError::reading("content"))?;
        let (size, packed) = found.ok_or_else(|| StoreError::missing("content", &sha256))?;
        let row = RowOf::new("content", &sha256);
        let size = row.need("size", usize::try_from(size).ok())?;
        let bytes = row.need("packed", zstd::bulk::decompress(&packed, size).ok())?;
        row.need("packed", (hex(&Sha256::digest(&bytes)) == sha256).then_some(bytes))
    }
}

/// Writes a version, and its content unless that is there already.
pub(super) async fn insert(
    tx: &mut Tx,
    list: ListId,
    new: &NewSnapshot<'_>,
) -> Result<SnapshotId, StoreError> {
    const SQL: &str = "
        INSERT INTO snapshot (list_id, sha256, fetched_at, standing, why, format, entries, rejected)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id";
    let sha256 = hex(&Sha256::digest(new.bytes));
    let packed = zstd::bulk::compress(new.bytes, LEVEL).map_err(sqlx::Error::Io)?;
    on!(&mut *tx, |c| {
        sqlx::query(
            "INSERT INTO content (sha256, size, packed) VALUES ($1, $2, $3)
             ON CONFLICT (sha256) DO NOTHING",
        )
        .bind(&sha256)
        .bind(i64::try_from(new.bytes.len()).unwrap_or(i64::MAX))
        .bind(&packed)
        .execute(&mut **c)
        .await
        .map(drop)
    })?;
    Ok(on!(tx, |c| {
        sqlx::query_scalar(SQL)
            .bind(list)
            .bind(&sha256)
            .bind(stored_time(new.fetched_at))
            .bind(new.standing.as_str())
            .bind(&new.why)
            .bind(&new.format)
            .bind(new.entries)
            .bind(new.rejected)
            .fetch_one(&mut **c)
            .await
    })?)
}

pub(super) async fn decide(
    tx: &mut Tx,
    id: SnapshotId,
    standing: Standing,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    on!(tx, |c| {
        sqlx::query("UPDATE snapshot SET standing = $2, decided_at = $3 WHERE id = $1")
            .bind(id)
            .bind(standing.as_str())
            .bind(stored_time(at))
            .execute(&mut **c)
            .await
            .map(drop)
    })?;
    Ok(())
}

/// A version that waited and was replaced before anybody decided. One that could never be
/// read tells nothing later, and a broken page with the time on it would fill the disk;
/// that a list was empty for a while is worth knowing.
pub(super) async fn supersede(
    tx: &mut Tx,
    id: SnapshotId,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let unreadable: u64 = on!(&mut *tx, |c| {
        const SQL: &str = "
            DELETE FROM snapshot
            WHERE id = $1 AND format IS NULL AND why NOT LIKE '%\"emptied\"%'";
        sqlx::query(SQL).bind(id).execute(&mut **c).await.map(|done| done.rows_affected())
    })?;
    if unreadable > 0 {
        forget_unused(tx).await
    } else {
        decide(tx, id, Standing::Superseded, at).await
    }
}

/// Lets go of content that no version has any more.
pub(super) async fn forget_unused(tx: &mut Tx) -> Result<(), StoreError> {
    on!(tx, |c| {
        sqlx::query("DELETE FROM content WHERE sha256 NOT IN (SELECT sha256 FROM snapshot)")
            .execute(&mut **c)
            .await
            .map(drop)
    })?;
    Ok(())
}
