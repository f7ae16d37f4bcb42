//! Lists side by side: what they share, what each has alone, where they disagree.

use std::sync::Arc;

use askama::Template;
use axum::http::StatusCode;
use serde::Deserialize;
use url::form_urlencoded::Serializer;

use super::{Which, address, aside, find, on_page};
use crate::compare::{Combination, Comparison, Named, combinations, compare as compared};
use crate::list::Document;
use crate::list::bundled;
use crate::text::count;
use crate::web::chart::{Overlap, overlap};
use crate::web::fault::{Answer, Fault};
use crate::web::input::Query;
use crate::web::page;
use crate::web::paging::Paging;
use crate::web::visitor::Person;

/// More columns cannot be told apart.
const MOST: usize = 6;
/// So many combinations are drawn; the table has all of them.
const DRAWN: usize = 20;
const PAGE: u64 = 100;

#[derive(Template)]
#[template(path = "lists/compare.html")]
pub(super) struct Compare {
    pub choices: Vec<Choice>,
    pub problem: Option<&'static str>,
    pub result: Option<Compared>,
}

/// A list that can be compared.
pub(super) struct Choice {
    pub name: String,
    pub chosen: bool,
}

pub(super) struct Compared {
    pub union: usize,
    pub lists: Vec<Column>,
    pub picture: Overlap,
    pub undrawn: usize,
    pub rows: Vec<CombinationRow>,
    /// A row for each list: how much of it stands in each other one.
    pub shares: Vec<Shares>,
    pub differ: Vec<Differs>,
    pub differ_more: usize,
    /// The domains of one combination.
    pub shown: Option<Shown>,
}

pub(super) struct Column {
    pub letter: char,
    pub name: String,
    pub href: String,
    pub domains: usize,
    pub rejected: usize,
}

pub(super) struct CombinationRow {
    pub title: String,
    pub count: usize,
    pub href: String,
    pub here: bool,
}

pub(super) struct Shares {
    pub name: String,
    /// In words; nothing in the list's own column.
    pub cells: Vec<Option<String>>,
}

pub(super) struct Differs {
    pub domain: String,
    pub says: Vec<String>,
}

pub(super) struct Shown {
    pub title: String,
    pub domains: Vec<String>,
    pub paging: Paging,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    list: Vec<String>,
    /// The combination whose domains are shown, as bits.
    show: Option<u32>,
    page: Option<u64>,
}

pub async fn compare(person: Person, Query(wanted): Query<Wanted>) -> Answer {
    let lists = person.app.lists().await?;
    let mut chosen: Vec<(String, Arc<Document>)> = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for name in wanted.list.iter().take(MOST + 1) {
        let which = find(&person, name).await?;
        if names.iter().any(|known| known == which.name()) {
            continue;
        }
        names.push(which.name().to_owned());
        // Of a list that is only known nothing is here.
        let document = which.document(&lists, None).await?.ok_or_else(|| unfollowed(&which))?;
        chosen.push((which.name().to_owned(), document));
    }
    let problem = match chosen.len() {
        1 => Some("Choose at least two lists."),
        many if many > MOST => Some("Choose six lists at most: more cannot be told apart."),
        _ => None,
    };
    let known = lists.store.lists().await?.into_iter().map(|list| list.name);
    let known = known.chain(bundled::all().iter().map(|list| list.name.to_owned()));
    let choices =
        known.map(|name| Choice { chosen: names.contains(&name), name }).collect::<Vec<_>>();
    let made = (2..=MOST).contains(&chosen.len());
    let result = if made {
        Some(aside(move || Compared::of(&chosen, wanted.show, wanted.page)).await?)
    } else {
        None
    };
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(page::html(status, &Compare { choices, problem, result }))
}

fn unfollowed(which: &Which) -> Fault {
    Fault::input(format!(
        "You do not follow {}, so there is nothing to compare. Follow it first; that blocks \
         nothing.",
        which.name()
    ))
}

