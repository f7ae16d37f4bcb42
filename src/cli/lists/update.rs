use std::fmt;

use anyhow::Result;
use futures_util::future::join_all;
use serde::Serialize;

use super::followed;
use crate::app::App;
use crate::cli::{Exit, Reply};
use crate::follow::{Lists, Outcome, joined};
use crate::store::FollowedList;
use crate::text::{ago, count, plain};

/// Fetch the lists you follow again, and say what is new
///
/// A list that has not changed costs one small request. What looks like a publisher's
/// mistake is held, and the version before it stays in force.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hedgerow lists update
  hedgerow lists update garden-fence iftas-dni --json

Exit codes: 0 all were read; 1 one could not be; 3 one is held and waits for you.")]
pub struct Args {
    /// Only these; otherwise all
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

#[derive(Serialize)]
struct Updates {
    lists: Vec<Update>,
}

#[derive(Serialize)]
struct Update {
    name: String,
    #[serde(flatten)]
    outcome: Outcome,
    #[serde(skip)]
    now: chrono::DateTime<chrono::Utc>,
}

impl fmt::Display for Update {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match &self.outcome {
            Outcome::Unchanged => writeln!(f, "{name}: unchanged."),
            Outcome::Changed { entries, added, removed, regraded, .. } => {
                let entries = count(*entries, "domain");
                write!(f, "{name}: {entries}, {added} new, {removed} gone")?;
                if *regraded > 0 {
                    write!(f, ", {regraded} with another severity")?;
                }
                writeln!(f, ".")
            }
            Outcome::Held { since, concerns, .. } => {
                let since = ago(self.now, *since);
                writeln!(f, "{name}: held since {since}: {}.", plain(&joined(concerns)))?;
                writeln!(
                    f,
                    "    The version before it stays in force. Look at the difference with"
                )?;
                writeln!(
                    f,
                    "    `hedgerow lists diff {name}`, then `hedgerow lists accept {name}`"
                )?;
                writeln!(f, "    or `hedgerow lists reject {name}`.")
            }
            Outcome::Rejected { .. } => {
                writeln!(f, "{name}: still the version that you rejected.")
            }
            Outcome::Failed { says, last_success, .. } => {
                let last = last_success.map_or_else(
                    || "never read before".to_owned(),
                    |at| format!("last read {}", ago(self.now, at)),
                );
                writeln!(f, "{name}: not read ({last}): {}", plain(says))
            }
        }
    }
}

impl fmt::Display for Updates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.lists.is_empty() {
            return writeln!(f, "You follow no list yet; see `hedgerow lists search`.");
        }
        self.lists.iter().try_for_each(|update| update.fmt(f))
    }
}

impl Updates {
    fn exit(&self) -> Exit {
        let any = |wanted: fn(&Outcome) -> bool| self.lists.iter().any(|u| wanted(&u.outcome));
        if any(|outcome| matches!(outcome, Outcome::Failed { .. })) {
            Exit::Error
        } else if any(|outcome| matches!(outcome, Outcome::Held { .. })) {
            Exit::Held
        } else {
            Exit::Ok
        }
    }
}

impl Args {
    pub(super) async fn run(self, app: &App) -> Result<Reply> {
        let lists = app.lists().await?;
        let mut wanted: Vec<FollowedList> = Vec::new();
        if self.names.is_empty() {
            wanted = lists.store.lists().await?;
        }
        for name in &self.names {
            wanted.push(followed(&lists.store, name).await?);
        }
        let now = app.clock.now();
        let updates = join_all(wanted.iter().map(|list| update(&lists, list))).await;
        let rows = wanted.into_iter().zip(updates);
        let rows = rows.map(|(list, outcome)| Update { name: list.name, outcome, now });
        let updates = Updates { lists: rows.collect() };
        Reply::with(updates.exit(), updates)
    }
}

/// One list's trouble must not keep the others from being read.
async fn update(lists: &Lists, list: &FollowedList) -> Outcome {
    lists.update(list).await.unwrap_or_else(|error| Outcome::Failed {
        says: error.to_string(),
        failures: list.failures,
        last_success: list.succeeded_at,
    })
}
