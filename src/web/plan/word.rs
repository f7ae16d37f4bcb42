//! A person's word on the rows of a plan: which words make sense for a row, and what becomes
//! of the wish by them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::desk::{At, Group, Proposal, Wish};
use crate::domain::Domain;
use crate::exception::ExceptionId;
use crate::keep::Intent;
use crate::plan::{Cause, Held, Hold, Lowering, Plan, Reason, Row};
use crate::policy::{Guard, worded};

worded! {
    /// What can be said of a row.
    pub enum Word {
        /// Do it though it is held.
        Accept = "accept",
        Unaccept = "unaccept",
        /// No list blocks it here from now on.
        Except = "except",
        Unexcept = "unexcept",
        /// Not now: turned down where lists are followed, or left out of this run.
        Ignore = "ignore",
        Unignore = "unignore",
        /// A block that would go is the person's own from now on.
        Keep = "keep",
        /// An existing block may be weakened.
        Lower = "lower",
        Unlower = "unlower",
    }
}

impl Word {
    pub const fn label(self) -> &'static str {
        match self {
            Word::Accept => "Accept",
            Word::Unaccept => "Hold it again",
            Word::Except => "Except",
            Word::Unexcept => "End the exception",
            Word::Ignore => "Ignore",
            Word::Unignore => "Put back",
            Word::Keep => "Keep",
            Word::Lower => "Let it be lowered",
            Word::Unlower => "Leave as it is",
        }
    }

    /// What the page says once about the word.
    pub const fn means(self, following: bool) -> &'static str {
        match (self, following) {
            (Word::Accept, _) => "do it, though it is held. Only in this plan.",
            (Word::Unaccept, _) => "take your yes back.",
            (Word::Except, _) => {
                "no list blocks this domain here from now on. Stays until you end the exception."
            }
            (Word::Unexcept, _) => "lists may block it again.",
            (Word::Ignore, true) => {
                "a new block is turned down until a list says more than it does now. Any other \
                 change is left out this once."
            }
            (Word::Ignore, false) => "leave it out this once.",
            (Word::Unignore, _) => "take it into the plan again.",
            (Word::Keep, _) => {
                "the block stays and is your own from now on. No list lifts or changes it."
            }
            (Word::Lower, _) => "do what the lists say, though that is less than stands there.",
            (Word::Unlower, _) => "keep what stands there.",
        }
    }
}

/// What words depend on besides the row.
pub struct Context<'a> {
    pub wish: &'a Wish,
    pub plan: &'a Plan,
    /// The exceptions that hold for this target alone and one domain, which can be ended here.
    pub exceptions: BTreeSet<ExceptionId>,
}

impl Context<'_> {
    pub fn is_following(&self) -> bool {
        is_following(self.wish)
    }

    pub fn is_accepted(&self, at: At<'_>) -> bool {
        let accepted = &self.plan.accepted;
        accepted.binary_search_by(|domain| domain.as_str().cmp(at.name())).is_ok()
    }

    /// The words that make sense for a row.
    pub fn words(&self, at: At<'_>) -> Vec<Word> {
        Word::ALL.iter().copied().filter(|word| self.takes(at, *word)).collect()
    }

    pub fn takes(&self, at: At<'_>, word: Word) -> bool {
        let intent = match self.wish {
            Wish::Restore { .. } => return false,
            Wish::Undo { .. } => return word == Word::Ignore && !matches!(at, At::Skipped(_)),
            Wish::Lists(intent) => intent,
        };
        match at {
            At::Skipped(skipped) => self.takes_skipped(intent, &skipped.reason, at.name(), word),
            At::Held(held) => self.takes_held(held, at, word),
            At::Add(_) => match word {
                Word::Except | Word::Ignore => true,
                Word::Unaccept => self.is_accepted(at),
                _ => false,
            },
            At::Update(_) | At::Remove(_) => match word {
                Word::Ignore => true,
                Word::Keep => self.can_keep(at),
                Word::Unaccept => self.is_accepted(at),
                Word::Unlower => is_lowered(&intent.lower, at.name()),
                _ => false,
            },
        }
    }

    fn takes_skipped(&self, intent: &Intent, why: &Reason, name: &str, word: Word) -> bool {
        match why {
            Reason::Allowed => {
                word == Word::Unignore && intent.allow.iter().any(|domain| domain.as_str() == name)
            }
            Reason::Excepted { exception, .. } => {
                word == Word::Unexcept && self.exceptions.contains(exception)
            }
            Reason::TurnedDown { .. } => word == Word::Unignore,
            Reason::Yours { .. } => word == Word::Accept,
            Reason::WouldLower => word == Word::Lower,
            _ => false,
        }
    }

    fn takes_held(&self, held: &Held, at: At<'_>, word: Word) -> bool {
        let aside = held.why.contains(&Hold::Aside);
        // A number that is too large is about all rows; a name can be agreed to by itself.
        let by_name = |hold: &Hold| match hold {
            Hold::Guard { guard, .. } => {
                matches!(guard, Guard::LargeServers | Guard::PublicSuffix | Guard::Relationships)
            }
            Hold::Review { .. } | Hold::Retraction { .. } | Hold::Decided => true,
            Hold::Aside | Hold::Waits { .. } | Hold::WaitsBelow { .. } => false,
        };
        match word {
            Word::Unignore => aside,
            Word::Accept => held.why.iter().all(by_name),
            Word::Except => matches!(held.row, Row::Add(_)) && !aside,
            Word::Ignore => !aside,
            Word::Keep => !aside && self.can_keep(at),
            _ => false,
        }
    }

    /// Blocks that Hedgerow put there and that go because lists let go of them.
    fn can_keep(&self, at: At<'_>) -> bool {
        let for_lists = matches!(
            at.because(),
            Some(Cause::Retracted { .. } | Cause::Unsubscribed { .. } | Cause::Disagree)
        );
        self.is_following() && for_lists
    }

    /// The words for a whole group, of which the first that any row takes are offered.
    pub fn words_for_all<'r>(
        &self,
        group: Group,
        rows: &(impl Iterator<Item = At<'r>> + Clone),
    ) -> Vec<Word> {
        let words: &[Word] = match group {
            Group::Held => &[Word::Accept, Word::Ignore],
            Group::Removes | Group::Lowers => &[Word::Ignore, Word::Keep, Word::Unlower],
            Group::Cuts | Group::Raises | Group::Edits | Group::Adds => &[Word::Ignore],
            Group::Aside => &[Word::Unignore],
            Group::Skipped => &[Word::Lower],
        };
        let taken = |word: &Word| rows.clone().any(|at| self.takes(at, *word));
        words.iter().copied().filter(taken).collect()
    }

    /// Whether the word on this row is one that lasts: what was turned down.
    pub fn is_turned_down(&self, at: At<'_>) -> bool {
        let adds = matches!(at, At::Add(_) | At::Held(Held { row: Row::Add(_), .. }));
        self.is_following() && adds
    }
}