impl Compared {
    pub(super) fn of(
        chosen: &[(String, Arc<Document>)],
        show: Option<u32>,
        page: Option<u64>,
    ) -> Compared {
        const DIFFER: usize = 50;
        let named: Vec<Named<'_>> =
            chosen.iter().map(|(name, document)| Named { name, document }).collect();
        let comparison = compared(&named);
        let found = combinations(&named);
        let sets: Vec<(u32, usize)> =
            found.iter().take(DRAWN).map(|it| (it.lists, it.domains.len())).collect();
        let rest = |show: u32| {
            let mut query = Serializer::new(String::new());
            query.extend_pairs(chosen.iter().map(|(name, _)| ("list", name.as_str())));
            query.append_pair("show", &show.to_string());
            format!("/lists/compare?{}#shown", query.finish())
        };
        let row = |it: &Combination| CombinationRow {
            title: title(it.lists, chosen),
            count: it.domains.len(),
            href: rest(it.lists),
            here: show == Some(it.lists),
        };
        let differ = comparison.differ.iter().take(DIFFER).map(|row| Differs {
            domain: row.domain.as_str().to_owned(),
            says: row
                .severities
                .iter()
                .map(|asked| format!("{}: {}", asked.list, asked.severity))
                .collect(),
        });
        let shown = found.iter().find(|it| show == Some(it.lists));
        Compared {
            union: comparison.union,
            lists: ('A'..).zip(&comparison.lists).map(column).collect(),
            picture: overlap(chosen.len(), &sets),
            undrawn: found.len().saturating_sub(DRAWN),
            rows: found.iter().map(row).collect(),
            shares: shares(&comparison),
            differ: differ.collect(),
            differ_more: comparison.differ.len().saturating_sub(DIFFER),
            shown: shown.map(|it| Shown::of(it, chosen, page)),
        }
    }
}

fn column((letter, list): (char, &crate::compare::Compared)) -> Column {
    let name = list.name.to_string();
    let href = address(&name);
    Column { letter, name, href, domains: list.domains, rejected: list.rejected }
}

/// Which lists a combination is of, in words.
fn title(set: u32, chosen: &[(String, Arc<Document>)]) -> String {
    let within = |at: &usize| set & (1 << at) != 0;
    let names: Vec<&str> =
        (0..chosen.len()).filter(within).map(|at| chosen[at].0.as_str()).collect();
    match names.as_slice() {
        [only] => format!("only in {only}"),
        all if all.len() == chosen.len() && all.len() > 2 => "in all of them".to_owned(),
        [one, other] if chosen.len() == 2 => format!("in both {one} and {other}"),
        some => format!("in {} and no other", some.join(", ")),
    }
}

fn shares(comparison: &Comparison) -> Vec<Shares> {
    let lists = &comparison.lists;
    let share = |one: usize, other: usize| {
        if one == other {
            return None;
        }
        let (low, high) = (one.min(other), one.max(other));
        let pair = comparison
            .pairs
            .iter()
            .find(|pair| pair.one == lists[low].name && pair.other == lists[high].name)?;
        let part = if one < other { pair.one_in_other } else { pair.other_in_one };
        // Halves go up, wherever they are met.
        Some(format!("{} ({} %)", pair.shared, (part * 100.0).round()))
    };
    let row = |one: usize| Shares {
        name: lists[one].name.to_string(),
        cells: (0..lists.len()).map(|other| share(one, other)).collect(),
    };
    (0..lists.len()).map(row).collect()
}

impl Shown {
    fn of(it: &Combination, chosen: &[(String, Arc<Document>)], page: Option<u64>) -> Shown {
        let mut rest: Vec<(&'static str, String)> =
            chosen.iter().map(|(name, _)| ("list", name.clone())).collect();
        rest.push(("show", it.lists.to_string()));
        let paging = Paging::new(page, PAGE, it.domains.len() as u64, rest);
        let domains = on_page(&paging, it.domains.iter());
        Shown {
            title: format!("{} {}", count(it.domains.len(), "domain"), title(it.lists, chosen)),
            domains: domains.map(|domain| domain.as_str().to_owned()).collect(),
            paging,
        }
    }
}
