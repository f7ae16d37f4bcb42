//! The plan that waits for a person, and their word on each of its rows.

mod begin;
mod decide;
mod filter;
mod form;
mod rows;
#[cfg(test)]
mod tests;
mod view;
mod word;
mod work;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use serde::Deserialize;

use self::filter::Asked;
use self::view::{Empty, PlanPage};
use super::at::At;
use super::fault::{Answer, Fault};
use super::page;
use super::site::Site;
use super::targets::{Head, Tab};
use crate::desk::{Agreed, DeskError, Job, Proposal, Taken};
use crate::web::input::{Form, Query};

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/targets/{target}/plan", get(show).post(begin::begin))
        .route("/targets/{target}/plan/new", get(form::page))
        .route("/targets/{target}/plan/again", post(begin::again))
        .route("/targets/{target}/plan/decide", post(decide::decide))
        .route("/targets/{target}/plan/apply", post(apply))
        .route("/targets/{target}/plan/drop", post(let_go))
        .route("/targets/{target}/work", get(work::show))
        .route("/targets/{target}/work/events", get(work::events))
        .route("/targets/{target}/work/stop", post(work::stop))
}

async fn show(State(site): State<Site>, at: At, Query(asked): Query<Asked>) -> Answer {
    let At { person, row, .. } = &at;
    if site.desk().busy(person.owner(), &row.name).is_some() {
        return Ok(Redirect::to(&format!("/targets/{}/work", row.id)).into_response());
    }
    page_of(&site, &at, &asked, None, StatusCode::OK).await
}

/// The page, with what went wrong at its head.
async fn page_of(
    site: &Site,
    at: &At,
    asked: &Asked,
    problem: Option<String>,
    status: StatusCode,
) -> Answer {
    let At { person, row, now } = at;
    let head = Head::at(site, at, Tab::Plan).await?;
    let waiting = site.desk().waiting_as(&person.app, &row.name, now.open_proposal).await?;
    let Some(proposal) = waiting else {
        return Ok(page::html(status, &Empty::of(at, head, problem).await?));
    };
    let plan = PlanPage::of(at, head, &proposal, asked, problem).await?;
    Ok(page::html(status, &plan))
}

#[derive(Deserialize)]
struct Handed {
    proposal: i64,
    #[serde(default)]
    checksum: String,
    /// How many follows the person has agreed to end.
    #[serde(default)]
    cuts: String,
}

async fn apply(State(site): State<Site>, at: At, Form(handed): Form<Handed>) -> Answer {
    let At { person, row, .. } = &at;
    let work = format!("/targets/{}/work", row.id);
    if site.desk().busy(person.owner(), &row.name).is_some() {
        return Ok(Redirect::to(&work).into_response());
    }
    let proposal = match site.desk().proposal_now(&person.app, &row.name, handed.proposal).await {
        Ok(proposal) => proposal,
        Err(error) => return to_run(row.id, error),
    };
    let agreed = Agreed { checksum: &handed.checksum, cuts: view::agreed_to(&handed.cuts) };
    match site.desk().apply(&person.app, row, &proposal, agreed).await {
        Ok(_) => Ok(Redirect::to(&work).into_response()),
        Err(error) => match error.downcast_ref() {
            Some(DeskError::Busy) => Ok(Redirect::to(&work).into_response()),
            Some(DeskError::Changed | DeskError::Outdated | DeskError::Nothing) => {
                let to = format!("/targets/{}/plan?note=changed", row.id);
                Ok(Redirect::to(&to).into_response())
            }
            Some(DeskError::Cuts(..)) => {
                let says = "These blocks end follows that nobody can bring back. Tick the box \
                            beside the button that says how many, then press it again. Nothing \
                            was done yet.";
                let status = StatusCode::UNPROCESSABLE_ENTITY;
                page_of(&site, &at, &Asked::default(), Some(says.to_owned()), status).await
            }
            _ => to_run(row.id, error),
        },
    }
}

/// A plan that a run has leads to the run, however often it is asked for.
fn to_run(target: i64, error: anyhow::Error) -> Answer {
    let to = match error.downcast_ref() {
        Some(DeskError::Taken(Taken::By(run))) => format!("/runs/{run}"),
        Some(DeskError::Taken(Taken::Soon)) => format!("/targets/{target}/work"),
        Some(DeskError::Gone) => format!("/targets/{target}/plan?note=replaced"),
        _ => return Err(error.into()),
    };
    Ok(Redirect::to(&to).into_response())
}

async fn let_go(State(site): State<Site>, at: At, Form(handed): Form<Handed>) -> Answer {
    let At { person, row, .. } = &at;
    match site.desk().proposal_now(&person.app, &row.name, handed.proposal).await {
        Ok(proposal) => {
            site.desk().let_go(&person.app, &proposal).await?;
            Ok(Redirect::to(&format!("/targets/{}/plan?note=dropped", row.id)).into_response())
        }
        Err(error) => to_run(row.id, error),
    }
}

/// Where the work that was begun can be watched, or that which goes on already.
pub(in crate::web) fn watch(target: i64, begun: Result<Arc<Job>, DeskError>) -> Answer {
    match begun {
        Ok(_) | Err(DeskError::Busy) => {
            Ok(Redirect::to(&format!("/targets/{target}/work")).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

/// The proposal that waits, whatever number the page was about.
async fn newest(site: &Site, at: &At) -> Result<Option<Arc<Proposal>>, Fault> {
    Ok(site.desk().waiting(&at.person.app, &at.row.name).await?)
}
