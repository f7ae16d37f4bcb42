use std::fmt;

use anyhow::Result;
use serde::Serialize;

use super::Reply;
use crate::list::{Counts, Document, Entry, Format, Problem, Verdict};
use crate::source::{Source, load_document};
use crate::text::{count, fit, plain};

/// Read a list and say what could not be used, line by line
///
/// Nothing is fetched but the list and nothing is changed. Every row is taken, repaired
/// (the repair is named), or rejected (with the reason).
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hedgerow check blocklist.csv
  hedgerow check https://lists.example/blocklist.csv --json

Exit codes: 0 the list can be used; 1 it cannot.")]
pub struct Args {
    /// A file, an address, or a bundled name
    #[arg(value_name = "FILE|URL")]
    list: String,
}

/// The verdict on a list, as data.
#[derive(Serialize)]
pub struct Checked {
    pub name: String,
    pub format: Format,
    pub counts: Counts,
    pub entries: Vec<Entry>,
    pub problems: Vec<Problem>,
}

impl Checked {
    pub fn new(name: String, document: Document) -> Self {
        let Document { format, counts, entries, problems } = document;
        Checked { name, format, counts, entries, problems }
    }
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { taken, repaired, rejected, duplicates } = self.counts;
        writeln!(
            f,
            "{}: {}, {} taken, {repaired} repaired, {rejected} rejected, {duplicates} named twice.",
            plain(&self.name),
            self.format,
            count(taken, "row"),
        )?;
        for problem in &self.problems {
            let mark = match problem.verdict {
                Verdict::Rejected => "rejected",
                Verdict::Repaired => "repaired",
                Verdict::Warning => "warning",
            };
            let value = fit(&plain(&problem.value), 60);
            writeln!(f, "line {}: {mark}: {value}\n    {}", problem.line, plain(&problem.why))?;
        }
        Ok(())
    }
}

impl Args {
    pub(super) async fn run(self) -> Result<Reply> {
        let loaded = Source::parse(&self.list)?.load().await?;
        let document = load_document(&loaded)?;
        Reply::ok(Checked::new(loaded.name, document))
    }
}
