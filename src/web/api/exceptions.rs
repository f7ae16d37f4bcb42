//! What must not be blocked, what was turned down, and when blocks end.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{delete, get, post, put};
use axum::{Json, Router};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::auth::{Caller, Writer};
use super::input::{Asked, At, Body, Page, Part, Sought, domain, reason, stored};
use super::problem::{Problem, Reply};
use crate::ledger::{Dismissal, Why};
use crate::store::BlockDate;
use crate::verb::dates::{self, Dating};
use crate::verb::exceptions::{self as verb, Excepting};
use crate::verb::ownership::{self, Which};
use crate::web::site::Site;

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/exceptions", get(list).post(except))
        .route("/exceptions/{exception}", delete(end))
        .route("/targets/{target}/dismissals", get(dismissals))
        .route("/targets/{target}/dismissals/{domain}", put(dismiss).delete(undismiss))
        .route("/targets/{target}/dates", get(dated))
        .route("/targets/{target}/dates/{domain}", put(date).delete(undate))
        .route("/targets/{target}/blocks/{domain}/release", post(release))
        .route("/targets/{target}/blocks/{domain}/adopt", post(adopt))
}

/// What no list is to block.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Exception {
    id: i64,
    domain: String,
    /// Everything below the domain too.
    subdomains: bool,
    /// The number of the only target that it holds for; absent for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<i64>,
    /// Only what this list says of it is not heard.
    #[serde(skip_serializing_if = "Option::is_none")]
    list: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// It holds until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    made_by: String,
}

async fn all(caller: &Caller) -> Reply<Vec<Exception>> {
    let store = caller.app.store().await?;
    let targets = store.targets().await?;
    let shown = |it: crate::exception::Exception| {
        let row = it.target.as_ref().map(|name| targets.iter().find(|row| row.name == *name));
        // One for a target that is gone holds nowhere.
        let target = match row {
            None => None,
            Some(row) => Some(row?.id),
        };
        Some(Exception {
            id: it.id,
            domain: it.domain.to_string(),
            subdomains: it.subdomains,
            target,
            list: it.list,
            reason: it.reason,
            until: it.until,
            created_at: it.created_at,
            made_by: it.made_by,
        })
    };
    Ok(store.exceptions(None).await?.into_iter().filter_map(shown).collect())
}

/// All exceptions
///
/// Also those that are over. What is searched for can stand in the domain, the list or the reason.
#[utoipa::path(get, path = "/api/v1/exceptions", tag = "exceptions", params(Sought),
    responses((status = 200, body = Page<Exception>)))]
pub async fn list(caller: Caller, Asked(search): Asked<Sought>) -> Reply<Json<Page<Exception>>> {
    let (span, text) = (search.span()?, search.text());
    let mut rows = all(&caller).await?;
    rows.retain(|row| {
        let words = [Some(&row.domain), row.list.as_ref(), row.reason.as_ref()];
        words.into_iter().flatten().any(|word| word.to_lowercase().contains(&text))
    });
    Ok(Json(span.page(rows.into_iter(), |row| row)))
}

/// An exception to make.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewException)]
pub struct New {
    #[schema(max_length = 253, example = "friends.example")]
    domain: String,
    #[serde(default)]
    subdomains: bool,
    /// The number of a target; on all without it.
    target: Option<i64>,
    list: Option<String>,
    #[schema(max_length = 500)]
    reason: Option<String>,
    /// The last day on which it holds.
    until: Option<NaiveDate>,
}

/// Let no list block a domain
#[utoipa::path(post, path = "/api/v1/exceptions", tag = "exceptions", request_body = New,
    responses((status = 201, body = Exception)))]
pub async fn except(
    State(site): State<Site>,
    Writer(caller): Writer,
    Body(new): Body<New>,
) -> Reply<(StatusCode, Json<Exception>)> {
    let store = caller.app.store().await?;
    let target = match new.target {
        None => None,
        Some(id) => {
            let row = store.target_by_id(id).await?;
            Some(row.ok_or_else(|| Problem::input("target: there is none"))?.name)
        }
    };
    let list = new.list.map(|list| list.to_lowercase());
    super::proposals::known_lists(&store, "list", list.as_slice()).await?;
    let reason = reason(new.reason)?;
    let (domain, subdomains, until) = (domain("domain", &new.domain)?, new.subdomains, new.until);
    let new = Excepting { target, domain, subdomains, list, reason, until };
    let on = new.target.clone();
    let id = verb::except(&caller.app, new).await?;
    site.desk().plan_all_again(&caller.app, on.as_deref()).await?;
    let made = all(&caller).await?.into_iter().find(|row| row.id == id);
    let made = made.ok_or_else(|| Problem::missing("exception"))?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// End an exception
#[utoipa::path(delete, path = "/api/v1/exceptions/{exception}", tag = "exceptions",
    params(("exception" = i64, Path, minimum = 1, description = "Its number")),
    responses((status = 204)))]
