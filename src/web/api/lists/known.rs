//! What the catalogue knows, followed or not.

use std::collections::HashMap;

use axum::Json;
use serde::Serialize;

use super::super::auth::Caller;
use super::super::input::{Asked, At, Page, Sought};
use super::super::problem::{Problem, Reply};
use crate::list::catalogue::{self, Advice, Found, Status};
use crate::store::Store;

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
    /// How a server gets on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    criteria: Option<String>,
    /// How often it changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    updates: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    licence: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    domains: Option<u32>,
    notices: Vec<String>,
    /// What to read before following it.
    warnings: Vec<String>,
    /// The name by which you follow it already.
    #[serde(skip_serializing_if = "Option::is_none")]
    followed_as: Option<String>,
}

/// The lists of the catalogue that are followed, and as what.
async fn followed(store: &Store) -> Reply<HashMap<&'static str, String>> {
    let lists = store.lists().await?.into_iter();
    let known = |list: crate::store::FollowedList| {
        Some((catalogue::by_address(&list.source)?.name.as_str(), list.name))
    };
    Ok(lists.filter_map(known).collect())
}

impl Listing {
    fn of(found: Found, followed: &HashMap<&str, String>) -> Listing {
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
            criteria: listing.map(|it| it.criteria.clone()),
            updates: listing.map(|it| it.updates.clone()),
            licence: listing.map(|it| it.licence.clone()),
            domains: listing.and_then(|it| it.domains),
            notices: listing.map(|it| it.notices.clone()).unwrap_or_default(),
            warnings: listing.map(|it| it.warnings.clone()).unwrap_or_default(),
            followed_as: followed.get(found.name()).cloned(),
        }
    }
}

/// The lists that are known
///
/// Words have to occur, all of them.
#[utoipa::path(get, path = "/api/v1/catalogue", tag = "lists", params(Sought),
    responses((status = 200, body = Page<Listing>)))]
pub async fn known(caller: Caller, Asked(search): Asked<Sought>) -> Reply<Json<Page<Listing>>> {
    let span = search.span()?;
    let words = search.search.unwrap_or_default();
    let words: Vec<&str> = words.split_whitespace().collect();
    let followed = followed(&caller.app.store().await?).await?;
    let found = catalogue::search(&words).into_iter();
    Ok(Json(span.page(found, |found| Listing::of(found, &followed))))
}

/// One list that is known
#[utoipa::path(get, path = "/api/v1/catalogue/{list}", tag = "lists",
    params(("list" = String, Path, description = "Its name")),
    responses((status = 200, body = Listing)))]
pub async fn one_known(caller: Caller, At(name): At<String>) -> Reply<Json<Listing>> {
    let found =
        catalogue::find_any(&name).ok_or_else(|| Problem::missing("list in the catalogue"))?;
    Ok(Json(Listing::of(found, &followed(&caller.app.store().await?).await?)))
}
