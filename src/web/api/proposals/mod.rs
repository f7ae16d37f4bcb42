//! Plans that wait: made, looked at, decided about, applied, let go of.

mod decide;
mod rows;
mod wish;

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::auth::{Caller, Writer};
use super::input::{Asked, At, Body, Page, Span};
use super::jobs::Job;
use super::problem::{Problem, Reply};
use crate::desk::{self, Context, Proposal, Wish, endable};
use crate::plan::{Mode, Plan, Summary};
use crate::store::TargetRow;
use crate::web::site::Site;
use crate::web::words;

pub use decide::__path_decide;
use rows::Filter;
pub use rows::{Group, Row};
pub use wish::{Wished, known_lists};

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/targets/{target}/proposal", get(one).post(make).delete(let_go))
        .route("/targets/{target}/proposal/again", post(again))
        .route("/targets/{target}/proposal/rows", get(rows))
        .route("/targets/{target}/proposal/decisions", post(decide::decide))
        .route("/targets/{target}/proposal/apply", post(apply))
}

/// A plan that waits for a decision.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Proposal)]
pub struct Waiting {
    id: i64,
    /// Grows with every decision.
    revision: i64,
    /// Of everything that it would do. Send it back to have exactly that done.
    checksum: String,
    created_at: DateTime<Utc>,
    mode: Mode,
    /// The whole plan in one sentence.
    sentence: String,
    summary: Summary,
    /// What a person should read before agreeing.
    notices: Vec<String>,
}

impl Waiting {
    fn of(proposal: &Proposal) -> Waiting {
        let plan = &proposal.plan;
        Waiting {
            id: proposal.id,
            revision: proposal.revision,
            checksum: plan.checksum.clone(),
            created_at: proposal.created_at,
            mode: plan.mode,
            sentence: plan.sentence(),
            summary: plan.summary,
            notices: plan.notices.iter().filter_map(|notice| words::notice(notice)).collect(),
        }
    }
}

/// The plan that waits on a target.
async fn waiting(site: &Site, caller: &Caller, row: &TargetRow) -> Reply<Arc<Proposal>> {
    let waiting = site.desk().waiting(&caller.app, &row.name).await?;
    waiting.ok_or_else(|| Problem::missing("plan on this target; make one"))
}

/// Make a plan
///
/// Begins a job: the target and its lists are read. The plan takes the place of the one that
/// waits. Nothing is changed by it.
#[utoipa::path(post, path = "/api/v1/targets/{target}/proposal", tag = "proposals",
    params(("target" = i64, Path, minimum = 1, description = "The target's number")),
    request_body = Wished, responses((status = 202, body = Job)))]
pub async fn make(
    State(site): State<Site>,
    Writer(caller): Writer,
    At(target): At<i64>,
    Body(wish): Body<Wished>,
) -> Reply<(StatusCode, Json<Job>)> {
    let row = caller.target(target).await?;
    let wish = wish.checked(&caller.app, &row.name).await?;
    let job = site.desk().plan(&caller.app, &row, wish)?;
    Ok((StatusCode::ACCEPTED, Json(Job::of(&job.status()))))
}

/// Make the plan again
///
/// Begins a job: the target and its lists are read once more, for what was wished last. What was
/// decided about rows counts on.
#[utoipa::path(post, path = "/api/v1/targets/{target}/proposal/again", tag = "proposals",
    params(("target" = i64, Path, minimum = 1, description = "The target's number")),
    responses((status = 202, body = Job)))]
pub async fn again(
    State(site): State<Site>,
    Writer(caller): Writer,
    At(target): At<i64>,
) -> Reply<(StatusCode, Json<Job>)> {
    let row = caller.target(target).await?;
    let job = site.desk().plan_once_more(&caller.app, &row).await?;
    Ok((StatusCode::ACCEPTED, Json(Job::of(&job.status()))))
}

/// The plan that waits
#[utoipa::path(get, path = "/api/v1/targets/{target}/proposal", tag = "proposals",
    params(("target" = i64, Path, minimum = 1, description = "The target's number")),
    responses((status = 200, body = Waiting)))]
pub async fn one(
    State(site): State<Site>,
    caller: Caller,
    At(target): At<i64>,
) -> Reply<Json<Waiting>> {
    let row = caller.target(target).await?;
    Ok(Json(Waiting::of(&*waiting(&site, &caller, &row).await?)))
}

