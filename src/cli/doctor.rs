use std::fmt;
use std::sync::Arc;

use anyhow::Result;
use serde::Serialize;

use super::{Exit, Reply};
use crate::app::App;
use crate::block::Level;
use crate::list::bundled;
use crate::mastodon::client::Silent;
use crate::stop::Stop;
use crate::text::{count, plain};

/// Check that everything Hedgerow needs is in order, and say what to do if not
///
/// Looks at the data folder, the database, the key, the bundled lists, and asks every
/// server that you have signed in to whether the sign-in still works.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hedgerow doctor
  hedgerow doctor --offline")]
pub struct Args {
    /// Ask no server
    #[arg(long)]
    offline: bool,
}

#[derive(Serialize)]
struct Report {
    well: bool,
    checks: Vec<Check>,
}

#[derive(Serialize)]
struct Check {
    what: String,
    well: bool,
    /// What was found, or what to do.
    says: String,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for check in &self.checks {
            let mark = if check.well { "ok  " } else { "FAIL" };
            writeln!(f, "{mark}  {}: {}", plain(&check.what), plain(&check.says))?;
        }
        Ok(())
    }
}

impl Report {
    fn note(&mut self, what: impl Into<String>, result: Result<String>) {
        let (well, says) = match result {
            Ok(says) => (true, says),
            Err(error) => (false, super::message(&error)),
        };
        self.checks.push(Check { what: what.into(), well, says });
    }
}

impl Args {
    pub(super) async fn run(self, app: &App) -> Result<Reply> {
        let mut report = Report { well: true, checks: Vec::new() };
        report.note("data folder", data_folder(app));
        report.note("bundled lists", bundled_lists());
        report.note("key", app.vault().map(|_| "can be used".to_owned()));
        let store = match app.store().await {
            Ok(store) => {
                report.note("database", Ok(store.address().to_owned()));
                Some(store)
            }
            Err(error) => {
                report.note("database", Err(error));
                None
            }
        };
        if let Some(store) = store {
            for row in store.targets().await? {
                let asked =
                    if self.offline { Ok("not asked".to_owned()) } else { ask(app, &row).await };
                report.note(&row.name, asked);
            }
            if let Some(run) = store.latest_unfinished().await? {
                let says =
                    format!("run {0} was interrupted; `hedgerow resume {0}` goes on", run.id);
                report.checks.push(Check { what: "runs".to_owned(), well: false, says });
            }
        }
        report.well = report.checks.iter().all(|check| check.well);
        let exit = if report.well { Exit::Ok } else { Exit::Error };
        Reply::with(exit, report)
    }
}

fn data_folder(app: &App) -> Result<String> {
    let folder = app.data_dir();
    crate::backup::create_private_dir(folder)?;
    let probe = folder.join(format!(".probe-{}", std::process::id()));
    std::fs::write(&probe, b"")?;
    std::fs::remove_file(&probe)?;
    Ok(folder.display().to_string())
}

fn bundled_lists() -> Result<String> {
    for list in bundled::all() {
        crate::list::read(list.csv)?;
    }
    Ok(format!("{} can be read", count(bundled::all().len(), "list")))
}

async fn ask(app: &App, row: &crate::store::TargetRow) -> Result<String> {
    let target = app.server(row, &Stop::never(), Arc::new(Silent))?;
    let state = target.read().await?;
    let blocks = count(state.blocks.len(), "block");
    // A sign-in of an earlier version was not asked for it; of a given token nothing is known.
    let sees = |scope: &str| scope == "read" || scope == "read:accounts";
    let blind = row.level == Level::Account
        && !row.scopes.is_empty()
        && !row.scopes.split_whitespace().any(sees);
    if blind {
        return Ok(format!(
            "signed in, {blocks} there; it may not see whom you follow, so plans cannot tell whom \
             a block would cut: sign in again with `hedgerow login {}`",
            row.domain
        ));
    }
    Ok(format!("signed in, {blocks} there"))
}
