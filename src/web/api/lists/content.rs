//! What stands in a list, and what in it could not be used.

use std::sync::Arc;

use axum::Json;
use serde::{Deserialize, Serialize};

use super::super::auth::Caller;
use super::super::input::{Asked, At, Page, Span};
use super::super::problem::{Problem, Reply};
use super::followed;
use crate::block::Severity;
use crate::follow::Lists;
use crate::list::{self, Document, Release, Released, Verdict, bundled};
use crate::store::SnapshotId;
use crate::text::plain;

/// A domain on a list.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = ListEntry)]
pub struct Entry {
    domain: String,
    /// The list does not ask to block it: it should never be blocked, or it stood there and was
    /// taken off.
    #[serde(skip_serializing_if = "Option::is_none")]
    released: Option<Released>,
    /// Absent where the list gives none.
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<Severity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reject_media: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reject_reports: Option<bool>,
    /// The list's reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
    /// It is meant for everything below the domain too.
    covers_subdomains: bool,
    /// Strangers share the domain.
    shared_by_strangers: bool,
}

impl From<&list::Entry> for Entry {
    fn from(entry: &list::Entry) -> Entry {
        Entry {
            domain: entry.domain.to_string(),
            released: None,
            severity: entry.severity,
            reject_media: entry.reject_media,
            reject_reports: entry.reject_reports,
            comment: said(entry.public_comment.as_deref()),
            covers_subdomains: entry.covers_subdomains,
            shared_by_strangers: entry.shared_by_strangers,
        }
    }
}

impl From<&Release> for Entry {
    fn from(release: &Release) -> Entry {
        Entry {
            domain: release.domain.to_string(),
            released: Some(release.how),
            severity: None,
            reject_media: None,
            reject_reports: None,
            comment: said(release.reason.as_deref()),
            covers_subdomains: false,
            shared_by_strangers: false,
        }
    }
}

fn said(text: Option<&str>) -> Option<String> {
    text.map(|text| plain(text).into_owned())
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// Only those with this in their name or reason.
    search: Option<String>,
    /// A version's number. Without it, the one in force.
    #[param(minimum = 1)]
    version: Option<SnapshotId>,
    /// At most so many rows.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u64>,
    /// Leave so many out before the first.
    #[param(minimum = 0)]
    offset: Option<u64>,
}

/// What stands in a version, or in the one that is in force.
pub async fn document(
    lists: &Lists,
    name: &str,
    version: Option<SnapshotId>,
) -> Reply<Arc<Document>> {
    if let Some(list) = bundled::find(name) {
        return match version {
            None => Ok(Arc::new(list::read(list.csv)?)),
            Some(_) => Err(Problem::missing("version of this list")),
        };
    }
    let list = followed(&lists.store, name).await?;
    let found = lists.store.snapshot(version.unwrap_or(list.current)).await?;
    let found = found.filter(|snapshot| snapshot.list_id == list.id);
    let found = found.ok_or_else(|| Problem::missing("version of this list"))?;
    Ok(lists.shelved(&list, &found).await?)
}

/// What stands in a list
///
/// In the list's own order; after what it asks to block, what it asks not to.
#[utoipa::path(get, path = "/api/v1/lists/{list}/entries", tag = "lists",
    params(("list" = String, Path, description = "Its name"), Which),
    responses((status = 200, body = Page<Entry>)))]
pub async fn entries(
    caller: Caller,
    At(name): At<String>,
    Asked(which): Asked<Which>,
) -> Reply<Json<Page<Entry>>> {
    enum Row<'a> {
        Block(&'a list::Entry),
        Release(&'a Release),
    }
    let span = Span::of(which.limit, which.offset)?;
    let document = document(&caller.app.lists().await?, &name, which.version).await?;
    let search = which.search.as_deref().unwrap_or_default().to_lowercase();
    let fits = |domain: &str, reason: Option<&str>| {
        domain.contains(&search) || reason.is_some_and(|it| it.to_lowercase().contains(&search))
    };
    let blocks = document.entries.iter();
    let blocks = blocks.filter(|it| fits(it.domain.as_str(), it.public_comment.as_deref()));
    let releases = document.releases.iter();
    let releases = releases.filter(|it| fits(it.domain.as_str(), it.reason.as_deref()));
    let rows: Vec<Row<'_>> = blocks.map(Row::Block).chain(releases.map(Row::Release)).collect();
    let entry = |row: Row<'_>| match row {
        Row::Block(entry) => Entry::from(entry),
        Row::Release(release) => Entry::from(release),
    };
    Ok(Json(span.page(rows.into_iter(), entry)))
}

/// A row of a list that a person should know about.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = ListProblem)]
pub struct Odd {
    line: u32,
    verdict: Verdict,
    /// What stands there.
    value: String,
    why: String,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// A version's number. Without it, the one in force.
    #[param(minimum = 1)]
    version: Option<SnapshotId>,
    /// At most so many rows.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u64>,
    /// Leave so many out before the first.
    #[param(minimum = 0)]
    offset: Option<u64>,
}

/// What in a list was put right, could not be used, or is worth a look
///
/// Of a list that is full of errors the first of them.
#[utoipa::path(get, path = "/api/v1/lists/{list}/problems", tag = "lists",
    params(("list" = String, Path, description = "Its name"), Told),
    responses((status = 200, body = Page<Odd>)))]
pub async fn problems(
    caller: Caller,
    At(name): At<String>,
    Asked(which): Asked<Told>,
) -> Reply<Json<Page<Odd>>> {
    let span = Span::of(which.limit, which.offset)?;
    let document = document(&caller.app.lists().await?, &name, which.version).await?;
    let odd = |problem: &list::Problem| Odd {
        line: problem.line,
        verdict: problem.verdict,
        value: plain(&problem.value).into_owned(),
        why: plain(&problem.why).into_owned(),
    };
    Ok(Json(span.page(document.problems.iter(), odd)))
}