pub async fn end(
    State(site): State<Site>,
    Writer(caller): Writer,
    At(id): At<i64>,
) -> Reply<StatusCode> {
    let gone = verb::remove(&caller.app, id).await?;
    site.desk().plan_all_again(&caller.app, gone.target.as_deref()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a person did not want blocked. It rests until a list says more.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Dismissal)]
pub struct Dismissed {
    domain: String,
    why: Why,
    at: DateTime<Utc>,
    /// The lists that asked for it then.
    lists: Vec<String>,
}

/// What was turned down on a target
#[utoipa::path(get, path = "/api/v1/targets/{target}/dismissals", tag = "exceptions",
    params(("target" = i64, Path, minimum = 1, description = "The target's number"), Sought),
    responses((status = 200, body = Page<Dismissed>)))]
pub async fn dismissals(
    caller: Caller,
    At(target): At<i64>,
    Asked(search): Asked<Sought>,
) -> Reply<Json<Page<Dismissed>>> {
    let (span, text) = (search.span()?, search.text());
    let row = caller.target(target).await?;
    let mut rows = verb::dismissed(&caller.app, &row).await?;
    rows.retain(|(domain, _)| domain.contains(&text));
    let shown = |(domain, it): (String, Dismissal)| Dismissed {
        domain,
        why: it.why,
        at: it.at,
        lists: it.said.iter().flat_map(|said| said.keys()).map(ToString::to_string).collect(),
    };
    Ok(Json(span.page(rows.into_iter(), shown)))
}

/// Turn a suggestion down
#[utoipa::path(put, path = "/api/v1/targets/{target}/dismissals/{domain}", tag = "exceptions",
    params(("target" = i64, Path, minimum = 1, description = "The target's number"),
        ("domain" = String, Path, description = "What is not to be suggested")),
    responses((status = 204)))]
pub async fn dismiss(
    State(site): State<Site>,
    Writer(caller): Writer,
    At((target, name)): At<(i64, String)>,
) -> Reply<StatusCode> {
    let row = caller.target(target).await?;
    verb::dismiss(&caller.app, &row, &[stored("domain", &name)?]).await?;
    site.desk().plan_again(&caller.app, &row).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Let a domain be suggested again
#[utoipa::path(delete, path = "/api/v1/targets/{target}/dismissals/{domain}", tag = "exceptions",
    params(("target" = i64, Path, minimum = 1, description = "The target's number"),
        ("domain" = String, Path, description = "What was turned down")),
    responses((status = 204)))]
pub async fn undismiss(
    State(site): State<Site>,
    Writer(caller): Writer,
    At((target, name)): At<(i64, String)>,
) -> Reply<StatusCode> {
    let row = caller.target(target).await?;
    let name = stored("domain", &name)?;
    let known = verb::dismissed(&caller.app, &row).await?;
    if !known.iter().any(|(known, _)| known == name.as_str()) {
        return Err(Problem::missing("dismissal on this target"));
    }
    verb::undismiss(&caller.app, &row, &[name]).await?;
    site.desk().plan_again(&caller.app, &row).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// When a block ends by itself, and when somebody wants to look at it again.
#[derive(Serialize, utoipa::ToSchema)]
pub struct BlockDates {
    domain: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    review_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    made_by: String,
}

impl From<BlockDate> for BlockDates {
    fn from(date: BlockDate) -> BlockDates {
        let BlockDate { domain, expires_at, review_at, reason, made_by, .. } = date;
        BlockDates { domain: domain.to_string(), expires_at, review_at, reason, made_by }
    }
}

/// The dates of a target's blocks
#[utoipa::path(get, path = "/api/v1/targets/{target}/dates", tag = "exceptions",
    params(("target" = i64, Path, minimum = 1, description = "The target's number"), Part),
    responses((status = 200, body = Page<BlockDates>)))]
