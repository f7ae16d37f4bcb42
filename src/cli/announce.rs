use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::Serialize;

use super::Reply;
use crate::announce::announce;
use crate::app::App;
use crate::apply::{done, plan_of};
use crate::block::Level;
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
        let plan = plan_of(&store, run.id)
            .await?
            .with_context(|| format!("the plan of run {} cannot be read", run.id))?;
        let done = done(&store, run.id, &plan).await?;
        let own = match plan.target.level {
            Level::Account => plan.target.account.clone(),
            Level::Instance => plan.target.own.first().map(ToString::to_string),
        };
        let whom = self.whom.or(own).unwrap_or_else(|| run.target.clone());
        let markdown = announce(&done, &whom, run.created_at);
        if let Some(path) = &self.output {
            whole_file::write(path, markdown.as_bytes(), Readable::AsUsual)
                .with_context(|| format!("{} cannot be written", path.display()))?;
        }
        Reply::ok(Announcement { run: run.id, markdown, output: self.output })
    }
}
