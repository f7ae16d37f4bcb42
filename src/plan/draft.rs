//! Desired × current × what was applied last: the rows of a plan.
//!
//! A [`Draft`] has looked at every wish once. Then it can be asked whom its blocks would
//! cut ([`Draft::cutting`]), somebody finds that out, and [`Draft::finish`] makes the plan
//! of it. The order of the checks on one domain is the order in which a person would want
//! to hear the reason: what they allow themselves, what they decided before, what is their
//! own, what the lists ask too little for, what is there already, and what a block of a
//! parent does anyway.

use chrono::{DateTime, Utc};
use hashbrown::{HashMap, HashSet};

use super::hold::{Held, Hold, Row};
use super::notices::Notices;
use super::wishes::{Aim, Lowering, Wishes};
use super::{Add, Plan, Reason, Remove, Skipped, Unchanged, Update, rules};
use crate::block::{Level, Rule, Severity, State};
use crate::combine::{Asks, Combined, ListUse, Wanted};
use crate::domain::Domain;
use crate::impact::Impact;
use crate::policy::{Guard, LARGEST, Share, Terms, Verdict, Voice, decide};
use crate::target::{Capabilities, Matching, TargetRef};

pub(super) type Map<K, V> = HashMap<K, V, foldhash::fast::RandomState>;
pub(super) type Set<K> = HashSet<K, foldhash::fast::RandomState>;

/// What a list that gives no severity asks an instance for, if the person does not say.
/// It is what Mastodon's API does without one, and it can be taken back.
pub(super) const UNSAID: Severity = Severity::Silence;

/// A plan that does not know yet what it would cut.
pub struct Draft<'a> {
    pub(super) state: &'a State,
    pub(super) target: &'a TargetRef,
    pub(super) can: Capabilities,
    pub(super) wishes: &'a Wishes,
    pub(super) now: DateTime<Utc>,
    allow: Set<&'a str>,
    /// Blocks that an overwrite may weaken by name.
    lower: Set<&'a str>,
    /// Everything above an allowed domain, where a block reaches subdomains.
    above_allowed: Map<&'a str, &'a Domain>,
    /// The largest servers, by their names and everything above them.
    large: Map<&'static str, &'static str>,
    /// Of every list, by its place.
    pub(super) terms: Vec<Terms>,
    /// The weight of all lists that are heard.
    pub(super) total: u64,
    pub(super) lists: Vec<ListUse>,
    pub(super) notices: Vec<String>,
    /// Names on the target that have been accounted for.
    pub(super) seen: Set<&'a str>,
    pub(super) add: Vec<Add>,
    pub(super) update: Vec<Update>,
    pub(super) remove: Vec<Remove>,
    pub(super) held: Vec<Held>,
    pub(super) unchanged: Vec<Unchanged>,
    pub(super) skipped: Vec<Skipped>,
}

