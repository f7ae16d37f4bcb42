//! Runs, and the backups that were made before them.

use std::path::Path;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::auth::{Caller, Writer};
use super::input::{Asked, At, Body, Page, Part, Span, domains};
use super::jobs::Job;
use super::problem::{Problem, Reply};
use crate::desk::Wish;
use crate::policy::worded;
use crate::store::{self, Action, RunStatus, StepStatus, TargetRow};
use crate::verb::restore;
use crate::web::site::Site;
use crate::web::words;

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/runs", get(list))
        .route("/runs/{run}", get(one))
        .route("/runs/{run}/steps", get(steps))
        .route("/runs/{run}/resume", post(go_on))
        .route("/runs/{run}/abandon", post(abandon))
        .route("/runs/{run}/undo", post(undo))
        .route("/targets/{target}/backups", post(back_up))
        .route("/backups", get(backups))
        .route("/backups/{backup}", get(backup))
        .route("/backups/{backup}/file", get(file))
        .route("/backups/{backup}/restore", post(bring_back))
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
    let mut runs = caller.app.store().await?.runs(u32::MAX).await?;
    runs.retain(|run| name.as_ref().is_none_or(|name| *name == run.target));
    Ok(Json(span.page(runs.into_iter(), Run::from)))
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

/// The steps of a run, in their order
#[utoipa::path(get, path = "/api/v1/runs/{run}/steps", tag = "runs",
    params(("run" = i64, Path, minimum = 1, description = "Its number"), Part),
    responses((status = 200, body = Page<Step>)))]
pub async fn steps(
    caller: Caller,
    At(run): At<i64>,
    Asked(part): Asked<Part>,
) -> Reply<Json<Page<Step>>> {
    let span = part.span()?;
    let run = find(&caller, run).await?;
    let steps = caller.app.store().await?.steps(run.id).await?;
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
    Ok(Json(span.page(steps.into_iter(), step)))
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
    let run = find(&caller, run).await?;
    if !run.status.is_unfinished() {
        return Err(Problem::conflict("This run has come to its end; there is nothing to resume."));
    }
    let row = target(&caller, &run.target).await?;
    let job = site.desk().resume(&caller.app, &row, run.id)?;
    Ok((StatusCode::ACCEPTED, Json(Job::of(&job.status()))))
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
    let run = find(&caller, run).await?;
    if !run.status.is_unfinished() {
        return Err(Problem::conflict("This run has come to its end already."));
    }
    let row = target(&caller, &run.target).await?;
    let job = site.desk().abandon(&caller.app, &row, run.id)?;
    Ok((StatusCode::ACCEPTED, Json(Job::of(&job.status()))))
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

/// What a target held at some moment.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Backup {
    id: i64,
    /// The target's name.
    target: String,
    taken_at: DateTime<Utc>,
    blocks: i64,
    /// Of the file.
    sha256: String,
    /// Why it was made, such as "before merge".
    reason: String,
}

impl From<store::Backup> for Backup {
    fn from(backup: store::Backup) -> Backup {
        let store::Backup { id, target, taken_at, blocks, sha256, reason, .. } = backup;
        Backup { id, target, taken_at, blocks, sha256, reason }
    }
}

/// All backups, newest first
#[utoipa::path(get, path = "/api/v1/backups", tag = "backups", params(Of),
    responses((status = 200, body = Page<Backup>)))]
pub async fn backups(caller: Caller, Asked(of): Asked<Of>) -> Reply<Json<Page<Backup>>> {
    let span = Span::of(of.limit, of.offset)?;
    let name = of.name(&caller).await?;
    let backups = caller.app.store().await?.backups(name.as_deref()).await?;
    Ok(Json(span.page(backups.into_iter(), Backup::from)))
}

/// Back up what a target blocks now
///
/// Begins a job.
#[utoipa::path(post, path = "/api/v1/targets/{target}/backups", tag = "backups",
    params(("target" = i64, Path, minimum = 1, description = "The target's number")),
    responses((status = 202, body = Job)))]
pub async fn back_up(
    State(site): State<Site>,
    Writer(caller): Writer,
    At(target): At<i64>,
) -> Reply<(StatusCode, Json<Job>)> {
    let row = caller.target(target).await?;
    let job = site.desk().back_up(&caller.app, &row)?;
    Ok((StatusCode::ACCEPTED, Json(Job::of(&job.status()))))
}

async fn find_backup(caller: &Caller, id: i64) -> Reply<store::Backup> {
    let backup = caller.app.store().await?.backup(id).await?;
    backup.ok_or_else(|| Problem::missing("backup"))
}

/// One backup
#[utoipa::path(get, path = "/api/v1/backups/{backup}", tag = "backups",
    params(("backup" = i64, Path, minimum = 1, description = "Its number")),
    responses((status = 200, body = Backup)))]
pub async fn backup(caller: Caller, At(backup): At<i64>) -> Reply<Json<Backup>> {
    Ok(Json(find_backup(&caller, backup).await?.into()))
}

worded! {
    /// How a backup is written.
    pub enum Form {
        /// Everything that is known, which can be restored.
        Json = "json",
        /// For the server's own import page.
        Csv = "csv",
    }
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct As {
    /// [default: json]
    form: Option<Form>,
}

/// The file of a backup
#[utoipa::path(get, path = "/api/v1/backups/{backup}/file", tag = "backups",
    params(("backup" = i64, Path, minimum = 1, description = "Its number"), As),
    responses((status = 200, content(
        (serde_json::Value = "application/json"), (String = "text/csv; charset=utf-8")))))]
pub async fn file(
    caller: Caller,
    At(backup): At<i64>,
    Asked(As { form }): Asked<As>,
) -> Reply<Response> {
    let found = find_backup(&caller, backup).await?;
    let store = caller.app.store().await?;
    // It is checked before anybody gets it.
    restore::backup(&store, found.id).await?;
    let (path, kind) = match form.unwrap_or(Form::Json) {
        Form::Json => (&found.path, "application/json"),
        Form::Csv => (&found.csv_path, "text/csv; charset=utf-8"),
    };
    let bytes = tokio::fs::read(Path::new(path)).await?;
    let name = Path::new(path).file_name().map(|name| name.to_string_lossy().replace('"', ""));
    let name = format!("attachment; filename=\"{}\"", name.unwrap_or_default());
    let headers = [(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, &name)];
    Ok((headers, bytes).into_response())
}

/// Plan to bring its target back to a backup
///
/// Begins a job that makes a plan. Look at it and apply it.
#[utoipa::path(post, path = "/api/v1/backups/{backup}/restore", tag = "backups",
    params(("backup" = i64, Path, minimum = 1, description = "Its number")),
    responses((status = 202, body = Job)))]
pub async fn bring_back(
    State(site): State<Site>,
    Writer(caller): Writer,
    At(backup): At<i64>,
) -> Reply<(StatusCode, Json<Job>)> {
    let found = find_backup(&caller, backup).await?;
    let row = target(&caller, &found.target).await?;
    let job = site.desk().plan(
        &caller.app,
        &row,
        Wish::Restore { backup: found.id, aside: Vec::new() },
    )?;
    Ok((StatusCode::ACCEPTED, Json(Job::of(&job.status()))))
}
