//! Lists that somebody follows, and what happened when they were last looked at.
//!
//! What the house follows is offered to everybody, so that a list that many use is fetched,
//! checked and kept once. Only its owner changes anything about a list.

use chrono::{DateTime, Utc};

use super::error::RowOf;
use super::snapshots::{self, NewSnapshot, SnapshotId, Standing};
use super::{HOUSE, Owner, Store, StoreError, Tx, old_versions, on, reached, stored_time};
use crate::text::plain;

pub type ListId = i64;

/// A list to follow. Its first version goes with it: a list that could never be read is
/// not followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewList {
    pub name: String,
    /// The address, a path, `instance:HOST` or `fires:URL`. It may hold a token and is
    /// shown shortened only.
    pub source: String,
    /// JSON.
    pub settings: String,
}

/// A list that is followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowedList {
    pub id: ListId,
    /// Who follows it, and alone decides about it.
    pub owner: Owner,
    pub name: String,
    pub source: String,
    /// JSON.
    pub settings: String,
    pub created_at: DateTime<Utc>,
    /// When it was last asked for, and when it last answered.
    pub tried_at: Option<DateTime<Utc>>,
    pub succeeded_at: Option<DateTime<Utc>>,
    /// Why the last attempt failed, and how many have failed in a row.
    pub failure: Option<String>,
    pub failures: i64,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
    pub cursor: Option<String>,
    /// What was fetched last, good or not.
    pub latest: SnapshotId,
    /// What is in force.
    pub current: SnapshotId,
    /// What waits for a decision.
    pub held: Option<SnapshotId>,
}

/// An attempt that was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    pub at: DateTime<Utc>,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
    pub cursor: Option<String>,
}

#[derive(sqlx::FromRow)]
struct Record {
    id: i64,
    owner: i64,
    name: String,
    source: String,
    settings: String,
    created_at: DateTime<Utc>,
    tried_at: Option<DateTime<Utc>>,
    succeeded_at: Option<DateTime<Utc>>,
    failure: Option<String>,
    failures: i64,
    etag: Option<String>,
    last_modified: Option<String>,
    cursor: Option<String>,
    latest_id: Option<i64>,
    current_id: Option<i64>,
    held_id: Option<i64>,
}

impl TryFrom<Record> for FollowedList {
    type Error = StoreError;

    fn try_from(r: Record) -> Result<Self, StoreError> {
        let row = RowOf::new("followed_list", &r.id);
        Ok(FollowedList {
            latest: row.need("latest_id", r.latest_id)?,
            current: row.need("current_id", r.current_id)?,
            failures: row.need("failures", (r.failures >= 0).then_some(r.failures))?,
            id: r.id,
            owner: r.owner,
            name: r.name,
            source: r.source,
            settings: r.settings,
            created_at: r.created_at,
            tried_at: r.tried_at,
            succeeded_at: r.succeeded_at,
            failure: r.failure,
            etag: r.etag,
            last_modified: r.last_modified,
            cursor: r.cursor,
            held: r.held_id,
        })
    }
}

impl FollowedList {
    /// Whether somebody uses it as whoever runs this Hedgerow follows it: they take what is in
    /// force, and have no say in what that is.
    pub fn is_shared_with(&self, owner: Owner) -> bool {
        self.owner != owner
    }

    /// Why the last attempt failed, as far as somebody is told: the words may name a folder or an
    /// address that is its owner's business alone. That it failed is told by
    /// [`FollowedList::failures`].
    pub fn failure_told(&self, owner: Owner) -> Option<&str> {
        self.failure.as_deref().filter(|_| !self.is_shared_with(owner))
    }
}

