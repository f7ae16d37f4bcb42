//! What stands in lists, and what they have in common.

use axum::Json;
use serde::{Deserialize, Serialize};

use super::super::auth::Caller;
use super::super::input::{Asked, At, Page, Span};
use super::super::problem::{Problem, Reply};
use super::super::proposals::known_lists;
use super::followed;
use crate::block::Severity;
use crate::compare::{Named, compare as overlap};
use crate::list::{Document, bundled};
use crate::store::Store;
use crate::text::plain;

/// A domain on a list.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = ListEntry)]
pub struct Entry {
    domain: String,
    /// Absent where the list gives none.
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<Severity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reject_media: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reject_reports: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
    /// Strangers share the domain.
    shared_by_strangers: bool,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// Only names with this in them.
    search: Option<String>,
    /// At most so many rows.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u64>,
    /// Leave so many out before the first.
    #[param(minimum = 0)]
    offset: Option<u64>,
}

/// What stands in the version that is in force.
async fn document(caller: &Caller, store: &Store, name: &str) -> Reply<Document> {
    if let Some(list) = bundled::find(name) {
        return Ok(crate::list::read(list.csv)?);
    }
    let list = followed(store, name).await?;
    let in_force = caller.app.lists().await?.in_force(&list).await?;
    Ok(in_force.document()?)
}

/// What stands in a list
///
/// The version in force, in the list's own order. An allowlist has no entries.
#[utoipa::path(get, path = "/api/v1/lists/{list}/entries", tag = "lists",
    params(("list" = String, Path, description = "Its name"), Which),
    responses((status = 200, body = Page<Entry>)))]
pub async fn entries(
    caller: Caller,
    At(name): At<String>,
    Asked(which): Asked<Which>,
) -> Reply<Json<Page<Entry>>> {
    let span = Span::of(which.limit, which.offset)?;
    let document = document(&caller, &caller.app.store().await?, &name).await?;
    let search = which.search.as_deref().unwrap_or_default().to_lowercase();
    let mut entries = document.entries;
    entries.retain(|entry| entry.domain.as_str().contains(&search));
    let entry = |entry: crate::list::Entry| Entry {
        domain: entry.domain.to_string(),
        severity: entry.severity,
        reject_media: entry.reject_media,
        reject_reports: entry.reject_reports,
        comment: entry.public_comment.map(|comment| plain(&comment).into_owned()),
        shared_by_strangers: entry.shared_by_strangers,
    };
    Ok(Json(span.page(entries.into_iter(), entry)))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Lists {
    /// The names of two lists or more, with commas between them.
    #[param(example = "threads,meta")]
    lists: String,
}

/// What lists have in common.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Overlap {
    lists: Vec<Compared>,
    /// How many domains they name together.
    union: u64,
    pairs: Vec<Pair>,
    in_at_least: Vec<AtLeast>,
    /// Domains for which they ask different severities.
    differ: u64,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct Compared {
    name: String,
    domains: u64,
    rejected: u64,
    /// Domains that no other of the lists names.
    only: u64,
}

/// Two of the lists. Shares lie between 0 and 1.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Pair {
    one: String,
    other: String,
    shared: u64,
    union: u64,
    jaccard: f64,
    one_in_other: f64,
    other_in_one: f64,
}

/// How many domains stand in so many lists or more.
#[derive(Serialize, utoipa::ToSchema)]
pub struct AtLeast {
    lists: u64,
    domains: u64,
}

/// What lists have in common, and what each has alone
#[utoipa::path(get, path = "/api/v1/comparison", tag = "lists", params(Lists),
    responses((status = 200, body = Overlap)))]
pub async fn compare(caller: Caller, Asked(Lists { lists }): Asked<Lists>) -> Reply<Json<Overlap>> {
    let mut names: Vec<String> = lists.split(',').map(|name| name.trim().to_owned()).collect();
    names.dedup();
    if names.len() < 2 {
        return Err(Problem::input("lists: name at least two, with commas between them"));
    }
    let store = caller.app.store().await?;
    known_lists(&store, "lists", &names).await?;
    let mut documents = Vec::with_capacity(names.len());
    for name in &names {
        documents.push(document(&caller, &store, name).await?);
    }
    let shown = crate::combine::unique(names);
    let both = std::iter::zip(&shown, &documents);
    let pairs: Vec<_> = both.map(|(name, document)| Named { name, document }).collect();
    let found = overlap(&pairs);
    let number = |n: usize| n as u64;
    let compared = |list: crate::compare::Compared| Compared {
        name: list.name.to_string(),
        domains: number(list.domains),
        rejected: number(list.rejected),
        only: number(list.only.len()),
    };
    let pair = |pair: crate::compare::Pair| Pair {
        one: pair.one.to_string(),
        other: pair.other.to_string(),
        shared: number(pair.shared),
        union: number(pair.union),
        jaccard: pair.jaccard,
        one_in_other: pair.one_in_other,
        other_in_one: pair.other_in_one,
    };
    let at_least = |it: crate::compare::AtLeast| AtLeast {
        lists: number(it.lists),
        domains: number(it.domains),
    };
    Ok(Json(Overlap {
        lists: found.lists.into_iter().map(compared).collect(),
        union: number(found.union),
        pairs: found.pairs.into_iter().map(pair).collect(),
        in_at_least: found.in_at_least.into_iter().map(at_least).collect(),
        differ: number(found.differ.len()),
    }))
}
