//! What Hedgerow put on a target, and what people decided there.
//!
//! For each domain the ledger holds one of two things. A [`Holding`] says whose the block
//! is and, if it is Hedgerow's, for which lists it stands and what stood there before. A
//! [`Dismissal`] says that a person did not want the domain blocked, and what the lists
//! said then: until one of them says something else, nothing is suggested again.
//!
//! Two events move it, both as a [`Delta`] that is computed here and kept by the store:
//! [`observe`] compares it with what the target shows now, so that whatever somebody did
//! by hand becomes theirs, and [`settle`] enters what a run did.

mod observe;
mod settle;

use std::collections::BTreeMap;

use arcstr::ArcStr;
use chrono::{DateTime, Utc};
use compact_str::CompactString;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use crate::block::{Block, Rule, Severity, State};
use crate::policy::worded;

pub use observe::observe;
pub use settle::{Done, settle};

worded! {
    /// Whose a block is.
    pub enum Owner {
        /// Put there for lists, and raised, lowered and lifted as they go.
        Hedgerow = "hedgerow",
        /// A person's. No list lowers, edits or removes it.
        Person = "person",
    }
}

/// A block on the target that lists ask for, or asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    pub owner: Owner,
    /// What Hedgerow left there; absent on accounts and where a person owns it.
    pub rule: Option<Rule>,
    /// The person's own rule that Hedgerow raised. It is never gone below.
    pub before: Option<Rule>,
    /// The server's handle for the row, to notice one that was lifted and set anew.
    pub row: Option<CompactString>,
    /// The run that put it there.
    pub run: Option<i64>,
    pub since: DateTime<Utc>,
    /// The lists it stands for.
    pub claims: Vec<Claim>,
}

/// What a list says of a domain, after its cap and mapping. On accounts the severity is
/// `suspend`: there is only one kind of block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ListWord)]
pub struct Word {
    pub severity: Severity,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reject_media: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reject_reports: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub obfuscate: bool,
}

impl Word {
    pub const fn new(severity: Severity) -> Self {
        Word { severity, reject_media: false, reject_reports: false, obfuscate: false }
    }

    /// Whether it asks for all that the other asks for. Under a suspension the flags mean
    /// nothing.
    pub fn covers(&self, other: &Word) -> bool {
        self.severity == Severity::Suspend
            || (self.severity >= other.severity
                && self.reject_media >= other.reject_media
                && self.reject_reports >= other.reject_reports
                && self.obfuscate >= other.obfuscate)
    }

    /// What both of them ask for together.
    #[must_use]
    pub fn and(&self, other: &Word) -> Word {
        Word {
            severity: self.severity.max(other.severity),
            reject_media: self.reject_media || other.reject_media,
            reject_reports: self.reject_reports || other.reject_reports,
            obfuscate: self.obfuscate || other.obfuscate,
        }
    }

    /// As much of it as a rule does. An account's block, which has no rule, does all.
    #[must_use]
    pub fn within(&self, rule: Option<&Rule>) -> Word {
        let Some(rule) = rule else { return *self };
        // Under a suspension the flags mean nothing, and are not worth a request.
        let inert = rule.severity == Severity::Suspend;
        Word {
            severity: self.severity.min(rule.severity),
            reject_media: self.reject_media && (inert || rule.reject_media),
            reject_reports: self.reject_reports && (inert || rule.reject_reports),
            obfuscate: self.obfuscate && (inert || rule.obfuscate),
        }
    }
}

/// One list's part in a block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Claim {
    #[schema(value_type = String)]
    pub list: ArcStr,
    /// What the block is for this list's sake.
    #[serde(flatten)]
    pub word: Word,
    pub since: DateTime<Utc>,
    /// Since when the list has been seen to ask for less, or for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub less_since: Option<DateTime<Utc>>,
    /// A person applied the list once and does not subscribe to it: nothing retracts it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub once: bool,
}

