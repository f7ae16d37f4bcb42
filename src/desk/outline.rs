//! A plan's rows in groups, those of most consequence first: where each stands, and nothing
//! else. A long plan is worked through once, and then any page of it can be shown at once.

use std::cmp::Reverse;
use std::ops::Range;
use std::sync::Arc;

use memchr::memmem::Finder;
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};

use super::decide::word::{Word, WordsForAll, words_for_all};
use super::proposal::Wish;
use crate::at_hand::findings;
use crate::combine::Asks;
use crate::domain::Domain;
use crate::plan::{
    Add, Cause, Direction, Held, Hold, Plan, Reason, Remove, Row, Skipped, Update, cuts,
};
use crate::policy::{Guard, worded};

worded! {
    /// What a row comes to. In this order they are shown.
    pub enum Group {
        /// Ends follows, whatever else it does.
        Cuts = "cuts",
        /// Waits for a person.
        Held = "held",
        Removes = "removes",
        Lowers = "lowers",
        Raises = "raises",
        /// Only words about the block change.
        Edits = "edits",
        Adds = "adds",
        /// A person leaves it out of this run.
        Aside = "aside",
        /// Is asked for and not done.
        Skipped = "skipped",
    }
}

/// Where a row stands in its plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    Add(usize),
    Update(usize),
    Remove(usize),
    Held(usize),
    Skipped(usize),
}

/// The row at a [`Place`].
#[derive(Debug, Clone, Copy)]
pub enum At<'a> {
    Add(&'a Add),
    Update(&'a Update),
    Remove(&'a Remove),
    Held(&'a Held),
    Skipped(&'a Skipped),
}

/// Which rows are looked for; by default all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Sought {
    /// A part of the name, as it is stored or as people write it, or of a list's reason, in
    /// small letters.
    pub text: String,
    /// A list that has a part in it.
    pub list: String,
}

/// Rows by their groups, in the order in which they are shown.
type Groups = Vec<Vec<Place>>;

#[derive(Debug)]
pub struct Outline {
    all: Found,
    sought: Cache<Sought, Found>,
    /// Guards that hold something, and how much.
    pub guards: Vec<(Guard, usize)>,
    /// How many of the rows that are done end contact.
    pub cutting: usize,
    /// Of how many of those nobody knows whom they cut.
    pub unknown: usize,
    /// Whether an exception keeps anything from being done.
    pub(super) has_excepted: bool,
}

impl Place {
    pub fn of(self, plan: &Plan) -> Option<At<'_>> {
        Some(match self {
            Place::Add(at) => At::Add(plan.add.get(at)?),
            Place::Update(at) => At::Update(plan.update.get(at)?),
            Place::Remove(at) => At::Remove(plan.remove.get(at)?),
            Place::Held(at) => At::Held(plan.held.get(at)?),
            Place::Skipped(at) => At::Skipped(plan.skipped.get(at)?),
        })
    }

    /// Where the rows of a name stand, which has rarely more than one.
    pub fn named(plan: &Plan, name: &str) -> Vec<Place> {
        let add = span(&plan.add, name, |row| row.domain.as_str()).map(Place::Add);
        let update = span(&plan.update, name, |row| row.domain.as_str()).map(Place::Update);
        let remove = span(&plan.remove, name, |row| &row.domain).map(Place::Remove);
        let held = span(&plan.held, name, |held| held.row.name()).map(Place::Held);
        let skipped = span(&plan.skipped, name, |row| &row.domain).map(Place::Skipped);
        add.chain(update).chain(remove).chain(held).chain(skipped).collect()
    }
}

/// Which of some rows have this name; a plan has all its rows in the order of their names.
fn span<T>(rows: &[T], name: &str, of: impl Fn(&T) -> &str) -> Range<usize> {
    let from = rows.partition_point(|row| of(row) < name);
    let number = rows[from..].iter().take_while(|row| of(row) == name).count();
    from..from + number
}

impl<'a> At<'a> {
    /// The name as the target stores it, or as a list has it.
    pub fn name(self) -> &'a str {
        match self {
            At::Add(row) => row.domain.as_str(),
            At::Update(row) => row.domain.as_str(),
            At::Remove(row) => &row.domain,
            At::Held(held) => held.row.name(),
            At::Skipped(row) => &row.domain,
        }
    }

    /// Nothing can be decided about what is none.
    pub fn is_domain(self) -> bool {
        match self {
            At::Add(_) | At::Update(_) => true,
            At::Remove(_) | At::Held(_) | At::Skipped(_) => {
                Domain::from_stored(self.name()).is_some()
            }
        }
    }

    pub fn asks(self) -> &'a Asks {
        match self {
            At::Add(row) | At::Held(Held { row: Row::Add(row), .. }) => &row.asked_by,
            At::Update(row) | At::Held(Held { row: Row::Update(row), .. }) => &row.asked_by,
            At::Remove(row) | At::Held(Held { row: Row::Remove(row), .. }) => &row.asked_by,
            At::Skipped(row) => &row.asked_by,
        }
    }

    pub fn because(self) -> Option<&'a Cause> {
        match self {
            At::Update(row) | At::Held(Held { row: Row::Update(row), .. }) => row.because.as_ref(),
            At::Remove(row) | At::Held(Held { row: Row::Remove(row), .. }) => row.because.as_ref(),
            At::Add(_) | At::Held(_) | At::Skipped(_) => None,
        }
    }

    /// Whether a list has a part in it: asks for it, or has let go of it.
    pub fn is_of(self, list: &str) -> bool {
        let gone = match self.because() {
            Some(Cause::Retracted { lists } | Cause::Unsubscribed { lists }) => &lists[..],
            _ => &[],
        };
        gone.iter().any(|name| name == list) || self.asks().heard_from(list)
    }

    /// The domain with which contact would end, if the row does that.
    pub fn cutting(self) -> Option<&'a Domain> {
        match self {
            At::Add(row) | At::Held(Held { row: Row::Add(row), .. }) => {
                cuts(row.rule.as_ref(), None).then_some(&row.domain)
            }
            At::Update(row) | At::Held(Held { row: Row::Update(row), .. }) => {
                cuts(Some(&row.after), Some(&row.before)).then_some(&row.domain)
            }
            At::Remove(_) | At::Held(_) | At::Skipped(_) => None,
        }
    }
}

