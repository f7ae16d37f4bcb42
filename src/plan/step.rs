//! One step of a target that follows lists: what Hedgerow put there goes with the lists,
//! what a person decided stays as it is.
//!
//! Every domain falls into one of four cases. It is not blocked: then it may be added. A
//! person blocked it: then it is theirs, and at most reported. Hedgerow did: then it is
//! raised, lowered or lifted, to what all lists that still count for it come to. Or a
//! person turned it down: then it rests until a list says more.

use std::collections::BTreeSet;

use arcstr::ArcStr;

use super::draft::{Draft, UNSAID, reason_of};
use super::hold::{Hold, Row};
use super::wishes::{Wishes, grace_ends};
use super::{Add, Cause, Reason, Remove, Update, rules};
use crate::block::{Block, Level, Rule, Severity};
use crate::combine::{Asks, Combined, Request, Wanted};
use crate::domain::Domain;
use crate::ledger::{Claim, Holding, Word, Words};
use crate::policy::{Guard, Mode, Policy, Retractions, Share, Terms, Verdict, Voice, decide};

/// A list's word as it counts now: what it says, or what it said before where that still
/// counts.
struct Heard {
    list: ArcStr,
    word: Word,
    voice: Voice,
    /// As much of it as a `sync` may act on.
    auto: Option<Word>,
    /// Its newest version is held, so by itself it moves nothing.
    held: bool,
}

/// Lists that no longer ask for what was done for them.
#[derive(Default)]
struct Gone {
    lists: Vec<ArcStr>,
    /// All of them are set to have their retractions followed without a look.
    by_themselves: bool,
    unsubscribed: bool,
}

