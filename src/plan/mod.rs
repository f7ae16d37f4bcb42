//! A plan: everything that would change, and everything that would not, with reasons.
//!
//! A [`Plan`] is data. It is made by [`merge_or_overwrite`] or [`restore`] from what is
//! wanted and what is there, without any input or output; it can be printed, saved as
//! JSON, read again, and applied later. Its [`Plan::checksum`] covers all that has an
//! effect, so that what is applied is what was reviewed, and its [`Plan::state`] is the
//! reading it was computed from, so that a target that has changed since is noticed and
//! the difference can be named.

mod changes;
mod diff;
mod file;
mod nest;
mod notices;
mod render;
mod restore;
mod rules;

use std::fmt;

use chrono::{DateTime, Utc};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::block::{Rule, State};
use crate::combine::{Asks, ListUse};
use crate::domain::Domain;
use crate::target::TargetRef;

pub use changes::{Change, Difference, differences};
pub use diff::{Lowering, Wishes, merge_or_overwrite};
pub use file::PlanFileError;
pub use render::Table;
pub(crate) use render::wrapped;
pub use restore::restore;

/// How what is wanted and what is there are brought together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Adds and raises. Removes and weakens nothing.
    Merge,
    /// Makes the target equal to the lists.
    Overwrite,
    /// Makes the target equal to a backup.
    Restore,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Mode::Merge => "merge",
            Mode::Overwrite => "overwrite",
            Mode::Restore => "restore",
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
    pub add: Vec<Add>,
    pub update: Vec<Update>,
    pub remove: Vec<Remove>,
    pub unchanged: Vec<Unchanged>,
    pub skipped: Vec<Skipped>,
    /// What the target held when the plan was made.
    pub state: State,
}

/// The value of [`Plan::format`].
pub const FORMAT: &str = "hedgerow-plan/1";

/// How many of each, for the first line and for scripts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
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

/// Why something that a list or a backup asks for is not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum Reason {
    /// `--allow` names it.
    Allowed,
    /// An instance's block would reach an allowed subdomain too.
    WouldReachAllowed {
        allowed: Domain,
    },
    OwnDomain,
    /// The target's own server lies below it.
    AboveOwnDomain {
        own: Domain,
    },
    /// No list asks for as much as `--min-severity`.
    BelowMinimum,
    /// A block of a parent does as much or more.
    CoveredByParent {
        parent: Domain,
    },
    /// The server takes no block below an existing block of a parent.
    BlockedParent {
        parent: Domain,
    },
    /// Lifting it could not be undone while the parent is blocked, because the server would
    /// not take it back.
    CouldNotReturn {
        parent: Domain,
    },
    /// It would weaken an existing block, which needs `--lower`.
    WouldLower,
    /// The target stores something that is not a domain; Hedgerow could not put it back.
    NotADomain,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Allowed => f.write_str("you allow it"),
            Reason::WouldReachAllowed { allowed } => {
                write!(f, "it would block {allowed} too, which you allow")
            }
            Reason::OwnDomain => f.write_str("your own server"),
            Reason::AboveOwnDomain { own } => write!(f, "your own server {own} lies below it"),
            Reason::BelowMinimum => f.write_str("milder than the severity you act on"),
            Reason::CoveredByParent { parent } => write!(f, "the block of {parent} covers it"),
            Reason::BlockedParent { parent } => {
                write!(f, "this server takes no block below its block of {parent}")
            }
            Reason::CouldNotReturn { parent } => {
                write!(f, "kept: below the block of {parent} it could not be set again")
            }
            Reason::WouldLower => f.write_str("would weaken a block; ask for it with --lower"),
            Reason::NotADomain => f.write_str("stored in a form that is not a domain; left alone"),
        }
    }
}

impl Plan {
    /// Whether there is anything to do.
    pub fn is_empty(&self) -> bool {
        self.add.is_empty() && self.update.is_empty() && self.remove.is_empty()
    }

    /// The plan in one sentence with numbers.
    pub fn sentence(&self) -> String {
        use crate::text::count;
        let Summary { add, update, remove, unchanged, skipped, raise, lower, kept } = self.summary;
        let edit = update - raise - lower;
        let mut parts = vec![format!("adds {}", count(add, "domain")), format!("raises {raise}")];
        if lower > 0 {
            parts.push(format!("lowers {lower}"));
        }
        if edit > 0 {
            parts.push(format!("edits {edit}"));
        }
        parts.push(format!("removes {remove}"));
        parts.push(format!("skips {skipped}"));
        let mut sentence = format!(
            "{} {} {}: {}; {unchanged} already there",
            match self.mode {
                Mode::Merge => "Merging into",
                Mode::Overwrite => "Overwriting",
                Mode::Restore => "Restoring",
            },
            self.target,
            match self.mode {
                Mode::Restore => "from a backup".to_owned(),
                _ => format!("with {}", count(self.lists.len(), "list")),
            },
            parts.join(", ")
        );
        if kept > 0 {
            use fmt::Write;
            let _ = write!(sentence, ", {kept} of your own kept");
        }
        sentence.push('.');
        sentence
    }
}
