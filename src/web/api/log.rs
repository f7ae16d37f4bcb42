//! Who did what, and when.

use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use super::auth::Caller;
use super::input::{Asked, MOST, domain};
use super::problem::{Problem, Reply};
use crate::domain::Domain;
use crate::store::{Event, EventFilter, EventKind};
use crate::web::site::Site;

pub fn routes() -> Router<Site> {
    Router::new().route("/events", get(events))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// Only what concerns the target with this number.
    #[param(minimum = 1)]
    target: Option<i64>,
    /// Only what concerns this domain.
    #[param(max_length = 253)]
    domain: Option<String>,
    /// Only what concerns this list.
    list: Option<String>,
    /// Only what belongs to this run.
    run: Option<i64>,
    /// Only events of this kind.
    kind: Option<EventKind>,
    /// Only what came after the event with this number; then the oldest come first.
    after: Option<i64>,
    /// Only what came before the event with this number.
    before: Option<i64>,
    /// At most so many.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

/// A part of the log, which only grows.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Events {
    items: Vec<Event>,
    /// There are more: ask again with `before` (or `after`, if you did) set to this.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<i64>,
}

/// What was done
///
/// Newest first, or with `after` oldest first, so that a program can follow the log.
#[utoipa::path(get, path = "/api/v1/events", tag = "log", params(Which),
    responses((status = 200, body = Events)))]
pub async fn events(caller: Caller, Asked(which): Asked<Which>) -> Reply<Json<Events>> {
    let limit = which.limit.unwrap_or(100);
    if limit == 0 || u64::from(limit) > MOST {
        return Err(Problem::question(format!("limit: a number from 1 to {MOST}")));
    }
    if which.after.is_some() && which.before.is_some() {
        return Err(Problem::question("after, before: only one of them"));
    }
    let target = match which.target {
        Some(id) => Some(caller.target(id).await?.name),
        None => None,
    };
    let name = which.domain.as_deref().map(|name| domain("domain", name)).transpose()?;
    let filter = EventFilter {
        target: target.as_deref(),
        domain: name.as_ref().map(Domain::as_str),
        list: which.list.as_deref(),
        run: which.run,
        kind: which.kind,
        after_id: which.after.or(which.before),
        limit: Some(limit + 1),
        newest_first: which.after.is_none(),
        ..EventFilter::default()
    };
    let mut items = caller.app.store().await?.events(&filter).await?;
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next = items.last().map(|event| event.id).filter(|_| more);
    Ok(Json(Events { items, next }))
}
