//! A person's word on the rows of a plan.
//!
//! A [`Decision`] is all that is said at once, by a page or by a program. Some words last,
//! whatever becomes of the plan: an exception, something turned down, a block kept. They are
//! done first, once. The others change what the plan is to bring about, and it is made again
//! for all of them together; if somebody else has changed it meanwhile, they are said again of
//! what there is now.

mod lasting;
mod wish;
pub(super) mod word;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use self::lasting::Lasting;
use self::wish::{Said, wish_after};
use self::word::{Context, Word, Words, endable};
use super::{At, Desk, DeskError, Place, Proposal, Wish};
use crate::app::App;
use crate::domain::Domain;
use crate::plan::Reason;
use crate::policy::Guard;
use crate::store::TargetRow;

/// How often a word is said again because others were faster.
const TRIES: usize = 5;

/// What a person says of a plan, all of it at once.
#[derive(Debug, Clone, Default)]
pub struct Decision {
    /// Of a row of which several speak, the first counts.
    pub words: Vec<(Word, About)>,
    /// Guards that do not hold in this plan.
    pub let_go: Vec<Guard>,
    /// Guards that hold again.
    pub hold_again: Vec<Guard>,
    /// Of an undo or a restore, nothing is left out any more.
    pub everything: bool,
    /// What becomes of the rest where something cannot be said of a row.
    pub otherwise: Otherwise,
}

/// What a word is about.
#[derive(Debug, Clone)]
pub enum About {
    Named(Vec<Domain>),
    /// Rows of the proposal that is decided about, as somebody has found them: all of those
    /// among them that take the word.
    Rows(Vec<Place>),
}

/// When a name is in no row of the plan, or its row does not take the word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Otherwise {
    /// Nothing at all is done.
    #[default]
    Nothing,
    /// The others are decided about: the plan may have changed since somebody looked.
    TheRest,
}

/// What came of a decision.
#[derive(Debug)]
pub struct Outcome {
    /// How many domains were decided about.
    pub decided: usize,
    /// How many were left alone.
    pub missed: usize,
    /// The plan as it is now. An error where words that last have been done, and the plan could
    /// not be made again for them.
    pub proposal: anyhow::Result<Arc<Proposal>>,
}

/// Why a decision was not taken. Nothing was done then.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    #[error("{word}: {domain} is in no row of this plan, so nothing was done.")]
    NoRow { word: Word, domain: Domain },
    #[error("{word}: {} Nothing was done.", takes(domain, words))]
    Senseless { word: Word, domain: Domain, words: Vec<Word> },
    #[error("{word}: none of these rows takes this word, so nothing was done.")]
    NoneTakes { word: Word },
    #[error("{domain} is named twice, for {one} and for {other}. Nothing was done.")]
    Twice { domain: Domain, one: Word, other: Word },
    #[error(
        "That is all that this plan would do, so nothing would be left of it. Let go of the plan \
         instead."
    )]
    NothingLeft,
    #[error("No guard holds anything in a plan that restores or takes back. Nothing was done.")]
    NoGuards,
    #[error(
        "Only of a plan that restores or takes back can everything be done again. Nothing was done."
    )]
    NotAPart,
    #[error("Everything is done again by itself, and not together with words. Nothing was done.")]
    EverythingAlone,
    #[error("The plan has been replaced or handed to a run meanwhile. Look at it again.")]
    Replaced,
}

fn takes(domain: &Domain, words: &[Word]) -> String {
    let words: Vec<&str> = words.iter().map(|word| word.as_str()).collect();
    match words.as_slice() {
        [] => format!("the row of {domain} takes no word."),
        words => format!("the row of {domain} takes only {}.", words.join(", ")),
    }
}

impl Desk {
    /// Does what a person says of the plan that waits. `proposal` is the newest as far as
    /// anybody knows.
    pub async fn decide(
        &self,
        app: &App,
        row: &TargetRow,
        proposal: Arc<Proposal>,
        decision: &Decision,
    ) -> anyhow::Result<Outcome> {
        fits(&proposal.wish, decision)?;
        let all_or_nothing = decision.otherwise == Otherwise::Nothing;
        if all_or_nothing && self.is_outdated(app, &proposal).await? {
            return Err(DeskError::Outdated.into());
        }
        let endable = endable(app, &proposal).await?;
        let meant = Meant::of(&Context::of(&proposal, endable), decision)?;
        let Meant { lasting, said, decided, missed } = meant;
        if said == Said::default() {
            return Ok(Outcome { decided, missed, proposal: Ok(proposal) });
        }
        if wish_after(&proposal, &said).is_none() {
            return Err(DecideError::NothingLeft.into());
        }
        let lasts = lasting.is_any();
        lasting.do_it(app, row).await?;
        match self.say(app, row, proposal, &said).await {
            Err(error) if !lasts => Err(error),
            proposal => Ok(Outcome { decided, missed, proposal }),
        }
    }

    /// Plans again for what was said; on the newest plan, if others were faster.
    async fn say(
        &self,
        app: &App,
        row: &TargetRow,
        mut proposal: Arc<Proposal>,
        said: &Said,
    ) -> anyhow::Result<Arc<Proposal>> {
        for _ in 0..TRIES {
            let wish = wish_after(&proposal, said).ok_or(DecideError::NothingLeft)?;
            match self.revise(app, row, &proposal, wish).await {
                Err(error) if matches!(error.downcast_ref(), Some(DeskError::Changed)) => {
                    let now = self.waiting(app, &row.name).await?;
                    let same = now.filter(|now| now.id == proposal.id);
                    proposal = same.ok_or(DecideError::Replaced)?;
                }
                done => return done,
            }
        }
        Err(DeskError::Changed.into())
    }
}

