//! What changed between two versions of a list, with the list's reasons.

use std::collections::HashMap;

use askama::Template;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{Head, Which, address, aside, followed, on_page};
use crate::block::Severity;
use crate::domain::Domain;
use crate::follow::history::{Difference, Which as Version};
use crate::list::Document;
use crate::store::{Snapshot, SnapshotId};
use crate::text::{fit, plain};
use crate::verb::lists::versions::{VersionError, ends};
use crate::web::fault::{Answer, Fault};
use crate::web::input::{Path, Query};
use crate::web::page;
use crate::web::paging::Paging;
use crate::web::visitor::Person;

const PAGE: u64 = 100;
/// So many versions can be chosen from.
const CHOICES: usize = 200;

#[derive(Template)]
#[template(path = "lists/diff.html")]
pub(super) struct Diff {
    pub head: Head,
    pub from: End,
    pub to: End,
    pub before: usize,
    pub after: usize,
    /// What is shown, with its number and its address.
    pub parts: Vec<Part>,
    pub rows: Vec<DiffRow>,
    pub paging: Paging,
    pub choices: Vec<(SnapshotId, DateTime<Utc>)>,
    /// The newer version waits for a decision.
    pub held: bool,
}

pub(super) struct End {
    pub id: SnapshotId,
    pub at: DateTime<Utc>,
}

pub(super) struct Part {
    pub title: String,
    pub href: String,
    pub here: bool,
}

pub(super) struct DiffRow {
    pub domain: String,
    pub what: String,
    pub kind: &'static str,
    pub reason: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    from: String,
    to: String,
    what: String,
    page: Option<u64>,
}

pub async fn diff(
    person: Person,
    Path(name): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Answer {
    let list = followed(&person, &name).await?;
    let lists = person.app.lists().await?;
    let snapshots = lists.store.snapshots(list.id).await?;
    let version = |text: &str| match text.trim() {
        "" => Ok(None),
        text => Version::parse(text).map(Some).map_err(|_| {
            Fault::input("Name a version by its number, or by a day such as 2026-01-31.")
        }),
    };
    let (from, to) = (version(&wanted.from)?, version(&wanted.to)?);
    let (from, to) = ends(&list, &snapshots, from, to).map_err(|error| match error {
        VersionError::NoSuch(_) => Fault::Missing,
        VersionError::OnlyOne(name) => Fault::told(
            StatusCode::NOT_FOUND,
            "Nothing to compare with",
            format!("Only one version of {name} has been kept so far."),
        ),
    })?;
    let (old, new) = (lists.shelved(&list, from).await?, lists.shelved(&list, to).await?);
    let waits = list.held == Some(to.id);
    let head = Head::of(&Which::Followed(Box::new(list)), "/versions");
    let (from, to) = (from.clone(), to.clone());
    let choices: Vec<(SnapshotId, DateTime<Utc>)> =
        snapshots.iter().take(CHOICES).map(|s| (s.id, s.fetched_at)).collect();
    let made = move || Diff {
        choices,
        held: waits,
        ..Diff::of(head, (&from, &old), (&to, &new), &wanted)
    };
    Ok(page::html(StatusCode::OK, &aside(made).await?))
}

/// A row before it is put into words.
enum Row<'a> {
    Gone(&'a Domain, Option<Severity>),
    Regraded(&'a Domain, Option<Severity>, Option<Severity>),
    New(&'a Domain, Option<Severity>),
    Retracted(&'a Domain),
}

impl Diff {
    pub(super) fn of(
        head: Head,
        (from, old): (&Snapshot, &Document),
        (to, new): (&Snapshot, &Document),
        wanted: &Wanted,
    ) -> Diff {
        let difference = Difference::between(old, new);
        let Difference { before, after, added, removed, regraded, retracted } = &difference;
        let base = address(&head.name);
        let what = wanted.what.as_str();
        let kinds = [
            ("", "all", removed.len() + regraded.len() + added.len() + retracted.len()),
            ("gone", "gone", removed.len()),
            ("regraded", "with another severity", regraded.len()),
            ("new", "new", added.len()),
            ("retracted", "taken back in the open", retracted.len()),
        ];
        let parts = kinds.iter().filter(|(kind, _, number)| *number > 0 || kind.is_empty());
        let parts = parts.map(|(kind, title, number)| Part {
            title: format!("{number} {title}"),
            href: format!("{base}/diff?from={}&to={}&what={kind}", from.id, to.id),
            here: *kind == what,
        });
        let is = |kind: &str| what.is_empty() || what == kind;
        let rows: Vec<Row<'_>> = removed
            .iter()
            .filter(|_| is("gone"))
            .map(|row| Row::Gone(&row.domain, row.severity))
            .chain(
                regraded
                    .iter()
                    .filter(|_| is("regraded"))
                    .map(|row| Row::Regraded(&row.domain, row.before, row.after)),
            )
            .chain(
                added.iter().filter(|_| is("new")).map(|row| Row::New(&row.domain, row.severity)),
            )
            .chain(retracted.iter().filter(|_| is("retracted")).map(Row::Retracted))
            .collect();
        let rest = vec![
            ("from", from.id.to_string()),
            ("to", to.id.to_string()),
            ("what", what.to_owned()),
        ];
        let paging = Paging::new(wanted.page, PAGE, rows.len() as u64, rest);
        let (was, is) = (Reasons::of(old), Reasons::of(new));
        let shown = on_page(&paging, rows.into_iter());
        Diff {
            from: End { id: from.id, at: from.fetched_at },
            to: End { id: to.id, at: to.fetched_at },
            before: *before,
            after: *after,
            parts: parts.collect(),
            rows: shown.map(|row| row.shown(&was, &is)).collect(),
            paging,
            choices: Vec::new(),
            held: false,
            head,
        }
    }
}

impl Row<'_> {
    fn shown(self, was: &Reasons<'_>, is: &Reasons<'_>) -> DiffRow {
        let word = |severity: Option<Severity>| severity.map_or("no severity", |s| s.as_str());
        let (domain, kind, what, reason) = match self {
            Row::Gone(domain, severity) => {
                let was_there = severity.map_or(String::new(), |s| format!(" (was {s})"));
                (domain, "gone", format!("gone{was_there}"), was.of_domain(domain))
            }
            Row::Regraded(domain, before, after) => {
                let what = format!("{} → {}", word(before), word(after));
                (domain, "regraded", what, is.of_domain(domain))
            }
            Row::New(domain, severity) => {
                let asks = severity.map_or(String::new(), |s| format!(" ({s})"));
                (domain, "new", format!("new{asks}"), is.of_domain(domain))
            }
            Row::Retracted(domain) => {
                (domain, "gone", "taken back in the open".to_owned(), is.of_domain(domain))
            }
        };
        let reason = fit(&plain(reason.unwrap_or_default()), 400);
        DiffRow { domain: domain.as_str().to_owned(), what, kind, reason }
    }
}

/// Why a list names what it names.
pub struct Reasons<'a>(HashMap<&'a Domain, &'a str>);

impl<'a> Reasons<'a> {
    pub fn of(document: &'a Document) -> Reasons<'a> {
        let entries = document.entries.iter().map(|e| (&e.domain, e.public_comment.as_deref()));
        let releases = document.releases.iter().map(|r| (&r.domain, r.reason.as_deref()));
        let given = entries.chain(releases);
        Reasons(given.filter_map(|(domain, reason)| Some((domain, reason?))).collect())
    }

    pub fn of_domain(&self, domain: &Domain) -> Option<&'a str> {
        self.0.get(domain).copied()
    }
}
