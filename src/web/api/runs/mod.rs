//! Runs, and the backups that were made before them.

mod again;
mod announcement;
mod backups;
mod outcome;

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::auth::{Caller, Writer};
use super::input::{Asked, At, Body, Page, Span, domains};
use super::jobs::Job;
use super::problem::{Problem, Reply};
use crate::app::App;
use crate::desk::{self, Desk, DeskError, Wish};
use crate::store::{self, Action, RunId, RunStatus, StepStatus, TargetRow};
use crate::web::site::Site;
use crate::web::words;

pub use again::{__path_follow_again, __path_lost};
pub use announcement::__path_announcement;
pub use backups::{
    __path_back_up, __path_backup, __path_backups, __path_bring_back, __path_file, Form,
};
pub use outcome::{__path_cuts, __path_differences, __path_outcome};

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/runs", get(list))
        .route("/runs/{run}", get(one))
        .route("/runs/{run}/steps", get(steps))
        .route("/runs/{run}/resume", post(go_on))
        .route("/runs/{run}/abandon", post(abandon))
        .route("/runs/{run}/undo", post(undo))
        .route("/runs/{run}/outcome", get(outcome::outcome))
        .route("/runs/{run}/cuts", get(outcome::cuts))
        .route("/runs/{run}/differences", get(outcome::differences))
        .route("/runs/{run}/announcement", get(announcement::announcement))
        .route("/runs/{run}/refollow", get(again::lost).post(again::follow_again))
        .route("/targets/{target}/backups", post(backups::back_up))
        .route("/backups", get(backups::backups))
        .route("/backups/{backup}", get(backups::backup))
        .route("/backups/{backup}/file", get(backups::file))
        .route("/backups/{backup}/restore", post(backups::bring_back))
}

/// A plan that was carried out, or is.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Run {
    id: i64,
    /// The target's name.
    target: String,
    mode: String,
    status: RunStatus,
    /// Whether the target was as planned afterwards, if it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    verified: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// Who confirmed it, or went on with it.
    actor: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    backup: Option<i64>,
    created_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<DateTime<Utc>>,
    steps: Steps,
}

/// How many steps are in which state.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Steps {
    total: i64,
    pending: i64,
    sent: i64,
    done: i64,
    failed: i64,
    left_alone: i64,
}

impl From<store::Run> for Run {
    fn from(run: store::Run) -> Run {
        let store::StepCounts { total, pending, sent, done, failed, skipped } = run.steps;
        Run {
            id: run.id,
            target: run.target,
            mode: run.mode,
            status: run.status,
            verified: run.verified,
            message: run.message.map(|message| words::told(&message)),
            actor: run.actor,
            backup: run.backup_id,
            created_at: run.created_at,
            finished_at: run.finished_at,
            steps: Steps { total, pending, sent, done, failed, left_alone: skipped },
        }
    }
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Of {
    /// Only those of this target, by its number.
    #[param(minimum = 1)]
    target: Option<i64>,
    /// At most so many rows.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u64>,
    /// Leave so many out before the first.
    #[param(minimum = 0)]
    offset: Option<u64>,
}

impl Of {
    async fn name(&self, caller: &Caller) -> Reply<Option<String>> {
        Ok(match self.target {
            Some(id) => Some(caller.target(id).await?.name),
            None => None,
        })
    }
}

/// All runs, newest first
#[utoipa::path(get, path = "/api/v1/runs", tag = "runs", params(Of),
    responses((status = 200, body = Page<Run>)))]
pub async fn list(caller: Caller, Asked(of): Asked<Of>) -> Reply<Json<Page<Run>>> {
    let span = Span::of(of.limit, of.offset)?;
    let name = of.name(&caller).await?;
    let (store, name) = (caller.app.store().await?, name.as_deref());
    let total = store.count_runs(name).await?;
    let runs = store.runs_page(name, span.skipped(), span.most()).await?;
    Ok(Json(span.of_all(total, runs.into_iter().map(Run::from))))
}

async fn find(caller: &Caller, run: i64) -> Reply<store::Run> {
    let run = caller.app.store().await?.run(run).await?;
    run.ok_or_else(|| Problem::missing("run"))
}

/// The target that something was done on, if it is still connected.
async fn target(caller: &Caller, name: &str) -> Reply<TargetRow> {
    let row = caller.app.store().await?.target(name).await?;
    row.ok_or_else(|| Problem::conflict("The target is not connected any more."))
}

/// One run
#[utoipa::path(get, path = "/api/v1/runs/{run}", tag = "runs",
    params(("run" = i64, Path, minimum = 1, description = "Its number")),
    responses((status = 200, body = Run)))]