/// The rows that were looked for.
#[derive(Debug, Clone)]
pub struct Found(Arc<InGroups>);

#[derive(Debug)]
struct InGroups {
    rows: Groups,
    words: Vec<WordsForAll>,
}

impl Found {
    fn new(rows: Groups, plan: &Plan, wish: &Wish) -> Found {
        let words = words_for_all(wish, plan, &rows);
        Found(Arc::new(InGroups { rows, words }))
    }

    pub fn of(&self, group: Group) -> &[Place] {
        self.0.rows.get(group as usize).map_or(&[], Vec::as_slice)
    }

    /// What can be said of all these rows of a group at once: each word that any of them takes,
    /// and how many do.
    pub fn words(&self, group: Group) -> &[(Word, usize)] {
        self.0.words.get(group as usize).map_or(&[], Vec::as_slice)
    }
}

impl Sought {
    fn fits(&self, at: At<'_>, text: &Finder<'_>) -> bool {
        (self.list.is_empty() || at.is_of(&self.list)) && is_said(at, text)
    }
}

fn is_said(at: At<'_>, text: &Finder<'_>) -> bool {
    let says = |words: &str| text.find(words.as_bytes()).is_some();
    let name = at.name();
    let reason = |reason: &str| says(&reason.to_lowercase());
    says(name)
        || (name.contains("xn--") && says(&idna::domain_to_unicode(name).0))
        || at.asks().heard().filter_map(|request| request.comment.as_deref()).any(reason)
}