impl Store {
    /// Follows a list from its first version on.
    pub async fn add_list(
        &self,
        new: &NewList,
        visit: &Visit,
        first: &NewSnapshot<'_>,
    ) -> Result<ListId, StoreError> {
        const SQL: &str = "
            INSERT INTO followed_list (name, source, settings, created_at, owner)
            VALUES ($1, $2, $3, $4, $5) RETURNING id";
        let mut tx = self.begin().await?;
        let id: ListId = on!(&mut tx, |c| {
            sqlx::query_scalar(SQL)
                .bind(&new.name)
                .bind(&new.source)
                .bind(&new.settings)
                .bind(stored_time(visit.at))
                .bind(self.owner)
                .fetch_one(&mut **c)
                .await
        })
        .map_err(|error| taken(error, &new.name))?;
        let first = snapshots::insert(&mut tx, id, first).await?;
        settle(&mut tx, self.owner, id, visit, first, Some(first), None).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// A list by its name: the owner's own or, where they follow none of that name, the house's.
    pub async fn list(&self, name: &str) -> Result<Option<FollowedList>, StoreError> {
        // Nobody who owns anything has a number below the house's.
        const SQL: &str = "
            SELECT * FROM followed_list WHERE name = $1 AND owner IN ($2, $3)
            ORDER BY owner DESC LIMIT 1";
        let record: Option<Record> = on!(&self.read, |pool| {
            sqlx::query_as(SQL).bind(name).bind(self.owner).bind(HOUSE).fetch_optional(pool).await
        })
        .map_err(StoreError::reading("followed_list"))?;
        record.map(FollowedList::try_from).transpose()
    }

    /// All lists that the owner can use, ordered by name: first their own, then those of the
    /// house that have none of theirs before them.
    pub async fn lists(&self) -> Result<Vec<FollowedList>, StoreError> {
        const SQL: &str = "
            SELECT * FROM followed_list WHERE owner = $1 OR (owner = $2 AND NOT EXISTS (
                SELECT 1 FROM followed_list AS own
                WHERE own.owner = $1 AND own.name = followed_list.name))
            ORDER BY owner DESC, name";
        let records: Vec<Record> = on!(&self.read, |pool| {
            sqlx::query_as(SQL).bind(self.owner).bind(HOUSE).fetch_all(pool).await
        })
        .map_err(StoreError::reading("followed_list"))?;
        records.into_iter().map(FollowedList::try_from).collect()
    }

    /// Stops following a list, forgets its versions, and says whether there was one.
    pub async fn delete_list(&self, name: &str) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let gone = on!(&mut tx, |c| {
            sqlx::query("DELETE FROM followed_list WHERE name = $1 AND owner = $2")
                .bind(name)
                .bind(self.owner)
                .execute(&mut **c)
                .await
                .map(|done| done.rows_affected())
        })?;
        snapshots::forget_unused(&mut tx).await?;
        tx.commit().await?;
        Ok(gone > 0)
    }

    /// Keeps new settings of a list, and perhaps a new address.
    pub async fn save_list_settings(
        &self,
        id: ListId,
        source: &str,
        settings: &str,
    ) -> Result<(), StoreError> {
        const SQL: &str = "
            UPDATE followed_list SET settings = $2, source = $3,
                etag = CASE WHEN source = $3 THEN etag END,
                last_modified = CASE WHEN source = $3 THEN last_modified END,
                cursor = CASE WHEN source = $3 THEN cursor END
            WHERE id = $1 AND owner = $4";
        reached!(self, SQL, id, settings, source, self.owner)?;
        Ok(())
    }

    /// An attempt that was not answered, or not with anything that can be kept.
    pub async fn list_failed(
        &self,
        id: ListId,
        at: DateTime<Utc>,
        failure: &str,
    ) -> Result<(), StoreError> {
        const SQL: &str = "
            UPDATE followed_list SET tried_at = $2, failure = $3, failures = failures + 1
            WHERE id = $1 AND owner = $4";
        reached!(self, SQL, id, stored_time(at), plain(failure), self.owner)?;
        Ok(())
    }

