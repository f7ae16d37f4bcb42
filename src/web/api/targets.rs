//! Targets, and what they were last seen to block.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::auth::{Caller, Writer};
use super::input::{Asked, At, Page, Part, Span};
use super::jobs::Job;
use super::problem::{Problem, Reply};
use crate::block::{Block, Level, Severity};
use crate::keep;
use crate::ledger::{Holding, Owner};
use crate::store::TargetRow;
use crate::web::site::Site;

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/targets", get(list))
        .route("/targets/{target}", get(one).delete(forget))
        .route("/targets/{target}/read", post(read))
        .route("/targets/{target}/blocks", get(blocks))
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
    async fn of(site: &Site, caller: &Caller, row: TargetRow) -> Reply<Target> {
        let store = caller.app.store().await?;
        let whose = keep::whose(&caller.app.identity(&row)?);
        Ok(Target {
            read_at: store.reading_at(&row.name, &whose).await?,
            busy: site.desk().busy(caller.app.owner(), &row.name).is_some(),
            proposal: store.open_proposal(&row.name).await?.map(|(id, _)| id),
            unfinished_run: store.unfinished_run(&row.name).await?.map(|run| run.id),
            id: row.id,
            name: row.name,
            level: row.level,
            server: row.base_url,
            account: row.account,
            software: row.software,
            version: row.version,
            connected_at: row.created_at,
        })
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
        items.push(Target::of(&site, &caller, row).await?);
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
    let row = caller.target(target).await?;
    Ok(Json(Target::of(&site, &caller, row).await?))
}

/// What became of a sign-in.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Forgotten {
    /// The server was told that the key is worth nothing any more. Where it could not be, take
    /// it back there by hand.
    key_revoked: bool,
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
    use crate::verb::sign_in::{Told, sign_out};
    let row = caller.target(target).await?;
    if site.desk().busy(caller.app.owner(), &row.name).is_some() {
        return Err(Problem::conflict("Something is being done on this target right now."));
    }
    let told = sign_out(&caller.app, &caller.app.client()?, &row).await?;
    Ok(Json(Forgotten { key_revoked: matches!(told, Told::Revoked) }))
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

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// Only names with this in them.
    search: Option<String>,
    /// Only blocks of this severity. The blocks of accounts have none.
    severity: Option<Severity>,
    /// Only those that Hedgerow put there, or that a person did.
    owner: Option<Owner>,
    /// At most so many rows.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u64>,
    /// Leave so many out before the first.
    #[param(minimum = 0)]
    offset: Option<u64>,
}

/// A block as it was last seen.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Blocked {
    /// As the server stores it.
    domain: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<crate::block::Rule>,
    owner: Owner,
    /// The lists that it stands for, where Hedgerow put it there.
    lists: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<DateTime<Utc>>,
}

/// What it was last seen to block
///
/// Ordered by name. 409 where it was never read: read it first.
#[utoipa::path(get, path = "/api/v1/targets/{target}/blocks", tag = "targets",
    params(("target" = i64, Path, minimum = 1, description = "Its number"), Which),
    responses((status = 200, body = Page<Blocked>)))]
pub async fn blocks(
    State(site): State<Site>,
    caller: Caller,
    At(target): At<i64>,
    Asked(which): Asked<Which>,
) -> Reply<Json<Page<Blocked>>> {
    let row = caller.target(target).await?;
    let span = Span::of(which.limit, which.offset)?;
    let Some(state) = site.desk().reading(&caller.app, &row).await? else {
        return Err(Problem::conflict("This target was not read yet; read it first."));
    };
    let store = caller.app.store().await?;
    let whose = keep::whose(&caller.app.identity(&row)?);
    let ledger = store.ledger(&row.name, &whose, caller.app.clock.now()).await?;
    let search = which.search.as_deref().unwrap_or_default().to_lowercase();
    let ours = |block: &Block| ledger.owned(&block.name).filter(|held| held.is_untouched(block));
    let fits = |block: &&Block| {
        let owner = if ours(block).is_some() { Owner::Hedgerow } else { Owner::Person };
        block.name.contains(&search)
            && which.severity.is_none_or(|s| block.rule.as_ref().is_some_and(|r| r.severity == s))
            && which.owner.is_none_or(|wanted| wanted == owner)
    };
    let found: Vec<&Block> = state.blocks.iter().filter(fits).collect();
    let shown = |block: &Block| {
        let holding: Option<&Holding> = ours(block);
        let lists = holding.map(|h| h.claims.iter().map(|claim| claim.list.to_string()));
        Blocked {
            domain: block.name.to_string(),
            rule: block.rule.clone(),
            owner: if holding.is_some() { Owner::Hedgerow } else { Owner::Person },
            lists: lists.map(Iterator::collect).unwrap_or_default(),
            since: holding.map(|holding| holding.since),
        }
    };
    Ok(Json(span.page(found.into_iter(), shown)))
}
