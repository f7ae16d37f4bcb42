//! Backups: what there are, and the files themselves.

use std::path::Path as FilePath;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{SIZE, skipped};
use crate::backup::{Backup, BackupError};
use crate::store;
use crate::text::plain;
use crate::web::at::At;
use crate::web::fault::{Answer, Fault};
use crate::web::input::{Path, Query};
use crate::web::page;
use crate::web::paging::Paging;
use crate::web::site::Site;
use crate::web::targets::{Head, Tab};
use crate::web::visitor::Person;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    page: String,
    note: String,
}

#[derive(Template)]
#[template(path = "runs/backups.html")]
struct AllBackups {
    head: Head,
    backups: Vec<Line>,
    made: bool,
    paging: Paging,
}

struct Line {
    id: i64,
    taken_at: DateTime<Utc>,
    blocks: i64,
    why: String,
}

impl From<&store::Backup> for Line {
    fn from(kept: &store::Backup) -> Line {
        let store::Backup { id, taken_at, blocks, .. } = *kept;
        let why = match kept.reason.as_str() {
            "before merge" => "before lists were merged",
            "before overwrite" => "before it was made equal to lists",
            "before sync" => "before it was brought in step with lists",
            "before restore" => "before a backup was brought back",
            "before undo" => "before a run was taken back",
            other => other,
        };
        Line { id, taken_at, blocks, why: plain(why).into_owned() }
    }
}

pub async fn all(State(site): State<Site>, at: At, Query(asked): Query<Asked>) -> Answer {
    let At { person, row, .. } = &at;
    let (store, name) = (person.app.store().await?, Some(&*row.name));
    let total = u64::try_from(store.count_backups(name).await?).unwrap_or(0);
    let paging = Paging::new(asked.page.parse().ok(), SIZE.into(), total, Vec::new());
    let kept = store.backups_page(name, skipped(&paging), SIZE).await?;
    let backups = kept.iter().map(Line::from).collect();
    let head = Head::at(&site, &at, Tab::Backups).await?;
    let made = asked.note == "made";
    Ok(page::html(StatusCode::OK, &AllBackups { head, backups, made, paging }))
}

pub async fn make(State(site): State<Site>, at: At) -> Answer {
    crate::web::plan::watch(at.row.id, site.desk().back_up(&at.person.app, &at.row))
}

/// `3.json` or `3.csv`, and without an ending the first.
pub async fn download(person: Person, Path(name): Path<String>) -> Answer {
    let (number, kind) = name.split_once('.').unwrap_or((&name, "json"));
    let number = number.parse().map_err(|_| Fault::Missing)?;
    let kept = person.app.store().await?.backup(number).await?.ok_or(Fault::Missing)?;
    // What is given away is what was written, or nothing.
    let json = FilePath::new(&kept.path);
    Backup::load(json, Some(&kept.sha256))?;
    let (kind, path) = match kind {
        "json" => ("application/json", json),
        "csv" => ("text/csv; charset=utf-8", FilePath::new(&kept.csv_path)),
        _ => return Err(Fault::Missing),
    };
    let text = tokio::fs::read_to_string(path)
        .await
        .map_err(|error| BackupError::Io { path: path.display().to_string(), error })?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let safe = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let name: String = name.chars().map(safe).collect();
    Ok(page::download_as(kind, &name, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::Level;

    #[test]
    fn backups_and_none() {
        let line = |id, why: &str| Line {
            id,
            taken_at: "2026-11-01T10:00:00Z".parse().unwrap(),
            blocks: 1_234,
            why: why.to_owned(),
        };
        let page = |backups: Vec<Line>| AllBackups {
            head: Head::sample(Level::Instance, Tab::Backups),
            paging: Paging::new(None, 50, backups.len() as u64, Vec::new()),
            backups,
            made: true,
        };
        let some = vec![line(4, "before a backup was brought back"), line(3, "<by hand>")];
        insta::assert_snapshot!("backups", page(some).render().unwrap());
        insta::assert_snapshot!("no-backups", page(Vec::new()).render().unwrap());
    }
}
