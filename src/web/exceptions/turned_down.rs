//! What was turned down on one target, whoever did that and however.

use askama::Template;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{Choice, SIZE, choices, on_page, target};
use crate::ledger::Why;
use crate::text::plain;
use crate::verb::exceptions;
use crate::web::fault::Answer;
use crate::web::input::Query;
use crate::web::page;
use crate::web::paging::Paging;
use crate::web::targets::name_of;
use crate::web::visitor::Person;

#[derive(Template)]
#[template(path = "exceptions/turned_down.html")]
pub(super) struct TurnedDown {
    pub problem: Option<String>,
    /// The domains of a form that was not taken.
    pub typed: String,
    /// To choose from, where there are several.
    pub targets: Vec<Choice>,
    /// Number and name.
    pub chosen: Option<(i64, String)>,
    pub q: String,
    pub total: usize,
    pub rows: Vec<Row>,
    pub paging: Paging,
}

pub(super) struct Row {
    pub domain: String,
    pub why: &'static str,
    pub at: DateTime<Utc>,
    /// The lists that asked for it then.
    pub lists: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    target: String,
    q: String,
    page: String,
}

impl Asked {
    /// All that was turned down on the target of this number or name.
    pub fn on(target: String) -> Asked {
        Asked { target, ..Asked::default() }
    }
}

pub(super) async fn turned_down(person: Person, Query(asked): Query<Asked>) -> Answer {
    show(&person, asked, String::new(), None).await
}

/// The page, with the domains of a form that was not taken if there is one.
pub(super) async fn show(
    person: &Person,
    asked: Asked,
    typed: String,
    problem: Option<(StatusCode, String)>,
) -> Answer {
    let targets = person.app.store().await?.targets().await?;
    let row = match (asked.target.as_str(), targets.as_slice()) {
        ("", [only]) => Some(only.clone()),
        ("", _) => None,
        (text, _) => Some(target(person, text).await?),
    };
    let all = match &row {
        Some(row) => exceptions::dismissed(&person.app, row).await?,
        None => Vec::new(),
    };
    let total = all.len();
    let q = asked.q.trim().to_lowercase();
    let fits = all.into_iter().filter(|(domain, _)| domain.contains(&q));
    let rows = fits.map(|(domain, dismissal)| Row {
        domain: plain(&domain).into_owned(),
        why: why(dismissal.why),
        at: dismissal.at,
        lists: dismissal
            .said
            .iter()
            .flat_map(|said| said.keys())
            .map(|list| plain(list).into_owned())
            .collect(),
    });
    let rows: Vec<Row> = rows.collect();
    let id = row.as_ref().map_or_else(String::new, |row| row.id.to_string());
    let rest = vec![("target", id.clone()), ("q", asked.q.clone())];
    let paging = Paging::new(asked.page.parse().ok(), SIZE, rows.len() as u64, rest);
    let (status, problem) = problem.unzip();
    let page = TurnedDown {
        problem,
        typed,
        targets: choices(&targets, &id),
        chosen: row.map(|row| (row.id, name_of(&row))),
        q: asked.q,
        total,
        rows: on_page(rows, &paging),
        paging,
    };
    Ok(page::html(status.unwrap_or_default(), &page))
}

pub(super) const fn why(why: Why) -> &'static str {
    match why {
        Why::Said => "you turned it down",
        Why::Lifted => "it was lifted by hand on the server",
        Why::Undone => "you took a run back, or restored a backup",
        Why::Expired => "its last day came",
    }
}