/// Let go of the plan that waits
#[utoipa::path(delete, path = "/api/v1/targets/{target}/proposal", tag = "proposals",
    params(("target" = i64, Path, minimum = 1, description = "The target's number")),
    responses((status = 204)))]
pub async fn let_go(
    State(site): State<Site>,
    Writer(caller): Writer,
    At(target): At<i64>,
) -> Reply<StatusCode> {
    let row = caller.target(target).await?;
    let proposal = waiting(&site, &caller, &row).await?;
    if site.desk().let_go(&caller.app, &proposal).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::conflict("A run has this plan by now."))
}

#[derive(Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// Only these.
    pub group: Option<Group>,
    /// Only names with this in them.
    pub search: Option<String>,
    /// Only what this list asks for.
    pub list: Option<String>,
    /// Only what would cut people who are followed or who follow.
    pub cuts: Option<bool>,
    /// At most so many rows.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u64>,
    /// Leave so many out before the first.
    #[param(minimum = 0)]
    pub offset: Option<u64>,
}

impl Which {
    fn filter(&self) -> Filter<'_> {
        let (search, list) = (self.search.as_deref(), self.list.as_deref());
        Filter { group: self.group, search, list, cuts: self.cuts }
    }
}

/// The rows of the plan that waits
///
/// In the order of consequence: held, removes, lowers, raises, edits, adds, skipped,
/// unchanged; in each by name.
#[utoipa::path(get, path = "/api/v1/targets/{target}/proposal/rows", tag = "proposals",
    params(("target" = i64, Path, minimum = 1, description = "The target's number"), Which),
    responses((status = 200, body = Page<Row>)))]
pub async fn rows(
    State(site): State<Site>,
    caller: Caller,
    At(target): At<i64>,
    Asked(which): Asked<Which>,
) -> Reply<Json<Page<Row>>> {
    let span = Span::of(which.limit, which.offset)?;
    let row = caller.target(target).await?;
    let proposal = waiting(&site, &caller, &row).await?;
    let endable = endable(&caller.app, &proposal).await?;
    let context = Context::of(&proposal, endable);
    let found = rows::found(&proposal.plan, &which.filter());
    Ok(Json(span.page(found.into_iter(), |found| found.row(&context))))
}

/// The rows of a plan that nobody can decide about.
pub fn rows_of(wish: &Wish, plan: &Plan, which: &Which, span: Span) -> Page<Row> {
    let context = Context::new(wish, plan, BTreeSet::new());
    let found = rows::found(plan, &which.filter());
    span.page(found.into_iter(), |mut found| {
        found.place = None;
        found.row(&context)
    })
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Agreed {
    /// Of the plan that was looked at.
    #[schema(min_length = 64, max_length = 64, pattern = "^[0-9a-f]{64}$")]
    checksum: String,
    /// How many follows of those who are followed the plan ends: `following` of its summary. A
    /// plan that ends follows is carried out only with both numbers.
    #[serde(default)]
    #[schema(minimum = 0)]
    following: usize,
    /// The same of those who follow: `followers` of its summary.
    #[serde(default)]
    #[schema(minimum = 0)]
    followers: usize,
}

/// Carry the plan out
///
/// Begins a job: what the target holds is backed up, the plan is carried out, and the target
/// is read again. A plan is never carried out twice, however often it is asked for: the second
/// request is answered with 409.
#[utoipa::path(post, path = "/api/v1/targets/{target}/proposal/apply", tag = "proposals",
    params(("target" = i64, Path, minimum = 1, description = "The target's number")),
    request_body = Agreed, responses((status = 202, body = Job)))]
pub async fn apply(
    State(site): State<Site>,
    Writer(caller): Writer,
    At(target): At<i64>,
    Body(agreed): Body<Agreed>,
) -> Reply<(StatusCode, Json<Job>)> {
    let row = caller.target(target).await?;
    let proposal = waiting(&site, &caller, &row).await?;
    if proposal.plan.is_empty() {
        return Err(Problem::conflict("The plan would change nothing."));
    }
    let Agreed { checksum, following, followers } = &agreed;
    let agreed = desk::Agreed { checksum, cuts: (*following, *followers) };
    let job = site.desk().apply(&caller.app, &row, &proposal, agreed).await?;
    Ok((StatusCode::ACCEPTED, Json(Job::of(&job.status()))))
}
