//! Desired × current: the rows of a merge or an overwrite.
//!
//! The order of the checks is the order in which a person would want to hear the reason:
//! what they allow themselves, what is their own, what the lists ask too little for, what
//! is there already, and what a block of a parent does anyway.

use chrono::{DateTime, Utc};
use hashbrown::{HashMap, HashSet};

use super::changes::Rows;
use super::notices::{Notices, duration};
use super::{Add, Mode, Plan, Reason, Remove, Skipped, Unchanged, Update, nest, rules};
use crate::block::{Level, Rule, Severity, State};
use crate::combine::{Asks, Combined, ListUse, Wanted};
use crate::domain::Domain;
use crate::target::{Capabilities, Matching, TargetRef};

type Map<K, V> = HashMap<K, V, foldhash::fast::RandomState>;
type Set<K> = HashSet<K, foldhash::fast::RandomState>;

/// What the person wants beyond the lists.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    pub overwrite: bool,
    /// Never block these, whatever the lists say.
    pub allow: Vec<Domain>,
    pub lower: Lowering,
    /// Lists' requests milder than this do not count.
    pub min_severity: Option<Severity>,
    /// The severity for lists that give none. Without it a new block gets the mildest
    /// that restricts anything, and an existing block keeps its own.
    pub severity: Option<Severity>,
}

/// Which existing blocks an overwrite may weaken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Lowering {
    #[default]
    None,
    Named(Vec<Domain>),
    All,
}

impl Lowering {
    fn permits(&self, domain: &Domain) -> bool {
        match self {
            Lowering::None => false,
            Lowering::Named(names) => names.contains(domain),
            Lowering::All => true,
        }
    }
}

/// What a list that gives no severity asks an instance for, if the person does not say.
/// It is what Mastodon's API does without one, and it can be taken back.
pub(super) const UNSAID: Severity = Severity::Silence;

/// Plans to bring the lists' wishes onto a target.
pub fn merge_or_overwrite(
    combined: Combined,
    state: State,
    target: &TargetRef,
    can: Capabilities,
    wishes: &Wishes,
    now: DateTime<Utc>,
) -> Plan {
    let mut planner = Planner::new(&state, target, can, wishes);
    planner.add.reserve_exact(combined.len());
    let mut notices = Notices::new(&state, can, wishes);
    let (lists, wanted) = combined.into_wanted();
    for wanted in wanted {
        notices.hear(&wanted);
        planner.place(wanted);
    }
    if wishes.overwrite {
        planner.remove_the_rest();
    }
    planner.settle_nested();
    let mut notices = notices.say(&lists);
    let changes = planner.add.len() + planner.update.len() + planner.remove.len();
    notices.extend(duration(can, changes));
    let rows = planner.into_rows(lists, notices);
    let mode = if wishes.overwrite { Mode::Overwrite } else { Mode::Merge };
    Plan::assemble(target.clone(), mode, can.nested, now, state, rows)
}

struct Planner<'a> {
    state: &'a State,
    target: &'a TargetRef,
    can: Capabilities,
    wishes: &'a Wishes,
    allow: Set<&'a str>,
    /// Everything above an allowed domain, where a block reaches subdomains.
    above_allowed: Map<&'a str, &'a Domain>,
    /// Names on the target that the lists have accounted for.
    seen: Set<&'a str>,
    add: Vec<Add>,
    update: Vec<Update>,
    remove: Vec<Remove>,
    unchanged: Vec<Unchanged>,
    skipped: Vec<Skipped>,
}

impl<'a> Planner<'a> {
    fn new(state: &'a State, target: &'a TargetRef, can: Capabilities, wishes: &'a Wishes) -> Self {
        let mut above_allowed = Map::default();
        if can.matching == Matching::WithSubdomains {
            for allowed in &wishes.allow {
                above_allowed.extend(allowed.parents().map(|parent| (parent, allowed)));
            }
        }
        Planner {
            state,
            target,
            can,
            wishes,
            allow: wishes.allow.iter().map(Domain::as_str).collect(),
            above_allowed,
            seen: Set::default(),
            add: Vec::new(),
            update: Vec::new(),
            remove: Vec::new(),
            unchanged: Vec::new(),
            skipped: Vec::new(),
        }
    }