/// Whether something can be said of such a plan at all.
fn fits(wish: &Wish, decision: &Decision) -> Result<(), DecideError> {
    let guards = !(decision.let_go.is_empty() && decision.hold_again.is_empty());
    let lists = matches!(wish, Wish::Lists(_));
    match (lists, guards, decision.everything) {
        (false, true, _) => Err(DecideError::NoGuards),
        (true, _, true) => Err(DecideError::NotAPart),
        (false, _, true) if !decision.words.is_empty() => Err(DecideError::EverythingAlone),
        _ => Ok(()),
    }
}

/// What a decision comes to on the rows of a plan.
#[derive(Debug, Default)]
struct Meant {
    lasting: Lasting,
    said: Said,
    decided: usize,
    missed: usize,
}

impl Meant {
    fn of(context: &Context<'_>, decision: &Decision) -> Result<Meant, DecideError> {
        let mut meant = Meant {
            said: Said {
                let_go: decision.let_go.clone(),
                hold_again: decision.hold_again.clone(),
                everything: decision.everything,
                ..Said::default()
            },
            ..Meant::default()
        };
        let mut seen: BTreeMap<&str, Word> = BTreeMap::new();
        // A name counts before the group that its row is in.
        let by_name = |about: &About| matches!(about, About::Named(_));
        let (named, groups): (Vec<_>, Vec<_>) =
            decision.words.iter().partition(|(_, about)| by_name(about));
        for (word, about) in named.into_iter().chain(groups) {
            let before = meant.decided;
            let asked = match about {
                About::Named(domains) => {
                    let domains: BTreeSet<&Domain> = domains.iter().collect();
                    for domain in &domains {
                        meant.name(context, &mut seen, decision.otherwise, *word, domain)?;
                    }
                    domains.len()
                }
                About::Rows(places) => {
                    let rows = places.iter().filter_map(|place| place.of(context.plan));
                    for at in rows.filter(|at| context.takes(*at, *word)) {
                        if !seen.contains_key(at.name()) && meant.say(context, *word, at) {
                            seen.insert(at.name(), *word);
                        }
                    }
                    // Rows that take no such word are not missed by anybody, if others do.
                    if meant.decided > before { meant.decided - before } else { places.len() }
                }
            };
            meant.missed += asked - (meant.decided - before);
            let nothing = meant.decided == before && matches!(about, About::Rows(_));
            if nothing && decision.otherwise == Otherwise::Nothing {
                return Err(DecideError::NoneTakes { word: *word });
            }
        }
        Ok(meant)
    }

    fn name<'a>(
        &mut self,
        context: &Context<'a>,
        seen: &mut BTreeMap<&'a str, Word>,
        otherwise: Otherwise,
        word: Word,
        domain: &Domain,
    ) -> Result<(), DecideError> {
        let rows = Place::named(context.plan, domain.as_str());
        let rows: Vec<At<'a>> =
            rows.into_iter().filter_map(|place| place.of(context.plan)).collect();
        let all_or_nothing = otherwise == Otherwise::Nothing;
        if let (Some(one), true) = (seen.get(domain.as_str()), all_or_nothing) {
            return Err(DecideError::Twice { domain: domain.clone(), one: *one, other: word });
        }
        // A name can stand in the plan twice; the row that takes the word is meant.
        let row = rows.iter().find(|at| context.takes(**at, word));
        if let Some(at) = row {
            self.say(context, word, *at);
            seen.insert(at.name(), word);
            return Ok(());
        }
        let domain = domain.clone();
        match rows.as_slice() {
            _ if !all_or_nothing => Ok(()),
            [] => Err(DecideError::NoRow { word, domain }),
            rows => {
                let words: Words = rows.iter().flat_map(|at| context.words(*at).iter()).collect();
                Err(DecideError::Senseless { word, domain, words: words.iter().collect() })
            }
        }
    }

    /// Says a word of a row that takes it.
    fn say(&mut self, context: &Context<'_>, word: Word, at: At<'_>) -> bool {
        let Some(domain) = Domain::from_stored(at.name()) else { return false };
        let Meant { lasting, said, decided, .. } = self;
        *decided += 1;
        let reason = match at {
            At::Skipped(skipped) => Some(&skipped.reason),
            _ => None,
        };
        let of_the_wish = match word {
            Word::Accept => &mut said.accept,
            Word::Unaccept => &mut said.unaccept,
            Word::Except => {
                lasting.except.push(domain.clone());
                &mut said.elsewhere
            }
            Word::Unexcept => {
                if let Some(Reason::Excepted { exception, .. }) = reason {
                    lasting.end.push(*exception);
                }
                &mut said.elsewhere
            }
            Word::Ignore if context.is_turned_down(at) => {
                lasting.dismiss.push(domain.clone());
                &mut said.elsewhere
            }
            Word::Ignore => &mut said.aside,
            Word::Unignore => {
                if let Some(Reason::TurnedDown { .. }) = reason {
                    lasting.undismiss.push(domain.clone());
                }
                &mut said.put_back
            }
            Word::Keep => {
                lasting.keep.push(domain.clone());
                &mut said.elsewhere
            }
            Word::Lower => &mut said.lower,
            Word::Unlower => &mut said.unlower,
        };
        of_the_wish.insert(domain);
        true
    }
}
