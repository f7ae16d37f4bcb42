//! A plan: everything that would change, and everything that would not, with reasons.
//!
//! A [`Plan`] is data. It is made by a [`Draft`], [`restore`] or [`undo`] from what is
//! wanted and what is there, without any input or output; it can be printed, saved as
//! JSON, read again, and applied later. Its [`Plan::checksum`] covers all that has an
//! effect, so that what is applied is what was reviewed, and its [`Plan::state`] is the
//! reading it was computed from, so that a target that has changed since is noticed and
//! the difference can be named.

mod aside;
mod changes;
mod draft;
mod file;
mod hold;
mod nest;
mod notices;
mod reason;
mod render;
mod restore;
mod rules;
mod step;
mod undo;
mod weigh;
mod wishes;

use std::fmt;

use chrono::{DateTime, Utc};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::block::{Rule, State};
use crate::combine::{Asks, ListUse};
use crate::domain::Domain;
use crate::impact::Impact;
use crate::policy::Guard;
use crate::target::TargetRef;

pub use changes::{Change, Difference, differences};
pub use draft::Draft;
pub(crate) use draft::cuts;
pub use file::PlanFileError;
pub use hold::{Held, Hold, Row};
pub use notices::relations;
pub use reason::{Cause, Reason};
pub use render::Table;
pub(crate) use render::{describe, lifts, transition, wrapped};
pub use restore::restore;
pub use step::words_of;
pub use undo::{Deed, undo};
pub use wishes::{Aim, Lowering, Wishes};

/// How what is wanted and what is there are brought together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = PlanMode)]
pub enum Mode {
    /// Adds and raises. Removes and weakens nothing.
    Merge,
    /// Makes the target equal to the lists.
    Overwrite,
    /// Keeps the target in step with the lists that it follows.
    Sync,
    /// Makes the target equal to a backup.
    Restore,
    /// Takes back what one run did.
    Undo,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Mode::Merge => "merge",
            Mode::Overwrite => "overwrite",
            Mode::Sync => "sync",
            Mode::Restore => "restore",
            Mode::Undo => "undo",
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Always [`FORMAT`]; a file that says otherwise was written by another version.
    pub format: String,
    /// SHA-256 over target, mode, state and all changes.
    pub checksum: String,
    pub created_at: DateTime<Utc>,
    pub target: TargetRef,
    pub mode: Mode,
    /// [`crate::target::Capabilities::nested`] of the target; the order of changes depends
    /// on it.
    pub nested: bool,
    pub summary: Summary,
    pub lists: Vec<ListUse>,
    /// What a person should read before agreeing.
    pub notices: Vec<String>,
    /// Guards that a person let go of for this run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<Guard>,
    /// Domains that a person said yes to by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted: Vec<Domain>,
    pub add: Vec<Add>,
    pub update: Vec<Update>,
    pub remove: Vec<Remove>,
    /// What would be done and waits for a person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<Held>,
    pub unchanged: Vec<Unchanged>,
    pub skipped: Vec<Skipped>,
    /// Whom the blocks would cut, as far as it is known.
    #[serde(default, skip_serializing_if = "Impact::is_empty")]
    pub impact: Impact,
    /// What the target held when the plan was made.
    pub state: State,
}

/// The value of [`Plan::format`].
pub const FORMAT: &str = "hedgerow-plan/1";

