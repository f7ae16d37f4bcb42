//! Whose a block is, changed on purpose.

use std::fmt;

use anyhow::{Result, bail};
use serde::Serialize;
use serde_json::json;

use super::options::{domain, open_quietly};
use super::subscribe::signed_in;
use super::{Reply, options::FileOptions};
use crate::app::App;
use crate::domain::Domain;
use crate::keep;
use crate::ledger::{Delta, Holding};
use crate::store::{EventKind, NewEvent};
use crate::text::{count, plain};

/// Let lists have blocks that are your own, so that they go as the lists go
///
/// Only blocks that a list asks for, which the target follows, can be adopted. From then on
/// they are raised, lowered and lifted like those that Hedgerow put there. Without DOMAIN it
/// says which there are.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hedgerow adopt example.social
  hedgerow adopt example.social old.example spam.example
  hedgerow adopt example.social --all")]
pub struct AdoptArgs {
    /// A name from `hedgerow targets`
    target: String,
    /// Blocks of your own; without any, they are listed
    #[arg(value_parser = domain)]
    domains: Vec<Domain>,
    /// All that there are
    #[arg(long, conflicts_with = "domains")]
    all: bool,
    /// Ask nobody for a newer version of the lists
    #[arg(long)]
    offline: bool,
}

/// Make blocks your own that Hedgerow put there, so that no list lifts or changes them
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hedgerow release example.social spam.example
  hedgerow release example.social --all")]
pub struct ReleaseArgs {
    /// A name from `hedgerow targets`
    target: String,
    /// Blocks that Hedgerow put there
    #[arg(value_parser = domain, required_unless_present = "all")]
    domains: Vec<Domain>,
    /// Everything that Hedgerow put there
    #[arg(long, conflicts_with = "domains")]
    all: bool,
}

#[derive(Serialize)]
struct Adoption {
    target: String,
    adopted: Vec<String>,
    /// Could be adopted.
    yours: Vec<String>,
}

impl fmt::Display for Adoption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 50;
        let target = plain(&self.target);
        if !self.adopted.is_empty() {
            let blocks = count(self.adopted.len(), "block");
            let go = if self.adopted.len() == 1 { "goes" } else { "go" };
            return writeln!(f, "{blocks} on {target} {go} with the lists from now on.");
        }
        if self.yours.is_empty() {
            return writeln!(f, "No block of your own on {target} is one that its lists ask for.");
        }
        writeln!(f, "Blocks of your own that the lists ask for too:")?;
        for name in self.yours.iter().take(SHOWN) {
            writeln!(f, "  {}", plain(name))?;
        }
        if self.yours.len() > SHOWN {
            writeln!(f, "  … and {} more", self.yours.len() - SHOWN)?;
        }
        writeln!(f, "Let the lists have them: hedgerow adopt {target} --all, or by name.")
    }
}

impl AdoptArgs {
    pub(super) async fn run(self, app: &App) -> Result<Reply> {
        let store = app.store().await?;
        let target = signed_in(&store, &self.target).await?.name;
        let opened = open_quietly(app, &target, &FileOptions::default()).await?;
        let mut yours = keep::adoptable(app, opened.target(), self.offline).await?;
        for domain in &self.domains {
            if !yours.contains_key(domain.as_str()) {
                bail!(
                    "{domain} is no block of your own that a list of {target} asks for; `hedgerow \
                     adopt {target}` shows those that are"
                );
            }
        }
        if !self.domains.is_empty() {
            yours.retain(|name, _| self.domains.iter().any(|domain| domain.as_str() == name));
        }
        let names: Vec<String> = yours.keys().map(ToString::to_string).collect();
        if !self.all && self.domains.is_empty() {
            return Reply::ok(Adoption { target, adopted: Vec::new(), yours: names });
        }
        let event = |name: &String| {
            let event = NewEvent::new(app.clock.now(), app.actor(), EventKind::Adopted);
            event.target(&target).domain(name)
        };
        let events: Vec<NewEvent> = names.iter().map(event).collect();
        let mut delta = Delta::default();
        delta.holdings.extend(yours.into_iter().map(|(name, holding)| (name, Some(holding))));
        store.take(&target, &delta, &events).await?;
        Reply::ok(Adoption { target, adopted: names, yours: Vec::new() })
    }
}

impl ReleaseArgs {
    pub(super) async fn run(self, app: &App) -> Result<Reply> {
        let store = app.store().await?;
        let row = signed_in(&store, &self.target).await?;
        let identity = app.identity(&row)?;
        let now = app.clock.now();
        let ledger = store.ledger(&row.name, &keep::whose(&identity), now).await?;
        let names: Vec<String> = if self.all {
            let owned = ledger.holdings.keys().filter(|name| ledger.owned(name).is_some());
            owned.map(ToString::to_string).collect()
        } else {
            self.domains.iter().map(ToString::to_string).collect()
        };
        let (mut delta, mut events) = (Delta::default(), Vec::new());
        for name in &names {
            if ledger.owned(name).is_none() {
                bail!("Hedgerow has not put a block of {name} on {}; it is not touched", row.name);
            }
            delta.holdings.insert(name.as_str().into(), Some(Holding::of_a_person(now)));
            let event = NewEvent::new(now, app.actor(), EventKind::Released);
            events.push(event.target(&row.name).domain(name));
        }
        store.take(&row.name, &delta, &events).await?;
        let are = if names.len() == 1 { "is" } else { "are" };
        let blocks = count(names.len(), "block");
        let says = format!("{blocks} on {} {are} your own from now on.", plain(&row.name));
        Reply::noted(says, json!({ "target": row.name, "released": names }))
    }
}
