//! What a target was last seen to block, joined with what is known of it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::super::auth::Caller;
use super::super::input::{Asked, At, Page, Span};
use super::super::problem::{Problem, Reply};
use crate::block::{Rule, Severity};
use crate::ledger::Owner;
use crate::policy::worded;
use crate::store::{RunId, TargetRow};
use crate::web::site::Site;
use crate::web::targets::{Beside, Order, Sieve, Stands, View, Whose, as_file};

fn unread() -> Problem {
    Problem::conflict("This target was not read yet; read it first.")
}

async fn seen(site: &Site, caller: &Caller, row: &TargetRow) -> Reply<Arc<View>> {
    site.views().of(site.desk(), &caller.app, row).await?.ok_or_else(unread)
}

/// How many blocks there are of what.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Tally {
    /// When they were read.
    read_at: DateTime<Utc>,
    total: u64,
    /// Hedgerow put them there.
    hedgerow: u64,
    /// A person did.
    person: u64,
    /// Of those, the ones that lists ask for too.
    asked: u64,
    suspended: u64,
    silenced: u64,
    noted: u64,
    /// What the server stores and is no domain.
    odd: u64,
    /// They stand only for lists that are not followed any more.
    left_behind: u64,
    /// The lists that blocks stand for.
    lists: Vec<ForList>,
}

/// The blocks that stand for a list.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = BlocksForList)]
pub struct ForList {
    list: String,
    blocks: u64,
    /// For this list and no other.
    alone: u64,
}

/// What it was last seen to block, in numbers
///
/// 409 where it was never read: read it first.
#[utoipa::path(get, path = "/api/v1/targets/{target}/tally", tag = "targets",
    params(("target" = i64, Path, minimum = 1, description = "Its number")),
    responses((status = 200, body = Tally)))]
pub async fn tally(
    State(site): State<Site>,
    caller: Caller,
    At(target): At<i64>,
) -> Reply<Json<Tally>> {
    let row = caller.target(target).await?;
    let view = seen(&site, &caller, &row).await?;
    let follows = caller.app.store().await?.subscriptions(&row.name).await?;
    let left = view.left_behind(|list| follows.iter().any(|known| known.list == list));
    let number = |n: usize| n as u64;
    let of_list = |(list, Stands { all, alone }): (&arcstr::ArcStr, Stands)| ForList {
        list: list.to_string(),
        blocks: number(all),
        alone: number(alone),
    };
    let tally = view.tally;
    Ok(Json(Tally {
        read_at: view.state.taken_at,
        total: number(view.state.blocks.len()),
        hedgerow: number(tally.hedgerows),
        person: number(tally.yours),
        asked: number(tally.asked),
        suspended: number(tally.suspended),
        silenced: number(tally.silenced),
        noted: number(tally.noted),
        odd: number(tally.odd),
        left_behind: number(left),
        lists: view.lists().map(of_list).collect(),
    }))
}

worded! {
    /// What comes first.
    pub enum Sort {
        Name = "name",
        /// The strictest.
        Severity = "severity",
        /// The newest.
        Since = "since",
        List = "list",
    }
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// Only those with this in their name or in a comment.
    search: Option<String>,
    /// Only blocks of this severity. The blocks of accounts have none.
    severity: Option<Severity>,
    /// Only those that Hedgerow put there, or that a person did.
    owner: Option<Owner>,
    /// Only a person's that lists ask for too.
    asked: Option<bool>,
    /// Only those that stand for this list.
    list: Option<String>,
    /// Only what is no domain.
    odd: Option<bool>,
    /// [default: name]
    sort: Option<Sort>,
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
    rule: Option<Rule>,
    owner: Owner,
    /// A person's, and lists ask for it too.
    asked: bool,
    /// The lists that it stands for, where Hedgerow put it there.
    lists: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<DateTime<Utc>>,
    /// The run that put it there.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<RunId>,
    /// What a person had there before Hedgerow raised it.
    #[serde(skip_serializing_if = "Option::is_none")]
    raised_from: Option<Severity>,
    /// It ends by itself then.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<DateTime<Utc>>,
    /// Somebody wants to look at it again then.
    #[serde(skip_serializing_if = "Option::is_none")]
    review_at: Option<DateTime<Utc>>,
    /// An exception speaks of it.
    excepted: bool,
}

impl Blocked {
    fn of(view: &View, at: u32, beside: &Beside) -> Blocked {
        let (block, row) = view.row(at);
        let date = beside.date(&block.name);
        Blocked {
            domain: block.name.to_string(),
            rule: block.rule.clone(),
            owner: if row.whose == Whose::Hedgerow { Owner::Hedgerow } else { Owner::Person },
            asked: row.whose == Whose::YoursAndAsked,
            lists: view.lists_of(row).map(str::to_owned).collect(),
            since: row.since,
            run: row.run,
            raised_from: row.raised_from,
            expires_at: date.and_then(|date| date.expires_at),
            review_at: date.and_then(|date| date.review_at),
            excepted: beside.excepts(block),
        }
    }
}

/// What it was last seen to block
///
/// 409 where it was never read: read it first.
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
    let view = seen(&site, &caller, &row).await?;
    let sieve = Sieve {
        text: which.search.unwrap_or_default().trim().to_lowercase(),
        severity: which.severity,
        hedgerows: which.owner.map(|owner| owner == Owner::Hedgerow),
        asked: which.asked.unwrap_or(false),
        list: which.list.filter(|list| !list.is_empty()),
        odd: which.odd.unwrap_or(false),
    };
    let order = match which.sort.unwrap_or(Sort::Name) {
        Sort::Name => Order::Name,
        Sort::Severity => Order::Severity,
        Sort::Since => Order::Since,
        Sort::List => Order::List,
    };
    let beside = Beside::read(&caller.app, &row.name).await?;
    let picked = view.pick(&sieve, order);
    Ok(Json(span.page(picked.iter(), |at| Blocked::of(&view, *at, &beside))))
}

/// One block as it was last seen
#[utoipa::path(get, path = "/api/v1/targets/{target}/blocks/{domain}", tag = "targets",
    params(("target" = i64, Path, minimum = 1, description = "The target's number"),
        ("domain" = String, Path, description = "As the server stores it")),
    responses((status = 200, body = Blocked)))]
pub async fn one_block(
    State(site): State<Site>,
    caller: Caller,
    At((target, name)): At<(i64, String)>,
) -> Reply<Json<Blocked>> {
    let row = caller.target(target).await?;
    let view = seen(&site, &caller, &row).await?;
    let name = name.to_lowercase();
    let at = view.at(&name).ok_or_else(|| Problem::missing("block on this target"))?;
    let beside = Beside::read(&caller.app, &row.name).await?;
    Ok(Json(Blocked::of(&view, at, &beside)))
}

/// What it was last seen to block, as a file
///
/// As its server exports it, which an import page takes, and so does `hedgerow`.
#[utoipa::path(get, path = "/api/v1/targets/{target}/file", tag = "targets",
    params(("target" = i64, Path, minimum = 1, description = "Its number")),
    responses((status = 200, body = String, content_type = "text/csv; charset=utf-8")))]
pub async fn file(
    State(site): State<Site>,
    caller: Caller,
    At(target): At<i64>,
) -> Reply<Response> {
    let row = caller.target(target).await?;
    let state = site.desk().reading(&caller.app, &row).await?.ok_or_else(unread)?;
    Ok(as_file(&state))
}
