//! Every version of a list that was kept.

use askama::Template;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::one::chart;
use super::{Head, Which, address, followed, on_page};
use crate::follow::history::in_force_since;
use crate::follow::{FollowError, concerns_of};
use crate::store::{FollowedList, Snapshot, SnapshotId, Standing};
use crate::web::chart::Sizes;
use crate::web::fault::Answer;
use crate::web::input::{Path, Query};
use crate::web::page;
use crate::web::paging::Paging;
use crate::web::visitor::Person;
use crate::web::words;

const PAGE: u64 = 50;

pub(super) struct VersionRow {
    pub id: SnapshotId,
    pub fetched_at: DateTime<Utc>,
    pub entries: i64,
    /// Against the version that was in force before it.
    pub growth: Option<i64>,
    pub rejected: i64,
    pub standing: &'static str,
    pub held: bool,
    pub concerns: Vec<String>,
    pub decided_at: Option<DateTime<Utc>>,
    /// What changed since the version that was in force before it.
    pub diff: Option<String>,
}

/// `snapshots` are the list's versions, newest first.
pub(super) fn rows(
    list: &FollowedList,
    snapshots: &[Snapshot],
) -> Result<Vec<VersionRow>, FollowError> {
    let base = address(&list.name);
    let row = |(at, snapshot): (usize, &Snapshot)| {
        let earlier = snapshots.iter().skip(at + 1).find(|s| in_force_since(s).is_some());
        let concerns = concerns_of(list, snapshot)?;
        Ok(VersionRow {
            id: snapshot.id,
            fetched_at: snapshot.fetched_at,
            entries: snapshot.entries,
            growth: earlier.map(|earlier| snapshot.entries - earlier.entries),
            rejected: snapshot.rejected,
            standing: match snapshot.standing {
                Standing::Good if snapshot.id == list.current => "in force",
                Standing::Good => "was in force",
                Standing::Held => "held, waits to be looked at",
                Standing::Rejected => "rejected",
                Standing::Superseded => "held, and replaced by its publisher",
            },
            held: snapshot.standing == Standing::Held,
            concerns: concerns.iter().map(|concern| words::told(&concern.to_string())).collect(),
            decided_at: snapshot.decided_at,
            diff: earlier.map(|from| format!("{base}/diff?from={}&to={}", from.id, snapshot.id)),
        })
    };
    snapshots.iter().enumerate().map(row).collect()
}

#[derive(Template)]
#[template(path = "lists/versions.html")]
pub(super) struct History {
    pub head: Head,
    pub chart: Option<Sizes>,
    pub versions: Vec<VersionRow>,
    pub paging: Paging,
}

#[derive(Deserialize)]
pub struct Wanted {
    page: Option<u64>,
}

pub async fn versions(
    person: Person,
    Path(name): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Answer {
    let list = followed(&person, &name).await?;
    let snapshots = person.app.store().await?.snapshots(list.id).await?;
    let all = rows(&list, &snapshots)?;
    let paging = Paging::new(wanted.page, PAGE, all.len() as u64, Vec::new());
    let versions = on_page(&paging, all.into_iter()).collect();
    let chart = chart(&snapshots, person.app.clock.now());
    let head = Head::of(&Which::Followed(Box::new(list)), "/versions");
    Ok(page::html(StatusCode::OK, &History { head, chart, versions, paging }))
}
