use std::fmt;

use anyhow::Result;
use serde::Serialize;

use super::settings::SettingsArgs;
use crate::app::App;
use crate::cli::{Exit, Reply, confirm};
use crate::follow::Settings;
use crate::list::catalogue::{self, Listing};
use crate::list::{Document, Format, Purpose};
use crate::plan::wrapped;
use crate::source::Source;
use crate::store::SnapshotId;
use crate::text::{count, plain};
use crate::verb::lists::add::{follow, look};

/// Follow a list: fetch it now, keep every version, and hold what looks like a mistake
///
/// LIST is a name from `hedgerow lists search`, an address, `instance:HOST` for what a
/// server publishes of its own blocks, `fires:URL` for a FIRES dataset, or a file.
/// Following a list changes nothing on any target.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hedgerow lists add garden-fence
  hedgerow lists add https://lists.example/blocklist.csv --name example
  hedgerow lists add instance:chaos.social
  hedgerow lists add https://lists.example/private.csv --name ours --auth bearer:env:LIST_TOKEN

Exit codes: 0 followed; 1 it cannot be read; 2 it needs a yes that was not given.")]
pub struct Args {
    /// A known name, an address, instance:HOST, fires:URL, or a file
    #[arg(value_name = "LIST")]
    list: String,

    /// What to call it; otherwise its known name, or one made from the address
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Agree to what the list's maintainer asks of readers, without being asked
    #[arg(long, short)]
    yes: bool,

    /// Follow it although it has ended or was never meant to be used
    #[arg(long)]
    anyway: bool,

    #[command(flatten)]
    settings: SettingsArgs,
}

#[derive(Serialize)]
struct Followed {
    name: String,
    address: String,
    purpose: Purpose,
    format: Format,
    version: SnapshotId,
    entries: usize,
    releases: usize,
    rejected: usize,
    hidden: usize,
}

impl Followed {
    fn new(name: String, address: String, version: SnapshotId, document: &Document) -> Self {
        Followed {
            name,
            address,
            purpose: document.purpose(),
            format: document.format,
            version,
            entries: document.entries.len(),
            releases: document.releases.len(),
            rejected: document.counts.rejected,
            hidden: document.hidden.len(),
        }
    }
}

impl fmt::Display for Followed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        let what = match self.purpose {
            Purpose::Blocks => format!("asks to block {}", count(self.entries, "domain")),
            Purpose::Exceptions => {
                format!("is an allowlist of {}", count(self.releases, "domain"))
            }
            Purpose::Retractions => {
                format!("is a list of {} taken back", count(self.releases, "domain"))
            }
        };
        writeln!(f, "You follow {name} now. It {what} ({}).", self.format)?;
        if self.rejected > 0 {
            let rows = count(self.rejected, "row");
            writeln!(f, "{rows} could not be used; `hedgerow check {name}` says why.")?;
        }
        let option = if self.purpose == Purpose::Blocks { "--list" } else { "--allow-list" };
        writeln!(f, "Nothing was blocked. See what it would do with:")?;
        writeln!(f, "  hedgerow plan TARGET {option} {name}")
    }
}

impl Args {
    pub(super) async fn run(self, app: &App) -> Result<Reply> {
        let looked = look(&self.list)?;
        looked.advised(self.anyway)?;
        if let Some(listing) = looked.listing
            && !self.agreed(listing, &looked.notices())?
        {
            return Reply::with(Exit::Pending, Unagreed { name: listing.name.clone() });
        }
        if let Some(listing) = catalogue::by_retractions(&looked.address) {
            eprintln!("These are the servers that {} has taken back.", listing.title);
        }
        let source = Source::parse(&looked.address)?;
        let new = looked.named(self.name.as_deref(), source)?;
        let lists = app.lists().await?;
        let mut settings = Settings::default();
        self.settings.or_signed(looked.signature()).put(&mut settings, &lists).await?;
        let added = follow(app, &lists, &new, &settings).await?;
        if let Some(retractions) = looked.listing.and_then(|it| it.retractions.as_ref()) {
            eprintln!(
                "What was taken off this list stands at {retractions}; with --allow-list no other \
                 list blocks it either."
            );
        }
        let address = new.source.address();
        Reply::ok(Followed::new(new.name, address, added.version, &added.document))
    }

    /// Whether the person has read what is to be read about the list.
    fn agreed(&self, listing: &Listing, notices: &[&str]) -> Result<bool> {
        if notices.is_empty() {
            return Ok(true);
        }
        for notice in notices {
            eprintln!("{}", wrapped(&plain(notice), ""));
        }
        Ok(self.yes || self.anyway || confirm(&format!("Follow {}?", listing.title))?)
    }
}

#[derive(Serialize)]
struct Unagreed {
    name: String,
}

impl fmt::Display for Unagreed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Not followed. If you have read the above, add --yes.")
    }
}
