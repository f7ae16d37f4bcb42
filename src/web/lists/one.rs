//! One list: what it is, how it does, how it came to be as it is, and what waits for a word.

use askama::Template;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};

use super::known::{self, About};
use super::settings::{Changed, SettingsView};
use super::versions::{VersionRow, rows};
use super::{Head, Which, aside, find};
use crate::follow::guard::Concern;
use crate::follow::history::{Difference, in_force_since};
use crate::follow::{Lists, concerns_of};
use crate::store::{FollowedList, Snapshot, SnapshotId, Standing};
use crate::text::count;
use crate::verb::lists::overview::Followed;
use crate::verb::lists::stop::{Follower, followers};
use crate::web::chart::{Kind, Point, Sizes, sizes};
use crate::web::fault::{Answer, Fault};
use crate::web::input::Path;
use crate::web::page;
use crate::web::visitor::Person;
use crate::web::words;

/// So many versions stand on this page; another has them all.
const VERSIONS: usize = 12;
/// So many domains of each kind stand beside a version that is held.
const EXAMPLES: usize = 12;

#[derive(Template)]
#[template(path = "lists/one.html")]
pub(super) struct One {
    pub head: Head,
    pub about: Option<About>,
    pub list: Followed,
    pub health: String,
    pub size: String,
    /// Whoever runs this follows it, and decides about it.
    pub shared: bool,
    pub held: Option<HeldView>,
    pub chart: Option<Sizes>,
    pub versions: Vec<VersionRow>,
    pub more: usize,
    pub followers: Vec<Follower>,
    pub settings: SettingsView,
    pub problem: Option<String>,
}

/// A version that waits for a decision.
pub(super) struct HeldView {
    pub version: SnapshotId,
    pub fetched_at: DateTime<Utc>,
    pub concerns: Vec<String>,
    /// Nothing where it cannot be read.
    pub change: Option<Change>,
    /// It can come into force.
    pub acceptable: bool,
}

/// The difference to the version in force, in numbers and in examples.
pub(super) struct Change {
    pub before: usize,
    pub after: usize,
    pub parts: Vec<Part>,
    /// What accepting it does.
    pub deed: String,
}

pub(super) struct Part {
    pub title: String,
    pub examples: Vec<String>,
    pub more: usize,
}

pub async fn one(person: Person, Path(name): Path<String>) -> Answer {
    let list = match find(&person, &name).await? {
        Which::Followed(list) => list,
        Which::Bundled(list) => return known::along(&person, list).await,
        Which::Listed(listing) => return known::page(&person, listing, known::form(listing)).await,
    };
    show(&person, list, None).await
}

/// The page of a list that is followed, with settings that could not be taken, if there are such,
/// and why.
pub(super) async fn show(
    person: &Person,
    list: Box<FollowedList>,
    refused: Option<(Changed, (StatusCode, String))>,
) -> Answer {
    let (sent, problem) = refused.unzip();
    let (status, problem) = problem.unzip();
    let lists = person.app.lists().await?;
    let now = person.app.clock.now();
    let snapshots = lists.store.snapshots(list.id).await?;
    let head = Head::of(&Which::Followed(list.clone()), "");
    let about = Which::Followed(list.clone()).listing().map(About::of);
    let shared = list.is_shared_with(person.owner());
    let settings = SettingsView::of(&list, sent)?;
    let waits = held(&lists, &list, &snapshots).await?;
    let mut versions = rows(&list, &snapshots)?;
    let more = versions.len().saturating_sub(VERSIONS);
    versions.truncate(VERSIONS);
    let chart = chart(&snapshots, now);
    let followers = followers(&person.app, &list.name).await?;
    let list = Followed::new(*list, &snapshots, person.owner(), now)?;
    let (health, size) = (super::overview::health(&list, shared), list.size());
    let page = One {
        head,
        about,
        list,
        health,
        size,
        shared,
        held: waits,
        chart,
        versions,
        more,
        followers,
        settings,
        problem,
    };
    Ok(page::html(status.unwrap_or_default(), &page))
}

async fn held(
    lists: &Lists,
    list: &FollowedList,
    snapshots: &[Snapshot],
) -> Result<Option<HeldView>, Fault> {
    let find = |id: SnapshotId| snapshots.iter().find(|snapshot| snapshot.id == id);
    let (Some(held), Some(current)) = (list.held.and_then(find), find(list.current)) else {
        return Ok(None);
    };
    let concerns = concerns_of(list, held)?;
    let acceptable = concerns.iter().all(Concern::can_be_accepted);
    let change = match lists.shelved(list, held).await.ok().filter(|_| acceptable) {
        None => None,
        Some(new) => {
            let old = lists.shelved(list, current).await?;
            Some(change(&aside(move || Difference::between(&old, &new)).await?))
        }
    };
    let concerns = concerns.iter().map(|concern| words::told(&concern.to_string())).collect();
    let (version, fetched_at) = (held.id, held.fetched_at);
    Ok(Some(HeldView { version, fetched_at, concerns, change, acceptable }))
}

pub(super) fn change(difference: &Difference) -> Change {
    let Difference { before, after, added, removed, regraded, .. } = difference;
    let name = |domain: &crate::domain::Domain| domain.as_str().to_owned();
    let part = |title: String, all: Vec<String>| {
        let more = all.len().saturating_sub(EXAMPLES);
        Part { title, examples: all.into_iter().take(EXAMPLES).collect(), more }
    };
    let grade = |row: &crate::follow::history::Regraded| {
        let word = |severity: Option<crate::block::Severity>| {
            severity.map_or("no severity", |severity| severity.as_str())
        };
        format!("{} ({} → {})", row.domain, word(row.before), word(row.after))
    };
    let parts = [
        part(format!("{} gone", removed.len()), removed.iter().map(|r| name(&r.domain)).collect()),
        part(
            format!("{} with another severity", regraded.len()),
            regraded.iter().map(grade).collect(),
        ),
        part(format!("{} new", added.len()), added.iter().map(|a| name(&a.domain)).collect()),
    ];
    Change {
        before: *before,
        after: *after,
        deed: format!(
            "Use this version: {} dropped, {} new, {} changed",
            count(removed.len(), "domain"),
            added.len(),
            regraded.len()
        ),
        parts: parts.into_iter().filter(|part| !part.examples.is_empty()).collect(),
    }
}

/// The list's size over time.
pub(super) fn chart(snapshots: &[Snapshot], now: DateTime<Utc>) -> Option<Sizes> {
    let point = |snapshot: &Snapshot| Point {
        at: in_force_since(snapshot).unwrap_or(snapshot.fetched_at),
        size: u32::try_from(snapshot.entries).unwrap_or(0),
        kind: match snapshot.standing {
            Standing::Good => Kind::InForce,
            Standing::Held => Kind::Held,
            Standing::Rejected => Kind::Rejected,
            Standing::Superseded => Kind::Replaced,
        },
    };
    let mut points: Vec<Point> = snapshots.iter().map(point).collect();
    points.sort_by_key(|point| point.at);
    sizes(&points, now)
}
