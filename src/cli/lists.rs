use std::fmt;

use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;

use super::Reply;
use super::check::Checked;
use crate::list::bundled;
use crate::plan::wrapped;
use crate::source::{Source, load_document};
use crate::text::{count, fit, plain};

/// Show the lists that come with Hedgerow, or what a list says
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hedgerow lists
  hedgerow lists show threads
  hedgerow lists show blocklist.csv")]
pub struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Subcommand)]
enum Verb {
    /// Show what a list is for and what it names
    Show {
        /// A bundled name, a file, or an address
        #[arg(value_name = "NAME|FILE|URL")]
        list: String,
    },
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
        writeln!(f, "A file or an address can stand wherever a list's name can.")
    }
}

#[derive(Serialize)]
struct Shown {
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<&'static str>,
    address: String,
    sha256: String,
    #[serde(flatten)]
    list: Checked,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(about) = self.about {
            for paragraph in about.trim().lines() {
                writeln!(f, "{}", wrapped(paragraph, ""))?;
            }
            writeln!(f)?;
        } else {
            write!(f, "{}", self.list)?;
        }
        for entry in &self.list.document.entries {
            let severity = entry.severity.map_or("", |severity| severity.as_str());
            let comment = plain(entry.public_comment.as_deref().unwrap_or_default());
            let row = format!(
                "{:<32} {severity:<8} {}",
                fit(entry.domain.as_str(), 32),
                fit(&comment, 36)
            );
            writeln!(f, "{}", row.trim_end())?;
        }
        Ok(())
    }
}

impl Args {
    pub(super) async fn run(self) -> Result<Reply> {
        let Some(Verb::Show { list }) = self.verb else {
            let row = |list: &'static bundled::Bundled| -> Result<Row> {
                let domains = crate::list::read(list.csv)?.entries.len();
                Ok(Row { name: list.name, title: list.title, domains })
            };
            let lists = bundled::all().iter().map(row).collect::<Result<_>>()?;
            return Reply::ok(Lists { lists });
        };
        let source = Source::parse(&list)?;
        let about = match &source {
            Source::Bundled(list) => Some(*list),
            Source::File(_) | Source::Url(_) => None,
        };
        let loaded = source.load().await?;
        let document = load_document(&loaded)?;
        Reply::ok(Shown {
            title: about.map(|list| list.title),
            about: about.map(|list| list.about),
            address: loaded.address.clone(),
            sha256: loaded.sha256.clone(),
            list: Checked::new(loaded.name, document),
        })
    }
}
