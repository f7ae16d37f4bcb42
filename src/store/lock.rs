//! One run per target at a time, however many machines share the database.

use sqlx::PgConnection;

use super::{Either, Store, StoreError};

/// Held while somebody works on a target. It ends when this is dropped, when the process
/// ends, and when the connection breaks.
#[derive(Debug)]
#[must_use = "the lock ends when it is dropped"]
pub struct TargetLock(
    #[expect(dead_code, reason = "held for its session's lock, released on drop")]
    Option<PgConnection>,
);

impl Store {
    /// Locks what `key` stands for, or answers `None` where somebody else has it.
    ///
    /// A `SQLite` file serves one machine, on which a lock on a file is enough: there the
    /// answer is always a lock. On PostgreSQL it belongs to a session, so it has a
    /// connection of its own, which does not go back to the pool.
    pub async fn lock_target(&self, key: &str) -> Result<Option<TargetLock>, StoreError> {
        // Locks are the whole database's. Two Hedgerows in schemas of their own are two.
        const SQL: &str = "
            SELECT pg_try_advisory_lock(hashtextextended(current_schema() || ' ' || $1, 0))";
        let Either::Postgres(pool) = &self.write else { return Ok(Some(TargetLock(None))) };
        let mut connection = pool.acquire().await?.detach();
        let locked: bool = sqlx::query_scalar(SQL).bind(key).fetch_one(&mut connection).await?;
        Ok(locked.then_some(TargetLock(Some(connection))))
    }
}
