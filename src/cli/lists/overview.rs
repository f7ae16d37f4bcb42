//! `lists` without a sub-verb: what is followed and how it does, and what comes along.

use std::fmt;

use anyhow::Result;
use serde::Serialize;

use super::domains;
use crate::app::App;
use crate::cli::Reply;
use crate::list::bundled;
use crate::list::catalogue::Status;
use crate::text::{ago, count, fit, plain};
use crate::verb::lists::overview::Followed;

#[derive(Serialize)]
struct Overview {
    lists: Vec<Row>,
    followed: Vec<Followed>,
}

fn line(list: &Followed) -> String {
    let ended = match list.status {
        Some(Status::Retired) => " (retired by its maintainer)",
        Some(Status::Dead) => " (dead)",
        _ => "",
    };
    let entries = count(usize::try_from(list.entries).unwrap_or(0), "domain");
    format!(
        "{:<20} {entries:>14}  changed {}; {}{ended}",
        fit(&list.name, 20),
        ago(list.now, list.changed_at),
        plain(&list.health),
    )
}

#[derive(Serialize)]
struct Row {
    name: &'static str,
    title: &'static str,
    domains: usize,
}

impl fmt::Display for Overview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.followed.is_empty() {
            writeln!(f, "You follow:")?;
            for row in &self.followed {
                writeln!(f, "{}", line(row))?;
            }
            writeln!(f, "\nHedgerow brings along:")?;
        }
        for row in &self.lists {
            writeln!(f, "{:<16} {:>10}  {}", row.name, count(row.domains, "domain"), row.title)?;
        }
        writeln!(f, "\n`hedgerow lists show NAME` tells what a list does and does not do.")?;
        writeln!(f, "`hedgerow lists search` shows the lists that others publish, and")?;
        writeln!(f, "`hedgerow lists add NAME` follows one.")?;
        writeln!(f, "A file or an address can stand wherever a list's name can.")
    }
}

/// The lists that are followed, and those that come with Hedgerow.
pub(super) async fn overview(app: &App) -> Result<Reply> {
    let row = |list: &'static bundled::Bundled| -> Result<Row> {
        Ok(Row { name: list.name, title: list.title, domains: domains(list)? })
    };
    let lists = bundled::all().iter().map(row).collect::<Result<_>>()?;
    let now = app.clock.now();
    let mut followed = Vec::new();
    if let Some(store) = app.existing_store().await? {
        for list in store.lists().await? {
            followed.push(Followed::read(&store, list, now).await?);
        }
    }
    Reply::ok(Overview { lists, followed })
}
