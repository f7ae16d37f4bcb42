//! What a plan is to bring about, beyond what the lists say.

use std::collections::{BTreeMap, BTreeSet};

use arcstr::ArcStr;
use chrono::{DateTime, Utc};
use hashbrown::HashSet;
use serde::{Deserialize, Serialize};

use crate::block::Severity;
use crate::domain::Domain;
use crate::exception::Exceptions;
use crate::ledger::Ledger;
use crate::policy::{Guard, Policy, Terms};

/// How what is wanted is brought onto what is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Aim {
    /// Adds and raises.
    #[default]
    Merge,
    /// Makes the target equal to the lists.
    Overwrite,
    /// Keeps the target in step with the lists that it follows: what Hedgerow put there
    /// goes with them, what a person decided stays.
    Sync,
}

/// What the person wants beyond the lists, and what they decided before.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    pub aim: Aim,
    /// Never block these in this run, whatever the lists say.
    pub allow: Vec<Domain>,
    pub lower: Lowering,
    /// Lists' requests milder than this do not count.
    pub min_severity: Option<Severity>,
    /// The severity for lists that give none. Without it a new block gets the mildest
    /// that restricts anything, and an existing block keeps its own.
    pub severity: Option<Severity>,
    pub policy: Policy,
    /// The lists that the target follows, by name. Others speak on the default terms.
    pub terms: BTreeMap<ArcStr, Terms>,
    pub exceptions: Exceptions,
    /// After it was compared with the target: see [`crate::ledger::observe`].
    pub ledger: Ledger,
    /// Blocks whose last day has come.
    pub expired: HashSet<String>,
    /// Lists whose newest version is held.
    pub held_lists: BTreeSet<ArcStr>,
    /// Nobody looks at the plan before it is carried out.
    pub unattended: bool,
    /// Guards that do not hold in this run.
    pub overrides: BTreeSet<Guard>,
    /// Domains that a person says yes to by name.
    pub accept: BTreeSet<Domain>,
    /// Domains of which nothing is changed in this run. What depends on them waits with them.
    pub aside: BTreeSet<Domain>,
}

/// Which existing blocks an overwrite may weaken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lowering {
    #[default]
    None,
    Named(Vec<Domain>),
    All,
}

impl Lowering {
    /// Those that are named.
    pub fn named(&self) -> &[Domain] {
        match self {
            Lowering::Named(names) => names,
            Lowering::None | Lowering::All => &[],
        }
    }
}

impl Wishes {
    pub(super) fn overrides(&self, guard: Guard) -> bool {
        self.overrides.contains(&guard)
    }

    /// The terms on which a list is heard.
    pub(super) fn terms_of(&self, list: &str) -> Option<&Terms> {
        self.terms.get(list)
    }
}

/// When the grace of a retraction that was first seen at `since` is over.
pub(super) fn grace_ends(terms: &Terms, since: DateTime<Utc>) -> DateTime<Utc> {
    since + chrono::TimeDelta::days(i64::from(terms.grace_days))
}
