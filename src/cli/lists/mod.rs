//! `lists`: what there is to choose from, one sub-verb a file.

mod compare;
mod info;
mod search;
mod show;

use std::fmt;

use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;

use super::Reply;
use crate::list::bundled;
use crate::text::count;

/// Show the lists that come with Hedgerow, find others, compare them, and tell what they say
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hedgerow lists
  hedgerow lists search iftas
  hedgerow lists info garden-fence
  hedgerow lists compare my-blocks.csv shared-list.csv
  hedgerow lists show threads
  hedgerow lists show blocklist.csv")]
pub struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Subcommand)]
enum Verb {
    Search(search::Args),
    Info(info::Args),
    Compare(compare::Args),
    Show(show::Args),
}

#[derive(Serialize)]
struct Lists {
    lists: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    name: &'static str,
    title: &'static str,
    domains: usize,
}

impl fmt::Display for Lists {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in &self.lists {
            writeln!(f, "{:<16} {:>10}  {}", row.name, count(row.domains, "domain"), row.title)?;
        }
        writeln!(f, "\n`hedgerow lists show NAME` tells what a list does and does not do.")?;
        writeln!(f, "`hedgerow lists search` shows the lists that others publish.")?;
        writeln!(f, "A file or an address can stand wherever a list's name can.")
    }
}

impl Args {
    pub(super) async fn run(self) -> Result<Reply> {
        match self.verb {
            None => come_along(),
            Some(Verb::Search(args)) => args.run(),
            Some(Verb::Info(args)) => args.run(),
            Some(Verb::Compare(args)) => args.run().await,
            Some(Verb::Show(args)) => args.run().await,
        }
    }
}

/// The lists that come with Hedgerow.
fn come_along() -> Result<Reply> {
    let row = |list: &'static bundled::Bundled| -> Result<Row> {
        Ok(Row { name: list.name, title: list.title, domains: domains(list)? })
    };
    let lists = bundled::all().iter().map(row).collect::<Result<_>>()?;
    Reply::ok(Lists { lists })
}

fn domains(list: &bundled::Bundled) -> Result<usize> {
    Ok(crate::list::read(list.csv)?.entries.len())
}
