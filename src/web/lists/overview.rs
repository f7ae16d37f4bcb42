//! All lists: those that are followed, and those that are known.

use std::collections::HashMap;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::address;
use super::follow::{AddForm, Typed};
use crate::list;
use crate::list::catalogue::{self, Advice, Found, Status};
use crate::store::Store;
use crate::text::{count, fit, plain};
use crate::verb::lists::overview::Followed;
use crate::web::fault::{Answer, Fault};
use crate::web::input::Query;
use crate::web::page;
use crate::web::visitor::Person;
use crate::web::words;

/// What somebody looks for in the catalogue.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    q: String,
    kind: String,
    state: String,
}

const KINDS: [(&str, &str); 6] = [
    ("", "all"),
    ("along", "that come with Hedgerow"),
    ("offered", "that are offered to begin with"),
    ("ask", "to look at first"),
    ("compare", "to compare with"),
    ("never", "not to be used"),
];

const STATES: [(&str, &str); 4] = [
    ("", "in any state"),
    ("alive", "that somebody looks after"),
    ("dormant", "that have not changed for long"),
    ("over", "that have ended"),
];

#[derive(Template)]
#[template(path = "lists/overview.html")]
pub(super) struct Overview {
    pub followed: Vec<FollowedRow>,
    pub known: Vec<KnownRow>,
    pub q: String,
    pub searched: bool,
    pub kinds: Vec<Choice>,
    pub states: Vec<Choice>,
    pub form: AddForm,
}

pub(super) struct Choice {
    pub value: &'static str,
    pub label: &'static str,
    pub chosen: bool,
}

/// A list that is followed.
pub(super) struct FollowedRow {
    pub href: String,
    pub name: String,
    pub title: Option<&'static str>,
    pub size: String,
    pub growth: Option<i64>,
    pub health: String,
    pub ill: bool,
    pub held: bool,
    pub changed_at: DateTime<Utc>,
    pub read_at: Option<DateTime<Utc>>,
    /// Whoever runs this follows it, for everybody.
    pub shared: bool,
    /// The targets that are kept in step with it.
    pub targets: Vec<TargetLink>,
}

pub(super) struct TargetLink {
    pub href: String,
    pub name: String,
}

/// A list of the catalogue.
pub(super) struct KnownRow {
    pub href: String,
    pub name: &'static str,
    pub title: &'static str,
    pub mark: String,
    pub warn: bool,
    pub size: String,
    pub purpose: String,
    pub warnings: Vec<&'static str>,
    /// By what name it is followed.
    pub followed: Option<String>,
    pub along: bool,
    /// It can be followed without reading anything first.
    pub at_once: bool,
}

pub async fn overview(person: Person, Query(wanted): Query<Wanted>) -> Answer {
    page(&person, wanted, AddForm::new(Typed::default())).await
}

