//! Who did what, and when: the audit log in words, newest first.

mod words;

use std::collections::HashMap;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use url::form_urlencoded::Serializer;

use super::at::At;
use super::fault::{Answer, Fault};
use super::page;
use super::site::Site;
use super::targets::{Head, Tab, name_of};
use super::visitor::Person;
use crate::store::{Event, EventFilter, EventKind, RunId, TargetRow};
use crate::text::plain;
use crate::web::input::Query;

pub use words::says;

/// Rows on a page.
const SIZE: u32 = 100;

pub fn routes() -> Router<Site> {
    Router::new().route("/log", get(all)).route("/targets/{target}/log", get(of_target))
}

#[derive(Template)]
#[template(path = "log/log.html")]
struct Log {
    /// Nothing on the page that is about all targets.
    head: Option<Head>,
    asked: Asked,
    /// To choose from: value, words, whether it is chosen.
    targets: Vec<(String, String, bool)>,
    kinds: Vec<(&'static str, &'static str, bool)>,
    narrowed: bool,
    rows: Vec<Row>,
    here: String,
    /// The address of what happened before what is shown.
    older: Option<String>,
    newest: Option<String>,
}

/// An event as a page shows it.
struct Row {
    at: DateTime<Utc>,
    actor: String,
    says: String,
    domain: Option<String>,
    list: Option<String>,
    /// Where it is still connected, its number; and its name.
    target: Option<(Option<i64>, String)>,
    run: Option<RunId>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Asked {
    target: String,
    kind: String,
    domain: String,
    list: String,
    run: String,
    before: String,
}

async fn all(person: Person, Query(asked): Query<Asked>) -> Answer {
    let targets = person.app.store().await?.targets().await?;
    let chosen = match asked.target.as_str() {
        "" => None,
        text => {
            let row = targets.iter().find(|row| row.id.to_string() == text);
            Some(row.cloned().ok_or(Fault::Missing)?)
        }
    };
    show(&person, asked, &targets, chosen.as_ref(), None).await
}

async fn of_target(State(site): State<Site>, at: At, Query(asked): Query<Asked>) -> Answer {
    let head = Head::at(&site, &at, Tab::Log).await?;
    let At { person, row, .. } = at;
    let asked = Asked { target: String::new(), ..asked };
    show(&person, asked, std::slice::from_ref(&row), Some(&row), Some(head)).await
}

async fn show(
    person: &Person,
    asked: Asked,
    targets: &[TargetRow],
    chosen: Option<&TargetRow>,
    head: Option<Head>,
) -> Answer {
    let trimmed =
        |text: &str| Some(plain(text).trim().to_lowercase()).filter(|text| !text.is_empty());
    let (domain, list) = (trimmed(&asked.domain), trimmed(&asked.list));
    let filter = EventFilter {
        target: chosen.map(|row| row.name.as_str()),
        domain: domain.as_deref(),
        list: list.as_deref(),
        // What is no number fits no run.
        run: trimmed(&asked.run).map(|run| run.parse().unwrap_or(-1)),
        kind: EventKind::from_word(&asked.kind),
        before: asked.before.parse().ok(),
        newest_first: true,
        // One more, to know whether there are more.
        limit: Some(SIZE + 1),
        ..EventFilter::default()
    };
    let mut events = person.app.store().await?.events(&filter).await?;
    let more = events.len() > SIZE as usize;
    events.truncate(SIZE as usize);
    let here =
        head.as_ref().map_or_else(|| "/log".to_owned(), |h| format!("/targets/{}/log", h.id));
    let older = events.last().filter(|_| more).map(|last| address(&here, &asked, Some(last.id)));
    let newest = filter.before.map(|_| address(&here, &asked, None));
    let names: HashMap<&str, &TargetRow> =
        targets.iter().map(|row| (row.name.as_str(), row)).collect();
    let page = Log {
        targets: targets
            .iter()
            .map(|row| {
                (row.id.to_string(), name_of(row), chosen.is_some_and(|chosen| chosen.id == row.id))
            })
            .collect(),
        kinds: EventKind::ALL
            .iter()
            .map(|kind| (kind.as_str(), words::kind(*kind), kind.as_str() == asked.kind))
            .collect(),
        narrowed: !asked.rest().is_empty(),
        rows: events.iter().map(|event| Row::of(event, &names, head.is_some())).collect(),
        asked,
        here,
        older,
        newest,
        head,
    };
    Ok(page::html(StatusCode::OK, &page))
}

impl Asked {
    /// What is looked for, as an address says it.
    fn rest(&self) -> Vec<(&'static str, &str)> {
        let Asked { target, kind, domain, list, run, before: _ } = self;
        let all =
            [("target", target), ("kind", kind), ("domain", domain), ("list", list), ("run", run)];
        let said = all.into_iter().map(|(name, value)| (name, value.trim()));
        said.filter(|(_, value)| !value.is_empty()).collect()
    }
}

fn address(here: &str, asked: &Asked, before: Option<i64>) -> String {
    let mut query = Serializer::new(String::new());
    query.extend_pairs(asked.rest());
    if let Some(before) = before {
        query.append_pair("before", &before.to_string());
    }
    match query.finish().as_str() {
        "" => here.to_owned(),
        query => format!("{here}?{query}"),
    }
}

impl Row {
    fn of(event: &Event, names: &HashMap<&str, &TargetRow>, on_one: bool) -> Row {
        let text = |text: &Option<String>| text.as_deref().map(|text| plain(text).into_owned());
        let target = event.target.as_deref().filter(|_| !on_one).map(|name| {
            let row = names.get(name);
            let shown = row.map_or_else(|| plain(name).into_owned(), |row| name_of(row));
            (row.map(|row| row.id), shown)
        });
        Row {
            at: event.at,
            actor: plain(&event.actor).into_owned(),
            says: says(event),
            domain: text(&event.domain),
            list: text(&event.list),
            target,
            run: event.run,
        }
    }
}

#[cfg(test)]
mod tests;
