//! Lists: those that are followed, those that are known, and what stands in them.

mod content;
mod follow;
mod versions;

use axum::Router;
use axum::routing::{get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use axum::Json;

use super::auth::Caller;
use super::input::{Asked, At, Page, Part, Span};
use super::problem::{Problem, Reply};
use crate::follow::health;
use crate::list::bundled::{self, Bundled};
use crate::list::catalogue::{self, Advice, Found, Status};
use crate::policy::worded;
use crate::source::Source;
use crate::store::{FollowedList, Store};
use crate::web::site::Site;
use crate::web::words;

pub use content::{__path_compare, __path_entries};
pub use follow::{__path_follow, __path_leave, __path_what_if};
pub use versions::{
    __path_accept, __path_difference, __path_reject, __path_update, __path_versions,
};

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/lists", get(list).post(follow::follow))
        .route("/lists/{list}", get(one).delete(follow::leave))
        .route("/lists/{list}/would", get(follow::what_if))
        .route("/lists/{list}/entries", get(content::entries))
        .route("/lists/{list}/versions", get(versions::versions))
        .route("/lists/{list}/difference", get(versions::difference))
        .route("/lists/{list}/update", post(versions::update))
        .route("/lists/{list}/accept", post(versions::accept))
        .route("/lists/{list}/reject", post(versions::reject))
        .route("/catalogue", get(known))
        .route("/comparison", get(content::compare))
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
    /// Where it is read from, without secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    /// The domains in the version that is in force.
    entries: i64,
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
    /// Why it could not be read the last time.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
    /// The names of the targets that follow it.
    followed_by: Vec<String>,
}

impl List {
    async fn followed(store: &Store, list: FollowedList, now: DateTime<Utc>) -> Reply<List> {
        let current = store.snapshot(list.current).await?;
        Ok(List {
            kind: Kind::Followed,
            address: Some(Source::kept_as(&list.source)?.address()),
            entries: current.as_ref().map_or(0, |current| current.entries),
            rejected: current.as_ref().map_or(0, |current| current.rejected),
            version: Some(list.current),
            held: list.held,
            changed_at: current.map(|current| current.fetched_at),
            read_at: list.succeeded_at,
            health: Some(health(&list, now)),
            failure: list.failure.as_deref().map(words::told),
            followed_by: store.subscribers(&list.name).await?,
            name: list.name,
        })
    }

    async fn bundled(store: &Store, list: &Bundled) -> Reply<List> {
        let document = crate::list::read(list.csv)?;
        Ok(List {
            name: list.name.to_owned(),
            kind: Kind::Bundled,
            address: None,
            entries: i64::try_from(document.entries.len()).unwrap_or(i64::MAX),
            rejected: 0,
            version: None,
            held: None,
            changed_at: None,
            read_at: None,
            health: None,
            failure: None,
            followed_by: store.subscribers(list.name).await?,
        })
    }
}

/// The lists that targets can follow
#[utoipa::path(get, path = "/api/v1/lists", tag = "lists", params(Part),
    responses((status = 200, body = Page<List>)))]
pub async fn list(caller: Caller, Asked(part): Asked<Part>) -> Reply<Json<Page<List>>> {
    let span = part.span()?;
    let (store, now) = (caller.app.store().await?, caller.app.clock.now());
    let mut lists = Vec::new();
    for list in store.lists().await? {
        lists.push(List::followed(&store, list, now).await?);
    }
    for list in bundled::all() {
        lists.push(List::bundled(&store, list).await?);
    }
    Ok(Json(span.page(lists.into_iter(), |list| list)))
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

async fn followed(store: &Store, name: &str) -> Reply<FollowedList> {
    store.list(name).await?.ok_or_else(|| Problem::missing("list that you follow"))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// Words that have to occur.
    search: Option<String>,
    /// At most so many rows.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u64>,
    /// Leave so many out before the first.
    #[param(minimum = 0)]
    offset: Option<u64>,
}

/// A list that is known, followed or not.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Listing {
    name: String,
    title: String,
    /// It comes with Hedgerow.
    bundled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    maintainer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    home: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<Advice>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    licence: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    domains: Option<u32>,
    notices: Vec<String>,
    /// What to read before following it.
    warnings: Vec<String>,
}

impl From<Found> for Listing {
    fn from(found: Found) -> Listing {
        let listing: Option<&catalogue::Listing> = match found {
            Found::Bundled(_) => None,
            Found::Listed(listing) => Some(listing),
        };
        Listing {
            name: found.name().to_owned(),
            title: found.title().to_owned(),
            bundled: listing.is_none(),
            maintainer: listing.map(|it| it.maintainer.clone()),
            home: listing.map(|it| it.home.clone()),
            address: listing.map(|it| it.address.clone()),
            status: listing.map(|it| it.status),
            advice: listing.map(|it| it.advice),
            purpose: match found {
                Found::Bundled(list) => Some(list.about.to_owned()),
                Found::Listed(listing) => Some(listing.purpose.clone()),
            },
            licence: listing.map(|it| it.licence.clone()),
            domains: listing.and_then(|it| it.domains),
            notices: listing.map(|it| it.notices.clone()).unwrap_or_default(),
            warnings: listing.map(|it| it.warnings.clone()).unwrap_or_default(),
        }
    }
}

/// The lists that are known
#[utoipa::path(get, path = "/api/v1/catalogue", tag = "lists", params(Words),
    responses((status = 200, body = Page<Listing>)))]
pub async fn known(_: Caller, Asked(search): Asked<Words>) -> Reply<Json<Page<Listing>>> {
    let span = Span::of(search.limit, search.offset)?;
    let words = search.search.unwrap_or_default();
    let words: Vec<&str> = words.split_whitespace().collect();
    Ok(Json(span.page(catalogue::search(&words).into_iter(), Listing::from)))
}
