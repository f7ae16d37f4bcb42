//! Which lists a target follows, and how.

use std::fmt;

use anyhow::{Context, Result, bail};
use serde::Serialize;

use super::Reply;
use crate::app::App;
use crate::block::Severity;
use crate::gather::Chosen;
use crate::plan::wrapped;
use crate::policy::{Mode, Retractions, Said, Share, Taken, Terms, mapping};
use crate::source::Source;
use crate::store::{Store, Subscription, TargetRow};
use crate::text::{count, fit, plain};
use crate::verb::subscribe::{self as verb, SubscribeError};

/// The most that a list is taken to ask for.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Cap {
    Noop,
    Silence,
    None,
}

impl Cap {
    fn severity(self) -> Option<Severity> {
        match self {
            Cap::Noop => Some(Severity::Noop),
            Cap::Silence => Some(Severity::Silence),
            Cap::None => None,
        }
    }
}

/// Have a target follow a list, or change how it does
///
/// From then on `hedgerow plan TARGET` and `hedgerow sync` keep the target in step with the
/// list: what was put there for it is raised, lowered and lifted as it goes, and what a
/// person decided stays. Nothing is changed by subscribing.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hedgerow subscribe me@example.social threads
  hedgerow subscribe example.social shared --mode auto --retractions follow
  hedgerow subscribe example.social harsh-list --cap silence --weight 2
  hedgerow subscribe example.social odd --map none=suspend --map noop=ignore")]
pub struct SubscribeArgs {
    /// A name from `hedgerow targets`
    target: String,
    /// A list that you follow, or one that comes with Hedgerow
    list: String,
    /// What `sync` does with it by itself: auto, review (it waits for you) or watch (never)
    #[arg(long)]
    mode: Option<Mode>,
    /// How much it counts where lists have to agree
    #[arg(long, value_name = "N",
        value_parser = clap::value_parser!(u32).range(..=i64::from(Terms::MOST_WEIGHT)))]
    weight: Option<u32>,
    /// member asks and counts; alone needs nobody's agreement; support only counts
    #[arg(long)]
    share: Option<Share>,
    /// Never take it to ask for more than this; none takes that back
    #[arg(long, value_enum)]
    cap: Option<Cap>,
    /// Take its words for others: none, noop, silence or suspend = ignore, noop, silence or
    /// suspend; may be repeated
    #[arg(long, value_name = "SAID=TAKEN", value_parser = mapping)]
    map: Vec<(Said, Taken)>,
    /// What happens to its blocks when it drops a domain: follow, ask or ignore
    #[arg(long)]
    retractions: Option<Retractions>,
    /// So many days a domain has to be off the list before that counts
    #[arg(long, value_name = "DAYS",
        value_parser = clap::value_parser!(u32).range(..=i64::from(Terms::MOST_GRACE_DAYS)))]
    grace: Option<u32>,
    /// Begin from the default terms instead of those that are set
    #[arg(long)]
    afresh: bool,
}

/// Have a target follow a list no longer
///
/// Blocks that stand for this list alone are offered to be lifted by the next plan; with
/// --keep they stay and are your own.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hedgerow unsubscribe me@example.social threads
  hedgerow unsubscribe example.social garden-fence --keep")]
pub struct UnsubscribeArgs {
    /// A name from `hedgerow targets`
    target: String,
    /// The list
    list: String,
    /// Keep the blocks that stand for it; they are yours from then on
    #[arg(long)]
    keep: bool,
}

/// List which target follows which lists, and how
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hedgerow subscriptions
  hedgerow subscriptions example.social --json")]
pub struct SubscriptionsArgs {
    /// Only those of this target
    target: Option<String>,
}

#[derive(Serialize)]
struct Subscribed {
    target: String,
    list: String,
    terms: Terms,
}

impl fmt::Display for Subscribed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (target, list) = (plain(&self.target), plain(&self.list));
        let says = format!("{target} follows {list}: {}.", self.terms.in_words());
        writeln!(f, "{}", wrapped(&says, "  "))?;
        writeln!(f, "Nothing was changed. See what it would do: hedgerow plan {target}")
    }
}

