//! Somebody who remembers what people did, and judges what a step made of it.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;
use serde::Serialize;

use super::world::World;
use crate::block::{Block, Level, Rule, Severity};
use crate::domain::Domain;
use crate::exception::Exceptions;
use crate::plan::Change;
use crate::policy::Limits;

/// What must never happen, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Harm {
    /// Blocks that a person had set and that were lifted, weakened or edited.
    pub undone: usize,
    /// Comments of a person that were lost.
    pub comments: usize,
    /// Domains blocked that a person had excepted.
    pub excepted: usize,
    /// Domains blocked again that a person had lifted, though no list had changed its mind.
    pub insisted: usize,
    /// Changes of one step beyond what the guards allow.
    pub past_guard: usize,
    /// Blocks lifted that some list still asked for.
    pub exposed: usize,
    /// The target's own server blocked.
    pub own: usize,
}

impl Harm {
    pub fn total(&self) -> usize {
        let Harm { undone, comments, excepted, insisted, past_guard, exposed, own } = *self;
        undone + comments + excepted + insisted + past_guard + exposed + own
    }

    pub fn add(&mut self, other: Harm) {
        self.undone += other.undone;
        self.comments += other.comments;
        self.excepted += other.excepted;
        self.insisted += other.insisted;
        self.past_guard += other.past_guard;
        self.exposed += other.exposed;
        self.own += other.own;
    }
}

/// What people decided, by domain.
#[derive(Debug, Clone, Default)]
pub struct Witness {
    /// Blocks that are a person's, as they left them.
    theirs: BTreeMap<CompactString, Option<Rule>>,
    /// Domains that a person lifted.
    lifted: BTreeSet<CompactString>,
}

impl Witness {
    pub fn sees_set(&mut self, name: &str, world: &World) {
        let rule = world.blocks.get(name).and_then(|block| block.rule.clone());
        self.theirs.insert(name.into(), rule);
        self.lifted.remove(name);
    }

    pub fn sees_lifted(&mut self, name: &str) {
        self.theirs.remove(name);
        self.lifted.insert(name.into());
    }

    /// A list has changed its word on a domain, or a person has agreed to block it.
    pub fn forgives(&mut self, name: &str) {
        self.lifted.remove(name);
    }

    /// Judges one unattended step: `before` is what stood there, `done` what was changed,
    /// `asked` tells the strictest that a list in force asks for a domain.
    pub fn judges(
        &self,
        world: &World,
        before: &BTreeMap<CompactString, Block>,
        done: &[Change],
        exceptions: &Exceptions,
        asked: impl Fn(&str) -> Option<Severity>,
    ) -> Harm {
        let mut harm = Harm::default();
        for (name, rule) in &self.theirs {
            let there = world.blocks.get(name);
            let same = there.is_some_and(|block| block.rule == *rule);
            harm.undone += usize::from(!same);
            if let (Some(rule), Some(there)) = (rule, there.and_then(|b| b.rule.as_ref())) {
                let lost = rule.public_comment != there.public_comment
                    || rule.private_comment != there.private_comment;
                harm.comments += usize::from(lost);
            }
        }
        for change in done {
            let name = change.name();
            let Some(domain) = Domain::from_stored(name) else { continue };
            let blocks = matches!(change, Change::Add { .. });
            if blocks {
                let reached = world.level == Level::Instance && exceptions.below(&domain).is_some();
                harm.excepted += usize::from(reached || exceptions.of(&domain).is_some());
                harm.insisted += usize::from(self.lifted.contains(name));
                harm.own += usize::from(name == super::world::OWN || OWN_PARENT == name);
            } else if matches!(change, Change::Remove { .. }) {
                let excepted =
                    exceptions.of(&domain).is_some() || exceptions.below(&domain).is_some();
                // What a parent does for it is done.
                let reached = domain.parents().find_map(|parent| world.severity(parent));
                let reached = reached.filter(|_| world.level == Level::Instance);
                harm.exposed += usize::from(asked(name) > reached && !excepted);
            }
        }
        harm.past_guard += past(&world.policy.limits, before.len(), done);
        harm
    }
}

const OWN_PARENT: &str = "example";

fn past(limits: &Limits, there: usize, done: &[Change]) -> usize {
    let lifting = |change: &&Change| match change {
        Change::Add { .. } => false,
        Change::Update { before, after, .. } => !after.covers(before),
        Change::Remove { .. } => true,
    };
    let removes = done.iter().filter(lifting).count();
    let adds = done.len() - removes;
    let over = |count: usize, most: usize, percent: usize| {
        let share = there > Limits::SMALL && count * 100 > there * percent;
        if count > most || share { count } else { 0 }
    };
    over(adds, limits.adds, limits.adds_percent)
        + over(removes, limits.removes, limits.removes_percent)
}