worded! {
    /// How a person came not to want a block.
    pub enum Why {
        /// They said so.
        Said = "said",
        /// They lifted it on the server.
        Lifted = "lifted",
        /// They undid the run, or restored a backup.
        Undone = "undone",
        /// The date that they had set for it came.
        Expired = "expired",
    }
}

/// What the lists said of a domain at some moment, list by list.
pub type Words = BTreeMap<ArcStr, Word>;

/// A domain that a person did not want blocked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dismissal {
    pub why: Why,
    pub at: DateTime<Utc>,
    /// What lists said then. Nothing yet: it is filled in when the lists are next read.
    pub said: Option<Words>,
}

impl Dismissal {
    /// Whether it still holds. It ends when a list says more than it said then.
    pub fn holds(&self, now: &Words) -> bool {
        let Some(said) = &self.said else { return true };
        now.iter().all(|(list, word)| said.get(list).is_some_and(|then| then.covers(word)))
    }
}

type Map<V> = HashMap<CompactString, V, foldhash::fast::RandomState>;

/// Everything that is remembered of one target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    pub holdings: Map<Holding>,
    pub dismissals: Map<Dismissal>,
}

/// A change of the ledger, and what is to be told of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delta {
    /// `None` forgets the holding.
    pub holdings: BTreeMap<CompactString, Option<Holding>>,
    /// `None` forgets the dismissal.
    pub dismissals: BTreeMap<CompactString, Option<Dismissal>>,
    pub told: Vec<Told>,
}

/// Something that a person did by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub domain: CompactString,
    pub what: Hand,
}

worded! {
    pub enum Hand {
        /// A block that Hedgerow had put there was lifted.
        Lifted = "lifted-by-hand",
        /// It was changed, and is the person's from now on.
        Changed = "changed-by-hand",
        /// A block of their own, which lists ask for too, was lifted.
        LiftedOwn = "lifted-own",
    }
}

impl Delta {
    pub fn is_empty(&self) -> bool {
        self.holdings.is_empty() && self.dismissals.is_empty() && self.told.is_empty()
    }
}

impl Ledger {
    pub fn take(&mut self, delta: &Delta) {
        fn enter<V: Clone>(map: &mut Map<V>, changes: &BTreeMap<CompactString, Option<V>>) {
            for (name, value) in changes {
                match value {
                    Some(value) => map.insert(name.clone(), value.clone()),
                    None => map.remove(name),
                };
            }
        }
        enter(&mut self.holdings, &delta.holdings);
        enter(&mut self.dismissals, &delta.dismissals);
    }

    /// Whether somebody has had a hand in what a run left at a domain, as far as the ledger
    /// and the target's rows tell.
    pub fn is_touched(&self, name: &str, run: i64, state: &State) -> bool {
        let block = state.find(name);
        let Some(holding) = self.holdings.get(name) else {
            // It was lifted, and somebody has set it again.
            return block.is_some() && self.dismissals.contains_key(name);
        };
        let theirs = match holding.owner {
            Owner::Hedgerow => holding.run.is_some_and(|last| last > run),
            Owner::Person => holding.run != Some(run),
        };
        theirs || block.is_some_and(|block| !holding.is_untouched(block))
    }

    /// What Hedgerow holds there, if it is not a person's.
    pub fn owned(&self, name: &str) -> Option<&Holding> {
        self.holdings.get(name).filter(|holding| holding.owner == Owner::Hedgerow)
    }
}

impl Holding {
    /// A person's block, of which nothing needs to be known but that it is theirs.
    pub fn of_a_person(now: DateTime<Utc>) -> Self {
        Holding {
            owner: Owner::Person,
            rule: None,
            before: None,
            row: None,
            run: None,
            since: now,
            claims: Vec::new(),
        }
    }

    /// Whether a block is still as Hedgerow left it; of a person's, whether it is the same.
    pub fn is_untouched(&self, block: &Block) -> bool {
        let same_row = match (&self.row, &block.id) {
            (Some(ours), Some(theirs)) => ours == theirs,
            _ => true,
        };
        // Of a person's rule nothing is kept: it may be changed at any time.
        same_row && (self.owner == Owner::Person || self.rule == block.rule)
    }
}