    /// An attempt that found what was there already.
    pub async fn list_unchanged(&self, id: ListId, visit: &Visit) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        visited(&mut tx, self.owner, id, visit).await?;
        tx.commit().await
    }

    /// Keeps a new version. A good one comes into force and ends the wait for a decision;
    /// one that is held waits for a decision in the place of the one before it. Of what is old
    /// people other than the house have so much and no more.
    ///
    /// `seen` is the latest version that the caller knew. Where another process has kept a
    /// newer one meanwhile, nothing is kept and the answer is `None`.
    pub async fn list_changed(
        &self,
        list: ListId,
        seen: SnapshotId,
        visit: &Visit,
        new: &NewSnapshot<'_>,
    ) -> Result<Option<SnapshotId>, StoreError> {
        let mut tx = self.begin().await?;
        let Some(record) = for_update(&mut tx, self.owner, list).await? else {
            return Err(StoreError::missing("followed_list", &list));
        };
        if record.latest_id != Some(seen) {
            return Ok(None);
        }
        let id = snapshots::insert(&mut tx, list, new).await?;
        if let Some(held) = record.held_id {
            snapshots::supersede(&mut tx, held, visit.at).await?;
        }
        let (current, held) = match new.standing {
            Standing::Held => (None, Some(id)),
            _ => (Some(id), None),
        };
        settle(&mut tx, self.owner, list, visit, id, current, held).await?;
        old_versions::forget(&mut tx, self.owner, list, visit.at).await?;
        tx.commit().await?;
        Ok(Some(id))
    }

    /// Lets the version that waits come into force, or turns it down. Where it no longer
    /// waits, nothing happens and the answer is `false`.
    pub async fn decide_held(
        &self,
        list: ListId,
        held: SnapshotId,
        accept: bool,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let waits = for_update(&mut tx, self.owner, list).await?.and_then(|record| record.held_id);
        if waits != Some(held) {
            return Ok(false);
        }
        let standing = if accept { Standing::Good } else { Standing::Rejected };
        snapshots::decide(&mut tx, held, standing, at).await?;
        on!(&mut tx, |c| {
            sqlx::query(
                "UPDATE followed_list SET held_id = NULL, current_id = COALESCE($2, current_id)
                 WHERE id = $1 AND owner = $3",
            )
            .bind(list)
            .bind(accept.then_some(held))
            .bind(self.owner)
            .execute(&mut **c)
            .await
            .map(drop)
        })?;
        tx.commit().await?;
        Ok(true)
    }
}

async fn for_update(tx: &mut Tx, owner: Owner, id: ListId) -> Result<Option<Record>, StoreError> {
    let record = match tx {
        super::Either::Sqlite(c) => {
            sqlx::query_as("SELECT * FROM followed_list WHERE id = $1 AND owner = $2")
                .bind(id)
                .bind(owner)
                .fetch_optional(&mut **c)
                .await
        }
        super::Either::Postgres(c) => {
            sqlx::query_as("SELECT * FROM followed_list WHERE id = $1 AND owner = $2 FOR UPDATE")
                .bind(id)
                .bind(owner)
                .fetch_optional(&mut **c)
                .await
        }
    };
    record.map_err(StoreError::reading("followed_list"))
}

async fn visited(tx: &mut Tx, owner: Owner, id: ListId, visit: &Visit) -> Result<(), StoreError> {
    const SQL: &str = "
        UPDATE followed_list SET tried_at = $2, succeeded_at = $2, failure = NULL, failures = 0,
            etag = $3, last_modified = $4, cursor = $5
        WHERE id = $1 AND owner = $6";
    on!(tx, |c| {
        sqlx::query(SQL)
            .bind(id)
            .bind(stored_time(visit.at))
            .bind(&visit.etag)
            .bind(&visit.last_modified)
            .bind(&visit.cursor)
            .bind(owner)
            .execute(&mut **c)
            .await
            .map(drop)
    })?;
    Ok(())
}

/// Writes down which versions count from now on; `current` is left where it is `None`.
async fn settle(
    tx: &mut Tx,
    owner: Owner,
    list: ListId,
    visit: &Visit,
    latest: SnapshotId,
    current: Option<SnapshotId>,
    held: Option<SnapshotId>,
) -> Result<(), StoreError> {
    visited(tx, owner, list, visit).await?;
    on!(tx, |c| {
        sqlx::query(
            "UPDATE followed_list SET latest_id = $2, current_id = COALESCE($3, current_id),
                 held_id = $4
             WHERE id = $1 AND owner = $5",
        )
        .bind(list)
        .bind(latest)
        .bind(current)
        .bind(held)
        .bind(owner)
        .execute(&mut **c)
        .await
        .map(drop)
    })?;
    Ok(())
}

fn taken(error: sqlx::Error, name: &str) -> StoreError {
    match error.as_database_error() {
        Some(database) if database.is_unique_violation() => StoreError::Taken(name.to_owned()),
        _ => error.into(),
    }
}
