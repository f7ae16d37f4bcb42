//! From rows to single changes in a safe order, and what they lead to.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::fmt;

use chrono::{DateTime, Utc};
use compact_str::CompactString;
use sha2::{Digest, Sha256};

use super::draft::cuts;
use super::nest::{Nest, depth};
use super::{
    Add, Direction, FORMAT, Held, Mode, Plan, Remove, Skipped, Summary, Unchanged, Update,
};
use crate::block::{Block, Rule, State, hex};
use crate::combine::ListUse;
use crate::domain::Domain;
use crate::impact::{Cut, Impact};
use crate::policy::Guard;
use crate::target::TargetRef;

/// One thing to do on a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Add { domain: Domain, rule: Option<Rule> },
    Update { domain: Domain, before: Rule, after: Rule },
    Remove { name: CompactString, before: Option<Rule> },
}

impl Change {
    /// The name as the target stores it.
    pub fn name(&self) -> &str {
        match self {
            Change::Add { domain, .. } | Change::Update { domain, .. } => domain.as_str(),
            Change::Remove { name, .. } => name,
        }
    }

    /// Whether `state` shows what this change leads to.
    pub fn is_done_in(&self, state: &State) -> bool {
        let there = state.find(self.name());
        match self {
            Change::Add { rule, .. } => there.is_some_and(|block| block.rule == *rule),
            Change::Update { after, .. } => has(there, after),
            Change::Remove { .. } => there.is_none(),
        }
    }

    /// Whether `state` shows what this change starts from.
    pub fn is_due_in(&self, state: &State) -> bool {
        let there = state.find(self.name());
        match self {
            Change::Add { .. } => there.is_none(),
            Change::Update { before, .. } => has(there, before),
            Change::Remove { before, .. } => there.is_some_and(|block| block.rule == *before),
        }
    }
}

fn has(block: Option<&Block>, rule: &Rule) -> bool {
    block.and_then(|block| block.rule.as_ref()) == Some(rule)
}

/// All rows of a plan, before they are counted and sealed.
#[derive(Default)]
pub(super) struct Rows {
    pub lists: Vec<ListUse>,
    pub notices: Vec<String>,
    pub add: Vec<Add>,
    pub update: Vec<Update>,
    pub remove: Vec<Remove>,
    pub held: Vec<Held>,
    pub unchanged: Vec<Unchanged>,
    pub skipped: Vec<Skipped>,
    pub impact: Impact,
    pub overrides: Vec<Guard>,
    pub accepted: Vec<Domain>,
}

impl Plan {
    pub(super) fn assemble(
        target: TargetRef,
        mode: Mode,
        nested: bool,
        created_at: DateTime<Utc>,
        state: State,
        rows: Rows,
    ) -> Plan {
        let Rows { lists, notices, impact, mut add, mut update, mut remove, mut held, .. } = rows;
        let (mut unchanged, mut skipped) = (rows.unchanged, rows.skipped);
        let (overrides, accepted) = (rows.overrides, rows.accepted);
        held.sort_by(|a, b| a.row.name().cmp(b.row.name()));
        add.sort_unstable_by(|a, b| a.domain.cmp(&b.domain));
        update.sort_unstable_by(|a, b| a.domain.cmp(&b.domain));
        remove.sort_unstable_by(|a, b| a.domain.cmp(&b.domain));
        unchanged.sort_unstable_by(|a, b| a.domain.cmp(&b.domain));
        skipped.sort_unstable_by(|a, b| a.domain.cmp(&b.domain));
        let mut plan = Plan {
            format: FORMAT.to_owned(),
            checksum: String::new(),
            created_at,
            target,
            mode,
            nested,
            summary: Summary::default(),
            lists,
            notices,
            overrides,
            accepted,
            add,
            update,
            remove,
            held,
            unchanged,
            skipped,
            impact,
            state,
        };
        plan.summary = plan.count();
        plan.checksum = plan.digest();
        plan
    }

    pub(super) fn count(&self) -> Summary {
        let towards = |wanted: Direction| {
            self.update.iter().filter(|update| update.direction() == wanted).count()
        };
        let skipped = self.skipped.iter().map(|skipped| skipped.domain.as_str());
        let waiting = skipped.chain(self.held.iter().map(|held| held.row.name()));
        let waiting = waiting.filter(|name| self.state.find(name).is_some()).count();
        let touched = self.update.len() + self.remove.len() + self.unchanged.len() + waiting;
        let cuts = self.cuts();
        Summary {
            add: self.add.len(),
            update: self.update.len(),
            remove: self.remove.len(),
            unchanged: self.unchanged.len(),
            skipped: self.skipped.len(),
            kept: self.state.blocks.len().saturating_sub(touched),
            raise: towards(Direction::Raise),
            lower: towards(Direction::Lower),
            held: self.held.len(),
            following: cuts.iter().map(|(_, cut)| cut.following).sum(),
            followers: cuts.iter().map(|(_, cut)| cut.followers).sum(),
        }
    }