impl Draft<'_> {
    /// What a list is taken to say of a domain on this kind of target.
    pub(super) fn word(&self, request: &Request) -> Option<Word> {
        word(self.can.level, request, self.wishes.severity.unwrap_or(UNSAID))
    }

    /// What every list that is heard says of a domain.
    pub(super) fn words(&self, wanted: &Wanted) -> Words {
        let named = |request: &Request| {
            let list = wanted.asked_by.name(request.place)?;
            Some((ArcStr::from(list), self.word(request)?))
        };
        wanted.asked_by.heard().filter_map(named).collect()
    }

    pub(super) fn step(&mut self, wanted: Wanted) {
        let state = self.state;
        let current = state.find(wanted.domain.as_str());
        if let Some(current) = current {
            self.seen.insert(&current.name);
        }
        let owned = self.wishes.ledger.owned(wanted.domain.as_str());
        match (current, owned) {
            (Some(current), Some(holding)) => self.step_on_owned(current, holding, wanted),
            (Some(current), None) => self.step_beside(current, wanted),
            (None, _) => self.step_on_nothing(wanted),
        }
    }

    /// Blocks that Hedgerow put there and no list names any more.
    pub(super) fn step_on_what_no_list_names(&mut self) {
        let state = self.state;
        for block in &state.blocks {
            if self.seen.contains(block.name.as_str()) {
                continue;
            }
            let Some(domain) = block.domain() else { continue };
            let Some(holding) = self.wishes.ledger.owned(&block.name) else {
                if self.wishes.expired.contains(block.name.as_str()) {
                    self.lift(block, Asks::default(), Cause::Expired, Vec::new());
                }
                continue;
            };
            let nobody = Wanted {
                domain,
                asked_by: Asks::default(),
                private_comment: Vec::new(),
                covers_subdomains: false,
                shared_by_strangers: false,
            };
            self.step_on_owned(block, holding, nobody);
        }
    }

    fn step_on_nothing(&mut self, wanted: Wanted) {
        if let Some(reason) = self.reason_against(&wanted.domain) {
            return self.skip(wanted, reason);
        }
        if self.is_below_minimum(&wanted) {
            return self.skip(wanted, Reason::BelowMinimum);
        }
        let heard = self.heard(&wanted);
        let severity = match self.decide(heard.iter()) {
            Verdict::Block(severity) => severity,
            other => return self.skip(wanted, reason_of(other)),
        };
        let accepted = self.wishes.accept.contains(&wanted.domain);
        let dismissal = self.wishes.ledger.dismissals.get(wanted.domain.as_str());
        let mut holds = Vec::new();
        if let Some(dismissal) = dismissal.filter(|_| !accepted) {
            if dismissal.holds(&self.words(&wanted)) {
                let reason = Reason::TurnedDown { why: dismissal.why, at: dismissal.at };
                return self.skip(wanted, reason);
            }
            if self.wishes.unattended {
                holds.push(Hold::Decided);
            }
        }
        let comments = &self.wishes.policy.comments;
        let mut rule = self.can.rules.then(|| rules::fresh(&wanted, severity, comments));
        if self.wishes.unattended && !accepted {
            match self.by_itself(&heard) {
                Ok(auto) => rule = rule.map(|rule| auto.limit(rule)),
                Err(hold) => holds.push(hold),
            }
        }
        holds.extend(self.guards(&wanted, rule.as_ref()));
        let Wanted { domain, asked_by, .. } = wanted;
        self.submit(Row::Add(Add { domain, rule, asked_by }), holds);
    }

    /// A block that a person set. It is theirs; that lists ask for more is reported, and
    /// done if they say yes by name.
    fn step_beside(&mut self, current: &Block, wanted: Wanted) {
        match self.reason_against(&wanted.domain) {
            None => {}
            // The date is the person's own, so it counts for their own block too.
            Some(Reason::Expired) => {
                return self.lift(current, wanted.asked_by, Cause::Expired, Vec::new());
            }
            Some(reason) => return self.skip(wanted, reason),
        }
        let Some(before) = &current.rule else { return self.leave(wanted) };
        let heard = self.heard(&wanted);
        let severity = match self.decide(heard.iter()) {
            Verdict::Block(severity) => severity,
            other => return self.skip(wanted, reason_of(other)),
        };
        let after = rules::merged(before, &wanted, Some(severity), &self.wishes.policy.comments);
        if after.severity == before.severity {
            return self.leave(wanted);
        }
        if !self.wishes.accept.contains(&wanted.domain) {
            return self.skip(wanted, Reason::Yours { asks: severity });
        }
        let (before, Wanted { domain, asked_by, .. }) = (before.clone(), wanted);
        self.submit(Row::Update(Update { domain, before, after, asked_by, because: None }), vec![]);
    }

    fn step_on_owned(&mut self, current: &Block, holding: &Holding, wanted: Wanted) {
        if let Some(reason) = self.reason_against(&wanted.domain) {
            let because = match reason {
                Reason::Expired => Cause::Expired,
                _ => Cause::Excepted,
            };
            return self.take_back(current, holding, wanted, because, Vec::new());
        }
        let (heard, gone, waiting) = self.heard_on_owned(holding, &wanted);
        let verdict = self.decide(heard.iter());
        let Verdict::Block(severity) = verdict else {
            let (because, holds) = self.cause(gone, &wanted.domain);
            return self.take_back(current, holding, wanted, because, holds);
        };
        let Some(before) = &current.rule else { return self.rest(wanted, waiting) };
        let after = self.rule(before, holding, &wanted, &heard, severity);
        let raised = !before.covers(&after);
        if after == *before {
            return self.rest(wanted, waiting);
        }
        let (mut after, mut holds, mut because) = (after, Vec::new(), None);
        if !after.covers(before) {
            let (cause, why) = self.cause(gone, &wanted.domain);
            (because, holds) = (Some(cause), why);
        }
        if raised && self.wishes.unattended && !self.wishes.accept.contains(&wanted.domain) {
            // As far as the lists go that may act by themselves; the rest is shown once that
            // is done.
            match self.by_itself(&heard).map(|auto| auto.join(before).limit(after.clone())) {
                Ok(part) if part == after || !before.covers(&part) => after = part,
                Ok(_) => holds.push(review(&heard)),
                Err(hold) => holds.push(hold),
            }
        }
        if raised {
            holds.extend(self.guards(&wanted, Some(&after)));
        }
        let (before, Wanted { domain, asked_by, .. }) = (before.clone(), wanted);
        self.submit(Row::Update(Update { domain, before, after, asked_by, because }), holds);
    }

    /// The block stays as it is; where only a retraction that is not due keeps it, that is
    /// said.
    fn rest(&mut self, wanted: Wanted, waiting: Option<Reason>) {
        match waiting {
            Some(reason) if wanted.asked_by.heard().next().is_none() => self.skip(wanted, reason),
            _ => self.leave(wanted),
        }
    }

    /// Back to what stood there before Hedgerow touched it.
    fn take_back(
        &mut self,
        current: &Block,
        holding: &Holding,
        wanted: Wanted,
        because: Cause,
        holds: Vec<Hold>,
    ) {
        let (Some(after), Some(before)) = (&holding.before, &current.rule) else {
            return self.lift(current, wanted.asked_by, because, holds);
        };
        if before == after {
            return self.leave(wanted);
        }
        let Wanted { domain, asked_by, .. } = wanted;
        let (before, after, because) = (before.clone(), after.clone(), Some(because));
        self.submit(Row::Update(Update { domain, before, after, asked_by, because }), holds);
    }

    fn lift(&mut self, current: &Block, asked_by: Asks, because: Cause, holds: Vec<Hold>) {
        let (domain, before, because) = (current.name.clone(), current.rule.clone(), Some(because));
        self.submit(Row::Remove(Remove { domain, before, asked_by, because }), holds);
    }

    /// The rule that an owned block is to have.
    fn rule(
        &self,
        before: &Rule,
        holding: &Holding,
        wanted: &Wanted,
        heard: &[Heard],
        severity: Severity,
    ) -> Rule {
        let any = |flag: fn(&Word) -> bool| heard.iter().any(|heard| flag(&heard.word));
        let mut rule = Rule { severity, ..before.clone() };
        if severity != Severity::Suspend {
            rule.reject_media = any(|word| word.reject_media);
            rule.reject_reports = any(|word| word.reject_reports);
        }
        if let Some(floor) = &holding.before {
            rule.severity = rule.severity.max(floor.severity);
            rule.reject_media |= floor.reject_media;
            rule.reject_reports |= floor.reject_reports;
        }
        if rule == *before {
            return rule;
        }
        // The server carries a block out again at every edit, so what is only cosmetic goes
        // along with something that matters, and never alone.
        if holding.before.is_none() {
            rule.obfuscate = any(|word| word.obfuscate);
            let comments = &self.wishes.policy.comments;
            if let Some(comment) = wanted.public_comment(comments) {
                rule.public_comment = Some(comment.into());
            }
            if let Some(comment) = wanted.private_comment(comments) {
                rule.private_comment = Some(comment.into());
            }
        }
        rule
    }

    fn heard(&self, wanted: &Wanted) -> Vec<Heard> {
        let requests = wanted.asked_by.heard();
        requests.filter_map(|request| self.heard_now(wanted, request)).collect()
    }

    fn heard_now(&self, wanted: &Wanted, request: &Request) -> Option<Heard> {
        let list = wanted.asked_by.name(request.place)?;
        let word = self.word(request)?;
        Some(self.heard_as(list.into(), word, self.terms.get(request.place as usize)))
    }

    fn heard_as(&self, list: ArcStr, word: Word, terms: Option<&Terms>) -> Heard {
        let share = terms.map_or(Share::Alone, |terms| terms.share);
        let weight = terms.map_or(1, |terms| terms.weight);
        let held =
            self.wishes.held_lists.contains(&list) && !self.wishes.overrides(Guard::HeldList);
        Heard {
            voice: Voice { severity: word.severity, weight, share },
            auto: terms.is_none_or(|terms| terms.mode == Mode::Auto).then_some(word),
            list,
            word,
            held,
        }
    }

    /// What counts for a block that Hedgerow put there: what lists say now, and what they
    /// said before where that is not taken back yet.
    fn heard_on_owned(
        &self,
        holding: &Holding,
        wanted: &Wanted,
    ) -> (Vec<Heard>, Gone, Option<Reason>) {
        let mut heard = self.heard(wanted);
        let mut gone = Gone { by_themselves: true, ..Gone::default() };
        let mut waiting = None;
        for claim in &holding.claims {
            let now = heard.iter().position(|heard| heard.list == claim.list);
            if now.is_some_and(|at| heard[at].word.covers(&claim.word)) {
                continue;
            }
            match self.stands(claim, &wanted.domain) {
                Ok(reason) => {
                    waiting = reason.or(waiting);
                    let terms = self.wishes.terms_of(&claim.list).filter(|_| !claim.once);
                    // It asks for less in one respect, and may ask for more in another.
                    let said = now.map(|at| heard.swap_remove(at));
                    let word = said.as_ref().map_or(claim.word, |s| s.word.and(&claim.word));
                    // Nobody asked it to do more than keep what is there.
                    let auto = said.and_then(|said| said.auto).map_or(claim.word, |_| word);
                    let kept = self.heard_as(claim.list.clone(), word, terms);
                    heard.push(Heard { auto: Some(auto), ..kept });
                }
                Err(by_itself) => {
                    gone.by_themselves &= by_itself;
                    gone.unsubscribed |= self.wishes.terms_of(&claim.list).is_none();
                    gone.lists.push(claim.list.clone());
                }
            }
        }
        (heard, gone, waiting)
    }

    /// Whether a claim still counts though its list asks for less: `Err` where it does not,
    /// with whether that may be acted on without a look.
    fn stands(&self, claim: &Claim, domain: &Domain) -> Result<Option<Reason>, bool> {
        if claim.once {
            return Ok(None);
        }
        let terms = self.wishes.terms_of(&claim.list).filter(|terms| terms.speaks());
        let Some(terms) = terms else { return Err(false) };
        if self.wishes.exceptions.ignored(&claim.list, domain).is_some() {
            return Err(true);
        }
        let list = claim.list.clone();
        if terms.retractions == Retractions::Ignore {
            return Ok(Some(Reason::RetractionIgnored { list }));
        }
        // Not seen to ask for less yet: the plan and the lists are of one moment.
        let until = grace_ends(terms, claim.less_since.unwrap_or(self.now));
        if self.now < until {
            return Ok(Some(Reason::InGrace { list, until }));
        }
        Err(terms.retractions == Retractions::Follow && terms.mode == Mode::Auto)
    }

    fn cause(&self, gone: Gone, domain: &Domain) -> (Cause, Vec<Hold>) {
        let free = !self.wishes.unattended
            || self.wishes.accept.contains(domain)
            || (gone.by_themselves && !gone.lists.is_empty());
        let Gone { lists, unsubscribed, .. } = gone;
        let holds = if free { Vec::new() } else { vec![Hold::Retraction { lists: lists.clone() }] };
        let cause = match (lists.is_empty(), unsubscribed) {
            (true, _) => Cause::Disagree,
            (false, true) => Cause::Unsubscribed { lists },
            (false, false) => Cause::Retracted { lists },
        };
        (cause, holds)
    }

    fn decide<'h>(&self, heard: impl Iterator<Item = &'h Heard>) -> Verdict {
        decide_all(heard, &self.wishes.policy, self.total)
    }

    /// What those lists come to that may act without a look, or why they do not.
    fn by_itself(&self, heard: &[Heard]) -> Result<Auto, Hold> {
        let auto = || heard.iter().filter_map(|heard| Some((heard, heard.auto?)));
        let decide = |held_too: bool| {
            let heard = auto().filter(|(heard, _)| held_too || !heard.held);
            let voice =
                |(heard, word): (&Heard, Word)| Voice { severity: word.severity, ..heard.voice };
            let voices: Vec<Voice> = heard.map(voice).collect();
            decide(&voices, &self.wishes.policy, self.total).severity()
        };
        if let Some(severity) = decide(false) {
            let any =
                |flag: fn(&Word) -> bool| auto().any(|(heard, word)| !heard.held && flag(&word));
            return Ok(Auto(Word {
                severity,
                reject_media: any(|word| word.reject_media),
                reject_reports: any(|word| word.reject_reports),
                obfuscate: any(|word| word.obfuscate),
            }));
        }
        if decide(true).is_some() {
            let held = auto().filter(|(heard, _)| heard.held).map(|(heard, _)| &heard.list);
            let list = held.min().cloned().unwrap_or_default();
            let says = format!("the newest version of {list} is held");
            return Err(Hold::guard(Guard::HeldList, says));
        }
        Err(review(heard))
    }
}