impl<'a> Draft<'a> {
    /// Looks at everything that the lists say and the target holds.
    pub fn new(
        combined: Combined,
        state: &'a State,
        target: &'a TargetRef,
        can: Capabilities,
        wishes: &'a Wishes,
        now: DateTime<Utc>,
    ) -> Draft<'a> {
        let mut above_allowed = Map::default();
        if can.matching == Matching::WithSubdomains {
            for allowed in &wishes.allow {
                above_allowed.extend(allowed.parents().map(|parent| (parent, allowed)));
            }
        }
        let terms = combined.terms();
        let heard = terms.iter().filter(|terms| terms.speaks());
        let mut draft = Draft {
            state,
            target,
            can,
            wishes,
            now,
            allow: wishes.allow.iter().map(Domain::as_str).collect(),
            lower: wishes.lower.named().iter().map(Domain::as_str).collect(),
            above_allowed,
            large: LARGEST.iter().flat_map(|large| up(large).map(|name| (name, *large))).collect(),
            total: heard.map(|terms| u64::from(terms.weight)).sum(),
            terms,
            lists: Vec::new(),
            notices: Vec::new(),
            seen: Set::default(),
            add: Vec::with_capacity(combined.len()),
            update: Vec::new(),
            remove: Vec::new(),
            held: Vec::new(),
            unchanged: Vec::new(),
            skipped: Vec::new(),
        };
        let mut notices = Notices::new(state, can, wishes);
        let (lists, wanted) = combined.into_wanted();
        for mut wanted in wanted {
            let ignored = draft.drop_ignored(&mut wanted);
            notices.hear(&wanted);
            let unheard = wanted.asked_by.heard().next().is_none();
            if let (Some(reason), true) = (ignored, unheard && draft.is_free(&wanted.domain)) {
                draft.skip(wanted, reason);
                continue;
            }
            match wishes.aim {
                Aim::Sync => draft.step(wanted),
                Aim::Merge | Aim::Overwrite => draft.place(wanted),
            }
        }
        match wishes.aim {
            Aim::Sync => draft.step_on_what_no_list_names(),
            Aim::Overwrite => draft.remove_the_rest(),
            Aim::Merge => {}
        }
        draft.notices = notices.say(&lists);
        draft.lists = lists;
        draft
    }

    /// The domains that the plan would cut contact with as things stand, rows that are held
    /// included.
    pub fn cutting(&self) -> Vec<Domain> {
        let new = self.add.iter().filter(|add| cuts(add.rule.as_ref(), None));
        let raised =
            self.update.iter().filter(|update| cuts(Some(&update.after), Some(&update.before)));
        let held = self.held.iter().filter_map(|held| match &held.row {
            Row::Add(add) if cuts(add.rule.as_ref(), None) => Some(&add.domain),
            Row::Update(update) if cuts(Some(&update.after), Some(&update.before)) => {
                Some(&update.domain)
            }
            _ => None,
        });
        let plain = new.map(|add| &add.domain).chain(raised.map(|update| &update.domain));
        plain.chain(held).cloned().collect()
    }

    /// The plan, knowing what its blocks would cut.
    pub fn finish(self, impact: &Impact) -> Plan {
        super::weigh::finish(self, impact)
    }

    /// Takes out what is said by lists that are not to be heard on this domain, and tells
    /// why.
    fn drop_ignored(&self, wanted: &mut Wanted) -> Option<Reason> {
        if !self.wishes.exceptions.has_ignored_entries() {
            return None;
        }
        let ignored = |list: &str| self.wishes.exceptions.ignored(list, &wanted.domain);
        let found = wanted.asked_by.iter().find_map(|ask| ignored(&ask.list))?;
        let reason = Reason::Excepted { exception: found.id, says: found.reason.clone() };
        wanted.asked_by = wanted.asked_by.of(|list| ignored(list).is_none());
        Some(reason)
    }

    /// Whether an overwrite may weaken a block.
    fn may_lower(&self, domain: &Domain) -> bool {
        self.wishes.lower == Lowering::All || self.lower.contains(domain.as_str())
    }

    /// Whether nothing stands at a domain.
    fn is_free(&self, domain: &Domain) -> bool {
        self.state.find(domain.as_str()).is_none()
    }

    /// Merge and overwrite: every wish counts, whoever set what stands there.
    fn place(&mut self, wanted: Wanted) {
        if let Some(reason) = self.reason_against(&wanted.domain) {
            return self.skip(wanted, reason);
        }
        if self.is_below_minimum(&wanted) {
            return self.skip(wanted, Reason::BelowMinimum);
        }
        let (severity, fresh) = match self.verdict(&wanted) {
            Ok(found) => found,
            Err(reason) => return self.skip(wanted, reason),
        };
        let Some(current) = self.state.find(wanted.domain.as_str()) else {
            if let Some(reason) = self.turned_down(&wanted) {
                return self.skip(wanted, reason);
            }
            let comments = &self.wishes.policy.comments;
            let rule = self.can.rules.then(|| rules::fresh(&wanted, fresh, comments));
            let holds = self.guards(&wanted, rule.as_ref());
            let Wanted { domain, asked_by, .. } = wanted;
            return self.submit(Row::Add(Add { domain, rule, asked_by }), holds);
        };
        self.seen.insert(&current.name);
        match &current.rule {
            Some(before) => self.place_on(before, wanted, severity),
            None => self.leave(wanted),
        }
    }

    fn place_on(&mut self, before: &Rule, wanted: Wanted, severity: Option<Severity>) {
        let comments = &self.wishes.policy.comments;
        let after = if self.wishes.aim == Aim::Overwrite {
            rules::overwritten(before, &wanted, severity, comments)
        } else {
            rules::merged(before, &wanted, severity, comments)
        };
        if after == *before {
            self.leave(wanted);
        } else if !after.covers(before) && !self.may_lower(&wanted.domain) {
            self.skip(wanted, Reason::WouldLower);
        } else {
            let holds =
                if before.covers(&after) { Vec::new() } else { self.guards(&wanted, Some(&after)) };
            let Wanted { domain, asked_by, .. } = wanted;
            let before = before.clone();
            let update = Update { domain, before, after, asked_by, because: None };
            self.submit(Row::Update(update), holds);
        }
    }

    /// What the lists come to: what they say together, if they say it, and what a new block
    /// would get.
    fn verdict(&self, wanted: &Wanted) -> Result<(Option<Severity>, Severity), Reason> {
        if self.wishes.policy.agreement.is_none()
            && self.wishes.policy.severity == crate::policy::Choice::Strictest
        {
            // Nearly always, and without a look at the terms.
            let unsaid = wanted.asked_by.severities().any(|severity| severity.is_none());
            let said = wanted.severity().max(self.wishes.severity.filter(|_| unsaid));
            let least = if unsaid { UNSAID } else { Severity::Noop };
            let named = wanted.asked_by.heard().next().is_some();
            let asked = |(): ()| (said, said.unwrap_or(least).max(least));
            return named.then_some(()).map(asked).ok_or(Reason::Watched);
        }
        let unsaid = self.wishes.severity.unwrap_or(UNSAID);
        let voices = self.voices(wanted, unsaid);
        let fresh = match decide(&voices, &self.wishes.policy, self.total) {
            Verdict::Block(severity) => severity,
            other => return Err(reason_of(other)),
        };
        let anyone = wanted.asked_by.severities().any(|severity| severity.is_some());
        let said = (anyone || self.wishes.severity.is_some()).then_some(fresh);
        Ok((said, fresh))
    }

    /// What each list that is heard says, with `unsaid` where it gives no severity.
    pub(super) fn voices(&self, wanted: &Wanted, unsaid: Severity) -> Vec<Voice> {
        let voice = |place: u32, severity: Severity| {
            let terms = self.terms.get(place as usize);
            let weight = terms.map_or(1, |terms| terms.weight);
            Voice { severity, weight, share: terms.map_or(Share::Member, |terms| terms.share) }
        };
        let heard = wanted.asked_by.heard();
        heard.map(|request| voice(request.place, request.taken.unwrap_or(unsaid))).collect()
    }

    /// What a person, or the target itself, has against a block of this domain.
    pub(super) fn reason_against(&self, domain: &Domain) -> Option<Reason> {
        if self.allow.contains(domain.as_str()) {
            return Some(Reason::Allowed);
        }
        if let Some(exception) = self.wishes.exceptions.of(domain) {
            return Some(Reason::Excepted {
                exception: exception.id,
                says: exception.reason.clone(),
            });
        }
        if self.wishes.expired.contains(domain.as_str()) {
            return Some(Reason::Expired);
        }
        if !self.wishes.overrides(Guard::OwnDomain) {
            for own in &self.target.own {
                if own == domain {
                    return Some(Reason::OwnDomain);
                }
                if own.is_below(domain) {
                    return Some(Reason::AboveOwnDomain { own: own.clone() });
                }
            }
        }
        if let Some(allowed) = self.above_allowed.get(domain.as_str()) {
            return Some(Reason::WouldReachAllowed { allowed: (*allowed).clone() });
        }
        let below = || self.wishes.exceptions.below(domain);
        if self.can.matching == Matching::WithSubdomains
            && let Some(exception) = below()
        {
            return Some(Reason::WouldReachAllowed { allowed: exception.domain.clone() });
        }
        None
    }

    pub(super) fn is_below_minimum(&self, wanted: &Wanted) -> bool {
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
        let mut heard = wanted.asked_by.severities().peekable();
        heard.peek().is_some() && !heard.any(enough)
    }

    /// Whether a person did not want this blocked, and the lists say no more than then.
    fn turned_down(&self, wanted: &Wanted) -> Option<Reason> {
        let dismissal = self.wishes.ledger.dismissals.get(wanted.domain.as_str())?;
        let accepted = self.wishes.accept.contains(&wanted.domain);
        let holds = !accepted && dismissal.holds(&self.words(wanted));
        holds.then_some(Reason::TurnedDown { why: dismissal.why, at: dismissal.at })
    }

    /// What holds any block of a domain, whoever asks for it. `rule` is what it would get.
    pub(super) fn guards(&self, wanted: &Wanted, rule: Option<&Rule>) -> Vec<Hold> {
        let mut holds = Vec::new();
        let domain = &wanted.domain;
        let harmless = rule.is_some_and(|rule| rule.severity == Severity::Noop);
        if harmless || self.wishes.accept.contains(domain) {
            return holds;
        }
        let reaches = self.can.matching == Matching::WithSubdomains;
        if !self.wishes.overrides(Guard::LargeServers) {
            let large = self.large.get(domain.as_str());
            if let Some(large) = large.filter(|large| reaches || **large == domain.as_str()) {
                let says = format!("{large} is one of the largest servers");
                holds.push(Hold::guard(Guard::LargeServers, says));
            }
        }
        if wanted.shared_by_strangers && reaches && !self.wishes.overrides(Guard::PublicSuffix) {
            let says =
                format!("strangers register names under {domain}, and it would hit them all");
            holds.push(Hold::guard(Guard::PublicSuffix, says));
        }
        holds
    }

    /// Takes a row into the plan, or holds it.
    pub(super) fn submit(&mut self, row: Row, mut why: Vec<Hold>) {
        let aside = &self.wishes.aside;
        let is_aside = |name: &str| Domain::from_stored(name).is_some_and(|n| aside.contains(&n));
        if !aside.is_empty() && is_aside(row.name()) {
            why.insert(0, Hold::Aside);
        }
        if !why.is_empty() {
            return self.held.push(Held { row, why });
        }
        match row {
            Row::Add(add) => self.add.push(add),
            Row::Update(update) => self.update.push(update),
            Row::Remove(remove) => self.remove.push(remove),
        }
    }

    pub(super) fn leave(&mut self, wanted: Wanted) {
        let Wanted { domain, asked_by, .. } = wanted;
        self.unchanged.push(Unchanged { domain, asked_by });
    }

    pub(super) fn skip(&mut self, wanted: Wanted, reason: Reason) {
        let Wanted { domain, asked_by, .. } = wanted;
        if let (Some(block), Reason::WouldLower) = (self.state.find(domain.as_str()), &reason) {
            self.seen.insert(&block.name);
        }
        self.skipped.push(Skipped { domain: domain.as_str().into(), reason, asked_by });
    }

    /// The overwriting half: what no list asked for goes.
    fn remove_the_rest(&mut self) {
        let state = self.state;
        for block in &state.blocks {
            if self.seen.contains(block.name.as_str()) {
                continue;
            }
            if block.domain().is_some() {
                let (domain, before) = (block.name.clone(), block.rule.clone());
                let asked_by = Asks::default();
                let row = Row::Remove(Remove { domain, before, asked_by, because: None });
                self.submit(row, Vec::new());
            } else {
                let domain = block.name.clone();
                let asked_by = Asks::default();
                self.skipped.push(Skipped { domain, reason: Reason::NotADomain, asked_by });
            }
        }
    }
}

/// A name and everything above it.
fn up(name: &'static str) -> impl Iterator<Item = &'static str> {
    std::iter::successors(Some(name), |name| name.split_once('.').map(|(_, parent)| parent))
}

pub(super) fn reason_of(verdict: Verdict) -> Reason {
    match verdict {
        Verdict::TooFew { have, need } => Reason::TooFewAgree { have, need },
        _ => Reason::Watched,
    }
}

/// Whether a rule cuts contact that the one before it did not.
pub(crate) fn cuts(after: Option<&Rule>, before: Option<&Rule>) -> bool {
    let severs = |rule: &Rule| rule.severity == Severity::Suspend;
    after.is_none_or(severs) && !before.is_some_and(severs)
}
