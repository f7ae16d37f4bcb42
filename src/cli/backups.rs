use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Subcommand;
use serde::Serialize;

use super::options::{FileOptions, open_quietly};
use super::{Exit, Reply};
use crate::app::App;
use crate::backup;
use crate::impact::Impact;
use crate::mastodon::client::Silent;
use crate::stop::Stop;
use crate::store;
use crate::text::{count, fit, plain};
use crate::verb::restore;

/// Save everything that a target blocks now, or verify a backup
///
/// A backup is JSON with every field, and beside it the CSV that the server's own import
/// page takes. One is made before every apply anyway.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_precedence_over_arg = true)]
#[command(after_help = "\
Examples:
  hedgerow backup me@example.social
  hedgerow backup verify 3
  hedgerow restore 3")]
pub struct BackupArgs {
    /// A name from `hedgerow targets`, or the path of a CSV export
    #[arg(required = true)]
    target: Option<String>,
    #[command(flatten)]
    file: FileOptions,
    #[command(subcommand)]
    verb: Option<BackupVerb>,
}

#[derive(Subcommand)]
enum BackupVerb {
    /// Check that a backup is whole: its file, its checksum, its blocks
    Verify {
        /// A number from `hedgerow backups`, or the path of a backup's JSON
        backup: String,
    },
}

/// List the backups, newest first
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hedgerow backups
  hedgerow backups me@example.social
  hedgerow backup verify 3")]
pub struct BackupsArgs {
    /// Only those of this target
    target: Option<String>,
}

#[derive(Serialize)]
struct Made {
    id: i64,
    path: PathBuf,
    csv: PathBuf,
    blocks: usize,
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "Backup {} of {}: {}",
            self.id,
            count(self.blocks, "block"),
            self.path.display()
        )?;
        writeln!(f, "For the server's import page: {}", self.csv.display())
    }
}

#[derive(Serialize)]
struct Verified {
    path: PathBuf,
    blocks: usize,
    whole: bool,
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} is whole: {}.", self.path.display(), count(self.blocks, "block"))
    }
}

#[derive(Serialize)]
struct Backups {
    backups: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    id: i64,
    target: String,
    taken_at: chrono::DateTime<chrono::Utc>,
    blocks: i64,
    reason: String,
    sha256: String,
    path: String,
    csv: String,
}

impl From<store::Backup> for Row {
    fn from(backup: store::Backup) -> Self {
        Row {
            id: backup.id,
            target: backup.target,
            taken_at: backup.taken_at,
            blocks: backup.blocks,
            reason: backup.reason,
            sha256: backup.sha256,
            path: backup.path,
            csv: backup.csv_path,
        }
    }
}

impl fmt::Display for Backups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(first) = self.backups.first() else {
            return writeln!(f, "There are no backups yet.");
        };
        writeln!(f, "{:>4}  {:<16} {:<28} {:>7}  WHY", "NO.", "WHEN (UTC)", "TARGET", "BLOCKS")?;
        for backup in &self.backups {
            writeln!(
                f,
                "{:>4}  {:<16} {:<28} {:>7}  {}",
                backup.id,
                backup.taken_at.format("%Y-%m-%d %H:%M"),
                fit(&plain(&backup.target), 28),
                backup.blocks,
                fit(&plain(&backup.reason), 16),
            )?;
        }
        let folder = Path::new(&first.path).parent().unwrap_or(Path::new("."));
        writeln!(f, "\nThey lie in {}", folder.display())
    }
}

impl BackupArgs {
    pub(super) async fn run(self, app: &App) -> Result<Reply> {
        if let Some(BackupVerb::Verify { backup }) = self.verb {
            let (path, found) = load(app, &backup).await?;
            return Reply::ok(Verified { path, blocks: found.state.blocks.len(), whole: true });
        }
        let name = self.target.context("name a target")?;
        let opened = open_quietly(app, &name, &self.file).await?;
        let store = app.store().await?;
        let never = Stop::never();
        let engine = app.engine(&store, opened.target(), &never, &Silent);
        let state = opened.target().read().await?;
        let made = engine.back_up(&state, "by hand", Impact::default()).await?;
        store.close().await;
        let blocks = state.blocks.len();
        Reply::ok(Made { id: made.id, path: made.path, csv: made.csv, blocks })
    }
}

/// Finds a backup by its number or its path and checks it.
pub async fn load(app: &App, name: &str) -> Result<(PathBuf, backup::Backup)> {
    if let Ok(id) = name.parse::<i64>() {
        return Ok(restore::backup(&app.store().await?, id).await?);
    }
    let path = PathBuf::from(name);
    let backup = backup::Backup::load(&path, None)?;
    Ok((path, backup))
}

impl BackupsArgs {
    pub(super) async fn run(self, app: &App) -> Result<Reply> {
        let rows = app.store().await?.backups(self.target.as_deref()).await?;
        Reply::with(Exit::Ok, Backups { backups: rows.into_iter().map(Row::from).collect() })
    }
}
