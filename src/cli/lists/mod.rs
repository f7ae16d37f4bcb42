//! `lists`: what there is to choose from and what is followed, one sub-verb a file.

mod add;
mod compare;
mod decide;
mod diff;
mod export;
mod history;
mod info;
mod overview;
mod remove;
mod search;
mod set;
mod settings;
mod show;
mod update;

use anyhow::{Result, bail};
use clap::Subcommand;

use super::Reply;
use crate::app::App;
use crate::list::bundled;
use crate::spelling::closest;
use crate::store::{FollowedList, Store};
use crate::text::{fit, plain};

/// Find lists, follow them, compare them, and see what they say and how they change
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hedgerow lists
  hedgerow lists search iftas
  hedgerow lists info garden-fence
  hedgerow lists add garden-fence
  hedgerow lists update
  hedgerow lists compare my-blocks.csv shared-list.csv
  hedgerow lists show threads")]
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
    Add(add::Args),
    Update(update::Args),
    History(history::Args),
    Diff(diff::Args),
    Accept(decide::AcceptArgs),
    Reject(decide::RejectArgs),
    Set(set::Args),
    Remove(remove::Args),
    Export(export::Args),
}

impl Args {
    pub(super) async fn run(self, app: &App) -> Result<Reply> {
        match self.verb {
            None => overview::overview(app).await,
            Some(Verb::Search(args)) => args.run(),
            Some(Verb::Info(args)) => args.run(app).await,
            Some(Verb::Compare(args)) => args.run(app).await,
            Some(Verb::Show(args)) => args.run(app).await,
            Some(Verb::Add(args)) => args.run(app).await,
            Some(Verb::Update(args)) => args.run(app).await,
            Some(Verb::History(args)) => args.run(app).await,
            Some(Verb::Diff(args)) => args.run(app).await,
            Some(Verb::Accept(args)) => args.run(app).await,
            Some(Verb::Reject(args)) => args.run(app).await,
            Some(Verb::Set(args)) => args.run(app).await,
            Some(Verb::Remove(args)) => args.run(app).await,
            Some(Verb::Export(args)) => args.run(app).await,
        }
    }
}

/// A list that is followed, by its name.
async fn followed(store: &Store, name: &str) -> Result<FollowedList> {
    if let Some(list) = store.list(&name.to_lowercase()).await? {
        return Ok(list);
    }
    let known: Vec<String> = store.lists().await?.into_iter().map(|list| list.name).collect();
    let name = fit(&plain(name), 60);
    if known.is_empty() {
        bail!("You do not follow {name}, nor any other list; see `hedgerow lists search`.");
    }
    let near = closest(&name, known.iter().map(String::as_str));
    match near.first() {
        Some(near) => bail!("You do not follow {name}. Did you mean {near}?"),
        None => bail!("You do not follow {name}. You follow {}.", known.join(", ")),
    }
}

fn domains(list: &bundled::Bundled) -> Result<usize> {
    Ok(crate::list::read(list.csv)?.entries.len())
}
