//! Which words make sense for a row of a plan.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use hashbrown::HashSet;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::desk::{At, Group, Place, Proposal, Wish};
use crate::domain::Domain;
use crate::exception::ExceptionId;
use crate::keep::Intent;
use crate::plan::{Cause, Held, Hold, Plan, Reason, Row};
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

/// Some of the words, for each of many rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words(u16);

impl Words {
    pub fn iter(self) -> impl Iterator<Item = Word> {
        Word::ALL.iter().copied().filter(move |word| self.0 & bit(*word) != 0)
    }
}

const fn bit(word: Word) -> u16 {
    1 << word as u16
}

impl FromIterator<Word> for Words {
    fn from_iter<I: IntoIterator<Item = Word>>(words: I) -> Words {
        Words(words.into_iter().fold(0, |all, word| all | bit(word)))
    }
}

/// The words for whole groups, those that are said most first.
const fn words_for(group: Group) -> &'static [Word] {
    match group {
        Group::Held => &[Word::Accept, Word::Except, Word::Ignore],
        Group::Removes | Group::Lowers => &[Word::Ignore, Word::Keep, Word::Unlower],
        Group::Cuts | Group::Adds => &[Word::Except, Word::Ignore],
        Group::Raises | Group::Edits => &[Word::Ignore],
        Group::Aside => &[Word::Unignore],
        Group::Skipped => &[Word::Lower],
    }
}

/// The words that are said of whole groups, and how many rows of each group take them.
pub(crate) fn words_for_all(wish: &Wish, plan: &Plan, groups: &[Vec<Place>]) -> Vec<WordsForAll> {
    // None of these words depends on which exceptions can be ended.
    let context = Context::new(wish, plan, BTreeSet::new());
    let of = |(group, rows): (&Group, &Vec<Place>)| context.taken(words_for(*group), rows);
    Group::ALL.iter().zip(groups).map(of).collect()
}

/// Words that at least one of some rows takes, and how many do.
pub type WordsForAll = Vec<(Word, usize)>;

type Names<'a> = HashSet<&'a str, foldhash::fast::RandomState>;

/// What words depend on besides the row.
pub struct Context<'a> {
    wish: &'a Wish,
    pub plan: &'a Plan,
    exceptions: BTreeSet<ExceptionId>,
    /// Of the wish, so that many rows can be asked about.
    allowed: OnceCell<Names<'a>>,
    lowered: OnceCell<Names<'a>>,
}

/// The exceptions that a plan tells of and that hold for its target and one domain alone,
/// against all lists: these can be ended where the plan is looked at.
pub async fn endable(app: &App, proposal: &Proposal) -> anyhow::Result<BTreeSet<ExceptionId>> {
    let target = &proposal.target;
    if !proposal.outline().has_excepted {
        return Ok(BTreeSet::new());
    }
    let all = app.store().await?.exceptions(Some(target)).await?;
    let own = all.into_iter().filter(|exception| {
        exception.target.as_ref() == Some(target)
            && !exception.subdomains
            && exception.list.is_none()
    });
    Ok(own.map(|exception| exception.id).collect())
}

impl<'a> Context<'a> {
    /// `endable` is what [`endable`] has found.
    pub fn of(proposal: &'a Proposal, endable: BTreeSet<ExceptionId>) -> Context<'a> {
        Context::new(&proposal.wish, &proposal.plan, endable)
    }

    /// The same of a plan that is not kept.
    pub fn new(wish: &'a Wish, plan: &'a Plan, exceptions: BTreeSet<ExceptionId>) -> Context<'a> {
        let (allowed, lowered) = (OnceCell::new(), OnceCell::new());
        Context { wish, plan, exceptions, allowed, lowered }
    }

    pub fn is_following(&self) -> bool {
        is_following(self.wish)
    }

    pub fn is_accepted(&self, at: At<'_>) -> bool {
        let accepted = &self.plan.accepted;
        accepted.binary_search_by(|domain| domain.as_str().cmp(at.name())).is_ok()
    }

    /// The words that make sense for a row.
    pub fn words(&self, at: At<'_>) -> Words {
        Word::ALL.iter().copied().filter(|word| self.takes(at, *word)).collect()
    }

    pub fn takes(&self, at: At<'_>, word: Word) -> bool {
        self.fits(at, word) && at.is_domain()
    }

    fn fits(&self, at: At<'_>, word: Word) -> bool {
        let intent = match self.wish {
            Wish::Restore { .. } => return takes_of_restore(at, word),
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
                Word::Unlower => self.is_lowered(intent, at.name()),
                _ => false,
            },
        }
    }

    fn takes_skipped(&self, intent: &'a Intent, why: &Reason, name: &str, word: Word) -> bool {
        match why {
            Reason::Allowed => word == Word::Unignore && self.is_allowed(intent, name),
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

    /// Whether the word on this row is one that lasts: what was turned down.
    pub fn is_turned_down(&self, at: At<'_>) -> bool {
        let adds = matches!(at, At::Add(_) | At::Held(Held { row: Row::Add(_), .. }));
        self.is_following() && adds
    }

    fn taken(&self, words: &[Word], rows: &[Place]) -> WordsForAll {
        let of = |word: Word| {
            let rows = rows.iter().filter_map(|place| place.of(self.plan));
            (word, rows.filter(|at| self.takes(*at, word)).count())
        };
        words.iter().map(|word| of(*word)).filter(|(_, rows)| *rows > 0).collect()
    }

    fn is_allowed(&self, intent: &'a Intent, name: &str) -> bool {
        let names = || intent.allow.iter().map(Domain::as_str).collect();
        self.allowed.get_or_init(names).contains(name)
    }

    fn is_lowered(&self, intent: &'a Intent, name: &str) -> bool {
        let names = || intent.lower.named().iter().map(Domain::as_str).collect();
        self.lowered.get_or_init(names).contains(name)
    }
}

/// Of a restore, rows are left out and put back.
fn takes_of_restore(at: At<'_>, word: Word) -> bool {
    let is_aside = matches!(at, At::Held(held) if held.why.contains(&Hold::Aside));
    match word {
        Word::Ignore => !is_aside && !matches!(at, At::Skipped(_)),
        Word::Unignore => is_aside,
        _ => false,
    }
}

fn is_following(wish: &Wish) -> bool {
    wish.intent().is_some_and(|intent| intent.lists.is_empty())
}
