use std::fmt;

use anyhow::{Result, bail};
use serde::Serialize;
use serde_json::json;

use super::settings::SettingsArgs;
use crate::app::App;
use crate::cli::{Exit, Reply, confirm};
use crate::follow::Settings;
use crate::list::bundled;
use crate::list::catalogue::{self, Advice, Listing, Status};
use crate::list::{Document, Format, Purpose};
use crate::plan::wrapped;
use crate::source::Source;
use crate::store::SnapshotId;
use crate::store::{EventKind, NewEvent};
use crate::text::{count, plain};

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
        let listing = catalogue::find(&self.list).or_else(|| catalogue::by_address(&self.list));
        let by_name = listing.filter(|listing| listing.name.eq_ignore_ascii_case(&self.list));
        let address = by_name.map_or(&self.list, |listing| &listing.address);
        if let Some((listing, fill_in)) = by_name.and_then(|it| Some((it, it.fill_in.as_ref()?))) {
            bail!(
                "the address of {} has a gap that you have to fill: {} ({fill_in}). Give the whole \
                 address, and a name with --name",
                listing.title,
                listing.address
            );
        }
        if let Some(listing) = listing {
            self.advised(listing)?;
            if !self.agreed(listing)? {
                return Reply::with(Exit::Pending, Unagreed { name: listing.name.clone() });
            }
        }
        if let Some(listing) = catalogue::by_retractions(address) {
            eprintln!("These are the servers that {} has taken back.", listing.title);
        }
        let source = Source::parse(address)?;
        if let Source::Url(url) | Source::Fires(url) = &source
            && url.password().is_some()
        {
            bail!(
                "the address has a password in it, which would be kept. Leave it out and say where \
                 it is kept, such as --auth basic:USER:file:PATH"
            );
        }
        let name = self.name.clone().or_else(|| listing.map(|listing| listing.name.clone()));
        let name = checked_name(&name.unwrap_or_else(|| made_name(&source)))?;
        if let Source::Bundled(list) = &source {
            bail!(
                "{0} comes with Hedgerow, so there is nothing to follow; use --list {0}",
                list.name
            );
        }
        let lists = app.lists().await?;
        let mut settings = Settings::default();
        let signature = by_name.and_then(|listing| listing.signature.as_ref());
        self.settings.or_signed(signature).put(&mut settings, &lists).await?;
        let added = lists.add(&name, &source, &settings).await?;
        let event = NewEvent::new(app.clock.now(), app.actor(), EventKind::ListFollowed);
        let detail = json!({ "address": source.address() });
        lists.store.log(&[event.list(&name).detail(detail)]).await?;
        if let Some(retractions) = listing.and_then(|listing| listing.retractions.as_ref()) {
            eprintln!(
                "What was taken off this list stands at {retractions}; with --allow-list no other \
                 list blocks it either."
            );
        }
        Reply::ok(Followed::new(name, source.address(), added.version, &added.document))
    }

    /// Refuses what nobody should follow without insisting.
    fn advised(&self, listing: &Listing) -> Result<()> {
        let ended = matches!(listing.status, Status::Retired | Status::Dead);
        if self.anyway || !(ended || listing.advice == Advice::Never) {
            return Ok(());
        }
        let why: Vec<&str> = listing.warnings.iter().map(String::as_str).collect();
        let why = if why.is_empty() { "It has ended." } else { &why.join(" ") };
        bail!(
            "{} should not be followed. {why} See `hedgerow lists info {}`; with --anyway it is \
             followed all the same.",
            listing.title,
            listing.name
        )
    }

    /// Whether the person has read what is to be read about the list.
    fn agreed(&self, listing: &Listing) -> Result<bool> {
        let notices: Vec<&String> = listing.warnings.iter().chain(&listing.notices).collect();
        if notices.is_empty() || listing.advice == Advice::Offer {
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

/// A name that can stand on a command line and is nobody else's.
fn checked_name(name: &str) -> Result<String> {
    let name = name.to_lowercase();
    let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.len() > 60 || !name.chars().all(letter) {
        bail!("{:?} cannot be a list's name; use letters, digits and hyphens", plain(&name));
    }
    if bundled::find(&name).is_some() {
        bail!("{name} is the name of a list that comes with Hedgerow; choose another with --name");
    }
    Ok(name)
}

/// A name made from where the list is.
fn made_name(source: &Source) -> String {
    let shown = source.name();
    let last = shown.rsplit('/').next().unwrap_or_default();
    let stem = match source {
        Source::Instance(_) => last,
        _ => last.rsplit_once('.').map_or(last, |(stem, _)| stem),
    };
    let letter = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
    stem.chars().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_words_that_no_bundled_list_has() {
        assert_eq!(checked_name("Garden-Fence").unwrap(), "garden-fence");
        for name in ["", "a b", "../x", "threads", "ä"] {
            assert!(checked_name(name).is_err(), "{name:?}");
        }
        let made = |arg: &str| made_name(&Source::parse(arg).unwrap());
        assert_eq!(made("https://lists.example/a/block list.csv"), "block-20list");
        assert_eq!(made("instance:chaos.social"), "chaos.social");
    }
}
