//! Where blocks are kept: an account, an instance, or a CSV file exported from either.
//!
//! All stand behind [`Target`], which reads everything and writes changes. What a kind of
//! target can and cannot do is declared in its [`Capabilities`] and looked at while
//! planning, before the first request, rather than found out from a refusal.

mod account;
mod csv_file;
mod instance;

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::block::{Level, State};
use crate::domain::Domain;
use crate::impact::Impact;
use crate::plan::Change;

pub use account::Account;
pub use csv_file::{CsvError, CsvFile, MOST_ROWS, export};
pub use instance::Instance;

/// Which target it is, as plans and backups name it. No secret is ever part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetRef {
    /// The name in `hedgerow targets`, or the path of a CSV file.
    pub name: String,
    pub kind: Kind,
    pub level: Level,
    /// The server's origin, or the path of the file.
    pub address: String,
    /// `user@domain` of whoever signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The target's own names, which must never be blocked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub own: Vec<Domain>,
}

impl TargetRef {
    /// What opens this target again: a file's path does from any folder, its name may not.
    pub fn handle(&self) -> &str {
        match self.kind {
            Kind::Csv => &self.address,
            Kind::Mastodon => &self.name,
        }
    }
}

impl std::fmt::Display for TargetRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.account, self.level) {
            (Some(account), Level::Account) => write!(f, "the account {account}"),
            (_, Level::Instance) if self.kind == Kind::Mastodon => {
                let host = self.own.first().map_or(self.address.as_str(), Domain::as_str);
                write!(f, "the instance {host}")
            }
            _ => write!(f, "{}", self.name),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Mastodon,
    Csv,
}

/// What a target can hold and how it takes changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    pub level: Level,
    /// Whether a block has a rule (severity, flags, comments) or only a domain.
    pub rules: bool,
    pub matching: Matching,
    /// May a stricter block of a subdomain be set while a block of its parent stands?
    pub nested: bool,
    pub writes: Writes,
    /// How many blocks one page of the list holds at most; 0 where there are no pages.
    pub page_size: usize,
    /// How many requests the server grants per window, where that is known beforehand.
    pub budget: Option<Budget>,
}

/// Which hosts a block reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matching {
    ExactHost,
    WithSubdomains,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writes {
    /// One request per change.
    Single,
    /// All changes at once, all or nothing.
    Bulk,
}

/// Requests per window, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    pub requests: u32,
    pub window: u32,
}

/// What Mastodon grants each token since 4.1 (`config/initializers/rack_attack.rb`).
const MASTODON_BUDGET: Budget = Budget { requests: 300, window: 300 };

/// What became of a change that did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    Done,
    /// The target had it that way already, for instance because the answer to an earlier
    /// attempt was lost.
    AlreadySo,
    /// Left alone, because it would have overridden what somebody did meanwhile.
    LeftAlone(String),
}

/// Why a target could not be read or written. The texts name the next step and never
/// contain a token.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// This one change was refused; others may succeed.
    #[error("{0}")]
    Refused(String),
    /// Nothing more will succeed until a person has acted.
    #[error("{0}")]
    Fatal(String),
    /// The server could not be reached or kept failing. Trying again later may help.
    #[error("{0}")]
    Unavailable(String),
    /// Whoever runs this asked to stop.
    #[error("stopped on request")]
    Stopped,
}

#[async_trait]
pub trait Target: Send + Sync {
    fn identity(&self) -> &TargetRef;

    fn capabilities(&self) -> Capabilities;

    /// The whole list of blocks, or an error; never a part of it.
    async fn read(&self) -> Result<State, TargetError>;

    /// Carries out changes: exactly one where [`Capabilities::writes`] says
    /// [`Writes::Single`], all of them otherwise. Doing a change twice is safe.
    ///
    /// `current` is a recent reading; it gives the row ids of what is changed.
    async fn write(&self, changes: &[Change], current: &State) -> Result<Written, TargetError>;

    /// Reads what the writing led to, for verification. For a server this is
    /// [`Target::read`]; for a file it is the file that was written.
    async fn read_back(&self) -> Result<State, TargetError> {
        self.read().await
    }

    /// What blocking these domains would cut: for an instance, what suspending them would.
    /// What the target cannot tell is unknown and no error.
    async fn impact(&self, domains: &[Domain]) -> Result<Impact, TargetError> {
        Ok(Impact::untold(domains, None))
    }

    /// The hosts below these domains that the server has met, sorted: those that a block of
    /// the exact name leaves out. Empty where the server does not tell.
    async fn known_below(&self, _domains: &[Domain]) -> Result<Vec<Domain>, TargetError> {
        Ok(Vec::new())
    }

    /// The least time that so many writes will take by the server's rate limit, as far as
    /// it is known.
    fn outlook(&self, _writes: usize) -> Option<Duration> {
        None
    }
}
