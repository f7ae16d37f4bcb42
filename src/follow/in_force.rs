//! The version of a list that is in force, and why it is not the newest.

use super::{FollowError, Lists, concerns_of, empty, is_empty, joined, settings_of};
use crate::list::{Document, Format, ReadError, read_as};
use crate::source::{Loaded, Source};
use crate::store::{FollowedList, Snapshot, SnapshotId};
use crate::text::ago;

/// The version of a list that is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForce {
    pub loaded: Loaded,
    pub snapshot: Snapshot,
    pub format: Option<Format>,
    /// Why it is not the newest that could be, for people.
    pub note: Option<String>,
    /// The newest version waits for a decision.
    pub held: bool,
}

impl InForce {
    /// Reads it. A version that is empty because somebody accepted it so is an empty
    /// document and no error.
    pub fn document(&self) -> Result<Document, ReadError> {
        match read_as(&self.loaded.bytes, self.format) {
            Err(error) if self.snapshot.entries == 0 && is_empty(&error) => Ok(empty()),
            other => other,
        }
    }
}

impl Lists {
    /// The version in force, and why it is not the newest.
    pub async fn in_force(&self, list: &FollowedList) -> Result<InForce, FollowError> {
        let snapshot = self.version(list, list.current).await?;
        let bytes = self.store.content(&snapshot.sha256).await?;
        let shared = list.is_shared_with(self.store.owner());
        let address = match Source::kept_as(&list.source)? {
            // What folders the house has is nobody else's business.
            Source::File(_) if shared => list.name.clone(),
            source => source.address(),
        };
        let loaded =
            Loaded { name: list.name.clone(), address, sha256: snapshot.sha256.clone(), bytes };
        let note = self.note(list, &snapshot).await?;
        let format = settings_of(list)?.format;
        Ok(InForce { loaded, snapshot, format, note, held: list.held.is_some() })
    }

    async fn note(
        &self,
        list: &FollowedList,
        current: &Snapshot,
    ) -> Result<Option<String>, FollowError> {
        let name = &list.name;
        let now = self.clock.now();
        let failed = list.failure.as_ref().map(|_| {
            let read = ago(now, list.succeeded_at.unwrap_or(current.fetched_at));
            let told = list.failure_told(self.store.owner());
            let says =
                told.map_or_else(String::new, |says| format!(" ({})", says.trim_end_matches('.')));
            format!("{name} could not be fetched{says}. The copy that was read {read} is used.")
        });
        if let Some(held) = list.held {
            let held = self.version(list, held).await?;
            let concerns = concerns_of(list, &held)?;
            let mut held = format!(
                "The newest version of {name} is held: {}. The one before it, fetched {}, is used",
                joined(&concerns),
                ago(now, current.fetched_at)
            );
            if list.is_shared_with(self.store.owner()) {
                held += " until whoever runs this Hedgerow has decided.";
            } else {
                let decide = format!(
                    "; look at `hedgerow lists diff {name}`, then decide with `hedgerow lists \
                     accept {name}` or `reject`."
                );
                held += &decide;
            }
            return Ok(Some(failed.map_or(held.clone(), |failed| format!("{failed} {held}"))));
        }
        Ok(failed)
    }

    pub(super) async fn version(
        &self,
        list: &FollowedList,
        id: SnapshotId,
    ) -> Result<Snapshot, FollowError> {
        let found = self.store.snapshot(id).await?.filter(|snapshot| snapshot.list_id == list.id);
        found.ok_or_else(|| FollowError::NoVersion { name: list.name.clone(), which: id })
    }

    /// What a version says, whether it is in force or not.
    pub async fn read(
        &self,
        list: &FollowedList,
        version: &Snapshot,
    ) -> Result<Document, FollowError> {
        let bytes = self.store.content(&version.sha256).await?;
        match read_as(&bytes, settings_of(list)?.format) {
            Err(error) if is_empty(&error) => Ok(empty()),
            Err(error) => Err(FollowError::Unreadable { name: list.name.clone(), error }),
            Ok(document) => Ok(document),
        }
    }
}
