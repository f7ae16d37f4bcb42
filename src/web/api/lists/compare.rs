//! What lists have in common, and what each has alone.

use std::sync::Arc;

use axum::Json;
use serde::{Deserialize, Serialize};

use super::super::auth::Caller;
use super::super::input::{Asked, Page, Span};
use super::super::problem::{Problem, Reply};
use super::super::proposals::known_lists;
use super::content::document;
use crate::block::Severity;
use crate::compare::{self as found, MOST, Named};
use crate::list::Document;
use crate::web::lists::aside;

/// Lists that are compared.
struct Chosen {
    names: Vec<String>,
    documents: Vec<Arc<Document>>,
}

impl Chosen {
    /// Those that are named, with commas between them.
    async fn of(caller: &Caller, lists: &str) -> Reply<Chosen> {
        let mut names: Vec<String> = Vec::new();
        for name in lists.split(',').map(|name| name.trim().to_lowercase()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        if !(2..=MOST).contains(&names.len()) {
            let says =
                format!("lists: name at least two, with commas between them, and at most {MOST}");
            return Err(Problem::input(says));
        }
        let lists = caller.app.lists().await?;
        known_lists(&lists.store, "lists", &names).await?;
        let mut documents = Vec::with_capacity(names.len());
        for name in &names {
            documents.push(document(&lists, name, None).await?);
        }
        Ok(Chosen { names, documents })
    }

    fn named(&self) -> Vec<Named<'_>> {
        let both = std::iter::zip(&self.names, &self.documents);
        both.map(|(name, document)| Named { name, document }).collect()
    }

    /// The names of a combination.
    fn within(&self, bits: u32) -> Vec<String> {
        let within = self.names.iter().enumerate().filter(|(at, _)| bits & (1 << at) != 0);
        within.map(|(_, name)| name.clone()).collect()
    }
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Lists {
    /// The names of lists, with commas between them.
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

impl From<found::Comparison> for Overlap {
    fn from(found: found::Comparison) -> Overlap {
        let number = |n: usize| n as u64;
        let compared = |list: found::Compared| Compared {
            name: list.name.to_string(),
            domains: number(list.domains),
            rejected: number(list.rejected),
            only: number(list.only.len()),
        };
        let pair = |pair: found::Pair| Pair {
            one: pair.one.to_string(),
            other: pair.other.to_string(),
            shared: number(pair.shared),
            union: number(pair.union),
            jaccard: pair.jaccard,
            one_in_other: pair.one_in_other,
            other_in_one: pair.other_in_one,
        };
        let at_least =
            |it: found::AtLeast| AtLeast { lists: number(it.lists), domains: number(it.domains) };
        Overlap {
            lists: found.lists.into_iter().map(compared).collect(),
            union: number(found.union),
            pairs: found.pairs.into_iter().map(pair).collect(),
            in_at_least: found.in_at_least.into_iter().map(at_least).collect(),
            differ: number(found.differ.len()),
        }
    }
}

/// What lists have in common, and what each has alone
#[utoipa::path(get, path = "/api/v1/comparison", tag = "lists", params(Lists),
    responses((status = 200, body = Overlap)))]
pub async fn compare(caller: Caller, Asked(Lists { lists }): Asked<Lists>) -> Reply<Json<Overlap>> {
    let chosen = Chosen::of(&caller, &lists).await?;
    Ok(Json(aside(move || found::compare(&chosen.named()).into()).await?))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The names of lists, with commas between them.
    #[param(example = "threads,meta")]
    lists: String,
    /// At most so many rows.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u64>,
    /// Leave so many out before the first.
    #[param(minimum = 0)]
    offset: Option<u64>,
}

/// Some of the lists, and no other of them.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Combination {
    lists: Vec<String>,
    /// How many domains stand in exactly these.
    domains: u64,
}

/// In which of the lists domains stand together, the largest first
///
/// Each domain counts once.
#[utoipa::path(get, path = "/api/v1/comparison/combinations", tag = "lists", params(Part),
    responses((status = 200, body = Page<Combination>)))]
pub async fn combinations(
    caller: Caller,
    Asked(Part { lists, limit, offset }): Asked<Part>,
) -> Reply<Json<Page<Combination>>> {
    let span = Span::of(limit, offset)?;
    let chosen = Chosen::of(&caller, &lists).await?;
    let rows = move || {
        let found = found::combinations(&chosen.named());
        span.page(found.into_iter(), |it| Combination {
            lists: chosen.within(it.lists),
            domains: it.domains.len() as u64,
        })
    };
    Ok(Json(aside(rows).await?))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Exactly {
    /// The names of lists, with commas between them.
    #[param(example = "threads,meta")]
    lists: String,
    /// Some of them: only what stands in all of these and in no other.
    #[param(example = "meta")]
    within: String,
    /// At most so many rows.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u64>,
    /// Leave so many out before the first.
    #[param(minimum = 0)]
    offset: Option<u64>,
}

/// The domains that stand in exactly some of the lists, by name
#[utoipa::path(get, path = "/api/v1/comparison/domains", tag = "lists", params(Exactly),
    responses((status = 200, body = Page<String>)))]
pub async fn domains_in(
    caller: Caller,
    Asked(Exactly { lists, within, limit, offset }): Asked<Exactly>,
) -> Reply<Json<Page<String>>> {
    let span = Span::of(limit, offset)?;
    let chosen = Chosen::of(&caller, &lists).await?;
    let mut bits = 0;
    for name in within.split(',').map(|name| name.trim().to_lowercase()) {
        let place = chosen.names.iter().position(|known| *known == name);
        let place = place.ok_or_else(|| Problem::input("within: name some of the lists"))?;
        bits |= 1 << place;
    }
    let rows = move || {
        let found = found::combinations(&chosen.named());
        let domains = found.into_iter().find(|it| it.lists == bits).map(|it| it.domains);
        span.page(domains.unwrap_or_default().into_iter(), |domain| domain.to_string())
    };
    Ok(Json(aside(rows).await?))
}

/// A domain about whose severity lists disagree.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Disagreement {
    domain: String,
    severities: Vec<AskedFor>,
}

/// What one list asks for.
#[derive(Serialize, utoipa::ToSchema)]
pub struct AskedFor {
    list: String,
    severity: Severity,
}

/// The domains for which lists ask different severities, by name
#[utoipa::path(get, path = "/api/v1/comparison/differences", tag = "lists", params(Part),
    responses((status = 200, body = Page<Disagreement>)))]
pub async fn differences(
    caller: Caller,
    Asked(Part { lists, limit, offset }): Asked<Part>,
) -> Reply<Json<Page<Disagreement>>> {
    let span = Span::of(limit, offset)?;
    let chosen = Chosen::of(&caller, &lists).await?;
    let asked =
        |asked: found::Asked| AskedFor { list: asked.list.to_string(), severity: asked.severity };
    let rows = move || {
        let found = found::compare(&chosen.named());
        span.page(found.differ.into_iter(), |it| Disagreement {
            domain: it.domain.to_string(),
            severities: it.severities.into_iter().map(asked).collect(),
        })
    };
    Ok(Json(aside(rows).await?))
}
