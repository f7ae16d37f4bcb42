use std::fmt;

use anyhow::Result;
use serde::Serialize;

use crate::app::App;
use crate::cli::Reply;
use crate::combine::unique;
use crate::compare::{Comparison, Named, Table, compare};
use crate::gather::make_ready;

/// Show what lists have in common, and what each has alone
///
/// Names are compared as they stand. Nothing is changed.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hedgerow lists compare my-blocks.csv shared-list.csv
  hedgerow lists compare my-blocks.csv shared-list.csv --only
  hedgerow lists compare a.csv b.csv https://lists.example/c.csv --differ
  hedgerow lists compare a.csv b.csv --json")]
pub struct Args {
    /// Two lists or more: lists you follow, bundled names, files, addresses, instance:HOST
    #[arg(value_name = "LIST", num_args = 2.., required = true)]
    lists: Vec<String>,
    /// Also show the domains that each list has alone
    #[arg(long)]
    only: bool,
    /// Also show the domains that lists would block with different severities
    #[arg(long)]
    differ: bool,
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    comparison: Comparison,
    #[serde(skip)]
    only: bool,
    #[serde(skip)]
    differ: bool,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shown { comparison, only, differ } = self;
        Table { comparison, only: *only, differ: *differ }.fmt(f)
    }
}

impl Args {
    pub(super) async fn run(self, app: &App) -> Result<Reply> {
        let (mut names, mut documents) = (Vec::new(), Vec::new());
        for ready in make_ready(app, &self.lists, false).await? {
            let (loaded, document) = ready.document()?;
            documents.push(document);
            names.push(loaded.name);
        }
        let names = unique(names);
        let lists: Vec<Named<'_>> = std::iter::zip(&names, &documents)
            .map(|(name, document)| Named { name, document })
            .collect();
        let comparison = compare(&lists);
        Reply::ok(Shown { comparison, only: self.only, differ: self.differ })
    }
}
