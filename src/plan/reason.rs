//! Why something is lifted, and why something is not done.

use std::fmt;

use arcstr::ArcStr;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::block::Severity;
use crate::domain::Domain;
use crate::exception::ExceptionId;
use crate::ledger::Why;

/// Why a block that Hedgerow put there is lifted or weakened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "cause", rename_all = "kebab-case")]
pub enum Cause {
    /// These lists do not ask for it any more, and no other does.
    Retracted { lists: Vec<ArcStr> },
    /// The target does not follow these lists any more.
    Unsubscribed { lists: Vec<ArcStr> },
    /// You made an exception.
    Excepted,
    /// The date that you set for it has come.
    Expired,
    /// Too few lists agree by the rules that hold now.
    Disagree,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names =
            |lists: &[ArcStr]| lists.iter().map(ArcStr::as_str).collect::<Vec<_>>().join(", ");
        match self {
            Cause::Retracted { lists } => write!(f, "dropped: {}", names(lists)),
            Cause::Unsubscribed { lists } => write!(f, "left: {}", names(lists)),
            Cause::Excepted => f.write_str("your exception"),
            Cause::Expired => f.write_str("your date"),
            Cause::Disagree => f.write_str("too few agree"),
        }
    }
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
    /// An exception of yours names it.
    Excepted {
        exception: ExceptionId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        says: Option<String>,
    },
    /// The last day of a block of it has come.
    Expired,
    /// A person did not want it blocked, and no list says more than it did then.
    TurnedDown {
        why: Why,
        at: DateTime<Utc>,
    },
    /// A person set the block, and lists ask for more.
    Yours {
        asks: Severity,
    },
    /// Fewer lists ask for it, or with less weight, than have to agree.
    TooFewAgree {
        have: u64,
        need: u64,
    },
    /// Only lists that are watched name it, or lists that only support others.
    Watched,
    /// A list does not ask for it any more, which counts from then on.
    InGrace {
        list: ArcStr,
        until: DateTime<Utc>,
    },
    /// A list does not ask for it any more, and its retractions are ignored.
    RetractionIgnored {
        list: ArcStr,
    },
    /// It would cut more people than may be cut.
    Loss {
        relations: usize,
    },
    /// Somebody has changed it since the run that is taken back.
    ChangedSince,
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
            Reason::Excepted { says: Some(says), .. } => write!(f, "your exception: {says}"),
            Reason::Excepted { .. } => f.write_str("your exception"),
            Reason::Expired => f.write_str("you set a date for it, which has come"),
            Reason::TurnedDown { why, at } => {
                let day = at.format("%Y-%m-%d");
                match why {
                    Why::Said => write!(f, "you turned it down on {day}"),
                    Why::Lifted => write!(f, "it was lifted by hand, seen on {day}"),
                    Why::Undone => write!(f, "you undid it on {day}"),
                    Why::Expired => write!(f, "your date for it came on {day}"),
                }
            }
            Reason::Yours { asks } => {
                write!(f, "your own block; lists ask for {asks} (--accept does it)")
            }
            Reason::TooFewAgree { have, need } => write!(f, "too few agree: {have} of {need}"),
            Reason::Watched => f.write_str("only watched"),
            Reason::InGrace { list, until } => {
                write!(f, "{list} dropped it; it stays until {}", until.format("%Y-%m-%d"))
            }
            Reason::RetractionIgnored { list } => {
                write!(f, "{list} dropped it, which you ignore")
            }
            Reason::Loss { relations } => {
                write!(f, "it would cut {}", crate::text::count(*relations, "follow"))
            }
            Reason::ChangedSince => f.write_str("changed since by somebody; left alone"),
            Reason::WouldLower => f.write_str("would weaken a block; ask for it with --lower"),
            Reason::NotADomain => f.write_str("stored in a form that is not a domain; left alone"),
        }
    }
}
