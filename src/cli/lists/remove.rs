use std::fmt;

use anyhow::Result;
use serde::Serialize;

use super::followed;
use crate::app::App;
use crate::cli::Reply;
use crate::verb::lists::stop::stop_knowing;

/// Stop following a list, and forget its versions
///
/// What it brought onto a target stays there. Where other people of this server follow it too, it
/// says how many, and does nothing without --anyway.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hedgerow lists remove garden-fence")]
pub struct Args {
    /// A list you follow
    #[arg(value_name = "NAME")]
    name: String,
    /// Stop also where targets of other people follow it
    #[arg(long)]
    anyway: bool,
}

#[derive(Serialize)]
struct Removed {
    removed: String,
}

impl fmt::Display for Removed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "You no longer follow {}. Blocks that it brought stay as they are.",
            self.removed
        )
    }
}

impl Args {
    pub(super) async fn run(self, app: &App) -> Result<Reply> {
        let store = app.store().await?;
        let list = followed(&store, &self.name).await?;
        let others = if self.anyway { usize::MAX } else { 0 };
        stop_knowing(app, &list, others).await?;
        Reply::ok(Removed { removed: list.name })
    }
}
