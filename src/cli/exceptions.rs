//! What must not be blocked, and what was turned down.

use std::fmt;

use anyhow::Result;
use chrono::{DateTime, NaiveDate, Utc};
use clap::Subcommand;
use serde::Serialize;
use serde_json::json;

use super::Reply;
use super::options::domain;
use super::subscribe::signed_in;
use crate::app::App;
use crate::domain::Domain;
use crate::exception::Exception;
use crate::ledger::{Dismissal, Why};
use crate::text::{count, fit, last_day, plain};
use crate::verb::exceptions::{self as verb, Excepting};

/// See and make exceptions: domains that no list blocks
///
/// An exception holds in every plan, for one target or for all. Where Hedgerow has put a
/// block for lists there, the next plan lifts it; a block of your own stays.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "\
Examples:
  hedgerow exceptions
  hedgerow exceptions add friends.example --reason 'my sister is there'
  hedgerow exceptions add big.example --subdomains --until 2027-01-31
  hedgerow exceptions add odd.example --list harsh-list
  hedgerow exceptions dismiss example.social doubtful.example
  hedgerow exceptions remove 3")]
pub struct Args {
    /// Only what holds for this target, with what was turned down there
    #[arg(long)]
    target: Option<String>,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Subcommand)]
enum Verb {
    Add(AddArgs),
    /// End an exception, by its number
    #[command(after_help = "Example:\n  hedgerow exceptions remove 3")]
    Remove {
        /// As `hedgerow exceptions` shows it
        number: i64,
    },
    /// Turn a suggestion down: it is not made again until a list says more than now
    #[command(after_help = "\
Example:
  hedgerow exceptions dismiss example.social doubtful.example")]
    Dismiss {
        /// A name from `hedgerow targets`
        target: String,
        /// What is not to be suggested
        #[arg(required = true, value_parser = domain)]
        domains: Vec<Domain>,
    },
    /// Let a domain be suggested again that was turned down, or lifted by hand
    #[command(after_help = "\
Example:
  hedgerow exceptions undismiss example.social doubtful.example")]
    Undismiss {
        /// A name from `hedgerow targets`
        target: String,
        /// What may be suggested again
        #[arg(required = true, value_parser = domain)]
        domains: Vec<Domain>,
    },
}

/// Let no list block this domain
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hedgerow exceptions add friends.example --reason 'my sister is there'
  hedgerow exceptions add big.example --subdomains --until 2027-01-31
  hedgerow exceptions add odd.example --list harsh-list --target example.social")]
struct AddArgs {
    /// What must not be blocked
    #[arg(value_parser = domain)]
    domain: Domain,
    /// Everything below the domain too
    #[arg(long)]
    subdomains: bool,
    /// Only on this target [default: on all]
    #[arg(long)]
    target: Option<String>,
    /// Only do not hear what this list says of it; others count
    #[arg(long)]
    list: Option<String>,
    /// The last day on which it holds, such as 2027-01-31
    #[arg(long, value_name = "DAY")]
    until: Option<NaiveDate>,
    /// Why, for those who come after you
    #[arg(long)]
    reason: Option<String>,
}

#[derive(Serialize)]
struct Shown {
    exceptions: Vec<Exception>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dismissed: Vec<Dismissed>,
    #[serde(skip)]
    now: DateTime<Utc>,
}