/// How many of each, for the first line and for scripts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = PlanSummary)]
pub struct Summary {
    pub add: usize,
    pub update: usize,
    pub remove: usize,
    /// Wanted, and on the target already.
    pub unchanged: usize,
    /// Wanted, and not done; each with its reason.
    pub skipped: usize,
    /// On the target, not named by any list, and left as it is.
    pub kept: usize,
    /// Of the updates, those that make a rule stricter.
    pub raise: usize,
    /// Of the updates, those that make a rule milder.
    pub lower: usize,
    /// Would be done, and waits for a person; each with its reasons.
    #[serde(default)]
    pub held: usize,
    /// People followed whom the plan cuts, and people following.
    #[serde(default)]
    pub following: usize,
    #[serde(default)]
    pub followers: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Add {
    pub domain: Domain,
    /// Absent on accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Rule>,
    pub asked_by: Asks,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Update {
    pub domain: Domain,
    pub before: Rule,
    pub after: Rule,
    pub asked_by: Asks,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<Cause>,
}

impl Update {
    /// Stricter, milder, or neither (a comment, say). What is milder in any respect counts
    /// as milder.
    pub fn direction(&self) -> Direction {
        if !self.after.covers(&self.before) {
            Direction::Lower
        } else if !self.before.covers(&self.after) {
            Direction::Raise
        } else {
            Direction::Edit
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Raise,
    Lower,
    Edit,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remove {
    /// As the target stores it.
    pub domain: CompactString,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Rule>,
    #[serde(default, skip_serializing_if = "Asks::is_empty")]
    pub asked_by: Asks,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<Cause>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unchanged {
    pub domain: Domain,
    #[serde(default, skip_serializing_if = "Asks::is_empty")]
    pub asked_by: Asks,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// As the list or the target has it.
    pub domain: CompactString,
    #[serde(flatten)]
    pub reason: Reason,
    #[serde(default, skip_serializing_if = "Asks::is_empty")]
    pub asked_by: Asks,
}

impl Plan {
    /// Whether there is anything to do.
    pub fn is_empty(&self) -> bool {
        self.add.is_empty() && self.update.is_empty() && self.remove.is_empty()
    }

    /// What carrying it out does, with its numbers: `Block 3 domains, lift 1 block`.
    pub fn deeds(&self) -> String {
        use crate::text::count;
        let Summary { add, update, remove, .. } = self.summary;
        let mut parts = Vec::new();
        if add > 0 {
            parts.push(format!("block {}", count(add, "domain")));
        }
        if update > 0 {
            parts.push(format!("change {}", count(update, "block")));
        }
        if remove > 0 {
            parts.push(format!("lift {}", count(remove, "block")));
        }
        let mut what = parts.join(", ");
        if let Some(first) = what.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        what
    }

    /// The plan in one sentence with numbers.
    pub fn sentence(&self) -> String {
        use crate::text::count;
        let Summary { add, update, remove, unchanged, skipped, raise, lower, kept, held, .. } =
            self.summary;
        let edit = update - raise - lower;
        let mut parts = vec![format!("adds {}", count(add, "domain")), format!("raises {raise}")];
        if lower > 0 {
            parts.push(format!("lowers {lower}"));
        }
        if edit > 0 {
            parts.push(format!("edits {edit}"));
        }
        parts.push(format!("removes {remove}"));
        if held > 0 {
            parts.push(format!("holds {held}"));
        }
        parts.push(format!("skips {skipped}"));
        let mut sentence = format!(
            "{} {} {}: {}; {unchanged} already there",
            match self.mode {
                Mode::Merge => "Merging into",
                Mode::Overwrite => "Overwriting",
                Mode::Sync => "Keeping in step",
                Mode::Restore => "Restoring",
                Mode::Undo => "Taking back a run on",
            },
            self.target,
            match self.mode {
                Mode::Restore => "from a backup".to_owned(),
                Mode::Undo => "as it was before".to_owned(),
                _ => format!("with {}", count(self.lists.len(), "list")),
            },
            parts.join(", ")
        );
        if kept > 0 {
            use fmt::Write;
            let whose = match self.mode {
                Mode::Undo | Mode::Restore => "left alone",
                _ => "of your own kept",
            };
            let _ = write!(sentence, ", {kept} {whose}");
        }
        sentence.push('.');
        let Summary { following, followers, .. } = self.summary;
        if following + followers > 0 {
            use fmt::Write;
            let cuts = relations(self.state.level, following, followers);
            let _ = write!(sentence, " Cuts {cuts}.");
        }
        sentence
    }
}
