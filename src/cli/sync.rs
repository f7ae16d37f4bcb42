//! The nightly round: every target that follows lists, brought into step with them.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use anyhow::{Result, bail};
use serde::Serialize;

use super::options::stop_on_interrupt;
use super::progress::Reporter;
use super::subscribe::signed_in;
use super::{Exit, Reply};
use crate::app::App;
use crate::follow::Outcome;
use crate::round::{self, Turn, TurnKind};
use crate::text::plain;

/// Fetch the lists and bring targets into step with them, for cron
///
/// Does what the lists set to `auto` ask for, within the guards, and leaves everything else
/// for `hedgerow plan TARGET`. Without TARGET, every target that follows a list gets its
/// turn. It says nothing where nothing happens, and one line a target otherwise.
///
/// Where `hedgerow serve` has many users, --everybody gives their targets a turn too.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hedgerow sync
  hedgerow sync example.social me@example.social
  17 3 * * *  hedgerow sync          # in a crontab
  hedgerow sync --everybody

Exit codes: 0 all in step; 1 error; 2 changes wait for your review; 3 something
was held back by a guard, a held list, or another run at work on the target.")]
pub struct Args {
    /// Names from `hedgerow targets` [default: all that follow lists]
    targets: Vec<String>,
    /// The targets of those who signed in on the pages as well
    #[arg(long, conflicts_with = "targets")]
    everybody: bool,
    /// Fetch no newer versions of the lists
    #[arg(long)]
    offline: bool,
    /// Say something about every target, and what waits since before
    #[arg(long, short)]
    verbose: bool,
}

#[derive(Serialize)]
struct Round {
    lists: Vec<round::ListTurn>,
    targets: Vec<Turn>,
    #[serde(skip)]
    verbose: bool,
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for list in self.lists.iter().filter(|list| self.verbose || list.is_news()) {
            writeln!(f, "{}", plain(&list.to_string()))?;
        }
        for turn in self.targets.iter().filter(|turn| self.verbose || turn.is_news()) {
            writeln!(f, "{}", plain(&turn.to_string()))?;
        }
        Ok(())
    }
}

impl Args {
    /// Whose turn it is: the named ones, or all that follow lists.
    async fn targets(&self, app: &App) -> Result<Vec<String>> {
        let store = app.store().await?;
        let all: BTreeSet<String> =
            store.all_subscriptions().await?.into_iter().map(|row| row.target).collect();
        if self.targets.is_empty() {
            return Ok(all.into_iter().collect());
        }
        let mut targets = Vec::new();
        for name in &self.targets {
            let name = signed_in(&store, name).await?.name;
            if !all.contains(&name) {
                bail!("{name} follows no list; `hedgerow subscribe {name} LIST` has it follow one");
            }
            targets.push(name);
        }
        Ok(targets)
    }

    pub(super) async fn run(self, app: &App, json: bool) -> Result<Reply> {
        let store = app.store().await?;
        let stop = stop_on_interrupt();
        let reporter = Arc::new(Reporter::new(json || !self.verbose));
        let mut everybody = vec![app.clone()];
        if self.everybody {
            let people = store.owners_that_follow().await?.into_iter();
            everybody.extend(people.map(|owner| app.of(owner, round::ACTOR)));
        }
        let (mut lists, mut turns) = (Vec::new(), Vec::new());
        for app in &everybody {
            let targets = self.targets(app).await?;
            lists.extend(round::update_lists(app, &targets, self.offline).await?);
            for name in targets.iter().filter(|_| !stop.is_asked()) {
                turns.push(round::turn(app, name, &stop, reporter.clone()).await);
            }
        }
        let exit = |turn: &Turn| match turn.kind {
            TurnKind::Failed => Exit::Error,
            TurnKind::Held => Exit::Held,
            TurnKind::Review => Exit::Pending,
            TurnKind::InStep => Exit::Ok,
        };
        let rank = |exit: &Exit| match exit {
            Exit::Error => 3,
            Exit::Held => 2,
            Exit::Pending => 1,
            Exit::Ok => 0,
        };
        let of_list = |list: &round::ListTurn| match list.outcome {
            Outcome::Failed { .. } => Exit::Error,
            Outcome::Held { .. } => Exit::Held,
            _ => Exit::Ok,
        };
        let all = turns.iter().map(exit).chain(lists.iter().map(of_list));
        let worst = all.max_by_key(rank).unwrap_or(Exit::Ok);
        Reply::with(worst, Round { lists, targets: turns, verbose: self.verbose })
    }
}