    fn place(&mut self, wanted: Wanted) {
        if let Some(reason) = self.reason_against(&wanted) {
            return self.skip(wanted, reason);
        }
        let unsaid = wanted.asked_by.severities().any(|severity| severity.is_none());
        let severity = wanted.severity().max(self.wishes.severity.filter(|_| unsaid));
        let Some(current) = self.state.find(wanted.domain.as_str()) else {
            let least = if unsaid { UNSAID } else { Severity::Noop };
            let severity = severity.unwrap_or(least).max(least);
            let rule = self.can.rules.then(|| rules::fresh(&wanted, severity));
            let Wanted { domain, asked_by, .. } = wanted;
            self.add.push(Add { domain, rule, asked_by });
            return;
        };
        self.seen.insert(&current.name);
        match &current.rule {
            Some(before) => self.place_on(before, wanted, severity),
            None => self.leave(wanted),
        }
    }

    fn place_on(&mut self, before: &Rule, wanted: Wanted, severity: Option<Severity>) {
        let after = if self.wishes.overwrite {
            rules::overwritten(before, &wanted, severity)
        } else {
            rules::merged(before, &wanted, severity)
        };
        if after == *before {
            self.leave(wanted);
        } else if !after.covers(before) && !self.wishes.lower.permits(&wanted.domain) {
            self.skip(wanted, Reason::WouldLower);
        } else {
            let Wanted { domain, asked_by, .. } = wanted;
            self.update.push(Update { domain, before: before.clone(), after, asked_by });
        }
    }

    fn reason_against(&self, wanted: &Wanted) -> Option<Reason> {
        let domain = &wanted.domain;
        if self.allow.contains(domain.as_str()) {
            return Some(Reason::Allowed);
        }
        for own in &self.target.own {
            if own == domain {
                return Some(Reason::OwnDomain);
            }
            if own.is_below(domain) {
                return Some(Reason::AboveOwnDomain { own: own.clone() });
            }
        }
        if let Some(allowed) = self.above_allowed.get(domain.as_str()) {
            return Some(Reason::WouldReachAllowed { allowed: (*allowed).clone() });
        }
        // An account has no mild form of a block, so a list's "no restriction" is none.
        let least = match (self.wishes.min_severity, self.can.level) {
            (Some(least), _) => least,
            (None, Level::Account) => Severity::Silence,
            (None, Level::Instance) => Severity::Noop,
        };
        let unsaid = self.wishes.severity.unwrap_or(match self.can.level {
            Level::Account => Severity::Suspend,
            Level::Instance => UNSAID,
        });
        let enough = |severity: Option<Severity>| severity.unwrap_or(unsaid) >= least;
        let asked = wanted.asked_by.severities().any(enough);
        (!asked).then_some(Reason::BelowMinimum)
    }

    fn into_rows(self, lists: Vec<ListUse>, notices: Vec<String>) -> Rows {
        let Planner { add, update, remove, unchanged, skipped, .. } = self;
        Rows { lists, notices, add, update, remove, unchanged, skipped }
    }

    fn leave(&mut self, wanted: Wanted) {
        let Wanted { domain, asked_by, .. } = wanted;
        self.unchanged.push(Unchanged { domain, asked_by });
    }

    fn skip(&mut self, wanted: Wanted, reason: Reason) {
        let Wanted { domain, asked_by, .. } = wanted;
        if let (Some(block), Reason::WouldLower) = (self.state.find(domain.as_str()), &reason) {
            self.seen.insert(&block.name);
        }
        self.skipped.push(Skipped { domain: domain.as_str().into(), reason, asked_by });
    }

    /// The overwriting half: what no list asked for goes.
    fn remove_the_rest(&mut self) {
        for block in &self.state.blocks {
            if self.seen.contains(block.name.as_str()) {
                continue;
            }
            if block.domain().is_some() {
                let (domain, before) = (block.name.clone(), block.rule.clone());
                self.remove.push(Remove { domain, before });
            } else {
                let domain = block.name.clone();
                let asked_by = Asks::default();
                self.skipped.push(Skipped { domain, reason: Reason::NotADomain, asked_by });
            }
        }
    }

    /// Makes what is lifted and what is new fit with the blocks above it.
    fn settle_nested(&mut self) {
        let Capabilities { matching: Matching::WithSubdomains, nested, .. } = self.can else {
            return;
        };
        // What is kept can change what fits below it, so this goes on until nothing moves.
        while !self.remove.is_empty() {
            let (update, remove) = (&self.update, std::mem::take(&mut self.remove));
            let (add, _) = nest::settle(self.state, self.add.clone(), update, &remove, nested);
            let (remove, kept) =
                nest::keep_what_could_not_return(self.state, &add, update, remove, nested);
            self.remove = remove;
            if kept.is_empty() {
                break;
            }
            self.skipped.extend(kept);
        }
        let add = std::mem::take(&mut self.add);
        let (add, covered) = nest::settle(self.state, add, &self.update, &self.remove, nested);
        self.add = add;
        self.skipped.extend(covered);
    }
}
