//! Rows that would change something and wait for a person.

use std::fmt;

use arcstr::ArcStr;
use serde::{Deserialize, Serialize};

use super::{Add, Direction, Remove, Update};
use crate::domain::Domain;
use crate::policy::Guard;

/// A single row of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase")]
pub enum Row {
    Add(Add),
    Update(Update),
    Remove(Remove),
}

impl Row {
    /// The name as the target stores it.
    pub fn name(&self) -> &str {
        match self {
            Row::Add(add) => add.domain.as_str(),
            Row::Update(update) => update.domain.as_str(),
            Row::Remove(remove) => &remove.domain,
        }
    }

    /// Whether it lifts or weakens a block.
    pub fn is_lifting(&self) -> bool {
        match self {
            Row::Add(_) => false,
            Row::Update(update) => update.direction() == Direction::Lower,
            Row::Remove(_) => true,
        }
    }
}

/// A row that is not carried out, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    #[serde(flatten)]
    pub row: Row,
    pub why: Vec<Hold>,
}

/// Why a row waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "hold", rename_all = "kebab-case")]
pub enum Hold {
    /// The lists that ask for it are not set to act by themselves.
    Review {
        lists: Vec<ArcStr>,
    },
    /// These lists took it back, and a person is to decide about that.
    Retraction {
        lists: Vec<ArcStr>,
    },
    /// A person did not want it blocked, and a list has changed its mind since.
    Decided,
    /// A person leaves it out of this run.
    Aside,
    /// A block below it is held, and would be missing in the meantime.
    Waits {
        child: Domain,
    },
    /// A block above it is held, which is to take its place.
    WaitsBelow {
        parent: Domain,
    },
    Guard {
        guard: Guard,
        says: String,
    },
}

impl Hold {
    pub(super) fn guard(guard: Guard, says: impl Into<String>) -> Self {
        Hold::Guard { guard, says: says.into() }
    }
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names =
            |lists: &[ArcStr]| lists.iter().map(ArcStr::as_str).collect::<Vec<_>>().join(", ");
        match self {
            Hold::Review { lists } if lists.is_empty() => f.write_str("for you to look at"),
            Hold::Review { lists } => write!(f, "for you to look at ({})", names(lists)),
            Hold::Retraction { lists } if lists.is_empty() => {
                f.write_str("no list asks for it any more; decide whether to lift it")
            }
            Hold::Retraction { lists } => {
                write!(f, "taken back by {}; decide whether to follow", names(lists))
            }
            Hold::Decided => f.write_str("you turned it down before, and a list says more now"),
            Hold::Aside => f.write_str("you leave it out this time"),
            Hold::Waits { child } => write!(f, "waits for {child} below it, which is held"),
            Hold::WaitsBelow { parent } => write!(f, "waits for {parent} above it, which is held"),
            Hold::Guard { guard, says } => write!(f, "{guard}: {says}"),
        }
    }
}