/// What may be done without a look.
struct Auto(Word);

impl Auto {
    /// With what stands there already.
    fn join(self, rule: &Rule) -> Auto {
        let Rule { severity, reject_media, reject_reports, obfuscate, .. } = *rule;
        Auto(self.0.and(&Word { severity, reject_media, reject_reports, obfuscate }))
    }

    /// As much of a rule as it allows.
    fn limit(&self, rule: Rule) -> Rule {
        Rule {
            severity: rule.severity.min(self.0.severity),
            reject_media: rule.reject_media && self.0.reject_media,
            reject_reports: rule.reject_reports && self.0.reject_reports,
            obfuscate: rule.obfuscate && self.0.obfuscate,
            ..rule
        }
    }
}

fn decide_all<'h>(heard: impl Iterator<Item = &'h Heard>, policy: &Policy, total: u64) -> Verdict {
    let voices: Vec<Voice> = heard.map(|heard| heard.voice).collect();
    decide(&voices, policy, total)
}

fn review(heard: &[Heard]) -> Hold {
    let waits = |heard: &&Heard| !heard.auto.is_some_and(|auto| auto.covers(&heard.word));
    let lists = heard.iter().filter(waits).map(|heard| heard.list.clone());
    // In one order, or the same would look new the next time.
    Hold::Review { lists: lists.collect::<BTreeSet<_>>().into_iter().collect() }
}

