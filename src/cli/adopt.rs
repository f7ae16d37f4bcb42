//! Whose a block is, changed on purpose.

use std::fmt;

use anyhow::Result;
use serde::Serialize;
use serde_json::json;

use super::options::{domain, open_quietly};
use super::subscribe::signed_in;
use super::{Reply, options::FileOptions};
use crate::app::App;
use crate::domain::Domain;
use crate::keep;
use crate::text::{count, plain};
use crate::verb::ownership::{self, Which};

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
        let yours = keep::adoptable(app, opened.target(), self.offline).await?;
        if !self.all && self.domains.is_empty() {
            let yours = yours.keys().map(ToString::to_string).collect();
            return Reply::ok(Adoption { target, adopted: Vec::new(), yours });
        }
        let which = which(self.all, &self.domains);
        let adopted = ownership::adopt(app, &target, yours, which).await?;
        Reply::ok(Adoption { target, adopted, yours: Vec::new() })
    }
}

impl ReleaseArgs {
    pub(super) async fn run(self, app: &App) -> Result<Reply> {
        let store = app.store().await?;
        let row = signed_in(&store, &self.target).await?;
        let names = ownership::release(app, &row, which(self.all, &self.domains)).await?;
        let are = if names.len() == 1 { "is" } else { "are" };
        let blocks = count(names.len(), "block");
        let says = format!("{blocks} on {} {are} your own from now on.", plain(&row.name));
        Reply::noted(says, json!({ "target": row.name, "released": names }))
    }
}

fn which(all: bool, domains: &[Domain]) -> Which<'_> {
    if all { Which::All } else { Which::These(domains) }
}