pub fn is_following(wish: &Wish) -> bool {
    wish.intent().is_some_and(|intent| intent.lists.is_empty())
}

fn is_lowered(lowering: &Lowering, name: &str) -> bool {
    match lowering {
        Lowering::Named(names) => names.iter().any(|domain| domain.as_str() == name),
        Lowering::None | Lowering::All => false,
    }
}

/// What a person said, as far as it changes the wish of one plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Said {
    Accept(BTreeSet<Domain>),
    Unaccept(BTreeSet<Domain>),
    /// Left out of this plan.
    Aside(BTreeSet<Domain>),
    /// Nothing of the plan but what has been said elsewhere: an exception, say.
    Elsewhere(BTreeSet<Domain>),
    PutBack(BTreeSet<Domain>),
    Lower(BTreeSet<Domain>),
    Unlower(BTreeSet<Domain>),
    LetGo(Guard),
    Guard(Guard),
    /// Of an undo, all that the run did.
    Everything,
}

/// The wish after that. `None` where nothing of the plan would be left.
pub fn wish_after(proposal: &Proposal, said: &Said) -> Option<Wish> {
    let mut intent = match &proposal.wish {
        Wish::Restore { .. } => return Some(proposal.wish.clone()),
        Wish::Undo { run, .. } => return undo_after(&proposal.plan, *run, said),
        Wish::Lists(intent) => (**intent).clone(),
    };
    let without = |known: &mut Vec<Domain>, gone: &BTreeSet<Domain>| {
        known.retain(|domain| !gone.contains(domain));
    };
    let with = |known: &mut Vec<Domain>, new: &BTreeSet<Domain>| {
        known.retain(|domain| !new.contains(domain));
        known.extend(new.iter().cloned());
    };
    match said {
        Said::Accept(domains) => {
            with(&mut intent.accept, domains);
            without(&mut intent.aside, domains);
            without(&mut intent.allow, domains);
        }
        Said::Unaccept(domains) | Said::Elsewhere(domains) => without(&mut intent.accept, domains),
        Said::Aside(domains) => {
            with(&mut intent.aside, domains);
            without(&mut intent.accept, domains);
        }
        Said::PutBack(domains) => {
            without(&mut intent.aside, domains);
            without(&mut intent.allow, domains);
        }
        Said::Lower(domains) => {
            intent.lower = match intent.lower {
                Lowering::All => Lowering::All,
                Lowering::None => Lowering::Named(domains.iter().cloned().collect()),
                Lowering::Named(mut known) => {
                    with(&mut known, domains);
                    Lowering::Named(known)
                }
            }
        }
        Said::Unlower(domains) => {
            if let Lowering::Named(known) = &mut intent.lower {
                without(known, domains);
            }
        }
        Said::LetGo(guard) => {
            intent.overrides.retain(|known| known != guard);
            intent.overrides.push(*guard);
        }
        Said::Guard(guard) => intent.overrides.retain(|known| known != guard),
        Said::Everything => {}
    }
    Some(Wish::Lists(Box::new(intent)))
}

fn undo_after(plan: &Plan, run: i64, said: &Said) -> Option<Wish> {
    let aside = match said {
        Said::Aside(domains) => domains,
        Said::Everything => return Some(Wish::Undo { run, only: Vec::new() }),
        _ => return Some(Wish::Undo { run, only: all_of(plan, &BTreeSet::new()) }),
    };
    let only = all_of(plan, aside);
    // An empty list would stand for everything.
    (!only.is_empty()).then_some(Wish::Undo { run, only })
}

/// The domains that a plan changes, but for some.
fn all_of(plan: &Plan, but: &BTreeSet<Domain>) -> Vec<Domain> {
    let add = plan.add.iter().map(|row| row.domain.clone());
    let update = plan.update.iter().map(|row| row.domain.clone());
    let remove = plan.remove.iter().filter_map(|row| Domain::from_stored(&row.domain));
    add.chain(update).chain(remove).filter(|domain| !but.contains(domain)).collect()
}
