//! All of a person's accounts and servers, and the first page of each.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use super::head::{Head, News, Tab};
use super::view::{Stands, Tally, View};
use crate::block::Level;
use crate::desk::{DeskError, Work};
use crate::list::bundled;
use crate::store::{EventFilter, EventKind, TargetRow};
use crate::text::plain;
use crate::verb::sign_in::{self, Told};
use crate::web::at::At;
use crate::web::entry::connect_again;
use crate::web::fault::{Answer, Fault};
use crate::web::input::Query;
use crate::web::page;
use crate::web::site::Site;
use crate::web::visitor::Person;
use crate::web::words;

/// How long it is news that somebody has signed out of a target.
const NEWS: TimeDelta = TimeDelta::minutes(10);

#[derive(Template)]
#[template(path = "targets/targets.html")]
pub(super) struct Targets {
    pub cards: Vec<Card>,
    pub left: Option<Left>,
}

pub(super) struct Card {
    pub id: i64,
    pub kind: &'static str,
    pub name: String,
    pub software: String,
    pub seen: Option<(usize, DateTime<Utc>)>,
    pub lists: usize,
    pub news: Option<News>,
}

/// A target that somebody has just signed out of.
pub(super) struct Left {
    pub name: String,
    /// Where to revoke the token by hand, if the server could not be told.
    pub by_hand: Option<String>,
    /// The token was not made here and stays valid.
    pub not_ours: bool,
}

#[derive(Deserialize)]
pub struct Came {
    #[serde(default)]
    left: Option<String>,
}

pub async fn targets(State(site): State<Site>, person: Person, Query(came): Query<Came>) -> Answer {
    let store = person.app.store().await?;
    let mut cards = Vec::new();
    for row in store.targets().await? {
        let state = site.desk().reading(&person.app, &row).await?;
        let head = Head::of(&site, &person, &row, Tab::Overview).await?;
        cards.push(Card {
            id: row.id,
            kind: head.kind,
            name: head.name,
            software: head.software,
            seen: state.map(|state| (state.blocks.len(), state.taken_at)),
            lists: store.subscriptions(&row.name).await?.len(),
            news: head.news,
        });
    }
    let left = if came.left.is_some() { left(&person).await? } else { None };
    Ok(page::html(StatusCode::OK, &Targets { cards, left }))
}

async fn left(person: &Person) -> Result<Option<Left>, Fault> {
    let newest = EventFilter {
        kind: Some(EventKind::SignedOut),
        newest_first: true,
        limit: Some(1),
        ..EventFilter::default()
    };
    let events = person.app.store().await?.events(&newest).await?;
    let now = person.app.clock.now();
    let fresh = events.into_iter().next().filter(|event| now - event.at < NEWS);
    Ok(fresh.map(|event| {
        let word = |name: &str| event.detail[name].as_str().map(|word| plain(word).into_owned());
        Left {
            name: plain(event.target.as_deref().unwrap_or_default()).into_owned(),
            by_hand: word("revoke_at"),
            not_ours: word("token").as_deref() == Some("not ours"),
        }
    }))
}

#[derive(Template)]
#[template(path = "targets/overview.html")]
pub(super) struct Overview {
    pub head: Head,
    pub level: Level,
    /// The role there does not include what is needed.
    pub lacks: bool,
    pub seen: Option<Seen>,
    pub follows: Vec<Follows>,
    /// Whether the one domain of Threads is blocked, if anybody knows.
    pub threads: Option<bool>,
    pub server: String,
    /// Where to sign in to it again.
    pub again: String,
}

pub(super) struct Seen {
    pub total: usize,
    pub at: DateTime<Utc>,
    pub tally: Tally,
}

/// A subscription, and its terms in sentences.
pub(super) struct Follows {
    pub list: String,
    pub terms: String,
    pub stands: Stands,
}

/// What became known while it was connected.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Known {
    lacks: String,
}

pub async fn overview(
    State(site): State<Site>,
    at: At,
    Query(Known { lacks }): Query<Known>,
) -> Answer {
    let head = Head::at(&site, &at, Tab::Overview).await?;
    let view = site.views().at(site.desk(), &at).await?;
    let At { person, row, .. } = at;
    let store = person.app.store().await?;
    let follows = store.subscriptions(&row.name).await?.into_iter().map(|subscription| Follows {
        terms: words::terms(&subscription.terms),
        stands: view.as_ref().map(|view| view.stands_for(&subscription.list)).unwrap_or_default(),
        list: subscription.list,
    });
    let page = Overview {
        head,
        level: row.level,
        lacks: row.level == Level::Instance && !lacks.is_empty(),
        threads: view.as_deref().map(blocks_threads),
        seen: view.as_ref().map(|view| Seen {
            total: view.state.blocks.len(),
            at: view.state.taken_at,
            tally: view.tally,
        }),
        follows: follows.collect(),
        server: plain(&row.domain).into_owned(),
        again: connect_again(&row),
    };
    Ok(page::html(StatusCode::OK, &page))
}

/// Whether all that the list against Threads names is blocked.
fn blocks_threads(view: &View) -> bool {
    let Some(list) = bundled::find("threads") else { return false };
    let document = crate::list::read(list.csv);
    document.is_ok_and(|document| {
        document.entries.iter().all(|entry| view.find(entry.domain.as_str()).is_some())
    })
}

/// Has the target read again. Whoever asks twice gets one reading.
pub async fn read(State(site): State<Site>, At { person, row, .. }: At) -> Answer {
    match site.desk().read(&person.app, &row) {
        Ok(_) => {}
        Err(DeskError::Busy) if is_reading(&site, &person, &row) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(Redirect::to(&format!("/targets/{}/work", row.id)).into_response())
}

fn is_reading(site: &Site, person: &Person, row: &TargetRow) -> bool {
    let job = site.desk().busy(person.owner(), &row.name);
    job.is_some_and(|job| job.status().work == Work::Read)
}

/// Gives the right back and forgets the sign-in. What was done and decided there is kept.
pub async fn sign_out(State(site): State<Site>, At { person, row, .. }: At) -> Answer {
    if site.desk().busy(person.owner(), &row.name).is_some() {
        return Err(DeskError::Busy.into());
    }
    let app = &person.app;
    let told = sign_in::sign_out(app, &app.client()?, &row).await?;
    if let Told::ByHand { why, .. } = told {
        tracing::info!(error = format!("{why:#}"), "a token was not revoked");
    }
    site.desk().forget(person.owner(), &row.name);
    Ok(Redirect::to("/targets?left=yes").into_response())
}
