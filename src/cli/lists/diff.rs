use std::fmt;

use anyhow::Result;
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::followed;
use crate::app::App;
use crate::cli::Reply;
use crate::follow::history::{Difference, Named, Which};
use crate::store::{Snapshot, SnapshotId};
use crate::text::{count, fit};
use crate::verb::lists::versions::ends;

/// Show what changed between two versions of a list
///
/// Without FROM and TO: from the version in force to the one that is held, or from the
/// version before it to the one in force.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hedgerow lists diff garden-fence
  hedgerow lists diff garden-fence 2026-01-01
  hedgerow lists diff garden-fence 12 15 --json")]
pub struct Args {
    /// A list you follow
    #[arg(value_name = "NAME")]
    name: String,
    /// The older version: its number in `lists history`, or a day (what was in force then)
    #[arg(value_parser = Which::parse)]
    from: Option<Which>,
    /// The newer version; otherwise the newest
    #[arg(value_parser = Which::parse)]
    to: Option<Which>,
}

#[derive(Serialize)]
struct Diff {
    name: String,
    from: End,
    to: End,
    #[serde(flatten)]
    difference: Difference,
}

/// One of the two versions.
#[derive(Serialize)]
struct End {
    version: SnapshotId,
    fetched_at: DateTime<Utc>,
}

impl End {
    fn of(snapshot: &Snapshot) -> Self {
        End { version: snapshot.id, fetched_at: snapshot.fetched_at }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{} of {}", self.version, self.fetched_at.format("%Y-%m-%d"))
    }
}

impl fmt::Display for Diff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference { before, after, added, removed, regraded, retracted } = &self.difference;
        writeln!(
            f,
            "{} from {} to {}: {before} → {}, {} new, {} gone, {} with another severity.",
            self.name,
            self.from,
            self.to,
            count(*after, "domain"),
            added.len(),
            removed.len(),
            regraded.len()
        )?;
        let rows = |f: &mut fmt::Formatter<'_>, mark: char, rows: &[Named]| {
            rows.iter().try_for_each(|row| {
                let severity = row.severity.map_or("", |severity| severity.as_str());
                let line = format!("{mark} {:<40} {severity}", fit(row.domain.as_str(), 40));
                writeln!(f, "{}", line.trim_end())
            })
        };
        rows(f, '+', added)?;
        rows(f, '-', removed)?;
        for row in regraded {
            let word = |severity: Option<crate::block::Severity>| {
                severity.map_or("no severity", |severity| severity.as_str())
            };
            let domain = fit(row.domain.as_str(), 40);
            writeln!(f, "~ {domain:<40} {} → {}", word(row.before), word(row.after))?;
        }
        retracted.iter().try_for_each(|domain| writeln!(f, "- {domain} (taken back in the open)"))
    }
}

impl Args {
    pub(super) async fn run(self, app: &App) -> Result<Reply> {
        let lists = app.lists().await?;
        let list = followed(&lists.store, &self.name).await?;
        let snapshots = lists.store.snapshots(list.id).await?;
        let (from, to) = ends(&list, &snapshots, self.from, self.to)?;
        let (old, new) = (lists.read(&list, from).await?, lists.read(&list, to).await?);
        let difference = Difference::between(&old, &new);
        Reply::ok(Diff { name: list.name, from: End::of(from), to: End::of(to), difference })
    }
}
