use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::Serialize;

use super::Reply;
use crate::app::App;
use crate::verb::announce;
use crate::whole_file::{self, Readable};

/// Write what a run did as a text to post: whom you block now, and for which reasons
///
/// Markdown, with names that make no links and reasons that mention nobody. Blocks that are
/// obfuscated are named as your server shows them.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hedgerow announce 7
  hedgerow announce 7 --as 'the moderators of example.social' -o announcement.md")]
pub struct Args {
    /// The number of the run, as `hedgerow runs` shows it
    run: i64,
    /// Who speaks [default: the target]
    #[arg(long = "as", value_name = "WHO")]
    whom: Option<String>,
    /// Write it to a file
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Serialize)]
struct Announcement {
    run: i64,
    markdown: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<PathBuf>,
}

impl std::fmt::Display for Announcement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.output {
            Some(path) => writeln!(f, "Written to {}.", path.display()),
            None => f.write_str(&self.markdown),
        }
    }
}

impl Args {
    pub(super) async fn run(self, app: &App) -> Result<Reply> {
        let store = app.store().await?;
        let run = store
            .run(self.run)
            .await?
            .with_context(|| format!("There is no run {}; see `hedgerow runs`.", self.run))?;
        let announcement = announce::write(app, &run, self.whom.as_deref()).await?;
        let markdown = announcement.markdown;
        if let Some(path) = &self.output {
            whole_file::write(path, markdown.as_bytes(), Readable::AsUsual)
                .with_context(|| format!("{} cannot be written", path.display()))?;
        }
        Reply::ok(Announcement { run: run.id, markdown, output: self.output })
    }
}