pub async fn one(caller: Caller, At(run): At<i64>) -> Reply<Json<Run>> {
    Ok(Json(find(&caller, run).await?.into()))
}

/// What a run did, or is to do, to one domain.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Step {
    seq: i64,
    action: Action,
    domain: String,
    status: StepStatus,
    attempts: i64,
    /// The lists that asked for it.
    lists: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    updated_at: DateTime<Utc>,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// Only those in this state.
    status: Option<StepStatus>,
    /// At most so many rows.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u64>,
    /// Leave so many out before the first.
    #[param(minimum = 0)]
    offset: Option<u64>,
}

/// The steps of a run, in their order
#[utoipa::path(get, path = "/api/v1/runs/{run}/steps", tag = "runs",
    params(("run" = i64, Path, minimum = 1, description = "Its number"), Which),
    responses((status = 200, body = Page<Step>)))]
pub async fn steps(
    caller: Caller,
    At(run): At<i64>,
    Asked(which): Asked<Which>,
) -> Reply<Json<Page<Step>>> {
    let span = Span::of(which.limit, which.offset)?;
    let run = find(&caller, run).await?;
    let total = which.status.map_or(run.steps.total, |status| run.steps.of(status));
    let states: Vec<StepStatus> = which.status.into_iter().collect();
    let store = caller.app.store().await?;
    let steps = store.steps_page(run.id, &states, span.skipped(), span.most()).await?;
    let step = |step: store::Step| Step {
        seq: step.seq,
        action: step.action,
        domain: step.domain.to_string(),
        status: step.status,
        attempts: step.attempts,
        lists: step.lists.split(", ").filter(|l| !l.is_empty()).map(str::to_owned).collect(),
        error: step.error.map(|error| words::told(&error)),
        updated_at: step.updated_at,
    };
    Ok(Json(span.of_all(total, steps.into_iter().map(step))))
}

/// What can be done about a run that was interrupted.
type Deed = fn(&Arc<Desk>, &App, &TargetRow, RunId) -> Result<Arc<desk::Job>, DeskError>;

async fn take_up(
    site: &Site,
    caller: &Caller,
    run: i64,
    deed: Deed,
) -> Reply<(StatusCode, Json<Job>)> {
    let run = find(caller, run).await?;
    if !run.status.is_unfinished() {
        return Err(Problem::conflict("This run has come to its end already."));
    }
    let row = target(caller, &run.target).await?;
    let job = deed(site.desk(), &caller.app, &row, run.id)?;
    Ok((StatusCode::ACCEPTED, Json(Job::of(&job.status()))))
}

/// Go on with a run that was interrupted
///
/// Begins a job.
#[utoipa::path(post, path = "/api/v1/runs/{run}/resume", tag = "runs",
    params(("run" = i64, Path, minimum = 1, description = "Its number")),
    responses((status = 202, body = Job)))]
pub async fn go_on(
    State(site): State<Site>,
    Writer(caller): Writer,
    At(run): At<i64>,
) -> Reply<(StatusCode, Json<Job>)> {
    take_up(&site, &caller, run, Desk::resume).await
}

/// Give up a run that was interrupted
///
/// Begins a job. What it has done stays done, and what it has not is never done.
#[utoipa::path(post, path = "/api/v1/runs/{run}/abandon", tag = "runs",
    params(("run" = i64, Path, minimum = 1, description = "Its number")),
    responses((status = 202, body = Job)))]
pub async fn abandon(
    State(site): State<Site>,
    Writer(caller): Writer,
    At(run): At<i64>,
) -> Reply<(StatusCode, Json<Job>)> {
    take_up(&site, &caller, run, Desk::abandon).await
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
pub struct Only {
    /// Take back only what the run did to these.
    #[schema(max_items = 10000)]
    only: Vec<String>,
}

/// Plan to take a run back
///
/// Begins a job that makes a plan. Look at it and apply it.
#[utoipa::path(post, path = "/api/v1/runs/{run}/undo", tag = "runs",
    params(("run" = i64, Path, minimum = 1, description = "Its number")),
    request_body = Only, responses((status = 202, body = Job)))]
pub async fn undo(
    State(site): State<Site>,
    Writer(caller): Writer,
    At(run): At<i64>,
    Body(Only { only }): Body<Only>,
) -> Reply<(StatusCode, Json<Job>)> {
    let run = find(&caller, run).await?;
    if run.status.is_unfinished() {
        return Err(Problem::conflict("This run was interrupted: resume it or give it up first."));
    }
    let row = target(&caller, &run.target).await?;
    let wish = Wish::Undo { run: run.id, only: domains("only", &only)? };
    let job = site.desk().plan(&caller.app, &row, wish)?;
    Ok((StatusCode::ACCEPTED, Json(Job::of(&job.status()))))
}