impl Outline {
    pub fn of(plan: &Plan, wish: &Wish) -> Outline {
        let mut groups: Groups = vec![Vec::new(); Group::ALL.len()];
        let mut guards = Vec::new();
        let mut ends: Vec<(&Domain, usize)> =
            plan.cuts().into_iter().map(|(domain, cut)| (domain, cut.relations())).collect();
        ends.retain(|(_, relations)| *relations > 0);
        ends.sort_unstable_by_key(|(domain, _)| *domain);
        let relations = |domain: &Domain| {
            let at = ends.binary_search_by_key(&domain, |(domain, _)| *domain).ok()?;
            Some(ends[at].1)
        };
        let mut cutting = Vec::new();
        let mut rows: Vec<(Group, Place)> = Vec::new();
        for (at, add) in plan.add.iter().enumerate() {
            match relations(&add.domain) {
                Some(relations) => cutting.push((relations, Place::Add(at))),
                None => rows.push((Group::Adds, Place::Add(at))),
            }
        }
        for (at, update) in plan.update.iter().enumerate() {
            let group = match update.direction() {
                Direction::Raise => Group::Raises,
                Direction::Lower => Group::Lowers,
                Direction::Edit => Group::Edits,
            };
            match relations(&update.domain) {
                Some(relations) => cutting.push((relations, Place::Update(at))),
                None => rows.push((group, Place::Update(at))),
            }
        }
        rows.extend((0..plan.remove.len()).map(|at| (Group::Removes, Place::Remove(at))));
        for (at, held) in plan.held.iter().enumerate() {
            let aside = held.why.contains(&Hold::Aside);
            rows.push((if aside { Group::Aside } else { Group::Held }, Place::Held(at)));
            count_guards(&mut guards, held);
        }
        rows.extend((0..plan.skipped.len()).map(|at| (Group::Skipped, Place::Skipped(at))));
        cutting.sort_by_key(|(relations, _)| Reverse(*relations));
        groups[Group::Cuts as usize] = cutting.into_iter().map(|(_, place)| place).collect();
        for (group, place) in rows {
            groups[group as usize].push(place);
        }
        // What the plan has in the order of names is in the order of severity here.
        groups[Group::Adds as usize].sort_by_key(|place| match place.of(plan) {
            Some(At::Add(add)) => Reverse(add.rule.as_ref().map(|rule| rule.severity)),
            _ => Reverse(None),
        });
        for group in [Group::Raises, Group::Lowers, Group::Edits] {
            groups[group as usize].sort_by_key(|place| match place.of(plan) {
                Some(At::Update(update)) => Reverse(Some(update.after.severity)),
                _ => Reverse(None),
            });
        }
        let done = (0..plan.add.len()).map(Place::Add);
        let done = done.chain((0..plan.update.len()).map(Place::Update));
        let ends: Vec<&Domain> =
            done.filter_map(|place| place.of(plan).and_then(At::cutting)).collect();
        let (cutting, dark) = (ends.len(), &plan.impact.unknown);
        let unknown = ends.into_iter().filter(|domain| dark.contains(*domain)).count();
        let excepted = |row: &Skipped| matches!(row.reason, Reason::Excepted { .. });
        let has_excepted = plan.skipped.iter().any(excepted);
        let (all, sought) = (Found::new(groups, plan, wish), findings());
        Outline { all, sought, guards, cutting, unknown, has_excepted }
    }

    /// The rows that are looked for, of the plan and the wish that this is the outline of.
    pub fn find(&self, plan: &Plan, wish: &Wish, sought: &Sought) -> Found {
        if *sought == Sought::default() {
            return self.all.clone();
        }
        if let Some(known) = self.sought.get(sought) {
            return known;
        }
        let text = Finder::new(&sought.text);
        let fits = |place: &&Place| place.of(plan).is_some_and(|at| sought.fits(at, &text));
        let group = |all: &Vec<Place>| all.iter().filter(fits).copied().collect();
        let found = Found::new(self.all.0.rows.iter().map(group).collect(), plan, wish);
        self.sought.insert(sought.clone(), found.clone());
        found
    }
}

fn count_guards(guards: &mut Vec<(Guard, usize)>, held: &Held) {
    for hold in &held.why {
        let Hold::Guard { guard, .. } = hold else { continue };
        match guards.iter_mut().find(|(known, _)| known == guard) {
            Some((_, number)) => *number += 1,
            None => guards.push((*guard, 1)),
        }
    }
}
