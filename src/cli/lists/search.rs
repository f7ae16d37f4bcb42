use std::fmt;

use anyhow::Result;
use serde::Serialize;

use super::domains;
use crate::cli::Reply;
use crate::list::catalogue::{self, Advice, Found, Status};
use crate::plan::wrapped;
use crate::text::{fit, plain};

/// Find lists, those that come along and those that others publish
///
/// Every word has to occur in a list's name, title, purpose, maintainer or warnings.
/// Without a word all lists are shown. What is offered comes first; what should not be
/// used comes last. Nothing is fetched.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hedgerow lists search
  hedgerow lists search threads
  hedgerow lists search iftas spam --json")]
pub struct Args {
    /// What to look for
    #[arg(value_name = "WORD")]
    words: Vec<String>,
}

#[derive(Serialize)]
struct Hits {
    #[serde(skip)]
    words: Vec<String>,
    lists: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    name: &'static str,
    title: &'static str,
    bundled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    advice: Advice,
    /// How many domains: exactly for a bundled list, otherwise when it was last counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    domains: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seen: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<&'static str>,
    warnings: usize,
}

impl Row {
    fn new(found: Found) -> Result<Row> {
        let (name, title, advice) = (found.name(), found.title(), found.advice());
        Ok(match found {
            Found::Bundled(list) => Row {
                name,
                title,
                bundled: true,
                status: None,
                advice,
                domains: Some(domains(list)?),
                seen: None,
                address: None,
                warnings: 0,
            },
            Found::Listed(list) => Row {
                name,
                title,
                bundled: false,
                status: Some(list.status),
                advice,
                domains: list.domains.map(|domains| domains as usize),
                seen: list.seen.as_deref(),
                address: Some(&list.address),
                warnings: list.warnings.len(),
            },
        })
    }

    /// In two words at most, what to think of it.
    fn mark(&self) -> String {
        match self.status {
            None => "bundled".to_owned(),
            Some(status) if status.is_over() => status.to_string(),
            Some(_) => self.advice.to_string(),
        }
    }
}

impl fmt::Display for Hits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.lists.is_empty() {
            let words = fit(&plain(&self.words.join(" ")), 40);
            let text = format!(
                "No list is known for {words:?}. `hedgerow lists search` without a word shows \
                 all; any list can also be named by its path or its https:// address."
            );
            return writeln!(f, "{}", wrapped(&text, ""));
        }
        writeln!(f, "{:<24} {:>6}  {:<12}  TITLE", "NAME", "SIZE", "ADVICE")?;
        for row in &self.lists {
            let domains = row.domains.map_or_else(|| "?".to_owned(), |domains| domains.to_string());
            let mark = row.mark();
            let title = fit(row.title, 32);
            writeln!(f, "{:<24} {domains:>6}  {mark:<12}  {title}", row.name)?;
        }
        let text = "`hedgerow lists info NAME` tells who keeps a list, how a server gets on it, \
                    and what to look out for.";
        writeln!(f, "\n{}", wrapped(text, ""))
    }
}

impl Args {
    pub(super) fn run(self) -> Result<Reply> {
        // Words that were quoted together are words all the same.
        let words: Vec<&str> = self.words.iter().flat_map(|word| word.split_whitespace()).collect();
        let lists = catalogue::search(&words).into_iter().map(Row::new).collect::<Result<_>>()?;
        Reply::ok(Hits { lists, words: self.words })
    }
}
