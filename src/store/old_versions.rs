//! How much of a list's past is kept for people other than the house, whose disk it is.
//!
//! What is in force, what waits for a decision and what was fetched last always stay, and so does
//! what a new version is compared with: the newest that somebody accepted, and the one that was
//! in force a week ago. Of the rest the oldest goes first, and what nobody accepted before what
//! somebody did.

use chrono::{DateTime, TimeDelta, Utc};

use super::lists::ListId;
use super::snapshots::{self, Standing};
use super::{HOUSE, Owner, StoreError, Tx, on};

/// A new version is held against what was in force so long ago.
pub const COMPARED_WITH: TimeDelta = TimeDelta::days(7);

/// The most versions of one list, besides those that always stay.
pub const MOST_VERSIONS: usize = 50;

/// The most bytes that these have together, before they are packed. The largest list that was
/// ever published has a tenth of it.
pub const MOST_BYTES: i64 = 16 << 20;

#[derive(sqlx::FromRow)]
struct Old {
    id: i64,
    standing: String,
    fetched_at: DateTime<Utc>,
    decided_at: Option<DateTime<Utc>>,
    size: i64,
}

impl Old {
    fn is_good(&self) -> bool {
        self.standing == Standing::Good.as_str()
    }

    fn is_accepted(&self) -> bool {
        self.is_good() && self.decided_at.is_some()
    }
}

/// Forgets versions of a list that are too many, after a new one came at `at`.
pub(super) async fn forget(
    tx: &mut Tx,
    owner: Owner,
    list: ListId,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    // Those that count are left out here.
    const SQL: &str = "
        SELECT snapshot.id, standing, fetched_at, decided_at, size
        FROM snapshot JOIN content ON content.sha256 = snapshot.sha256
        JOIN followed_list ON followed_list.id = list_id
        WHERE list_id = $1 AND owner = $2
            AND snapshot.id NOT IN (latest_id, current_id, COALESCE(held_id, latest_id))
        ORDER BY snapshot.id DESC";
    if owner == HOUSE {
        return Ok(());
    }
    let old: Vec<Old> =
        on!(&mut *tx, |c| sqlx::query_as(SQL).bind(list).bind(owner).fetch_all(&mut **c).await)
            .map_err(StoreError::reading("snapshot"))?;
    let gone = too_many(old, at);
    if gone.is_empty() {
        return Ok(());
    }
    for id in gone {
        on!(&mut *tx, |c| {
            let gone = sqlx::query("DELETE FROM snapshot WHERE id = $1").bind(id);
            gone.execute(&mut **c).await.map(drop)
        })?;
    }
    snapshots::forget_unused(tx).await
}

/// Which of these, the newest first, are to go.
fn too_many(mut old: Vec<Old>, at: DateTime<Utc>) -> Vec<i64> {
    let accepted = old.iter().find(|old| old.is_accepted()).map(|old| old.id);
    let compared = old.iter().find(|old| old.is_good() && at - old.fetched_at >= COMPARED_WITH);
    let stays = [accepted, compared.map(|old| old.id)];
    old.retain(|old| !stays.contains(&Some(old.id)));
    old.sort_by_key(|old| !old.is_accepted());
    let mut bytes = 0;
    let beyond = |(place, old): (usize, Old)| {
        bytes += old.size;
        (place >= MOST_VERSIONS || bytes > MOST_BYTES).then_some(old.id)
    };
    old.into_iter().enumerate().filter_map(beyond).collect()
}
