use std::fmt;

use anyhow::Result;
use serde::Serialize;

use crate::cli::Reply;
use crate::cli::check::Checked;
use crate::source::{Source, load_document};
use crate::text::{fit, plain};

/// Show what a list is for and what it names
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hedgerow lists show threads
  hedgerow lists show blocklist.csv
  hedgerow lists show https://lists.example/blocklist.csv --json")]
pub struct Args {
    /// A bundled name, a file, or an address
    #[arg(value_name = "NAME|FILE|URL")]
    list: String,
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
            writeln!(f, "{}\n", about.trim())?;
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
        let source = Source::parse(&self.list)?;
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
