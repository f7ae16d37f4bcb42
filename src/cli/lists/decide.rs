use std::fmt;

use anyhow::Result;
use serde::Serialize;

use super::followed;
use crate::app::App;
use crate::cli::Reply;
use crate::store::SnapshotId;
use crate::text::count;
use crate::verb::lists::versions;

/// Let the held version of a list come into force
///
/// Look at it first with `hedgerow lists diff NAME`. Nothing changes on any target until
/// the next plan.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hedgerow lists diff garden-fence
  hedgerow lists accept garden-fence")]
pub struct AcceptArgs {
    /// A list you follow
    #[arg(value_name = "NAME")]
    name: String,
}

/// Turn the held version of a list down
///
/// The version before it stays in force. The same version is not offered again; the next
/// one that the publisher makes is looked at anew.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hedgerow lists diff garden-fence
  hedgerow lists reject garden-fence")]
pub struct RejectArgs {
    /// A list you follow
    #[arg(value_name = "NAME")]
    name: String,
}

#[derive(Serialize)]
struct Decided {
    name: String,
    accepted: bool,
    version: SnapshotId,
    entries: i64,
}

impl fmt::Display for Decided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Decided { name, version, .. } = self;
        if self.accepted {
            let domains = count(usize::try_from(self.entries).unwrap_or(0), "domain");
            writeln!(f, "Version #{version} of {name} is in force now: {domains}.")
        } else {
            writeln!(f, "Version #{version} of {name} is rejected; the one before stays in force.")
        }
    }
}

impl AcceptArgs {
    pub(super) async fn run(self, app: &App) -> Result<Reply> {
        decide(app, &self.name, true).await
    }
}

impl RejectArgs {
    pub(super) async fn run(self, app: &App) -> Result<Reply> {
        decide(app, &self.name, false).await
    }
}

async fn decide(app: &App, name: &str, accepted: bool) -> Result<Reply> {
    let lists = app.lists().await?;
    let list = followed(&lists.store, name).await?;
    let version = versions::decide(app, &lists, &list, list.held, accepted).await?;
    Reply::ok(Decided { name: list.name, accepted, version: version.id, entries: version.entries })
}
