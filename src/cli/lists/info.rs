use std::fmt;

use anyhow::{Result, bail};
use serde::Serialize;

use super::domains;
use crate::app::App;
use crate::cli::Reply;
use crate::list::bundled::{self, Bundled};
use crate::list::catalogue::{self, Advice, Found, Listing};
use crate::plan::wrapped;
use crate::spelling::closest;
use crate::text::{count, fit, plain};
use crate::verb::lists::overview::Followed;

/// Tell all that is known of a list: whose it is, how a server gets on it, what it warns of
///
/// Nothing is fetched.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hedgerow lists info garden-fence
  hedgerow lists info https://seirdy.one/pb/tier0.csv
  hedgerow lists info iftas-cariad --json

Exit codes: 0 the list is known; 1 it is not.")]
pub struct Args {
    /// A name from `hedgerow lists search`, a list you follow, or the address of a list
    #[arg(value_name = "NAME|URL")]
    name: String,
}

/// What is known of a list, and how it does if it is followed.
#[derive(Serialize)]
struct Told {
    #[serde(flatten)]
    info: Option<Info>,
    #[serde(skip_serializing_if = "Option::is_none")]
    followed: Option<Followed>,
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(info) = &self.info {
            write!(f, "{info}")?;
        }
        let Some(list) = &self.followed else { return Ok(()) };
        if self.info.is_some() {
            writeln!(f)?;
        }
        writeln!(f, "You follow {}.", list.name)?;
        if let Some(from) = &list.address {
            address(f, "Read from", from)?;
        }
        row(f, "Domains", &list.size())?;
        row(f, "Changed", &list.changed())?;
        row(f, "Health", &plain(&list.health))?;
        if let Some(failure) = &list.failure {
            row(f, "Failure", &plain(failure))?;
        }
        Ok(())
    }
}

/// What is known of a list.
#[derive(Serialize)]
#[serde(untagged)]
enum Info {
    Bundled {
        name: &'static str,
        title: &'static str,
        bundled: bool,
        about: &'static str,
        domains: usize,
    },
    Listed {
        bundled: bool,
        #[serde(flatten)]
        list: &'static Listing,
    },
}

impl Info {
    fn bundled(list: &'static Bundled) -> Result<Info> {
        Ok(Info::Bundled {
            name: list.name,
            title: list.title,
            bundled: true,
            about: list.about,
            domains: domains(list)?,
        })
    }
}

impl fmt::Display for Info {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Info::Bundled { name, about, domains, .. } => {
                writeln!(f, "{}", about.trim())?;
                let domains = count(*domains, "domain");
                let text = format!(
                    "It comes with Hedgerow and has {domains}; `hedgerow lists show {name}` shows \
                     them."
                );
                writeln!(f, "\n{}", wrapped(&text, ""))
            }
            Info::Listed { list, .. } => listed(f, list),
        }
    }
}

/// Warnings come first: whoever stops reading after a few lines has read those.
fn listed(f: &mut fmt::Formatter<'_>, list: &Listing) -> fmt::Result {
    writeln!(f, "{} ({})", list.title, list.name)?;
    for warning in &list.warnings {
        writeln!(f, "{}", wrapped(&format!("! {warning}"), "  "))?;
    }
    for notice in &list.notices {
        writeln!(f, "{}", wrapped(&format!("* {notice}"), "  "))?;
    }
    writeln!(f)?;
    row(f, "For", &list.purpose)?;
    row(f, "Advice", advice(list))?;
    row(f, "Status", &list.status.to_string())?;
    row(f, "Kept by", &list.maintainer)?;
    row(f, "Entries", &list.criteria)?;
    row(f, "Size", &size(list))?;
    row(f, "Changes", &list.updates)?;
    row(f, "Format", &list.format)?;
    row(f, "Licence", &list.licence)?;
    address(f, "About it", &list.home)?;
    address(f, "Address", &list.address)?;
    if let Some(fill_in) = &list.fill_in {
        row(f, "Put in", fill_in)?;
    }
    if let Some(retractions) = &list.retractions {
        address(f, "Taken off", retractions)?;
    }
    if let Some(signature) = &list.signature {
        row(f, "Signed", &signature.method)?;
        address(f, "Signature", &signature.address)?;
        address(f, "Key", &signature.public_key)?;
    }
    for form in &list.forms {
        row(f, "Also", &form.what)?;
        address(f, "", &form.address)?;
    }
    Ok(())
}

const LABEL: usize = 11;

fn row(f: &mut fmt::Formatter<'_>, label: &str, text: &str) -> fmt::Result {
    let indent = " ".repeat(LABEL);
    writeln!(f, "{}", wrapped(&format!("{label:<LABEL$}{text}"), &indent))
}

/// Addresses are copied, and so they stay in one piece however long they are.
fn address(f: &mut fmt::Formatter<'_>, label: &str, address: &str) -> fmt::Result {
    writeln!(f, "{label:<LABEL$}{address}")
}

fn advice(list: &Listing) -> &'static str {
    match list.advice {
        Advice::Offer => "offered: a reasonable list to begin with",
        Advice::Ask => "look first: read the page about it, then decide",
        Advice::CompareOnly => "compare with it, and do not follow it",
        Advice::Never => "do not use it",
    }
}

fn size(list: &Listing) -> String {
    match (list.domains, &list.seen) {
        (Some(domains), Some(seen)) => format!("{} on {seen}", count(domains as usize, "domain")),
        (Some(domains), None) => count(domains as usize, "domain"),
        (None, Some(seen)) => format!("not known; last seen {seen}"),
        (None, None) => "not known".to_owned(),
    }
}

impl Args {
    pub(super) async fn run(self, app: &App) -> Result<Reply> {
        let found = match catalogue::find_any(&self.name) {
            Some(Found::Bundled(list)) => Some(Info::bundled(list)?),
            Some(Found::Listed(list)) => Some(Info::Listed { bundled: false, list }),
            None => {
                catalogue::by_address(&self.name).map(|list| Info::Listed { bundled: false, list })
            }
        };
        let mut followed = None;
        if let Some(store) = app.existing_store().await?
            && let Some(list) = store.list(&self.name.to_lowercase()).await?
        {
            followed = Some(Followed::read(&store, list, app.clock.now()).await?);
        }
        if found.is_some() || followed.is_some() {
            return Reply::ok(Told { info: found, followed });
        }
        if let Some(list) = catalogue::by_retractions(&self.name) {
            bail!(
                "this address holds what was taken off the list {0}, so blocking from it would \
                 undo the corrections. `hedgerow lists info {0}` tells about the list itself",
                list.name
            );
        }
        Err(unknown(&self.name))
    }
}

fn unknown(name: &str) -> anyhow::Error {
    // An address may hold a password, and so it is not repeated.
    if name.contains("://") {
        return anyhow::anyhow!(
            "nothing is known of the list at this address. `hedgerow check` reads it and says \
             what is in it"
        );
    }
    let bundled = bundled::all().iter().map(|list| list.name);
    let listed = catalogue::all().iter().map(|list| list.name.as_str());
    let near = closest(name, bundled.chain(listed));
    let hint = match &near[..] {
        [] => String::new(),
        near => format!(" Did you mean {}?", near[..near.len().min(5)].join(" or ")),
    };
    anyhow::anyhow!(
        "no list is known by the name {:?}.{hint} `hedgerow lists search` shows all that are",
        fit(&plain(name), 60)
    )
}
