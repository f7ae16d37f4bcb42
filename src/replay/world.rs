//! A target in memory, and one step of keeping it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use compact_str::CompactString;

use crate::block::{Block, Level, Rule, Severity, State};
use crate::combine::{Combined, Read};
use crate::domain::Domain;
use crate::exception::{Exception, Exceptions};
use crate::impact::Impact;
use crate::ledger::{Done, Ledger, observe, settle};
use crate::list::Document;
use crate::plan::{Aim, Change, Draft, Plan, Wishes, words_of};
use crate::policy::{Policy, Terms};
use crate::target::{Capabilities, Kind, Matching, TargetRef, Writes};

/// A list that the target follows, as it stands now.
#[derive(Debug, Clone)]
pub struct Listed {
    pub name: String,
    pub terms: Terms,
    pub document: Document,
    /// Its newest version is held.
    pub held: bool,
}

/// How one step is taken.
#[derive(Debug, Clone, Default)]
pub struct Step {
    /// A person looks at the plan and agrees.
    pub attended: bool,
    pub aim: Aim,
    /// The run is cut off after so many changes and given up.
    pub cut_after: Option<usize>,
    pub wishes: Wishes,
}

/// A server with one target on it, and what Hedgerow remembers of it.
#[derive(Debug, Clone)]
pub struct World {
    pub level: Level,
    pub blocks: BTreeMap<CompactString, Block>,
    pub ledger: Ledger,
    pub policy: Policy,
    pub exceptions: Vec<Exception>,
    rows: u64,
    runs: i64,
}

/// The server's own name.
pub const OWN: &str = "home.example";

impl World {
    pub fn new(level: Level) -> World {
        World {
            level,
            blocks: BTreeMap::new(),
            ledger: Ledger::default(),
            policy: Policy::default(),
            exceptions: Vec::new(),
            rows: 0,
            runs: 0,
        }
    }

    pub fn state(&self, now: DateTime<Utc>) -> State {
        State::new(self.level, now, self.blocks.values().cloned().collect())
    }

    /// A person blocks a domain on the server, or changes the block that is there.
    pub fn set_by_hand(&mut self, name: &str, rule: Rule) {
        let rule = (self.level == Level::Instance).then_some(rule);
        match self.blocks.get_mut(name) {
            Some(block) => block.rule = rule,
            None => self.put(name.into(), rule),
        }
    }

    pub fn lift_by_hand(&mut self, name: &str) {
        self.blocks.remove(name);
    }

    fn put(&mut self, name: CompactString, rule: Option<Rule>) {
        self.rows += 1;
        let id = (self.level == Level::Instance).then(|| self.rows.to_string().into());
        self.blocks.insert(name.clone(), Block { name, rule, id, created_at: None });
    }

    pub fn target(&self) -> TargetRef {
        TargetRef {
            name: "target".to_owned(),
            kind: Kind::Mastodon,
            level: self.level,
            address: format!("https://{OWN}/"),
            account: None,
            own: Domain::from_stored(OWN).into_iter().collect(),
        }
    }

    pub fn capabilities(&self) -> Capabilities {
        let instance = self.level == Level::Instance;
        Capabilities {
            level: self.level,
            rules: instance,
            matching: if instance { Matching::WithSubdomains } else { Matching::ExactHost },
            nested: true,
            writes: Writes::Single,
            page_size: 0,
            budget: None,
        }
    }

    /// Looks, plans, carries out and settles, as a real run does. Gives the plan and what was
    /// done of it.
    pub fn step(
        &mut self,
        lists: &[Listed],
        step: &Step,
        now: DateTime<Utc>,
    ) -> (Plan, Vec<Change>) {
        let plan = self.plan(lists, step, now);
        let wanted = plan.changes();
        let most = step.cut_after.unwrap_or(usize::MAX);
        let done: Vec<Change> =
            wanted.into_iter().take(most).filter(|change| self.carry_out(change)).collect();
        self.settle(&plan, &done, lists, now);
        (plan, done)
    }

    /// Enters what was done of a plan.
    pub fn settle(&mut self, plan: &Plan, done: &[Change], lists: &[Listed], now: DateTime<Utc>) {
        self.runs += 1;
        let found = self.state(now);
        let done = Done { run: self.runs, plan, changes: done, found: Some(&found), now };
        let follows = |name: &str| lists.iter().any(|list| list.name == name);
        let delta = settle(&self.ledger, &done, follows);
        self.ledger.take(&delta);
    }

    /// The plan alone. What people did by hand is noted in the ledger on the way.
    pub fn plan(&mut self, lists: &[Listed], step: &Step, now: DateTime<Utc>) -> Plan {
        let combined = combine(lists);
        let mut wishes = step.wishes.clone();
        wishes.aim = step.aim;
        wishes.unattended = !step.attended;
        wishes.policy = self.policy.clone();
        wishes.exceptions = Exceptions::new(self.exceptions.iter().cloned(), now);
        let terms = |list: &Listed| (list.name.as_str().into(), list.terms.clone());
        wishes.terms = lists.iter().map(terms).collect();
        let held = lists.iter().filter(|list| list.held);
        wishes.held_lists = held.map(|list| list.name.as_str().into()).collect();
        let state = self.state(now);
        if step.aim == Aim::Sync {
            let said = |name: &str| words_of(&combined, self.level, &wishes, name);
            let delta = observe(&self.ledger, &state, said, now);
            self.ledger.take(&delta);
        }
        wishes.ledger = self.ledger.clone();
        let (target, can) = (self.target(), self.capabilities());
        Draft::new(combined, &state, &target, can, &wishes, now).finish(&Impact::default())
    }

    /// What the server makes of one change: whether it takes it.
    pub fn carry_out(&mut self, change: &Change) -> bool {
        match change {
            Change::Add { domain, rule } => {
                let above =
                    || domain.parents().find_map(|name| self.blocks.get(name)?.rule.as_ref());
                let refused = rule
                    .as_ref()
                    .is_some_and(|rule| above().is_some_and(|above| !rule.covers(above)));
                if refused || self.blocks.contains_key(domain.as_str()) {
                    return false;
                }
                self.put(domain.as_str().into(), rule.clone());
                true
            }
            Change::Update { domain, after, .. } => {
                let Some(block) = self.blocks.get_mut(domain.as_str()) else { return false };
                block.rule = Some(after.clone());
                true
            }
            Change::Remove { name, .. } => self.blocks.remove(name).is_some(),
        }
    }

    /// The severity that a block has, `suspend` on accounts.
    pub fn severity(&self, name: &str) -> Option<Severity> {
        let block = self.blocks.get(name)?;
        Some(block.rule.as_ref().map_or(Severity::Suspend, |rule| rule.severity))
    }
}

fn combine(lists: &[Listed]) -> Combined {
    let names = lists.iter().map(|list| list.name.clone()).collect();
    let terms = lists.iter().map(|list| list.terms.clone()).collect();
    let read = |place: usize| -> Result<Read, std::convert::Infallible> {
        let document = lists[place].document.clone();
        Ok(Read { address: String::new(), sha256: String::new(), document })
    };
    let Ok(combined) = Combined::read_on(terms, names, read);
    combined
}