pub async fn dated(
    caller: Caller,
    At(target): At<i64>,
    Asked(part): Asked<Part>,
) -> Reply<Json<Page<BlockDates>>> {
    let span = part.span()?;
    let row = caller.target(target).await?;
    let dates = caller.app.store().await?.dates(&row.name).await?;
    Ok(Json(span.page(dates.into_iter(), BlockDates::from)))
}

/// One of the two has to be there.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDates {
    /// The last day of the block.
    expires: Option<NaiveDate>,
    /// The day to look at it again.
    review: Option<NaiveDate>,
    #[schema(max_length = 500)]
    reason: Option<String>,
}

/// Set when a block ends, or when to look at it again
#[utoipa::path(put, path = "/api/v1/targets/{target}/dates/{domain}", tag = "exceptions",
    params(("target" = i64, Path, minimum = 1, description = "The target's number"),
        ("domain" = String, Path, description = "What is blocked")),
    request_body = NewDates, responses((status = 200, body = BlockDates)))]
pub async fn date(
    State(site): State<Site>,
    Writer(caller): Writer,
    At((target, name)): At<(i64, String)>,
    Body(new): Body<NewDates>,
) -> Reply<Json<BlockDates>> {
    let row = caller.target(target).await?;
    let NewDates { expires, review, reason: why } = new;
    let reason = reason(why)?;
    if expires.is_none() && review.is_none() {
        return Err(Problem::input("expires, review: one of them has to be there"));
    }
    let dating = Dating { expires, review, reason };
    let date = dates::set(&caller.app, &row.name, &stored("domain", &name)?, dating).await?;
    site.desk().plan_again(&caller.app, &row).await?;
    Ok(Json(date.into()))
}

/// Forget the dates of a block
#[utoipa::path(delete, path = "/api/v1/targets/{target}/dates/{domain}", tag = "exceptions",
    params(("target" = i64, Path, minimum = 1, description = "The target's number"),
        ("domain" = String, Path, description = "What is blocked")),
    responses((status = 204)))]
pub async fn undate(
    State(site): State<Site>,
    Writer(caller): Writer,
    At((target, name)): At<(i64, String)>,
) -> Reply<StatusCode> {
    let row = caller.target(target).await?;
    let name = stored("domain", &name)?;
    let known = caller.app.store().await?.dates(&row.name).await?;
    if !known.iter().any(|known| known.domain == name) {
        return Err(Problem::missing("date on this target"));
    }
    dates::clear(&caller.app, &row.name, &name).await?;
    site.desk().plan_again(&caller.app, &row).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Make a block that Hedgerow put there your own
///
/// No list changes it from then on.
#[utoipa::path(post, path = "/api/v1/targets/{target}/blocks/{domain}/release", tag = "targets",
    params(("target" = i64, Path, minimum = 1, description = "The target's number"),
        ("domain" = String, Path, description = "What is blocked")),
    responses((status = 204)))]
pub async fn release(
    State(site): State<Site>,
    Writer(caller): Writer,
    At((target, name)): At<(i64, String)>,
) -> Reply<StatusCode> {
    let row = caller.target(target).await?;
    let name = stored("domain", &name)?;
    ownership::release(&caller.app, &row, Which::These(&[name])).await?;
    site.desk().plan_again(&caller.app, &row).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Let lists have a block that was your own
///
/// They raise, lower and lift it from then on, as they go. What is blocked is known from when the
/// target was last read.
#[utoipa::path(post, path = "/api/v1/targets/{target}/blocks/{domain}/adopt", tag = "targets",
    params(("target" = i64, Path, minimum = 1, description = "The target's number"),
        ("domain" = String, Path, description = "What is blocked")),
    responses((status = 204)))]
pub async fn adopt(
    State(site): State<Site>,
    Writer(caller): Writer,
    At((target, name)): At<(i64, String)>,
) -> Reply<StatusCode> {
    let row = caller.target(target).await?;
    let name = stored("domain", &name)?;
    let seen = site.desk().reading(&caller.app, &row).await?;
    ownership::adopt_seen(&caller.app, &row, seen.as_deref(), Which::These(&[name])).await?;
    site.desk().plan_again(&caller.app, &row).await?;
    Ok(StatusCode::NO_CONTENT)
}
