//! What a list would do to one of the person's targets, as it was last seen.

use std::borrow::Cow;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{Head, find};
use crate::combine::Asks;
use crate::list::Purpose;
use crate::plan::{Held, Plan, Skipped};
use crate::store::TargetRow;
use crate::text::{count, plain};
use crate::verb::lists::would::would as planned;
use crate::web::fault::{Answer, Fault};
use crate::web::input::{Path, Query};
use crate::web::page;
use crate::web::rows::{Tile, effect_of, effect_of_add, effect_of_remove, effect_of_update, tiles};
use crate::web::site::Site;
use crate::web::visitor::Person;
use crate::web::words;

/// So many rows of each kind stand on the page.
const ROWS: usize = 25;

#[derive(Template)]
#[template(path = "lists/would.html")]
pub(super) struct Would {
    pub head: Head,
    pub list: String,
    /// Number, name, whether it is the one.
    pub targets: Vec<(i64, String, bool)>,
    pub outcome: Outcome,
}

pub(super) enum Outcome {
    /// Nothing is connected, or nothing was chosen.
    NoTarget,
    /// The list asks for no blocks, and why.
    NoBlocks(&'static str),
    /// The target was never read.
    Unread {
        number: i64,
        name: String,
    },
    Planned(Box<Planned>),
}

pub(super) struct Planned {
    pub number: i64,
    pub name: String,
    pub read_at: DateTime<Utc>,
    pub headline: String,
    pub tiles: Vec<Tile>,
    pub notices: Vec<String>,
    pub groups: Vec<Group>,
    /// The target is kept in step with it already.
    pub follows: bool,
}

pub(super) struct Group {
    pub id: &'static str,
    pub title: String,
    pub rows: Vec<GroupRow>,
    pub more: usize,
}

pub(super) struct GroupRow {
    pub domain: String,
    pub what: Cow<'static, str>,
    pub reason: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    target: String,
}

pub async fn would(
    State(site): State<Site>,
    person: Person,
    Path(name): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Answer {
    let which = find(&person, &name).await?;
    let store = person.app.store().await?;
    let lists = person.app.lists().await?;
    let document = which.document(&lists, None).await?.ok_or(Fault::Missing)?;
    let rows = store.targets().await?;
    let chosen = match wanted.target.as_str() {
        // With one target there is nothing to choose.
        "" if rows.len() == 1 => rows.first(),
        "" => None,
        number => {
            let number: i64 = number.parse().map_err(|_| Fault::Missing)?;
            Some(rows.iter().find(|row| row.id == number).ok_or(Fault::Missing)?)
        }
    };
    let outcome = match (document.purpose(), chosen) {
        (Purpose::Exceptions, _) => {
            Outcome::NoBlocks("It is an allowlist: it names servers that are not to be blocked.")
        }
        (Purpose::Retractions, _) => {
            Outcome::NoBlocks("It is a list of retractions: it names servers that a list let go.")
        }
        (Purpose::Blocks, _) if document.entries.is_empty() => {
            Outcome::NoBlocks("It names no domain that is known, so it asks for no block.")
        }
        (Purpose::Blocks, None) => Outcome::NoTarget,
        (Purpose::Blocks, Some(row)) => outcome(&site, &person, row, which.name()).await?,
    };
    let target = |row: &TargetRow| {
        let here = chosen.is_some_and(|chosen| chosen.id == row.id);
        (row.id, plain(&row.name).into_owned(), here)
    };
    let targets = rows.iter().map(target).collect();
    let (head, list) = (Head::of(&which, "/would"), which.name().to_owned());
    Ok(page::html(StatusCode::OK, &Would { head, list, targets, outcome }))
}

async fn outcome(
    site: &Site,
    person: &Person,
    row: &TargetRow,
    list: &str,
) -> Result<Outcome, Fault> {
    let (number, name) = (row.id, plain(&row.name).into_owned());
    let Some(seen) = site.desk().reading(&person.app, row).await? else {
        return Ok(Outcome::Unread { number, name });
    };
    let subscriptions = person.app.store().await?.subscriptions(&row.name).await?;
    let follows = subscriptions.iter().any(|subscription| subscription.list == list);
    let read_at = seen.taken_at;
    let plan = planned(&person.app, row, seen, list).await?;
    Ok(Outcome::Planned(Box::new(Planned::of(&plan, number, name, read_at, follows))))
}

impl Planned {
    pub(super) fn of(
        plan: &Plan,
        number: i64,
        name: String,
        read_at: DateTime<Utc>,
        follows: bool,
    ) -> Planned {
        let headline = match (plan.is_empty(), plan.summary.held) {
            (false, _) => format!("Merged for once, it would {}", lower(&plan.deeds())),
            (true, 0) => "Merged for once, it would change nothing".to_owned(),
            (true, held) => {
                format!("Merged for once, it would change nothing before you decide about {held}")
            }
        };
        let groups = [
            group("held", "held back", plan.held.len(), plan.held.iter().map(held)),
            group(
                "lifted",
                "to lift",
                plan.remove.len(),
                plan.remove
                    .iter()
                    .map(|remove| row(&remove.domain, effect_of_remove(remove), &remove.asked_by)),
            ),
            group(
                "raised",
                "to change",
                plan.update.len(),
                plan.update.iter().map(|update| {
                    row(update.domain.as_str(), effect_of_update(update), &update.asked_by)
                }),
            ),
            group(
                "added",
                "to add",
                plan.add.len(),
                plan.add
                    .iter()
                    .map(|add| row(add.domain.as_str(), effect_of_add(add), &add.asked_by)),
            ),
            group("skipped", "skipped", plan.skipped.len(), plan.skipped.iter().map(skipped)),
        ];
        Planned {
            number,
            name,
            read_at,
            headline,
            tiles: tiles(plan.summary, "held back", "left as they are"),
            notices: plan.notices.iter().filter_map(|notice| words::notice(notice)).collect(),
            groups: groups.into_iter().filter(|group| !group.rows.is_empty()).collect(),
            follows,
        }
    }
}

fn lower(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| first.to_lowercase().chain(chars).collect())
}

fn group(
    id: &'static str,
    what: &str,
    total: usize,
    rows: impl Iterator<Item = GroupRow>,
) -> Group {
    let rows: Vec<GroupRow> = rows.take(ROWS).collect();
    Group {
        id,
        title: format!("{} {what}", count(total, "domain")),
        more: total - rows.len(),
        rows,
    }
}

fn held(held: &Held) -> GroupRow {
    let why: Vec<String> = held.why.iter().map(words::hold).collect();
    let domain = plain(held.row.name()).into_owned();
    GroupRow { domain, what: effect_of(&held.row), reason: why.join("; ") }
}

fn skipped(skipped: &Skipped) -> GroupRow {
    row(&skipped.domain, words::reason(&skipped.reason).into(), &skipped.asked_by)
}

fn row(domain: &str, what: Cow<'static, str>, asks: &Asks) -> GroupRow {
    let reason = asks.iter().find_map(|ask| ask.comment.clone()).unwrap_or_default();
    let (domain, reason) = (plain(domain).into_owned(), plain(&reason).into_owned());
    GroupRow { domain, what, reason }
}
