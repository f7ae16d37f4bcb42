//! Backups, and bringing a target back to one.

use std::path::Path;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::super::auth::{Caller, Writer};
use super::super::input::{Asked, At, Page, Span};
use super::super::jobs::Job;
use super::super::problem::{Problem, Reply};
use super::{Of, target};
use crate::desk::Wish;
use crate::policy::worded;
use crate::store;
use crate::verb::restore;
use crate::web::site::Site;

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
    let (store, name) = (caller.app.store().await?, name.as_deref());
    let total = store.count_backups(name).await?;
    let backups = store.backups_page(name, span.skipped(), span.most()).await?;
    Ok(Json(span.of_all(total, backups.into_iter().map(Backup::from))))
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
    let wish = Wish::Restore { backup: found.id, aside: Vec::new() };
    let job = site.desk().plan(&caller.app, &row, wish)?;
    Ok((StatusCode::ACCEPTED, Json(Job::of(&job.status()))))
}
