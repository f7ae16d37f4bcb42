//! What a target makes of all its lists together.

use std::fmt;

use anyhow::Result;
use serde::Serialize;

use super::Reply;
use super::options::agreement;
use super::subscribe::signed_in;
use crate::app::App;
use crate::policy::{Agreement, Choice, Comments, LossThen, Policy, Unknown};
use crate::text::plain;
use crate::verb;

/// Show or change what a target makes of its lists together, and what it is careful about
///
/// Guards can be let go of for one run by name (`--override most-adds`); what is set here
/// holds for every run. See docs/decisions.md for all rules with examples.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hedgerow policy example.social
  hedgerow policy example.social --combine agreed --in-at-least 2
  hedgerow policy example.social --most-lost 5 --above-that limit
  hedgerow policy me@example.social --subdomains true")]
pub struct Args {
    /// A name from `hedgerow targets`
    target: String,
    /// Which severity several lists come to: strictest, mildest or agreed
    #[arg(long, value_name = "WHICH")]
    combine: Option<Choice>,
    /// Block only what at least so many lists name
    #[arg(long, value_name = "N", conflicts_with_all = ["in_percent", "one_is_enough"])]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=i64::from(Agreement::MOST_LISTS)))]
    in_at_least: Option<u32>,
    /// Block only what lists with so much of the weight name, in percent
    #[arg(long, value_name = "PERCENT", conflicts_with = "one_is_enough")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=100))]
    in_percent: Option<u32>,
    /// Let every list be enough by itself again
    #[arg(long)]
    one_is_enough: bool,
    /// Which comments a block gets: merged, none, or those of a LIST
    #[arg(long, value_name = "WHICH")]
    comments: Option<Comments>,
    /// Most blocks that one run sets or raises
    #[arg(long, value_name = "N")]
    most_adds: Option<usize>,
    /// The same in percent of the blocks there, above ten
    #[arg(long, value_name = "PERCENT")]
    most_adds_percent: Option<usize>,
    /// Most blocks that one run lifts or weakens
    #[arg(long, value_name = "N")]
    most_removes: Option<usize>,
    /// The same in percent of the blocks there, above ten
    #[arg(long, value_name = "PERCENT")]
    most_removes_percent: Option<usize>,
    /// How many follows, in both directions, one block may cut
    #[arg(long, value_name = "N")]
    most_lost: Option<usize>,
    /// What becomes of a block that would cut more: hold, skip, or (instances) limit
    #[arg(long, value_name = "WHAT")]
    above_that: Option<LossThen>,
    /// What `sync` does where nobody can tell whom a block would cut: hold or apply
    #[arg(long, value_name = "WHAT")]
    unknown_loss: Option<Unknown>,
    /// On an account, block the known hosts below a domain too
    #[arg(long, value_name = "BOOL")]
    subdomains: Option<bool>,
}

#[derive(Serialize)]
struct Shown {
    target: String,
    policy: Policy,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Policy { severity, agreement, comments, limits, loss, subdomains } = &self.policy;
        writeln!(f, "{}:", plain(&self.target))?;
        let enough = agreement.map_or_else(|| "one list".to_owned(), |it| it.to_string());
        writeln!(f, "  A block takes   {enough}")?;
        writeln!(f, "  Its severity    the {severity} of what they ask")?;
        writeln!(f, "  Its comments    {}", plain(&comments.to_string()))?;
        writeln!(
            f,
            "  One run         sets or raises at most {} blocks ({} % of those there),\n\
             {:18}lifts or weakens at most {} ({} %)",
            limits.adds, limits.adds_percent, "", limits.removes, limits.removes_percent
        )?;
        writeln!(
            f,
            "  A block cuts    at most {} follows; above that: {}; unknown: {}",
            loss.most, loss.then, loss.unknown
        )?;
        let below = if *subdomains { "blocked too" } else { "offered" };
        writeln!(f, "  Known hosts     below a domain are {below} (accounts)")
    }
}

impl Args {
    pub(super) async fn run(self, app: &App) -> Result<Reply> {
        let store = app.store().await?;
        let target = signed_in(&store, &self.target).await?.name;
        let set = |policy: &mut Policy| {
            policy.severity = self.combine.unwrap_or(policy.severity);
            policy.agreement = agreement(self.in_at_least, self.in_percent)
                .or(policy.agreement.filter(|_| !self.one_is_enough));
            if let Some(comments) = self.comments {
                policy.comments = comments;
            }
            let limits = &mut policy.limits;
            limits.adds = self.most_adds.unwrap_or(limits.adds);
            limits.adds_percent = self.most_adds_percent.unwrap_or(limits.adds_percent);
            limits.removes = self.most_removes.unwrap_or(limits.removes);
            limits.removes_percent = self.most_removes_percent.unwrap_or(limits.removes_percent);
            let loss = &mut policy.loss;
            loss.most = self.most_lost.unwrap_or(loss.most);
            loss.then = self.above_that.unwrap_or(loss.then);
            loss.unknown = self.unknown_loss.unwrap_or(loss.unknown);
            policy.subdomains = self.subdomains.unwrap_or(policy.subdomains);
        };
        let policy = verb::policy::change(app, &target, set).await?;
        Reply::ok(Shown { target, policy })
    }
}
