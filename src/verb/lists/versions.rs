//! The versions of a list: which two are meant, and a person's word on the one that is held.

use serde_json::json;

use crate::app::App;
use crate::follow::history::{Which, in_force_since};
use crate::follow::{FollowError, Lists};
use crate::store::{EventKind, FollowedList, NewEvent, Snapshot, SnapshotId};

#[derive(Debug, thiserror::Error)]
pub enum VersionError {
    #[error("there is no such version; see `hedgerow lists history {0}`")]
    NoSuch(String),
    #[error("there is only one version of {0} so far")]
    OnlyOne(String),
}

/// The two versions that are meant: without a word, from the one in force to the one that is
/// held, or from the one before it to the one in force.
pub fn ends<'a>(
    list: &FollowedList,
    snapshots: &'a [Snapshot],
    from: Option<Which>,
    to: Option<Which>,
) -> Result<(&'a Snapshot, &'a Snapshot), VersionError> {
    let find = |which: Which| which.find(snapshots).ok_or(VersionError::NoSuch(list.name.clone()));
    let number = |id: SnapshotId| find(Which::Number(id));
    let to = match (to, list.held) {
        (Some(which), _) => find(which)?,
        (None, Some(held)) => number(held)?,
        (None, None) => number(list.current)?,
    };
    let from = match (from, list.held == Some(to.id)) {
        (Some(which), _) => find(which)?,
        (None, true) => number(list.current)?,
        (None, false) => {
            let earlier = |s: &&Snapshot| s.id < to.id && in_force_since(s).is_some();
            let earlier = snapshots.iter().find(earlier);
            earlier.ok_or(VersionError::OnlyOne(list.name.clone()))?
        }
    };
    Ok((from, to))
}

/// Lets the held version come into force, or turns it down, and writes that down. `looked_at` is
/// the version that the person decides about; where another waits by now, nothing is done.
pub async fn decide(
    app: &App,
    lists: &Lists,
    list: &FollowedList,
    looked_at: Option<SnapshotId>,
    accept: bool,
) -> Result<Snapshot, FollowError> {
    if list.held != looked_at {
        return Err(FollowError::NotThatOne);
    }
    let version = if accept { lists.accept(list).await? } else { lists.reject(list).await? };
    let kind = if accept { EventKind::ListAccepted } else { EventKind::ListRejected };
    let event = NewEvent::new(app.clock.now(), app.actor(), kind).list(&list.name);
    lists.store.log(&[event.detail(json!({ "version": version.id }))]).await?;
    Ok(version)
}
