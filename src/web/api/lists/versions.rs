//! The versions of a list that is followed.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::super::auth::{Caller, Writer};
use super::super::input::{Asked, At, Body, Page, Part, Span};
use super::super::problem::{Problem, Reply};
use super::{followed, own};
use crate::block::Severity;
use crate::domain::Domain;
use crate::follow::guard::Concern;
use crate::follow::history::{Difference as Way, Which};
use crate::follow::{Outcome, concerns_of, joined};
use crate::list::Document;
use crate::policy::worded;
use crate::store::{FollowedList, Snapshot, SnapshotId, Standing};
use crate::text::plain;
use crate::verb::lists::versions as verb;
use crate::web::limits::Address;
use crate::web::lists::{Reasons, aside, fetch_again};
use crate::web::site::Site;
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
    /// It waits, and can come into force if you say so. What cannot be read cannot.
    acceptable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_at: Option<DateTime<Utc>>,
}

fn told(concerns: &[Concern]) -> Vec<String> {
    concerns.iter().map(|concern| words::told(&concern.to_string())).collect()
}

impl Kept {
    fn of(list: &FollowedList, snapshot: Snapshot) -> Reply<Kept> {
        let concerns = concerns_of(list, &snapshot)?;
        let waits = list.held == Some(snapshot.id);
        Ok(Kept {
            acceptable: waits && concerns.iter().all(Concern::can_be_accepted),
            concerns: told(&concerns),
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
pub async fn update(
    State(site): State<Site>,
    Writer(caller): Writer,
    from: Address,
    At(name): At<String>,
) -> Reply<Json<Updated>> {
    let list = own(&caller.app.store().await?, &name).await?;
    site.limits().fetch(from)?;
    Ok(Json(fetch_again(&caller.app, &list).await?.into()))
}

/// What is decided about.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Decided {
    /// The number of the version that was looked at. If another one waits by now, nothing is
    /// done.
    version: SnapshotId,
}

/// Let the held version come into force
#[utoipa::path(post, path = "/api/v1/lists/{list}/accept", tag = "lists",
    params(("list" = String, Path, description = "Its name")),
    request_body = Decided, responses((status = 200, body = Kept)))]
pub async fn accept(
    Writer(caller): Writer,
    At(name): At<String>,
    Body(Decided { version }): Body<Decided>,
) -> Reply<Json<Kept>> {
    decide(&caller, &name, version, true).await
}

/// Turn the held version down
///
/// It is not offered again; a later one is.
#[utoipa::path(post, path = "/api/v1/lists/{list}/reject", tag = "lists",
    params(("list" = String, Path, description = "Its name")),
    request_body = Decided, responses((status = 200, body = Kept)))]
pub async fn reject(
    Writer(caller): Writer,
    At(name): At<String>,
    Body(Decided { version }): Body<Decided>,
) -> Reply<Json<Kept>> {
    decide(&caller, &name, version, false).await
}

async fn decide(
    caller: &Caller,
    name: &str,
    version: SnapshotId,
    accept: bool,
) -> Reply<Json<Kept>> {
    let lists = caller.app.lists().await?;
    let list = own(&lists.store, name).await?;
    let version = verb::decide(&caller.app, &lists, &list, Some(version), accept).await?;
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
    /// What the list says of it: the newer version or, of what is gone, the older one.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
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
    let (old, new) = (lists.shelved(&list, from).await?, lists.shelved(&list, to).await?);
    let (from, to) = (from.id, to.id);
    Ok(Json(aside(move || Difference::of((from, &old), (to, &new), span)).await?))
}

impl Difference {
    fn of(
        (from, old): (SnapshotId, &Document),
        (to, new): (SnapshotId, &Document),
        span: Span,
    ) -> Difference {
        let Way { before, after, added, removed, regraded, retracted } = Way::between(old, new);
        let number = |n: usize| n as u64;
        let [more, fewer, other, back] =
            [added.len(), removed.len(), regraded.len(), retracted.len()].map(number);
        let of = |turn, domain, before, after| (turn, domain, before, after);
        let added = added.into_iter().map(|it| of(Turn::Added, it.domain, None, it.severity));
        let gone = removed.into_iter().map(|it| of(Turn::Removed, it.domain, it.severity, None));
        let regraded =
            regraded.into_iter().map(|it| of(Turn::Regraded, it.domain, it.before, it.after));
        let retracted = retracted.into_iter().map(|it| of(Turn::Retracted, it, None, None));
        let rows: Vec<_> = added.chain(gone).chain(regraded).chain(retracted).collect();
        let (was, is) = (Reasons::of(old), Reasons::of(new));
        let row = |(turn, domain, before, after): (Turn, Domain, _, _)| Turned {
            reason: if turn == Turn::Removed { &was } else { &is }
                .of_domain(&domain)
                .map(|reason| plain(reason).into_owned()),
            domain,
            turn,
            before,
            after,
        };
        Difference {
            from,
            to,
            before: number(before),
            after: number(after),
            added: more,
            removed: fewer,
            regraded: other,
            retracted: back,
            rows: span.page(rows.into_iter(), row),
        }
    }
}
