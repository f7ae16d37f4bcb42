//! What a list names: all of it, however long it is, a page at a time.

use askama::Template;
use axum::http::StatusCode;
use serde::Deserialize;

use super::{Head, Which, find, on_page};
use crate::list::{Document, Purpose, Released, Verdict};
use crate::store::SnapshotId;
use crate::text::{count, fit, plain};
use crate::web::fault::{Answer, Fault};
use crate::web::input::{Path, Query};
use crate::web::page;
use crate::web::paging::Paging;
use crate::web::visitor::Person;

const PAGE: u64 = 100;
/// Of rows that could not be used, so many are shown.
const PROBLEMS: usize = 100;
/// Of a reason, in columns.
const REASON: usize = 400;

#[derive(Template)]
#[template(path = "lists/entries.html")]
pub(super) struct Entries {
    pub head: Head,
    pub says: String,
    pub q: String,
    /// The version that is shown, where it is not the one in force.
    pub version: Option<SnapshotId>,
    pub rows: Vec<EntryRow>,
    pub paging: Paging,
    pub problems: Vec<ProblemRow>,
    pub problems_more: usize,
    pub hidden: usize,
}

pub(super) struct EntryRow {
    pub domain: String,
    /// As people write it, where that is something else.
    pub unicode: Option<String>,
    pub what: String,
    pub reason: String,
}

pub(super) struct ProblemRow {
    pub line: u32,
    pub verdict: &'static str,
    pub value: String,
    pub why: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    q: String,
    page: Option<u64>,
    version: Option<SnapshotId>,
}

pub async fn entries(
    person: Person,
    Path(name): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Answer {
    let which = find(&person, &name).await?;
    let lists = person.app.lists().await?;
    let document = which.document(&lists, wanted.version).await?.ok_or(Fault::Missing)?;
    let head = Head::of(&which, "/entries");
    let version = match &which {
        Which::Followed(list) => wanted.version.filter(|version| *version != list.current),
        _ => None,
    };
    let page = Entries::of(head, &document, &wanted.q, wanted.page, version);
    Ok(page::html(StatusCode::OK, &page))
}

impl Entries {
    pub(super) fn of(
        head: Head,
        document: &Document,
        q: &str,
        page: Option<u64>,
        version: Option<SnapshotId>,
    ) -> Entries {
        let q = fit(plain(q).trim(), 200);
        let wanted = q.to_lowercase();
        let is_wanted = |domain: &str, reason: Option<&str>| {
            wanted.is_empty()
                || domain.contains(&wanted)
                || reason.is_some_and(|reason| reason.to_lowercase().contains(&wanted))
        };
        // What is shown is found first, and only that is put into words.
        let blocks: Vec<usize> = (0..document.entries.len())
            .filter(|at| {
                let entry = &document.entries[*at];
                is_wanted(entry.domain.as_str(), entry.public_comment.as_deref())
            })
            .collect();
        let releases: Vec<usize> = (0..document.releases.len())
            .filter(|at| {
                let release = &document.releases[*at];
                is_wanted(release.domain.as_str(), release.reason.as_deref())
            })
            .collect();
        let mut rest = vec![("q", q.clone())];
        rest.extend(version.map(|version| ("version", version.to_string())));
        let total = (blocks.len() + releases.len()) as u64;
        let paging = Paging::new(page, PAGE, total, rest);
        let entry = |at: usize| {
            let entry = &document.entries[at];
            let severity = entry.severity.map_or("a block", |severity| severity.as_str());
            let below = if entry.covers_subdomains { ", and what is below it" } else { "" };
            row(&entry.domain, format!("{severity}{below}"), entry.public_comment.as_deref())
        };
        let release = |at: usize| {
            let release = &document.releases[at];
            let what = match release.how {
                Released::Allowed => "not to be blocked",
                Released::Retracted => "taken back",
            };
            row(&release.domain, what.to_owned(), release.reason.as_deref())
        };
        let rows = blocks.into_iter().map(entry).chain(releases.into_iter().map(release));
        let problem = |problem: &crate::list::Problem| ProblemRow {
            line: problem.line,
            verdict: match problem.verdict {
                Verdict::Rejected => "not used",
                Verdict::Repaired => "put right",
                Verdict::Warning => "worth a look",
            },
            value: fit(&plain(&problem.value), 80),
            why: plain(&problem.why).into_owned(),
        };
        let told = document.problems.len().min(PROBLEMS);
        Entries {
            head,
            says: says(document),
            version,
            rows: on_page(&paging, rows).collect(),
            paging,
            problems: document.problems.iter().take(PROBLEMS).map(problem).collect(),
            problems_more: document.problems.len() - told + document.problems_left_out,
            hidden: document.hidden.len(),
            q,
        }
    }
}

/// What the list is, in a sentence or two.
fn says(document: &Document) -> String {
    let released = count(document.releases.len(), "server");
    match document.purpose() {
        Purpose::Exceptions => {
            format!("This is an allowlist: it names {released} that are not to be blocked.")
        }
        Purpose::Retractions => {
            format!("This is a list of retractions: it names {released} that a list has let go.")
        }
        Purpose::Blocks => {
            let also = if document.releases.is_empty() {
                String::new()
            } else {
                format!(" It also names {released} that it does not ask to block, or no longer.")
            };
            format!("It asks to block {}.{also}", count(document.entries.len(), "domain"))
        }
    }
}

fn row(domain: &crate::domain::Domain, what: String, reason: Option<&str>) -> EntryRow {
    let unicode = Some(domain.unicode()).filter(|unicode| unicode != domain.as_str());
    EntryRow {
        domain: domain.as_str().to_owned(),
        unicode: unicode.map(|name| plain(&name).into_owned()),
        what,
        reason: fit(&plain(reason.unwrap_or_default()), REASON),
    }
}