/// A target that somebody has signed in to.
pub async fn signed_in(store: &Store, name: &str) -> Result<TargetRow> {
    if let Some(row) = store.target(name).await? {
        return Ok(row);
    }
    let known: Vec<String> = store.targets().await?.into_iter().map(|row| row.name).collect();
    if known.is_empty() {
        bail!("There is no target {name}. Sign in with `hedgerow login SERVER` first.");
    }
    bail!("There is no target {name}. There are: {}.", known.join(", "))
}

impl SubscribeArgs {
    pub(super) async fn run(self, app: &App) -> Result<Reply> {
        let store = app.store().await?;
        let target = signed_in(&store, &self.target).await?.name;
        let list = match Chosen::parse(app, &self.list).await? {
            Chosen::Followed(list) => list.name,
            Chosen::Source(Source::Bundled(list)) => list.name.to_owned(),
            Chosen::Source(_) => return Err(SubscribeError::NotFollowed(self.list).into()),
        };
        let set = |terms: &mut Terms| {
            terms.mode = self.mode.unwrap_or(terms.mode);
            terms.weight = self.weight.unwrap_or(terms.weight);
            terms.share = self.share.unwrap_or(terms.share);
            terms.cap = self.cap.map_or(terms.cap, Cap::severity);
            terms.map.extend(self.map);
            terms.retractions = self.retractions.unwrap_or(terms.retractions);
            terms.grace_days = self.grace.unwrap_or(terms.grace_days);
        };
        let terms = verb::subscribe(app, &target, &list, self.afresh, set).await?;
        Reply::ok(Subscribed { target, list, terms })
    }
}

#[derive(Serialize)]
struct Unsubscribed {
    target: String,
    list: String,
    /// Blocks that stand for this list and no other.
    alone: usize,
    kept: bool,
}

impl fmt::Display for Unsubscribed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (target, list) = (plain(&self.target), plain(&self.list));
        writeln!(f, "{target} does not follow {list} any more.")?;
        let blocks = count(self.alone, "block");
        match (self.alone, self.kept) {
            (0, _) => writeln!(f, "No block stood for it alone."),
            (1, true) => writeln!(f, "1 block that stood for it alone stays and is yours now."),
            (_, true) => writeln!(f, "{blocks} that stood for it alone stay and are yours now."),
            (alone, false) => {
                let stand = if alone == 1 { "stands" } else { "stand" };
                let says = format!(
                    "{blocks} {stand} for it alone. Nothing was lifted; `hedgerow plan {target}` \
                     shows what would be. To keep a block: hedgerow release {target} DOMAIN"
                );
                writeln!(f, "{}", wrapped(&says, ""))
            }
        }
    }
}

impl UnsubscribeArgs {
    pub(super) async fn run(self, app: &App) -> Result<Reply> {
        let store = app.store().await?;
        let row = signed_in(&store, &self.target).await?;
        let verb::Unsubscribed { list, alone, kept } =
            verb::unsubscribe(app, &row, &self.list, self.keep).await?;
        Reply::ok(Unsubscribed { target: row.name, list, alone, kept })
    }
}

#[derive(Serialize)]
struct Subscriptions {
    subscriptions: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    target: String,
    list: String,
    terms: Terms,
}

impl From<Subscription> for Row {
    fn from(subscription: Subscription) -> Self {
        let Subscription { target, list, terms, .. } = subscription;
        Row { target, list, terms }
    }
}

impl fmt::Display for Subscriptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.subscriptions.is_empty() {
            return writeln!(
                f,
                "No target follows a list. `hedgerow subscribe TARGET LIST` has it."
            );
        }
        let mut last = "";
        for row in &self.subscriptions {
            if last != row.target {
                writeln!(f, "{}", plain(&row.target))?;
                last = &row.target;
            }
            writeln!(f, "  {:<20} {}", fit(&plain(&row.list), 20), row.terms.in_words())?;
        }
        Ok(())
    }
}

impl SubscriptionsArgs {
    pub(super) async fn run(self, app: &App) -> Result<Reply> {
        let Some(store) = app.existing_store().await? else {
            return Reply::ok(Subscriptions { subscriptions: Vec::new() });
        };
        let rows = match &self.target {
            Some(name) => store.subscriptions(&signed_in(&store, name).await?.name).await,
            None => store.all_subscriptions().await,
        };
        let rows = rows.context("the subscriptions cannot be read")?;
        Reply::ok(Subscriptions { subscriptions: rows.into_iter().map(Row::from).collect() })
    }
}
