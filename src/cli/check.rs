use std::fmt;

use anyhow::Result;
use serde::Serialize;

use super::Reply;
use crate::app::App;
use crate::domain::Domain;
use crate::gather::Chosen;
use crate::list::{Counts, Document, Format, Purpose, Verdict, read_as};
use crate::source::DocumentError;
use crate::text::{count, fit, plain};
use crate::unmask::{Known, Questions, resolve};

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
    /// A file, an address, instance:HOST, fires:URL, or the name of a list
    #[arg(value_name = "LIST")]
    list: String,

    /// Read it as this format, whatever its content looks like
    #[arg(long, value_parser = format_named)]
    format: Option<Format>,

    /// Take a hidden name for the only known one that would look like it
    #[arg(long)]
    guess_hidden_names: bool,
}

/// Reads the value of `--format`.
pub fn format_named(word: &str) -> Result<Format, String> {
    Format::from_word(word).ok_or_else(|| {
        let words: Vec<&str> = Format::ALL.iter().map(|format| format.word()).collect();
        format!("there is no such format; there are {}", words.join(", "))
    })
}

/// The verdict on a list, as data.
#[derive(Serialize)]
pub struct Checked {
    pub name: String,
    pub purpose: Purpose,
    #[serde(flatten)]
    pub document: Document,
}

impl Checked {
    pub fn new(name: String, document: Document) -> Self {
        Checked { name, purpose: document.purpose(), document }
    }
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let document = &self.document;
        let Counts { taken, repaired, rejected, duplicates } = document.counts;
        writeln!(
            f,
            "{}: {}, {} taken, {repaired} repaired, {rejected} rejected, {duplicates} named twice.",
            plain(&self.name),
            document.format,
            count(taken, "row"),
        )?;
        let released = count(document.releases.len(), "server");
        match self.purpose {
            Purpose::Blocks if document.releases.is_empty() => {}
            Purpose::Blocks => {
                writeln!(
                    f,
                    "It also names {released} that it does not ask to block, or no longer."
                )?;
            }
            Purpose::Exceptions => writeln!(
                f,
                "This is an allowlist: it names {released} that are not to be blocked. It can be \
                 used with --allow-list."
            )?,
            Purpose::Retractions => writeln!(
                f,
                "This is a list of retractions: it names {released} that a list has let go. It \
                 can be used with --allow-list."
            )?,
        }
        if !document.hidden.is_empty() {
            let hidden = count(document.hidden.len(), "name");
            writeln!(f, "{hidden} of the rejected rows are hidden behind stars.")?;
        }
        for problem in &document.problems {
            let mark = match problem.verdict {
                Verdict::Rejected => "rejected",
                Verdict::Repaired => "repaired",
                Verdict::Warning => "warning",
            };
            let value = fit(&plain(&problem.value), 60);
            writeln!(f, "line {}: {mark}: {value}\n    {}", problem.line, plain(&problem.why))?;
        }
        if document.problems_left_out > 0 {
            writeln!(f, "… and {} more like these.", document.problems_left_out)?;
        }
        Ok(())
    }
}

impl Args {
    pub(super) async fn run(self, app: &App) -> Result<Reply> {
        let loaded = Chosen::parse(app, &self.list).await?.ready(app, false).await?.loaded()?;
        let mut document = read_as(&loaded.bytes, self.format)
            .map_err(|error| DocumentError { name: loaded.name.clone(), error })?;
        if !document.hidden.is_empty() {
            let questions = Questions::of(&document.hidden, self.guess_hidden_names);
            let mut known = Known::default();
            let listed: Vec<Domain> = document.entries.iter().map(|e| e.domain.clone()).collect();
            known.learn(&questions, &listed);
            if let Some(store) = app.existing_store().await? {
                known.ask(&questions, &store).await?;
            }
            resolve(&mut document, &known);
        }
        Reply::ok(Checked::new(loaded.name, document))
    }
}
