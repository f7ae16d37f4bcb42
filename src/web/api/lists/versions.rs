//! The versions of a list that is followed.

use axum::Json;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::super::auth::{Caller, Writer};
use super::super::input::{Asked, At, Page, Part};
use super::super::problem::{Problem, Reply};
use super::followed;
use crate::block::Severity;
use crate::domain::Domain;
use crate::follow::guard::Concern;
use crate::follow::history::{Difference as Way, Named, Regraded, Which};
use crate::follow::{Outcome, concerns_of, joined};
use crate::policy::worded;
use crate::store::{FollowedList, Snapshot, Standing};
use crate::verb::lists::versions as verb;
use crate::web::words;

/// A version of a list that was kept.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = ListVersion)]
pub struct Kept {
    version: i64,
    fetched_at: DateTime<Utc>,
    standing: Standing,
    /// It is what counts now.
    in_force: bool,
    entries: i64,
    rejected: i64,
    sha256: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<String>,
    /// Why it was held.
    concerns: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_at: Option<DateTime<Utc>>,
}

fn told(concerns: &[Concern]) -> Vec<String> {
    concerns.iter().map(|concern| words::told(&concern.to_string())).collect()
}

impl Kept {
    fn of(list: &FollowedList, snapshot: Snapshot) -> Reply<Kept> {
        Ok(Kept {
            concerns: told(&concerns_of(list, &snapshot)?),
            in_force: snapshot.id == list.current,
            version: snapshot.id,
            fetched_at: snapshot.fetched_at,
            standing: snapshot.standing,
            entries: snapshot.entries,
            rejected: snapshot.rejected,
            sha256: snapshot.sha256,
            format: snapshot.format,
            decided_at: snapshot.decided_at,
        })
    }
}

/// The versions of a list, newest first
#[utoipa::path(get, path = "/api/v1/lists/{list}/versions", tag = "lists",
    params(("list" = String, Path, description = "Its name"), Part),
    responses((status = 200, body = Page<Kept>)))]
pub async fn versions(
    caller: Caller,
    At(name): At<String>,
    Asked(part): Asked<Part>,
) -> Reply<Json<Page<Kept>>> {
    let span = part.span()?;
    let store = caller.app.store().await?;
    let list = followed(&store, &name).await?;
    let (rows, total, limit, offset) = span.cut(store.snapshots(list.id).await?);
    let items = rows.into_iter().map(|row| Kept::of(&list, row)).collect::<Reply<_>>()?;
    Ok(Json(Page { items, total, limit, offset }))
}

worded! {
    /// What an update found.
    pub enum Became {
        Unchanged = "unchanged",
        Changed = "changed",
        /// The newest version waits for a decision.
        Held = "held",
        /// The newest version was turned down before.
        Rejected = "rejected",
        /// Its publisher did not answer.
        Failed = "failed",
    }
}

/// What an update found.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Updated {
    outcome: Became,
    says: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i64>,
}

impl From<Outcome> for Updated {
    fn from(outcome: Outcome) -> Updated {
        let (became, says, version) = match outcome {
            Outcome::Unchanged => (Became::Unchanged, "It is as it was.".to_owned(), None),
            Outcome::Changed { version, entries, added, removed, regraded } => {
                let says = format!(
                    "{entries} domains: {added} new, {removed} gone, {regraded} with another \
                     severity."
                );
                (Became::Changed, says, Some(version))
            }
            Outcome::Held { version, concerns, .. } => {
                (Became::Held, words::told(&joined(&concerns)), Some(version))
            }
            Outcome::Rejected { version } => (
                Became::Rejected,
                "You have rejected its newest version.".to_owned(),
                Some(version),
            ),
            Outcome::Failed { says, .. } => (Became::Failed, words::told(&says), None),
        };
        Updated { outcome: became, says, version }
    }
}

/// Ask a list's publisher for what is new
#[utoipa::path(post, path = "/api/v1/lists/{list}/update", tag = "lists",
    params(("list" = String, Path, description = "Its name")),
    responses((status = 200, body = Updated)))]
pub async fn update(Writer(caller): Writer, At(name): At<String>) -> Reply<Json<Updated>> {
    let lists = caller.app.lists().await?;
    let list = followed(&lists.store, &name).await?;
    Ok(Json(lists.update(&list).await?.into()))
}

/// Let the held version come into force
#[utoipa::path(post, path = "/api/v1/lists/{list}/accept", tag = "lists",
    params(("list" = String, Path, description = "Its name")),
    responses((status = 200, body = Kept)))]