    /// Whom the plan cuts, by domain.
    pub fn cuts(&self) -> Vec<(&Domain, &Cut)> {
        if self.impact.cuts.is_empty() {
            return Vec::new();
        }
        let new = self.add.iter().filter(|add| cuts(add.rule.as_ref(), None));
        let raised =
            self.update.iter().filter(|update| cuts(Some(&update.after), Some(&update.before)));
        let domains = new.map(|add| &add.domain).chain(raised.map(|update| &update.domain));
        domains.filter_map(|domain| self.impact.cuts.get_key_value(domain)).collect()
    }

    /// SHA-256 over all that has an effect: target, mode, the state it starts from, and
    /// every change. What lists say about the rows is left out, and so are notices.
    pub(super) fn digest(&self) -> String {
        let mut hash = Sha256::new();
        let mut buffer = Vec::new();
        let mut feed = |value: &dyn ErasedRow| {
            buffer.clear();
            value.write(&mut buffer);
            hash.update((buffer.len() as u64).to_le_bytes());
            hash.update(&buffer);
        };
        feed(&(&self.target, self.mode, self.nested, &self.state.sha256));
        self.add.iter().for_each(|a| feed(&("add", &a.domain, &a.rule)));
        self.update.iter().for_each(|u| feed(&("update", &u.domain, (&u.before, &u.after))));
        self.remove.iter().for_each(|r| feed(&("remove", &r.domain, &r.before)));
        hex(&hash.finalize())
    }

    /// All changes in the order in which they are carried out.
    ///
    /// What protects comes first, what lifts comes after, so that an interrupted run never
    /// leaves a gap. A server refuses a block below one that does more, so children go
    /// before their parents; a block that a standing parent is in the way of follows right
    /// after that one is lowered or gone.
    pub fn changes(&self) -> Vec<Change> {
        let (lower, raise): (Vec<&Update>, Vec<&Update>) =
            self.update.iter().partition(|update| update.direction() == Direction::Lower);
        let lifting: Vec<Change> = lower
            .into_iter()
            .map(change_of_update)
            .chain(self.remove.iter().map(|remove| Change::Remove {
                name: remove.domain.clone(),
                before: remove.before.clone(),
            }))
            .collect();
        let place: HashMap<&str, usize> =
            lifting.iter().enumerate().map(|(at, change)| (change.name(), at)).collect();
        let now = Nest::of(&self.state);
        // The last of the parents that yield, if the block has to wait for any.
        let waits_for = |add: &Add| {
            let (_, above) = now.above(add.domain.as_str())?;
            if self.nested && add.rule.as_ref()?.covers(above) {
                return None;
            }
            add.domain.parents().filter_map(|parent| place.get(parent)).max().copied()
        };
        let places = self.late(waits_for);
        let mut early = Vec::with_capacity(self.add.len());
        let mut late: BTreeMap<usize, Vec<&Add>> = BTreeMap::new();
        for add in &self.add {
            match places.get(add.domain.as_str()) {
                None => early.push(add),
                Some(place) => late.entry(*place).or_default().push(add),
            }
        }
        let mut changes = Vec::with_capacity(self.add.len() + self.update.len() + lifting.len());
        changes.extend(children_first(early));
        changes.extend(raise.into_iter().map(change_of_update));
        for (at, change) in lifting.into_iter().enumerate() {
            changes.push(change);
            changes.extend(late.remove(&at).into_iter().flat_map(children_first));
        }
        changes
    }

