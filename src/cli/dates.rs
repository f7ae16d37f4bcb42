//! The last day of a block, and the day to look at it again.

use std::fmt;

use anyhow::Result;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde_json::json;

use super::Reply;
use super::options::domain;
use super::subscribe::signed_in;
use crate::app::App;
use crate::domain::Domain;
use crate::store::BlockDate;
use crate::text::{fit, last_day, plain};
use crate::verb::dates::{self, Dating};

/// Give a block a last day, or a day to look at it again
///
/// After its last day a block is lifted by the next `apply` or `sync`, whoever set it, and no
/// list sets it again until it says more. From a day of review on, the plan reminds you.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hedgerow date example.social spam.example --expires 2027-03-01 --reason spam
  hedgerow date example.social doubtful.example --review 2027-06-01
  hedgerow date example.social spam.example --clear
  hedgerow date example.social")]
pub struct Args {
    /// A name from `hedgerow targets`
    target: String,
    /// The blocked domain; without it, all dates are listed
    #[arg(value_parser = domain)]
    domain: Option<Domain>,
    /// The last day of the block, such as 2027-03-01
    #[arg(long, value_name = "DAY", requires = "domain")]
    expires: Option<NaiveDate>,
    /// The day to look at it again
    #[arg(long, value_name = "DAY", requires = "domain")]
    review: Option<NaiveDate>,
    /// Why, for those who come after you
    #[arg(long, requires = "domain")]
    reason: Option<String>,
    /// Forget the dates of this block
    #[arg(long, requires = "domain", conflicts_with_all = ["expires", "review"])]
    clear: bool,
}

#[derive(Serialize)]
struct Shown {
    target: String,
    dates: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    domain: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    review_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.dates.is_empty() {
            return writeln!(f, "No block on {} has a date.", plain(&self.target));
        }
        for row in &self.dates {
            let mut words = Vec::new();
            if let Some(at) = row.expires_at {
                words.push(format!("last day {}", last_day(at)));
            }
            if let Some(at) = row.review_at {
                words.push(format!("look again on {}", at.format("%Y-%m-%d")));
            }
            words.extend(row.reason.as_ref().map(|reason| plain(reason).into_owned()));
            writeln!(f, "{:<32} {}", fit(&row.domain, 32), words.join("; "))?;
        }
        Ok(())
    }
}

impl Args {
    pub(super) async fn run(self, app: &App) -> Result<Reply> {
        let store = app.store().await?;
        let target = signed_in(&store, &self.target).await?.name;
        let Some(domain) = self.domain else {
            let row = |date: BlockDate| Row {
                domain: date.domain.to_string(),
                expires_at: date.expires_at,
                review_at: date.review_at,
                reason: date.reason,
            };
            let dates = store.dates(&target).await?.into_iter().map(row).collect();
            return Reply::ok(Shown { target, dates });
        };
        if self.clear {
            dates::clear(app, &target, &domain).await?;
            let says = format!("{domain} has no date on {} any more.", plain(&target));
            return Reply::noted(says, json!({ "target": target, "domain": domain }));
        }
        let new = Dating { expires: self.expires, review: self.review, reason: self.reason };
        let date = dates::set(app, &target, &domain, new).await?;
        let says = format!("Noted for {domain} on {}.", plain(&target));
        let fields = json!({
            "target": target, "domain": domain, "expires_at": date.expires_at,
            "review_at": date.review_at, "reason": date.reason,
        });
        Reply::noted(says, fields)
    }
}