/// What the lists that count for a target say of a domain, before anything is planned.
pub fn words_of(combined: &Combined, level: Level, wishes: &Wishes, name: &str) -> Words {
    let unsaid = wishes.severity.unwrap_or(UNSAID);
    let domain =
        wishes.exceptions.has_ignored_entries().then(|| Domain::from_stored(name)).flatten();
    let mut words = Words::new();
    combined.hear(name, |request| {
        let Some(list) = combined.lists.get(request.place as usize) else { return };
        let ignored = |domain: &Domain| wishes.exceptions.ignored(&list.name, domain).is_some();
        if domain.as_ref().is_some_and(ignored) {
            return;
        }
        words.extend(word(level, request, unsaid).map(|word| (list.name.clone(), word)));
    });
    words
}

/// A request as a word: on accounts there is one kind of block, and a `noop` is none.
fn word(level: Level, request: &Request, unsaid: Severity) -> Option<Word> {
    let flag = |flag: Option<bool>| flag == Some(true);
    match level {
        Level::Account => {
            (request.taken != Some(Severity::Noop)).then_some(Word::new(Severity::Suspend))
        }
        Level::Instance => Some(Word {
            severity: request.taken.unwrap_or(unsaid),
            reject_media: flag(request.reject_media),
            reject_reports: flag(request.reject_reports),
            obfuscate: flag(request.obfuscate),
        }),
    }
}