    /// The blocks that come after one of the lifting changes, and after which: those that have to
    /// wait for it, and those that would be in the way of them if they stood earlier.
    fn late<'a>(&'a self, waits_for: impl Fn(&'a Add) -> Option<usize>) -> HashMap<&'a str, usize> {
        let waits = self.add.iter().filter_map(|add| Some((add.domain.as_str(), waits_for(add)?)));
        let mut places: HashMap<&str, usize> = waits.collect();
        if places.is_empty() {
            return places;
        }
        let adds: HashMap<&str, &Add> =
            self.add.iter().map(|add| (add.domain.as_str(), add)).collect();
        let stands_below = |add: &Add, parent: &Add| match (&add.rule, &parent.rule) {
            (Some(rule), Some(above)) => self.nested && rule.covers(above),
            _ => true,
        };
        // Children first, for a parent that is late can make its own parents late.
        let mut children: Vec<&Add> = self.add.iter().collect();
        children.sort_by_key(|add| Reverse(depth(add.domain.as_str())));
        for add in children {
            let Some(place) = places.get(add.domain.as_str()).copied() else { continue };
            let parents = add.domain.parents().filter_map(|name| adds.get(name));
            for parent in parents.filter(|parent| !stands_below(add, parent)) {
                let waits = places.entry(parent.domain.as_str()).or_insert(place);
                *waits = place.max(*waits);
            }
        }
        places
    }

    /// The part of the impact that the plan brings about, for a backup to keep.
    pub fn cut(&self) -> Impact {
        let cuts = self.cuts().into_iter().map(|(domain, cut)| (domain.clone(), cut.clone()));
        Impact { cuts: cuts.collect(), ..Impact::default() }
    }

    /// What the target should hold once everything is done.
    pub fn expected(&self, taken_at: DateTime<Utc>) -> State {
        let level = self.state.level;
        let mut blocks: BTreeMap<&str, Block> =
            self.state.blocks.iter().map(|b| (b.name.as_str(), b.clone())).collect();
        for add in &self.add {
            let (name, rule) = (add.domain.as_str().into(), add.rule.clone());
            blocks.insert(add.domain.as_str(), Block { name, rule, id: None, created_at: None });
        }
        for update in &self.update {
            if let Some(block) = blocks.get_mut(update.domain.as_str()) {
                block.rule = Some(update.after.clone());
            }
        }
        for remove in &self.remove {
            blocks.remove(remove.domain.as_str());
        }
        State::new(level, taken_at, blocks.into_values().collect())
    }
}

fn change_of_update(update: &Update) -> Change {
    let Update { domain, before, after, .. } = update;
    Change::Update { domain: domain.clone(), before: before.clone(), after: after.clone() }
}

fn children_first(mut adds: Vec<&Add>) -> impl Iterator<Item = Change> {
    adds.sort_by_key(|add| Reverse(depth(add.domain.as_str())));
    adds.into_iter().map(|add| Change::Add { domain: add.domain.clone(), rule: add.rule.clone() })
}

/// Rows of different types through one closure.
trait ErasedRow {
    fn write(&self, buffer: &mut Vec<u8>);
}

impl<T: serde::Serialize> ErasedRow for T {
    fn write(&self, buffer: &mut Vec<u8>) {
        // Plain structs into memory: neither can fail.
        let _ = serde_json::to_writer(buffer, self);
    }
}

/// One block that two readings of a target disagree on.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Difference {
    pub domain: CompactString,
    /// In the first reading; `None` where it has no such block.
    pub expected: Option<Block>,
    /// In the second.
    pub found: Option<Block>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = crate::text::plain(&self.domain);
        match (&self.expected, &self.found) {
            (Some(_), None) => write!(f, "{name} is not blocked any more"),
            (None, Some(_)) => write!(f, "{name} is blocked now"),
            (expected, found) => {
                let rule = |block: &Option<Block>| {
                    block
                        .as_ref()
                        .and_then(|b| b.rule.as_ref())
                        .map_or("a block without a rule".into(), super::render::describe)
                };
                let (was, is) = (rule(expected), rule(found));
                if was == is {
                    write!(f, "{name} has another comment now")
                } else {
                    write!(f, "{name} was {was} and is {is} now")
                }
            }
        }
    }
}

/// Where two readings differ, ordered by name.
pub fn differences(expected: &State, found: &State) -> Vec<Difference> {
    let (mut left, mut right) = (expected.blocks.iter().peekable(), found.blocks.iter().peekable());
    let mut differences = Vec::new();
    loop {
        let order = match (left.peek(), right.peek()) {
            (None, None) => return differences,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(a), Some(b)) => a.name.cmp(&b.name),
        };
        let expected = if order.is_le() { left.next() } else { None };
        let found = if order.is_ge() { right.next() } else { None };
        let same = matches!((expected, found), (Some(a), Some(b)) if a.rule == b.rule);
        if let (false, Some(either)) = (same, expected.or(found)) {
            differences.push(Difference {
                domain: either.name.clone(),
                expected: expected.cloned(),
                found: found.cloned(),
            });
        }
    }
}