pub async fn accept(Writer(caller): Writer, At(name): At<String>) -> Reply<Json<Kept>> {
    decide(&caller, &name, true).await
}

/// Turn the held version down
///
/// It is not offered again; a later one is.
#[utoipa::path(post, path = "/api/v1/lists/{list}/reject", tag = "lists",
    params(("list" = String, Path, description = "Its name")),
    responses((status = 200, body = Kept)))]
pub async fn reject(Writer(caller): Writer, At(name): At<String>) -> Reply<Json<Kept>> {
    decide(&caller, &name, false).await
}

async fn decide(caller: &Caller, name: &str, accept: bool) -> Reply<Json<Kept>> {
    let lists = caller.app.lists().await?;
    let list = followed(&lists.store, name).await?;
    if list.held.is_none() {
        return Err(Problem::conflict("No version of this list waits for a decision."));
    }
    let version = verb::decide(&caller.app, &lists, &list, accept).await?;
    Ok(Json(Kept::of(&followed(&lists.store, name).await?, version)?))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Between {
    /// The older version's number. Without it, the one that was in force before.
    #[param(minimum = 1)]
    from: Option<i64>,
    /// The newer version's number. Without it, the held one, or the one in force.
    #[param(minimum = 1)]
    to: Option<i64>,
    /// At most so many rows.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u64>,
    /// Leave so many out before the first.
    #[param(minimum = 0)]
    offset: Option<u64>,
}

worded! {
    /// What became of a domain.
    pub enum Turn {
        Added = "added",
        Removed = "removed",
        Regraded = "regraded",
        /// Taken back in the open.
        Retracted = "retracted",
    }
}

/// What a version says otherwise than another.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Turned {
    domain: Domain,
    turn: Turn,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Severity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Severity>,
}

/// The way from one version to another.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = ListDifference)]
pub struct Difference {
    from: i64,
    to: i64,
    /// How many domains the two name.
    before: u64,
    after: u64,
    added: u64,
    removed: u64,
    regraded: u64,
    retracted: u64,
    rows: Page<Turned>,
}

/// What changed from one version to another
#[utoipa::path(get, path = "/api/v1/lists/{list}/difference", tag = "lists",
    params(("list" = String, Path, description = "Its name"), Between),
    responses((status = 200, body = Difference)))]
pub async fn difference(
    caller: Caller,
    At(name): At<String>,
    Asked(between): Asked<Between>,
) -> Reply<Json<Difference>> {
    let span = Part { limit: between.limit, offset: between.offset }.span()?;
    let lists = caller.app.lists().await?;
    let list = followed(&lists.store, &name).await?;
    let snapshots = lists.store.snapshots(list.id).await?;
    let which = |id: Option<i64>| id.map(Which::Number);
    for id in [between.from, between.to].into_iter().flatten() {
        if !snapshots.iter().any(|snapshot| snapshot.id == id) {
            return Err(Problem::missing("version of this list"));
        }
    }
    let ends = verb::ends(&list, &snapshots, which(between.from), which(between.to));
    let (from, to) = ends.map_err(|_| Problem::conflict("There is only one version so far."))?;
    let (old, new) = (lists.read(&list, from).await?, lists.read(&list, to).await?);
    let Way { before, after, added, removed, regraded, retracted } = Way::between(&old, &new);
    let number = |n: usize| n as u64;
    let counts = [added.len(), removed.len(), regraded.len(), retracted.len()].map(number);
    let of = |turn, domain, before, after| Turned { domain, turn, before, after };
    let named = |Named { domain, severity }| of(Turn::Added, domain, None, severity);
    let gone = |Named { domain, severity }| of(Turn::Removed, domain, severity, None);
    let other = |Regraded { domain, before, after }| of(Turn::Regraded, domain, before, after);
    let mut rows: Vec<Turned> = added.into_iter().map(named).collect();
    rows.extend(removed.into_iter().map(gone));
    rows.extend(regraded.into_iter().map(other));
    rows.extend(retracted.into_iter().map(|domain| of(Turn::Retracted, domain, None, None)));
    let [added, removed, regraded, retracted] = counts;
    Ok(Json(Difference {
        from: from.id,
        to: to.id,
        before: number(before),
        after: number(after),
        added,
        removed,
        regraded,
        retracted,
        rows: span.page(rows.into_iter(), |row| row),
    }))
}
