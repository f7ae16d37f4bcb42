use std::fmt;

use anyhow::Result;
use serde::Serialize;

use crate::app::App;
use crate::cli::Reply;
use crate::cli::check::Checked;
use crate::gather::{Chosen, Ready};
use crate::list::bundled;
use crate::text::{fit, plain};

/// Show what a list is for and what it names
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hedgerow lists show threads
  hedgerow lists show blocklist.csv
  hedgerow lists show https://lists.example/blocklist.csv --json")]
pub struct Args {
    /// A list you follow, a bundled name, a file, an address, instance:HOST or fires:URL
    #[arg(value_name = "LIST")]
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
    pub(super) async fn run(self, app: &App) -> Result<Reply> {
        let chosen = Chosen::parse(app, &self.list).await?;
        let about = bundled::find(&chosen.name());
        let ready = chosen.ready(app, false).await?;
        if let Ready::InForce(list) = &ready
            && let Some(note) = &list.note
        {
            eprintln!("{}", plain(note));
        }
        let (loaded, document) = ready.document()?;
        Reply::ok(Shown {
            title: about.map(|list| list.title),
            about: about.map(|list| list.about),
            address: loaded.address,
            sha256: loaded.sha256,
            list: Checked::new(loaded.name, document),
        })
    }
}
