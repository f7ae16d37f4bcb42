//! What was done: runs and how they ended, backups, restoring and undoing.

mod again;
mod announcement;
mod backups;
mod one;
#[cfg(test)]
mod tests;
mod view;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::routing::{get, post};
use serde::Deserialize;

use self::view::RunLine;
use super::at::At;
use super::fault::{Answer, Fault};
use super::page;
use super::paging::Paging;
use super::site::Site;
use super::targets::{Head, Tab};
use super::visitor::Person;
use crate::store::{Run, TargetRow};
use crate::web::input::{Path, Query};

/// Rows on a page.
const SIZE: u32 = 100;

fn skipped(paging: &Paging) -> u32 {
    u32::try_from(paging.skipped()).unwrap_or(u32::MAX)
}

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/targets/{target}/runs", get(all))
        .route("/runs/{run}", get(one::show))
        .route("/runs/{run}/announcement", get(announcement::show))
        .route("/runs/{run}/announcement.md", get(announcement::file))
        .route("/runs/{run}/resume", post(resume))
        .route("/runs/{run}/abandon", post(abandon))
        .route("/runs/{run}/refollow", post(again::begin))
        .route("/targets/{target}/backups", get(backups::all).post(backups::make))
        .route("/backups/{backup}", get(backups::download))
}

pub use self::again::{follow, with_right};
pub use self::view::became;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Where {
    page: String,
}

#[derive(Template)]
#[template(path = "runs/runs.html")]
struct AllRuns {
    head: Head,
    runs: Vec<RunLine>,
    paging: Paging,
}

async fn all(State(site): State<Site>, at: At, Query(place): Query<Where>) -> Answer {
    let At { person, row, .. } = &at;
    let store = person.app.store().await?;
    let total = u64::try_from(store.count_runs(Some(&row.name)).await?).unwrap_or(0);
    let paging = Paging::new(place.page.parse().ok(), SIZE.into(), total, Vec::new());
    let runs = store.runs_page(Some(&row.name), skipped(&paging), SIZE).await?;
    let head = Head::at(&site, &at, Tab::Runs).await?;
    let runs = runs.iter().map(RunLine::of).collect();
    Ok(page::html(StatusCode::OK, &AllRuns { head, runs, paging }))
}

/// A run of the person who asks, and its target if that is still connected.
async fn find(person: &Person, number: &str) -> Result<(Run, Option<TargetRow>), Fault> {
    let number = number.parse().map_err(|_| Fault::Missing)?;
    let store = person.app.store().await?;
    let run = store.run(number).await?.ok_or(Fault::Missing)?;
    let row = store.target(&run.target).await?;
    Ok((run, row))
}

/// The heading over the pages of a run, where its target is still connected.
async fn head(
    site: &Site,
    person: &Person,
    row: Option<&TargetRow>,
) -> Result<Option<Head>, Fault> {
    match row {
        Some(row) => Ok(Some(Head::of(site, person, row, Tab::Runs).await?)),
        None => Ok(None),
    }
}

/// A run and its target where something is to be done on the target.
async fn with_target(person: &Person, number: &str) -> Result<(Run, TargetRow), Fault> {
    let (run, row) = find(person, number).await?;
    let row = row.ok_or_else(|| {
        Fault::input("The target of this run is not connected any more, so nothing was done.")
    })?;
    Ok((run, row))
}

async fn resume(State(site): State<Site>, person: Person, Path(run): Path<String>) -> Answer {
    let (run, row) = with_target(&person, &run).await?;
    if !run.status.is_unfinished() {
        return Ok(Redirect::to(&format!("/runs/{}", run.id)).into_response());
    }
    super::plan::watch(row.id, site.desk().resume(&person.app, &row, run.id))
}

async fn abandon(State(site): State<Site>, person: Person, Path(run): Path<String>) -> Answer {
    let (run, row) = with_target(&person, &run).await?;
    if !run.status.is_unfinished() {
        return Ok(Redirect::to(&format!("/runs/{}", run.id)).into_response());
    }
    super::plan::watch(row.id, site.desk().abandon(&person.app, &row, run.id))
}
