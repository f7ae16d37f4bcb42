//! `lists` without a sub-verb: what is followed and how it does, and what comes along.

use std::fmt;

use anyhow::Result;
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::domains;
use crate::app::App;
use crate::cli::Reply;
use crate::follow::health;
use crate::follow::history::in_force_since;
use crate::list::bundled;
use crate::list::catalogue::{self, Status};
use crate::source::Source;
use crate::store::{FollowedList, Snapshot, Store};
use crate::text::{ago, count, fit, plain};

#[derive(Serialize)]
struct Overview {
    lists: Vec<Row>,
    followed: Vec<Followed>,
}

/// A list that is followed, and how it does.
#[derive(Serialize)]
pub(super) struct Followed {
    pub name: String,
    pub address: String,
    /// What is in force.
    entries: i64,
    rejected: i64,
    /// How many more domains than in the version before.
    #[serde(skip_serializing_if = "Option::is_none")]
    growth: Option<i64>,
    changed_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    read_at: Option<DateTime<Utc>>,
    held: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    failures: i64,
    /// What the catalogue knows of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    pub health: String,
    #[serde(skip)]
    now: DateTime<Utc>,
}

impl Followed {
    pub async fn read(store: &Store, list: FollowedList, now: DateTime<Utc>) -> Result<Followed> {
        let snapshots = store.snapshots(list.id).await?;
        Followed::new(list, &snapshots, now)
    }

    /// How many domains there are, and how that came about.
    pub fn size(&self) -> String {
        let mut text = count(usize::try_from(self.entries).unwrap_or(0), "domain");
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

    /// `snapshots` are the list's versions, newest first.
    fn new(list: FollowedList, snapshots: &[Snapshot], now: DateTime<Utc>) -> Result<Followed> {
        let good = |s: &&Snapshot| in_force_since(s).is_some();
        let current = snapshots.iter().find(|snapshot| snapshot.id == list.current);
        let before = snapshots.iter().filter(good).find(|snapshot| snapshot.id < list.current);
        let entries = current.map_or(0, |snapshot| snapshot.entries);
        let source = Source::kept_as(&list.source)?;
        let listing = catalogue::by_address(&list.source);
        Ok(Followed {
            address: source.address(),
            entries,
            rejected: current.map_or(0, |snapshot| snapshot.rejected),
            growth: before.map(|before| entries - before.entries),
            changed_at: current.map_or(list.created_at, |snapshot| snapshot.fetched_at),
            read_at: list.succeeded_at,
            held: list.held.is_some(),
            status: listing.map(|listing| listing.status),
            health: health(&list, now),
            now,
            failure: list.failure,
            failures: list.failures,
            name: list.name,
        })
    }

    fn line(&self) -> String {
        let ended = match self.status {
            Some(Status::Retired) => " (retired by its maintainer)",
            Some(Status::Dead) => " (dead)",
            _ => "",
        };
        let entries = count(usize::try_from(self.entries).unwrap_or(0), "domain");
        format!(
            "{:<20} {entries:>14}  changed {}; {}{ended}",
            fit(&self.name, 20),
            ago(self.now, self.changed_at),
            plain(&self.health),
        )
    }
}

#[derive(Serialize)]
struct Row {
    name: &'static str,
    title: &'static str,
    domains: usize,
}

impl fmt::Display for Overview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.followed.is_empty() {
            writeln!(f, "You follow:")?;
            for row in &self.followed {
                writeln!(f, "{}", row.line())?;
            }
            writeln!(f, "\nHedgerow brings along:")?;
        }
        for row in &self.lists {
            writeln!(f, "{:<16} {:>10}  {}", row.name, count(row.domains, "domain"), row.title)?;
        }
        writeln!(f, "\n`hedgerow lists show NAME` tells what a list does and does not do.")?;
        writeln!(f, "`hedgerow lists search` shows the lists that others publish, and")?;
        writeln!(f, "`hedgerow lists add NAME` follows one.")?;
        writeln!(f, "A file or an address can stand wherever a list's name can.")
    }
}

/// The lists that are followed, and those that come with Hedgerow.
pub(super) async fn overview(app: &App) -> Result<Reply> {
    let row = |list: &'static bundled::Bundled| -> Result<Row> {
        Ok(Row { name: list.name, title: list.title, domains: domains(list)? })
    };
    let lists = bundled::all().iter().map(row).collect::<Result<_>>()?;
    let now = app.clock.now();
    let mut followed = Vec::new();
    if let Some(store) = app.existing_store().await? {
        for list in store.lists().await? {
            followed.push(Followed::read(&store, list, now).await?);
        }
    }
    Reply::ok(Overview { lists, followed })
}
