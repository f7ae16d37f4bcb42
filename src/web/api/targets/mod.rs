//! Targets, and what they were last seen to block.

mod blocks;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::auth::{Caller, Writer};
use super::input::{Asked, At, Page, Part};
use super::jobs::Job;
use super::problem::{Problem, Reply};
use crate::block::Level;
use crate::desk::DeskError;
use crate::keep;
use crate::verb::sign_in::{Told, sign_out};
use crate::web::site::Site;

pub use blocks::{__path_blocks, __path_file, __path_one_block, __path_tally, Sort};

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/targets", get(list))
        .route("/targets/{target}", get(one).delete(forget))
        .route("/targets/{target}/read", post(read))
        .route("/targets/{target}/tally", get(blocks::tally))
        .route("/targets/{target}/blocks", get(blocks::blocks))
        .route("/targets/{target}/blocks/{domain}", get(blocks::one_block))
        .route("/targets/{target}/file", get(blocks::file))
}

/// An account or an instance that somebody has connected.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Target {
    id: i64,
    name: String,
    level: Level,
    /// The address of its server.
    server: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    software: String,
    version: String,
    connected_at: DateTime<Utc>,
    /// When its blocks were last read.
    #[serde(skip_serializing_if = "Option::is_none")]
    read_at: Option<DateTime<Utc>>,
    /// Something is being done on it right now; see its job.
    busy: bool,
    /// The number of the plan that waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    proposal: Option<i64>,
    /// The run that was interrupted and can be resumed.
    #[serde(skip_serializing_if = "Option::is_none")]
    unfinished_run: Option<i64>,
}

impl Target {
    async fn read(site: &Site, caller: &Caller, id: i64) -> Reply<Option<Target>> {
        let now = caller.app.store().await?.target_now(id).await?;
        let Some((row, now)) = now else { return Ok(None) };
        let whose = keep::whose(&caller.app.identity(&row)?);
        let reading = now.reading.filter(|(_, was)| *was == whose);
        Ok(Some(Target {
            read_at: reading.map(|(at, _)| at),
            busy: site.desk().busy(caller.app.owner(), &row.name).is_some(),
            proposal: now.open_proposal.map(|(id, _)| id),
            unfinished_run: now.unfinished_run,
            id: row.id,
            name: row.name,
            level: row.level,
            server: row.base_url,
            account: row.account,
            software: row.software,
            version: row.version,
            connected_at: row.created_at,
        }))
    }
}

/// All targets
#[utoipa::path(get, path = "/api/v1/targets", tag = "targets", params(Part),
    responses((status = 200, body = Page<Target>)))]
pub async fn list(
    State(site): State<Site>,
    caller: Caller,
    Asked(part): Asked<Part>,
) -> Reply<Json<Page<Target>>> {
    let rows = caller.app.store().await?.targets().await?;
    let (rows, total, limit, offset) = part.span()?.cut(rows);
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        items.extend(Target::read(&site, &caller, row.id).await?);
    }
    Ok(Json(Page { items, total, limit, offset }))
}

/// One target
#[utoipa::path(get, path = "/api/v1/targets/{target}", tag = "targets",
    params(("target" = i64, Path, minimum = 1, description = "Its number")),
    responses((status = 200, body = Target)))]
pub async fn one(
    State(site): State<Site>,
    caller: Caller,
    At(target): At<i64>,
) -> Reply<Json<Target>> {
    let found = Target::read(&site, &caller, target).await?;
    Ok(Json(found.ok_or_else(|| Problem::missing("target"))?))
}

/// What became of a sign-in.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Forgotten {
    /// The server was told that the key is worth nothing any more. Where it could not be, take
    /// it back there by hand.
    key_revoked: bool,
    /// Where to take it back by hand, if the server could not be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    revoke_at: Option<String>,
}

/// Disconnect a target
///
/// Its blocks stay as they are, and so do its runs and backups.
#[utoipa::path(delete, path = "/api/v1/targets/{target}", tag = "targets",
    params(("target" = i64, Path, minimum = 1, description = "Its number")),
    responses((status = 200, body = Forgotten)))]
pub async fn forget(
    State(site): State<Site>,
    Writer(caller): Writer,
    At(target): At<i64>,
) -> Reply<Json<Forgotten>> {
    let row = caller.target(target).await?;
    if site.desk().busy(caller.app.owner(), &row.name).is_some() {
        return Err(DeskError::Busy.into());
    }
    let told = sign_out(&caller.app, &caller.app.client()?, &row).await?;
    site.desk().forget(caller.app.owner(), &row.name);
    let (key_revoked, revoke_at) = match told {
        Told::Revoked => (true, None),
        Told::NotOurs => (false, None),
        Told::ByHand { why, at } => {
            tracing::info!(error = format!("{why:#}"), "a token was not revoked");
            (false, Some(at))
        }
    };
    Ok(Json(Forgotten { key_revoked, revoke_at }))
}

/// Read what it blocks now
///
/// Begins a job. Its server is asked, which takes seconds.
#[utoipa::path(post, path = "/api/v1/targets/{target}/read", tag = "targets",
    params(("target" = i64, Path, minimum = 1, description = "Its number")),
    responses((status = 202, body = Job)))]
pub async fn read(
    State(site): State<Site>,
    Writer(caller): Writer,
    At(target): At<i64>,
) -> Reply<(StatusCode, Json<Job>)> {
    let row = caller.target(target).await?;
    let job = site.desk().read(&caller.app, &row)?;
    Ok((StatusCode::ACCEPTED, Json(Job::of(&job.status()))))
}
