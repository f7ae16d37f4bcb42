//! What must not be blocked, and what was turned down.

mod deeds;
mod turned_down;

use askama::Template;
use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::fault::{Answer, Fault};
use super::offers;
use super::page;
use super::paging::Paging;
use super::site::Site;
use super::targets::name_of;
use super::visitor::Person;
use crate::exception::{Exception, ExceptionId};
use crate::store::TargetRow;
use crate::text::{last_day, plain};
use crate::web::input::Query;

/// Rows on a page.
const SIZE: u64 = 100;

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/exceptions", get(exceptions).post(deeds::except))
        .route("/exceptions/end", post(deeds::end))
        .route("/exceptions/turned-down", get(turned_down::turned_down))
        .route("/exceptions/dismiss", post(deeds::dismiss))
        .route("/exceptions/undismiss", post(deeds::undismiss))
}

#[derive(Template)]
#[template(path = "exceptions/exceptions.html")]
struct Exceptions {
    problem: Option<String>,
    /// What was typed, or comes with the address.
    form: deeds::ExceptForm,
    targets: Vec<Choice>,
    lists: Vec<Choice>,
    /// What is looked for among them.
    q: String,
    total: usize,
    rows: Vec<Row>,
    paging: Paging,
}

/// Something to choose on a form: value, words, whether it is chosen.
#[derive(Debug, Clone)]
struct Choice {
    value: String,
    says: String,
    chosen: bool,
}

/// An exception as a page shows it.
struct Row {
    id: ExceptionId,
    domain: String,
    subdomains: bool,
    /// The target on which it holds, if it is but one.
    target: Option<String>,
    list: Option<String>,
    reason: Option<String>,
    until: Option<String>,
    over: bool,
    made_by: String,
    made_at: DateTime<Utc>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    q: String,
    page: String,
    /// To begin the form with.
    domain: String,
    target: String,
}

async fn exceptions(person: Person, Query(asked): Query<Asked>) -> Answer {
    let form = deeds::ExceptForm {
        domain: vec![asked.domain.clone()],
        target: asked.target.clone(),
        ..deeds::ExceptForm::default()
    };
    show(&person, form, &asked, None).await
}

/// The page, with a form that was not taken if there is one.
async fn show(
    person: &Person,
    form: deeds::ExceptForm,
    asked: &Asked,
    problem: Option<(StatusCode, String)>,
) -> Answer {
    let store = person.app.store().await?;
    let targets = store.targets().await?;
    let now = person.app.clock.now();
    let all = store.exceptions(None).await?;
    let total = all.len();
    let q = asked.q.trim().to_lowercase();
    let fits = |row: &Row| {
        let words =
            [Some(&row.domain), row.reason.as_ref(), row.target.as_ref(), row.list.as_ref()];
        words.into_iter().flatten().any(|word| word.to_lowercase().contains(&q))
    };
    let rows = all.iter().map(|exception| Row::of(exception, &targets, now));
    let mut rows: Vec<Row> = rows.filter(|row| q.is_empty() || fits(row)).collect();
    // Those that hold come first.
    rows.sort_by_key(|row| row.over);
    let rest = vec![("q", asked.q.clone())];
    let paging = Paging::new(asked.page.parse().ok(), SIZE, rows.len() as u64, rest);
    let rows = on_page(rows, &paging);
    let (status, problem) = problem.unzip();
    let lists = offers::all(&person.app).await?.into_iter().map(|offer| Choice {
        chosen: offer.name == form.list,
        says: plain(&offer.title).into_owned(),
        value: offer.name,
    });
    let page = Exceptions {
        problem,
        targets: choices(&targets, &form.target),
        lists: lists.collect(),
        form,
        q: asked.q.clone(),
        total,
        rows,
        paging,
    };
    Ok(page::html(status.unwrap_or_default(), &page))
}

/// The part of a table that is on a page.
fn on_page<T>(rows: Vec<T>, paging: &Paging) -> Vec<T> {
    let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    rows.into_iter().skip(number(paging.skipped())).take(number(paging.size)).collect()
}

fn choices(targets: &[TargetRow], chosen: &str) -> Vec<Choice> {
    let choice = |row: &TargetRow| Choice {
        value: row.id.to_string(),
        says: name_of(row),
        chosen: row.id.to_string() == chosen || row.name == chosen,
    };
    targets.iter().map(choice).collect()
}

impl Row {
    fn of(exception: &Exception, targets: &[TargetRow], now: DateTime<Utc>) -> Row {
        let text = |text: &Option<String>| text.as_deref().map(|text| plain(text).into_owned());
        let on = |name: &String| {
            let row = targets.iter().find(|row| row.name == *name);
            row.map_or_else(|| plain(name).into_owned(), name_of)
        };
        Row {
            id: exception.id,
            domain: exception.domain.to_string(),
            subdomains: exception.subdomains,
            target: exception.target.as_ref().map(on),
            list: text(&exception.list),
            reason: text(&exception.reason),
            until: exception.until.map(last_day),
            over: !exception.is_in_force(now),
            made_by: plain(&exception.made_by).into_owned(),
            made_at: exception.created_at,
        }
    }
}

/// A target of the person by its number or its name. Somebody else's is not there.
async fn target(person: &Person, text: &str) -> Result<TargetRow, Fault> {
    let store = person.app.store().await?;
    let found = match text.parse() {
        Ok(number) => store.target_by_id(number).await?,
        Err(_) => store.target(&plain(text)).await?,
    };
    found.ok_or(Fault::Missing)
}

#[cfg(test)]
mod tests;
