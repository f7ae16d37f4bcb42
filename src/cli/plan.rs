use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::options::{FileOptions, ListOptions, open_quietly};
use super::{Body, Exit, Reply};
use crate::app::App;
use crate::plan::{Plan, Table, wrapped};
use crate::text::count;
use crate::whole_file::{self, Readable};

/// Show what lists would change on a target, and change nothing
///
/// Without --list, the lists count that the target follows (`hedgerow subscribe`). TARGET is a
/// name from `hedgerow targets` or the path of a CSV file that your server exported. The plan
/// can be saved with -o and applied later; applying it refuses if the target has changed in
/// between.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hedgerow plan blocked_domains.csv --list threads
  hedgerow plan me@example.social
  hedgerow plan example.social --list garden.csv --allow ok.example -o plan.json
  hedgerow plan me@example.social --list meta --json

Exit codes: 0 nothing to do; 1 error; 2 changes are pending; 3 there are only
changes that are held.")]
pub struct Args {
    /// A name from `hedgerow targets`, or the path of a CSV export
    target: String,
    #[command(flatten)]
    lists: ListOptions,
    #[command(flatten)]
    file: FileOptions,
    /// Save the plan, for `hedgerow apply FILE`
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Show every row, however many there are
    #[arg(long)]
    all: bool,
}

/// How many rows are shown unless all are asked for.
pub const ROWS: usize = 50;

/// A plan as a verb's answer.
pub struct Shown {
    pub plan: Plan,
    pub rows: usize,
    pub saved: Option<PathBuf>,
}

impl Body for Shown {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        write!(out, "{self}")
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        self.plan.write_json(out)?;
        out.write_all(b"\n")
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Table { plan: &self.plan, rows: self.rows })?;
        let held = self.plan.summary.held;
        if held > 0 {
            let changes = count(held, "change");
            let waits = if held == 1 { "waits" } else { "wait" };
            let says = format!(
                "{changes} {waits}. To have it done: --accept DOMAIN, or --override GUARD for all \
                 of a kind."
            );
            writeln!(f, "\n{}", wrapped(&says, ""))?;
        }
        if self.plan.is_empty() {
            return if held > 0 { Ok(()) } else { writeln!(f, "\nNothing to do.") };
        }
        match &self.saved {
            Some(path) => {
                let path = path.display();
                writeln!(f, "\nNothing was changed. Apply it with `hedgerow apply {path}`.")
            }
            None => writeln!(f, "\nNothing was changed."),
        }
    }
}

impl Shown {
    pub fn reply(self) -> Result<Reply> {
        let exit = match (self.plan.is_empty(), self.plan.summary.held) {
            (false, _) => Exit::Pending,
            (true, 0) => Exit::Ok,
            (true, _) => Exit::Held,
        };
        Reply::with(exit, self)
    }
}

/// Writes a plan to a file of its own, whole or not at all.
pub fn save(plan: &Plan, path: &std::path::Path) -> Result<()> {
    let content = plan.to_json() + "\n";
    whole_file::write(path, content.as_bytes(), Readable::AsUsual)
        .with_context(|| format!("the plan could not be saved as {}", path.display()))
}

impl Args {
    pub(super) async fn run(self, app: &App) -> Result<Reply> {
        let opened = open_quietly(app, &self.target, &self.file).await?;
        let plan = self.lists.plan(app, &opened).await?;
        if let Some(path) = &self.output {
            save(&plan, path)?;
        }
        let rows = if self.all { usize::MAX } else { ROWS };
        Shown { plan, rows, saved: self.output }.reply()
    }
}
