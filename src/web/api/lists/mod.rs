//! Lists: those that are followed, those that are known, and what stands in them.

mod compare;
mod content;
mod follow;
mod known;
mod settings;
mod versions;
mod would;

use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::auth::Caller;
use super::input::{Asked, At, Page, Part};
use super::problem::{Problem, Reply};
use crate::follow::FollowError;
use crate::list::bundled::{self, Bundled};
use crate::list::catalogue::Status;
use crate::policy::worded;
use crate::store::{FollowedList, Store};
use crate::verb::lists::overview::Followed;
use crate::web::site::Site;
use crate::web::words;

pub use compare::{__path_combinations, __path_compare, __path_differences, __path_domains_in};
pub use content::{__path_entries, __path_problems};
pub use follow::{__path_follow, __path_leave};
pub use known::{__path_known, __path_one_known};
pub use settings::{__path_change, __path_followers, __path_settings};
pub use versions::{
    __path_accept, __path_difference, __path_reject, __path_update, __path_versions,
};
pub use would::{__path_what_if, __path_what_rows};

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/lists", get(list).post(follow::follow))
        .route("/lists/{list}", get(one).delete(follow::leave))
        .route("/lists/{list}/followers", get(settings::followers))
        .route("/lists/{list}/settings", get(settings::settings).put(settings::change))
        .route("/lists/{list}/would", get(would::what_if))
        .route("/lists/{list}/would/rows", get(would::what_rows))
        .route("/lists/{list}/entries", get(content::entries))
        .route("/lists/{list}/problems", get(content::problems))
        .route("/lists/{list}/versions", get(versions::versions))
        .route("/lists/{list}/difference", get(versions::difference))
        .route("/lists/{list}/update", post(versions::update))
        .route("/lists/{list}/accept", post(versions::accept))
        .route("/lists/{list}/reject", post(versions::reject))
        .route("/catalogue", get(known::known))
        .route("/catalogue/{list}", get(known::one_known))
        .route("/comparison", get(compare::compare))
        .route("/comparison/combinations", get(compare::combinations))
        .route("/comparison/domains", get(compare::domains_in))
        .route("/comparison/differences", get(compare::differences))
}

worded! {
    /// Where a list comes from.
    pub enum Kind {
        Followed = "followed",
        /// It comes with Hedgerow.
        Bundled = "bundled",
    }
}

/// A list that targets can follow.
#[derive(Serialize, utoipa::ToSchema)]
pub struct List {
    name: String,
    kind: Kind,
    /// Whoever runs this server follows it, for everybody, and decides about it.
    shared: bool,
    /// Where it is read from, without secrets. Absent where that is a file of somebody else's.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    /// What the catalogue knows of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    /// The domains in the version that is in force.
    entries: i64,
    /// How many more than in the version before.
    #[serde(skip_serializing_if = "Option::is_none")]
    growth: Option<i64>,
    /// Rows that could not be used.
    rejected: i64,
    /// The number of the version in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i64>,
    /// The number of the version that waits for a decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    held: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_at: Option<DateTime<Utc>>,
    /// When its publisher last answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    read_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    health: Option<String>,
    /// Why it could not be read the last time. Of a shared list only its owner is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
    /// How often in a row it could not be read.
    failures: i64,
    /// The names of the targets that follow it.
    followed_by: Vec<String>,
}

impl List {
    async fn followed(store: &Store, list: FollowedList, now: DateTime<Utc>) -> Reply<List> {
        let shared = list.is_shared_with(store.owner());
        let (version, held) = (Some(list.current), list.held);
        let followed_by = store.subscribers(&list.name).await?;
        let about = Followed::read(store, list, now).await?;
        Ok(List {
            kind: Kind::Followed,
            shared,
            address: about.address,
            status: about.status,
            entries: about.entries,
            growth: about.growth,
            rejected: about.rejected,
            version,
            held,
            changed_at: Some(about.changed_at),
            read_at: about.read_at,
            health: Some(about.health),
            failure: about.failure.as_deref().map(words::told),
            failures: about.failures,
            followed_by,
            name: about.name,
        })
    }

    async fn bundled(store: &Store, list: &Bundled) -> Reply<List> {
        let document = crate::list::read(list.csv)?;
        Ok(List {
            name: list.name.to_owned(),
            kind: Kind::Bundled,
            shared: false,
            address: None,
            status: None,
            entries: i64::try_from(document.entries.len()).unwrap_or(i64::MAX),
            growth: None,
            rejected: 0,
            version: None,
            held: None,
            changed_at: None,
            read_at: None,
            health: None,
            failure: None,
            failures: 0,
            followed_by: store.subscribers(list.name).await?,
        })
    }
}

/// One of the lists that targets can follow.
enum Which {
    Followed(Box<FollowedList>),
    Bundled(&'static Bundled),
}

/// The lists that targets can follow
#[utoipa::path(get, path = "/api/v1/lists", tag = "lists", params(Part),
    responses((status = 200, body = Page<List>)))]
pub async fn list(caller: Caller, Asked(part): Asked<Part>) -> Reply<Json<Page<List>>> {
    let span = part.span()?;
    let (store, now) = (caller.app.store().await?, caller.app.clock.now());
    let followed = store.lists().await?.into_iter().map(|list| Which::Followed(Box::new(list)));
    let all: Vec<Which> = followed.chain(bundled::all().iter().map(Which::Bundled)).collect();
    let (rows, total, limit, offset) = span.cut(all);
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        items.push(match row {
            Which::Followed(list) => List::followed(&store, *list, now).await?,
            Which::Bundled(list) => List::bundled(&store, list).await?,
        });
    }
    Ok(Json(Page { items, total, limit, offset }))
}

/// One list
#[utoipa::path(get, path = "/api/v1/lists/{list}", tag = "lists",
    params(("list" = String, Path, description = "Its name")),
    responses((status = 200, body = List)))]
pub async fn one(caller: Caller, At(name): At<String>) -> Reply<Json<List>> {
    let store = caller.app.store().await?;
    if let Some(list) = bundled::find(&name) {
        return Ok(Json(List::bundled(&store, list).await?));
    }
    let list = followed(&store, &name).await?;
    Ok(Json(List::followed(&store, list, caller.app.clock.now()).await?))
}

/// A list that whoever asks follows, or that is followed for everybody.
async fn followed(store: &Store, name: &str) -> Reply<FollowedList> {
    let list = store.list(&name.to_lowercase()).await?;
    list.ok_or_else(|| Problem::missing("list that you follow"))
}

/// A list that whoever asks decides about.
async fn own(store: &Store, name: &str) -> Reply<FollowedList> {
    let list = followed(store, name).await?;
    if list.is_shared_with(store.owner()) {
        return Err(FollowError::NotYours(list.name).into());
    }
    Ok(list)
}
