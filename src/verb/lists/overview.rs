//! The lists that are followed, and how they do.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::follow::history::in_force_since;
use crate::follow::{FollowError, health};
use crate::list::catalogue::{self, Status};
use crate::source::Source;
use crate::store::{FollowedList, Owner, Snapshot, Store};
use crate::text::{ago, count};

/// A list that is followed, and how it does.
#[derive(Debug, Clone, Serialize)]
pub struct Followed {
    pub name: String,
    /// Nothing where that is a file of the house, and somebody else asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What is in force.
    pub entries: i64,
    pub rejected: i64,
    /// How many more domains than in the version before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub growth: Option<i64>,
    pub changed_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_at: Option<DateTime<Utc>>,
    pub held: bool,
    /// As far as whoever asks is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// How many attempts have failed in a row.
    pub failures: i64,
    /// What the catalogue knows of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    pub health: String,
    #[serde(skip)]
    pub now: DateTime<Utc>,
}

impl Followed {
    pub async fn read(
        store: &Store,
        list: FollowedList,
        now: DateTime<Utc>,
    ) -> Result<Followed, FollowError> {
        let snapshots = store.snapshots(list.id).await?;
        Followed::new(list, &snapshots, store.owner(), now)
    }

    /// As `owner` gets to know it: what folders the house has is nobody else's business.
    /// `snapshots` are the list's versions, newest first.
    pub fn new(
        list: FollowedList,
        snapshots: &[Snapshot],
        owner: Owner,
        now: DateTime<Utc>,
    ) -> Result<Followed, FollowError> {
        let good = |s: &&Snapshot| in_force_since(s).is_some();
        let current = snapshots.iter().find(|snapshot| snapshot.id == list.current);
        let before = snapshots.iter().filter(good).find(|snapshot| snapshot.id < list.current);
        let entries = current.map_or(0, |snapshot| snapshot.entries);
        let source = Source::kept_as(&list.source)?;
        let hidden = matches!(source, Source::File(_)) && list.is_shared_with(owner);
        let listing = catalogue::by_address(&list.source);
        Ok(Followed {
            address: (!hidden).then(|| source.address()),
            entries,
            rejected: current.map_or(0, |snapshot| snapshot.rejected),
            growth: before.map(|before| entries - before.entries),
            changed_at: current.map_or(list.created_at, |snapshot| snapshot.fetched_at),
            read_at: list.succeeded_at,
            held: list.held.is_some(),
            status: listing.map(|listing| listing.status),
            health: health(&list, now),
            now,
            failure: list.failure_told(owner).map(str::to_owned),
            failures: list.failures,
            name: list.name,
        })
    }

    pub fn domains(&self) -> usize {
        usize::try_from(self.entries).unwrap_or(0)
    }

    /// How many domains there are, and how that came about.
    pub fn size(&self) -> String {
        let mut text = count(self.domains(), "domain");
        if let Some(growth) = self.growth {
            text += &format!(" ({growth:+} since the version before)");
        }
        if self.rejected > 0 {
            let rows = count(usize::try_from(self.rejected).unwrap_or(0), "row");
            text += &format!("; {rows} could not be used");
        }
        text
    }

    /// When it changed, and when it was last seen to be so.
    pub fn changed(&self) -> String {
        let read = self.read_at.map_or("never".to_owned(), |at| ago(self.now, at));
        format!("{}; last read {read}", ago(self.now, self.changed_at))
    }
}
