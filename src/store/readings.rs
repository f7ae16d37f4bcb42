//! What targets were last seen to block.

use chrono::{DateTime, Utc};

use super::error::RowOf;
use super::{Store, StoreError, on, reached, stored_time};
use crate::block::State;

/// As lists are packed: fast, and blocks are repetitive enough.
const LEVEL: i32 = 3;

/// Something as compressed JSON.
pub(super) struct Packed {
    pub size: i64,
    pub bytes: Vec<u8>,
}

impl Packed {
    pub(super) fn of(json: &[u8]) -> Result<Packed, StoreError> {
        let bytes = zstd::bulk::compress(json, LEVEL).map_err(sqlx::Error::Io)?;
        Ok(Packed { size: i64::try_from(json.len()).unwrap_or(i64::MAX), bytes })
    }

    pub(super) fn open(&self, row: &RowOf) -> Result<Vec<u8>, StoreError> {
        let size = row.need("size", usize::try_from(self.size).ok())?;
        row.need("packed", zstd::bulk::decompress(&self.bytes, size).ok())
    }
}

impl Store {
    /// Remembers what a target was seen to block, in place of what was seen before.
    pub async fn save_reading(
        &self,
        target: &str,
        whose: &str,
        state: &State,
    ) -> Result<(), StoreError> {
        const SQL: &str = "
            INSERT INTO reading (owner, target, whose, taken_at, size, packed)
            VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (owner, target) DO UPDATE SET
                whose = excluded.whose, taken_at = excluded.taken_at, size = excluded.size,
                packed = excluded.packed";
        // Plain data under plain names has nothing that could fail.
        let packed = Packed::of(&serde_json::to_vec(state).unwrap_or_default())?;
        reached!(
            self,
            SQL,
            self.owner,
            target,
            whose,
            stored_time(state.taken_at),
            packed.size,
            packed.bytes
        )?;
        Ok(())
    }

    /// When a target was last read, if that was `whose`.
    pub async fn reading_at(
        &self,
        target: &str,
        whose: &str,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        const SQL: &str = "
            SELECT taken_at FROM reading WHERE owner = $1 AND target = $2 AND whose = $3";
        on!(&self.read, |pool| {
            sqlx::query_scalar(SQL)
                .bind(self.owner)
                .bind(target)
                .bind(whose)
                .fetch_optional(pool)
                .await
        })
        .map_err(StoreError::reading("reading"))
    }

    /// What a target was last seen to block. Nothing where the name was somebody else's then.
    pub async fn reading(&self, target: &str, whose: &str) -> Result<Option<State>, StoreError> {
        const SQL: &str = "
            SELECT size, packed FROM reading WHERE owner = $1 AND target = $2 AND whose = $3";
        let found: Option<(i64, Vec<u8>)> = on!(&self.read, |pool| {
            sqlx::query_as(SQL).bind(self.owner).bind(target).bind(whose).fetch_optional(pool).await
        })
        .map_err(StoreError::reading("reading"))?;
        let Some((size, bytes)) = found else { return Ok(None) };
        let row = RowOf::new("reading", &target);
        let json = Packed { size, bytes }.open(&row)?;
        Ok(Some(row.need("packed", serde_json::from_slice(&json).ok())?))
    }
}
