use std::fmt;

use anyhow::Result;
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::followed;
use crate::app::App;
use crate::cli::Reply;
use crate::follow::guard::Concern;
use crate::follow::{concerns_of, joined};
use crate::store::{FollowedList, Snapshot, SnapshotId, Standing};
use crate::text::plain;

/// Show every version of a list that was kept, newest first
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hedgerow lists history garden-fence
  hedgerow lists history garden-fence --json")]
pub struct Args {
    /// A list you follow
    #[arg(value_name = "NAME")]
    name: String,
}

#[derive(Serialize)]
struct History {
    name: String,
    current: SnapshotId,
    versions: Vec<Kept>,
}

#[derive(Serialize)]
struct Kept {
    version: SnapshotId,
    fetched_at: DateTime<Utc>,
    sha256: String,
    standing: Standing,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<String>,
    entries: i64,
    rejected: i64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    concerns: Vec<Concern>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_at: Option<DateTime<Utc>>,
}

impl Kept {
    fn new(list: &FollowedList, snapshot: Snapshot) -> Result<Self> {
        Ok(Kept {
            concerns: concerns_of(list, &snapshot)?,
            version: snapshot.id,
            fetched_at: snapshot.fetched_at,
            sha256: snapshot.sha256,
            standing: snapshot.standing,
            format: snapshot.format,
            entries: snapshot.entries,
            rejected: snapshot.rejected,
            decided_at: snapshot.decided_at,
        })
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:>6}  {:<16} {:>8} {:>8}", "", "fetched", "domains", "unusable")?;
        for row in &self.versions {
            let at = row.fetched_at.format("%Y-%m-%d %H:%M");
            let what = match row.standing {
                Standing::Good if row.version == self.current => "in force",
                Standing::Good => "",
                Standing::Held => "held: waits for you",
                Standing::Rejected => "rejected",
                Standing::Superseded => "held, and replaced by its publisher",
            };
            let line = format!(
                "{:>6}  {at:<16} {:>8} {:>8}  {what}",
                format!("#{}", row.version),
                row.entries,
                row.rejected
            );
            writeln!(f, "{}", line.trim_end())?;
            if !row.concerns.is_empty() {
                writeln!(f, "{:>8}{}", "", plain(&joined(&row.concerns)))?;
            }
        }
        Ok(())
    }
}

impl Args {
    pub(super) async fn run(self, app: &App) -> Result<Reply> {
        let store = app.store().await?;
        let list = followed(&store, &self.name).await?;
        let snapshots = store.snapshots(list.id).await?;
        let versions = snapshots.into_iter().map(|snapshot| Kept::new(&list, snapshot));
        let versions = versions.collect::<Result<_>>()?;
        Reply::ok(History { name: list.name, current: list.current, versions })
    }
}