pub(super) async fn page(
    person: &Person,
    wanted: Wanted,
    form: AddForm,
) -> Result<Response, Fault> {
    let store = person.app.store().await?;
    let now = person.app.clock.now();
    let mut followers = followers(&store).await?;
    let (mut followed, mut by_listing) = (Vec::new(), HashMap::new());
    for list in store.lists().await? {
        let listing = catalogue::by_address(&list.source);
        if let Some(listing) = listing {
            by_listing.insert(listing.name.as_str(), list.name.clone());
        }
        let shared = list.is_shared_with(person.owner());
        let about = Followed::read(&store, list, now).await?;
        followed.push(FollowedRow {
            href: address(&about.name),
            title: listing.map(|listing| listing.title.as_str()),
            size: count(about.domains(), "domain"),
            growth: about.growth.filter(|growth| *growth != 0),
            health: health(&about, shared),
            shared,
            ill: about.failures > 0,
            held: about.held,
            changed_at: about.changed_at,
            read_at: about.read_at,
            targets: followers.remove(&about.name).unwrap_or_default(),
            name: about.name,
        });
    }
    let words: Vec<&str> = wanted.q.split_whitespace().take(20).collect();
    let found = catalogue::search(&words).into_iter().filter(|found| is_wanted(*found, &wanted));
    let known = found.map(|found| known(found, &by_listing)).collect();
    let choices = |all: &[(&'static str, &'static str)], chosen: &str| {
        let choice = |(value, label): &(&'static str, &'static str)| Choice {
            value,
            label,
            chosen: *value == chosen,
        };
        all.iter().map(choice).collect()
    };
    let status = match &form.problem {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let overview = Overview {
        followed,
        known,
        searched: !wanted.q.trim().is_empty()
            || !wanted.kind.is_empty()
            || !wanted.state.is_empty(),
        kinds: choices(&KINDS, &wanted.kind),
        states: choices(&STATES, &wanted.state),
        q: fit(&plain(&wanted.q), 200),
        form,
    };
    Ok(page::html(status, &overview))
}

/// The targets that follow each list.
async fn followers(store: &Store) -> Result<HashMap<String, Vec<TargetLink>>, Fault> {
    let rows = store.targets().await?;
    let numbers: HashMap<String, i64> = rows.into_iter().map(|row| (row.name, row.id)).collect();
    let mut found: HashMap<String, Vec<TargetLink>> = HashMap::new();
    for subscription in store.all_subscriptions().await? {
        let Some(number) = numbers.get(&subscription.target) else { continue };
        let href = format!("/targets/{number}/lists");
        let name = plain(&subscription.target).into_owned();
        found.entry(subscription.list).or_default().push(TargetLink { href, name });
    }
    Ok(found)
}

/// How a list does, in a few words.
pub(super) fn health(about: &Followed, shared: bool) -> String {
    let ended = match about.status {
        Some(Status::Retired) => ". Its maintainer has ended it",
        Some(Status::Dead) => ". It has ended",
        _ => "",
    };
    let says = match (about.failures > 0, about.held) {
        (true, _) => {
            let times = count(usize::try_from(about.failures).unwrap_or(0), "time");
            let told = about.failure.as_deref().map(words::told);
            let why = told.map_or_else(String::new, |says| format!(": {says}"));
            format!("could not be read, {times} in a row{why}")
        }
        (false, true) if shared => {
            "a new version is held until whoever runs this server has decided".to_owned()
        }
        (false, true) => "a new version is held and waits for you".to_owned(),
        (false, false) => "well".to_owned(),
    };
    format!("{}{ended}", says.trim_end_matches('.'))
}

fn is_wanted(found: Found, wanted: &Wanted) -> bool {
    let never = matches!(found, Found::Listed(list) if list.needs_insistence());
    let kind = match (wanted.kind.as_str(), found) {
        ("along", Found::Bundled(_)) => true,
        ("along", _) => false,
        ("offered", found) => found.advice() == Advice::Offer && !never,
        ("ask", found) => found.advice() == Advice::Ask && !never,
        ("compare", found) => found.advice() == Advice::CompareOnly && !never,
        ("never", _) => never,
        _ => true,
    };
    let status = match found {
        Found::Bundled(_) => Status::Alive,
        Found::Listed(list) => list.status,
    };
    kind && match wanted.state.as_str() {
        "alive" => status == Status::Alive,
        "dormant" => status == Status::Dormant,
        "over" => status.is_over(),
        _ => true,
    }
}

/// In a few words, what to think of a list.
pub(super) fn mark(advice: Advice, status: Status) -> String {
    match (status, advice) {
        (Status::Joke, _) => "a joke, not to be used".to_owned(),
        (status, _) if status.is_over() => format!("{status}, not to be used"),
        (_, Advice::Never) => "not to be used".to_owned(),
        (Status::Dormant, advice) => format!("{advice}, unchanged for long"),
        (_, advice) => advice.to_string(),
    }
}

fn known(found: Found, followed: &HashMap<&str, String>) -> KnownRow {
    let (name, title) = (found.name(), found.title());
    let row = KnownRow {
        href: address(name),
        name,
        title,
        mark: "comes with Hedgerow".to_owned(),
        warn: false,
        size: String::new(),
        purpose: String::new(),
        warnings: Vec::new(),
        followed: None,
        along: true,
        at_once: false,
    };
    match found {
        Found::Bundled(list) => KnownRow {
            size: count(list::read(list.csv).map_or(0, |read| read.entries.len()), "domain"),
            purpose: lead(list.about.trim_start_matches(list.title)),
            ..row
        },
        Found::Listed(list) => KnownRow {
            mark: mark(list.advice, list.status),
            warn: list.needs_insistence(),
            size: list.domains.map_or("size not known".to_owned(), |n| count(n as usize, "domain")),
            purpose: list.purpose.clone(),
            warnings: list.warnings.iter().map(String::as_str).collect(),
            followed: followed.get(name).cloned(),
            along: false,
            at_once: list.advice == Advice::Offer
                && !list.needs_insistence()
                && list.fill_in.is_none(),
            ..row
        },
    }
}

/// The first paragraph of what is said about a list.
fn lead(about: &str) -> String {
    about.trim().split("\n\n").next().unwrap_or_default().replace('\n', " ")
}
