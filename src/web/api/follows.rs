//! Which lists a target follows, how, and what they come to together.

use axum::extract::State;
use axum::routing::{get, put};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use super::auth::{Caller, Writer};
use super::input::{Asked, At, Body, Page, Part, agreement};
use super::problem::{Problem, Reply};
use crate::policy::{Comments, Policy, Terms};
use crate::store::{self, Store, TargetRow};
use crate::verb::{policy, subscribe as verb};
use crate::web::site::Site;

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/targets/{target}/subscriptions", get(list))
        .route("/targets/{target}/subscriptions/{list}", put(subscribe).delete(unsubscribe))
        .route("/targets/{target}/policy", get(policy_of).put(set_policy).delete(no_policy))
}

/// A list that a target follows.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Subscription {
    list: String,
    terms: Terms,
}

/// The lists that a target follows
#[utoipa::path(get, path = "/api/v1/targets/{target}/subscriptions", tag = "subscriptions",
    params(("target" = i64, Path, minimum = 1, description = "The target's number"), Part),
    responses((status = 200, body = Page<Subscription>)))]
pub async fn list(
    caller: Caller,
    At(target): At<i64>,
    Asked(part): Asked<Part>,
) -> Reply<Json<Page<Subscription>>> {
    let span = part.span()?;
    let row = caller.target(target).await?;
    let rows = caller.app.store().await?.subscriptions(&row.name).await?;
    let shown = |row: store::Subscription| Subscription { list: row.list, terms: row.terms };
    Ok(Json(span.page(rows.into_iter(), shown)))
}

/// Have a target follow a list, or change how it does
///
/// What is left out of the terms gets its default. Nothing is changed on the target by it.
#[utoipa::path(put, path = "/api/v1/targets/{target}/subscriptions/{list}", tag = "subscriptions",
    params(("target" = i64, Path, minimum = 1, description = "The target's number"),
        ("list" = String, Path, description = "The name of a list that you follow, or that comes \
        with Hedgerow")),
    request_body = Terms, responses((status = 200, body = Subscription)))]
pub async fn subscribe(
    State(site): State<Site>,
    Writer(caller): Writer,
    At((target, list)): At<(i64, String)>,
    Body(terms): Body<Terms>,
) -> Reply<Json<Subscription>> {
    let row = caller.target(target).await?;
    let (weight, days) = (Terms::MOST_WEIGHT, Terms::MOST_GRACE_DAYS);
    if terms.weight > weight || terms.grace_days > days {
        let says = format!("weight: at most {weight}; grace_days: at most {days}");
        return Err(Problem::input(says));
    }
    let list = verb::followable(&caller.app, &list).await?;
    let terms = verb::subscribe(&caller.app, &row.name, &list, true, |t| *t = terms).await?;
    site.desk().plan_again(&caller.app, &row).await?;
    Ok(Json(Subscription { list, terms }))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct How {
    /// The blocks that stand for it alone become your own. Otherwise the next plan offers to
    /// lift them.
    keep: Option<bool>,
}

/// What comes of following a list no longer.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Unsubscribed {
    list: String,
    /// Blocks that stood for this list and no other.
    alone: u64,
    /// They are your own now.
    kept: bool,
}

/// Have a target follow a list no longer
///
/// Nothing is lifted by it.
#[utoipa::path(delete, path = "/api/v1/targets/{target}/subscriptions/{list}",
    tag = "subscriptions",
    params(("target" = i64, Path, minimum = 1, description = "The target's number"),
        ("list" = String, Path, description = "The list's name"), How),
    responses((status = 200, body = Unsubscribed)))]
pub async fn unsubscribe(
    State(site): State<Site>,
    Writer(caller): Writer,
    At((target, list)): At<(i64, String)>,
    Asked(How { keep }): Asked<How>,
) -> Reply<Json<Unsubscribed>> {
    let row = caller.target(target).await?;
    let store = caller.app.store().await?;
    if !follows(&store, &row, &list).await? {
        return Err(Problem::missing("list that this target follows"));
    }
    let done = verb::unsubscribe(&caller.app, &row, &list, keep.unwrap_or(false)).await?;
    site.desk().plan_again(&caller.app, &row).await?;
    let verb::Unsubscribed { list, alone, kept } = done;
    Ok(Json(Unsubscribed { list, alone: alone as u64, kept }))
}

async fn follows(store: &Store, row: &TargetRow, list: &str) -> Reply<bool> {
    let list = list.to_lowercase();
    let known = store.subscriptions(&row.name).await?;
    Ok(known.iter().any(|known| known.list == list))
}

/// What a target makes of its lists together
#[utoipa::path(get, path = "/api/v1/targets/{target}/policy", tag = "subscriptions",
    params(("target" = i64, Path, minimum = 1, description = "The target's number")),
    responses((status = 200, body = Policy)))]
pub async fn policy_of(caller: Caller, At(target): At<i64>) -> Reply<Json<Policy>> {
    let row = caller.target(target).await?;
    Ok(Json(caller.app.store().await?.policy(&row.name).await?))
}

/// Change what a target makes of its lists together
///
/// What is left out gets its default.
#[utoipa::path(put, path = "/api/v1/targets/{target}/policy", tag = "subscriptions",
    params(("target" = i64, Path, minimum = 1, description = "The target's number")),
    request_body = Policy, responses((status = 200, body = Policy)))]
pub async fn set_policy(
    State(site): State<Site>,
    Writer(caller): Writer,
    At(target): At<i64>,
    Body(wanted): Body<Policy>,
) -> Reply<Json<Policy>> {
    let row = caller.target(target).await?;
    agreement(wanted.agreement)?;
    if let Comments::Of(list) = &wanted.comments {
        let store = caller.app.store().await?;
        super::proposals::known_lists(&store, "comments", std::slice::from_ref(list)).await?;
    }
    changed(&site, &caller, &row, wanted).await
}

/// Go back to the default policy
#[utoipa::path(delete, path = "/api/v1/targets/{target}/policy", tag = "subscriptions",
    params(("target" = i64, Path, minimum = 1, description = "The target's number")),
    responses((status = 200, body = Policy)))]
pub async fn no_policy(
    State(site): State<Site>,
    Writer(caller): Writer,
    At(target): At<i64>,
) -> Reply<Json<Policy>> {
    let row = caller.target(target).await?;
    changed(&site, &caller, &row, Policy::default()).await
}

async fn changed(
    site: &Site,
    caller: &Caller,
    row: &TargetRow,
    wanted: Policy,
) -> Reply<Json<Policy>> {
    let policy = policy::change(&caller.app, &row.name, |policy| *policy = wanted).await?;
    site.desk().plan_again(&caller.app, row).await?;
    Ok(Json(policy))
}