#[derive(Serialize)]
struct Dismissed {
    domain: String,
    why: Why,
    at: DateTime<Utc>,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.exceptions.is_empty() && self.dismissed.is_empty() {
            return writeln!(
                f,
                "There are no exceptions. `hedgerow exceptions add DOMAIN` makes one."
            );
        }
        for exception in &self.exceptions {
            let Exception { id, target, domain, subdomains, list, reason, until, .. } = exception;
            let star = if *subdomains { " and below" } else { "" };
            let mut line = format!("{id:>4}  {domain}{star}");
            line +=
                &target.as_ref().map_or_else(String::new, |name| format!(", on {}", plain(name)));
            line += &list
                .as_ref()
                .map_or_else(String::new, |list| format!(", not heard: {}", plain(list)));
            if let Some(until) = until {
                let ended = if exception.is_in_force(self.now) { "until" } else { "ended" };
                line += &format!(", {ended} {}", last_day(*until));
            }
            line +=
                &reason.as_ref().map_or_else(String::new, |reason| format!(": {}", plain(reason)));
            writeln!(f, "{line}")?;
        }
        if !self.dismissed.is_empty() {
            writeln!(f, "\nTurned down, until a list says more:")?;
            for row in &self.dismissed {
                let name = fit(&plain(&row.domain), 40);
                writeln!(f, "      {name:<40} {}, {}", row.why, row.at.format("%Y-%m-%d"))?;
            }
        }
        Ok(())
    }
}

impl Args {
    pub(super) async fn run(self, app: &App) -> Result<Reply> {
        match self.verb {
            None => show(app, self.target.as_deref()).await,
            Some(Verb::Add(args)) => args.run(app).await,
            Some(Verb::Remove { number }) => remove(app, number).await,
            Some(Verb::Dismiss { target, domains }) => dismiss(app, &target, &domains, true).await,
            Some(Verb::Undismiss { target, domains }) => {
                dismiss(app, &target, &domains, false).await
            }
        }
    }
}

async fn show(app: &App, target: Option<&str>) -> Result<Reply> {
    let now = app.clock.now();
    let Some(store) = app.existing_store().await? else {
        return Reply::ok(Shown { exceptions: Vec::new(), dismissed: Vec::new(), now });
    };
    let mut dismissed = Vec::new();
    if let Some(name) = target {
        let row = |(domain, Dismissal { why, at, .. })| Dismissed { domain, why, at };
        let found = verb::dismissed(app, &signed_in(&store, name).await?).await?;
        dismissed.extend(found.into_iter().map(row));
    }
    Reply::ok(Shown { exceptions: store.exceptions(target).await?, dismissed, now })
}

impl AddArgs {
    async fn run(self, app: &App) -> Result<Reply> {
        let store = app.store().await?;
        let target = match &self.target {
            Some(name) => Some(signed_in(&store, name).await?.name),
            None => None,
        };
        let new = Excepting {
            target,
            domain: self.domain,
            subdomains: self.subdomains,
            list: self.list.map(|list| list.to_lowercase()),
            reason: self.reason,
            until: self.until,
        };
        let id = verb::except(app, new.clone()).await?;
        let whom = new.list.map_or_else(
            || "No list blocks".to_owned(),
            |list| format!("What {} says of it is not heard for", plain(&list)),
        );
        let on = new.target.map_or_else(String::new, |name| format!(" on {}", plain(&name)));
        let below = if new.subdomains { " and what is below it" } else { "" };
        let says = format!("{whom} {}{below}{on} from now on (exception {id}).", new.domain);
        Reply::noted(says, json!({ "exception": id, "domain": new.domain }))
    }
}

async fn remove(app: &App, number: i64) -> Result<Reply> {
    let gone = verb::remove(app, number).await?;
    let says = format!("Lists may block {} again.", gone.domain);
    Reply::noted(says, json!({ "removed": gone.id, "domain": gone.domain }))
}

async fn dismiss(app: &App, name: &str, domains: &[Domain], down: bool) -> Result<Reply> {
    let store = app.store().await?;
    let row = signed_in(&store, name).await?;
    if down {
        verb::dismiss(app, &row, domains).await?;
    } else {
        verb::undismiss(app, &row, domains).await?;
    }
    let number = count(domains.len(), "domain");
    let says = if down {
        format!("{number} turned down on {}: not suggested until a list says more.", plain(name))
    } else {
        format!("{number} may be suggested again on {}.", plain(name))
    };
    Reply::noted(says, json!({ "target": name, "domains": domains, "dismissed": down }))
}
