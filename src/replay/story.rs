//! Stories to replay: histories of real lists by their dates, and invented ones.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::Serialize;

use super::witness::{Harm, Witness};
use super::world::{Listed, Step, World};
use crate::block::{Level, Rule, Severity};
use crate::domain::Domain;
use crate::exception::{Exception, Exceptions};
use crate::follow::guard::judge;
use crate::list::{Document, Entry, Format, ReadError, read};
use crate::plan::Aim;
use crate::policy::{Mode, Retractions, Terms};

/// Numbers that look like chance and are the same every time.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Chance(seed)
    }

    /// `SplitMix64`.
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.roll() % most.max(1) as u64).unwrap_or(0)
    }

    /// True once in so many times.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}

/// One list through time.
pub struct Story {
    pub name: String,
    pub terms: Terms,
    /// What was published, oldest first.
    pub versions: Vec<(DateTime<Utc>, Vec<u8>)>,
}

/// What a replay came to.
#[derive(Debug, Default, Serialize)]
pub struct Outcome {
    pub steps: usize,
    pub added: usize,
    pub changed: usize,
    pub lifted: usize,
    pub held_versions: usize,
    pub held_rows: usize,
    pub by_hand: usize,
    pub cut_off: usize,
    pub harm: Harm,
}

/// The day of a version, its file's name, and what is in it.
type Version = (DateTime<Utc>, String, Vec<u8>);

/// Reads the histories in a folder: files `NAME-YYYY-MM-DD….EXT`, as a list was on that
/// day. Those of one name are one list.
pub fn histories(folder: &Path) -> std::io::Result<Vec<Story>> {
    let mut stories: BTreeMap<String, Vec<Version>> = BTreeMap::new();
    let mut files: Vec<_> = std::fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    files.sort_by_key(std::fs::DirEntry::file_name);
    for file in files {
        let name = file.file_name().to_string_lossy().into_owned();
        let Some((list, at)) = dated(&name) else { continue };
        let bytes = std::fs::read(file.path())?;
        stories.entry(list).or_default().push((at, name, bytes));
    }
    let story = |(name, mut versions): (String, Vec<Version>)| {
        versions.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        let mut at = DateTime::UNIX_EPOCH;
        // Two of one day came one after the other.
        let versions = versions.into_iter().map(|(day, _, bytes)| {
            at = day.max(at + TimeDelta::hours(1));
            (at, bytes)
        });
        Story { name, terms: trusting(), versions: versions.collect() }
    };
    Ok(stories.into_iter().map(story).collect())
}

/// A list that may act by itself in everything, at once: the worst case.
fn trusting() -> Terms {
    Terms { mode: Mode::Auto, retractions: Retractions::Follow, grace_days: 0, ..Terms::default() }
}

fn dated(file: &str) -> Option<(String, DateTime<Utc>)> {
    let at = file.find("-20")?;
    let day: NaiveDate = file.get(at + 1..at + 11)?.parse().ok()?;
    Some((file[..at].to_owned(), day.and_hms_opt(12, 0, 0)?.and_utc()))
}

/// A list as it stands, and what is kept of it.
struct Followed {
    name: String,
    terms: Terms,
    in_force: Document,
    held: bool,
}

impl Followed {
    /// A new version arrives, and comes into force unless it looks like a mistake.
    fn receives(&mut self, new: Result<Document, ReadError>) {
        let limits = crate::follow::guard::Limits::default();
        let before = Some(&self.in_force).filter(|document| !document.entries.is_empty());
        self.held = !judge(before, &new, &limits).is_empty();
        if let (false, Ok(document)) = (self.held, new) {
            self.in_force = document;
        }
    }

    fn listed(&self) -> Listed {
        Listed {
            name: self.name.clone(),
            terms: self.terms.clone(),
            document: self.in_force.clone(),
            held: self.held,
        }
    }
}

impl Story {
    /// Replays this list's history on a target that holds `seed` blocks of its own, with
    /// somebody acting by hand before every version.
    pub fn replay(&self, level: Level, chance: &mut Chance) -> Outcome {
        let mut world = World::new(level);
        let mut witness = Witness::default();
        let mut outcome = Outcome::default();
        let nothing = document(Vec::new());
        let mut list = Followed {
            name: self.name.clone(),
            terms: self.terms.clone(),
            in_force: nothing,
            held: false,
        };
        for (at, bytes) in &self.versions {
            let new = read(bytes);
            let names: Vec<Domain> =
                new.iter().flat_map(|d| &d.entries).map(|e| e.domain.clone()).collect();
            act(&mut world, &mut witness, &names, chance, &mut outcome);
            let before = list.in_force.clone();
            list.receives(new);
            outcome.held_versions += usize::from(list.held);
            changed_minds(&before, &list.in_force, &mut witness);
            // Once when it appears, and once more on the next day.
            for hours in [1, 25] {
                let now = *at + TimeDelta::hours(hours);
                one(&mut world, &witness, &[list.listed()], None, now, &mut outcome);
            }
        }
        outcome
    }
}

/// Invents a story of so many steps and replays it: several lists that grow, retract,
/// return, fail and are emptied, people who block, edit, lift, except and restore, and runs
/// that are cut off.
pub fn invent(level: Level, seed: u64, steps: usize) -> Outcome {
    let mut chance = Chance::new(seed);
    let mut world = World::new(level);
    let mut witness = Witness::default();
    let mut outcome = Outcome::default();
    let names: Vec<Domain> = (0..60).filter_map(|n| Domain::from_stored(&name(n))).collect();
    let mut lists: Vec<Followed> = (0..3)
        .map(|n| Followed {
            name: format!("list-{n}"),
            terms: terms(&mut chance),
            in_force: document(Vec::new()),
            held: false,
        })
        .collect();
    let mut now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
    for _ in 0..steps {
        now += TimeDelta::hours(i64::try_from(1 + chance.below(72)).unwrap_or(1));
        for list in &mut lists {
            if chance.once_in(3) {
                let before = list.in_force.clone();
                let new = publish(&before, &names, &mut chance);
                list.receives(new);
                outcome.held_versions += usize::from(list.held);
                changed_minds(&before, &list.in_force, &mut witness);
            }
            if chance.once_in(60) {
                list.terms = terms(&mut chance);
                // Another cap or another mode is a person's decision on every entry.
                for name in &names {
                    witness.forgives(name.as_str());
                }
            }
        }
        if chance.once_in(2) {
            act(&mut world, &mut witness, &names, &mut chance, &mut outcome);
        }
        if chance.once_in(40) {
            except(&mut world, &names, now, &mut chance);
        }
        let listed: Vec<Listed> = lists.iter().map(Followed::listed).collect();
        if chance.once_in(25) {
            attended(&mut world, &mut witness, &listed, now);
            continue;
        }
        let cut_after = chance.once_in(6).then(|| chance.below(4));
        one(&mut world, &witness, &listed, cut_after, now, &mut outcome);
    }
    outcome
}

fn name(n: usize) -> String {
    match n % 5 {
        3 => format!("sub.host{}.example", n - 3),
        4 => format!("deep.sub.host{}.example", n - 4),
        _ => format!("host{n}.example"),
    }
}

fn terms(chance: &mut Chance) -> Terms {
    let retractions = [Retractions::Follow, Retractions::Ask, Retractions::Ignore];
    Terms {
        mode: if chance.once_in(4) { Mode::Review } else { Mode::Auto },
        cap: chance.once_in(4).then_some(Severity::Silence),
        retractions: retractions[chance.below(3)],
        grace_days: u32::try_from(chance.below(4)).unwrap_or(0),
        ..Terms::default()
    }
}

/// The next version of a list, or what its server sends instead.
fn publish(
    before: &Document,
    names: &[Domain],
    chance: &mut Chance,
) -> Result<Document, ReadError> {
    match chance.below(20) {
        0 => return Err(ReadError::Empty),
        1 => return read(b"<!doctype html><title>Moved</title>"),
        _ => {}
    }
    let mut entries = before.entries.clone();
    entries.retain(|_| !chance.once_in(8));
    for entry in &mut entries {
        if chance.once_in(12) {
            entry.severity = severity(chance);
        }
    }
    for _ in 0..chance.below(8) {
        let domain = names[chance.below(names.len())].clone();
        if entries.iter().all(|entry| entry.domain != domain) {
            entries.push(entry(domain, severity(chance), chance.once_in(3)));
        }
    }
    Ok(document(entries))
}

fn severity(chance: &mut Chance) -> Option<Severity> {
    [Some(Severity::Suspend), Some(Severity::Silence), Some(Severity::Noop), None][chance.below(4)]
}

fn entry(domain: Domain, severity: Option<Severity>, reject_media: bool) -> Entry {
    Entry {
        domain,
        line: 1,
        covers_subdomains: false,
        shared_by_strangers: false,
        severity,
        reject_media: Some(reject_media),
        reject_reports: None,
        obfuscate: None,
        public_comment: Some("a list's reason".into()),
        private_comment: None,
    }
}

fn document(entries: Vec<Entry>) -> Document {
    Document::of(Format::FediblockholeCsv, entries)
}

/// Where a list says something else than before, a lifted domain may be suggested again.
fn changed_minds(before: &Document, after: &Document, witness: &mut Witness) {
    let of = |document: &Document| -> BTreeMap<Domain, (Option<Severity>, Option<bool>)> {
        let word = |entry: &Entry| (entry.domain.clone(), (entry.severity, entry.reject_media));
        document.entries.iter().map(word).collect()
    };
    let (before, after) = (of(before), of(after));
    for (domain, word) in &after {
        if before.get(domain) != Some(word) {
            witness.forgives(domain.as_str());
        }
    }
}

/// A person does something on the server.
fn act(
    world: &mut World,
    witness: &mut Witness,
    names: &[Domain],
    chance: &mut Chance,
    outcome: &mut Outcome,
) {
    if names.is_empty() {
        return;
    }
    outcome.by_hand += 1;
    let there: Vec<_> = world.blocks.keys().cloned().collect();
    let any = |from: &[compact_str::CompactString], chance: &mut Chance| {
        from.get(chance.below(from.len())).cloned()
    };
    match chance.below(3) {
        // A block of their own, with words that nobody else would choose.
        0 => {
            let name = &names[chance.below(names.len())];
            // Blocking what is blocked changes nothing on an account, and nobody can see it.
            if world.level == Level::Account && world.blocks.contains_key(name.as_str()) {
                return;
            }
            let rule = Rule {
                private_comment: Some("mine, because of Tuesday".into()),
                ..Rule::new(severity(chance).unwrap_or(Severity::Silence))
            };
            world.set_by_hand(name.as_str(), rule);
            witness.sees_set(name.as_str(), world);
        }
        1 => {
            if let (Some(name), Level::Instance) = (any(&there, chance), world.level) {
                let mut rule =
                    world.blocks[&name].rule.clone().unwrap_or(Rule::new(Severity::Noop));
                rule.severity = severity(chance).unwrap_or(Severity::Noop);
                rule.public_comment = Some("I have looked at this one".into());
                world.set_by_hand(&name, rule);
                witness.sees_set(&name, world);
            }
        }
        _ => {
            if let Some(name) = any(&there, chance) {
                world.lift_by_hand(&name);
                witness.sees_lifted(&name);
            }
        }
    }
}

fn except(world: &mut World, names: &[Domain], now: DateTime<Utc>, chance: &mut Chance) {
    if world.exceptions.len() > 5 {
        world.exceptions.clear();
    }
    world.exceptions.push(Exception {
        id: 1,
        target: None,
        domain: names[chance.below(names.len())].clone(),
        subdomains: chance.once_in(2),
        list: None,
        reason: None,
        until: chance.once_in(2).then(|| now + TimeDelta::days(5)),
        created_at: now,
        made_by: "somebody".to_owned(),
    });
}

/// A person looks at what is pending and says yes. What is blocked then was agreed to.
fn attended(world: &mut World, witness: &mut Witness, lists: &[Listed], now: DateTime<Utc>) {
    let step = Step { attended: true, aim: Aim::Sync, ..Step::default() };
    let (_, done) = world.step(lists, &step, now);
    for change in &done {
        witness.forgives(change.name());
    }
}

/// One unattended step, judged.
fn one(
    world: &mut World,
    witness: &Witness,
    lists: &[Listed],
    cut_after: Option<usize>,
    now: DateTime<Utc>,
    outcome: &mut Outcome,
) {
    let before = world.blocks.clone();
    let step = Step { aim: Aim::Sync, cut_after, ..Step::default() };
    let (plan, done) = world.step(lists, &step, now);
    let exceptions = Exceptions::new(world.exceptions.iter().cloned(), now);
    let level = world.level;
    let asked = |name: &str| {
        let heard = lists.iter().filter(|listed| listed.terms.speaks());
        let asks = heard.flat_map(|listed| {
            let own = listed.document.entries.iter().filter(|entry| entry.domain.as_str() == name);
            own.filter_map(|entry| listed.terms.take(entry.severity))
        });
        let asks = asks.map(|severity| severity.unwrap_or(Severity::Silence));
        match level {
            Level::Instance => asks.max(),
            // An account has one kind of block, and a note is none.
            Level::Account => {
                asks.filter(|ask| *ask > Severity::Noop).map(|_| Severity::Suspend).max()
            }
        }
    };
    outcome.harm.add(witness.judges(world, &before, &done, &exceptions, asked));
    outcome.steps += 1;
    outcome.cut_off += usize::from(cut_after.is_some());
    outcome.held_rows += plan.held.len();
    for change in &done {
        match change {
            crate::plan::Change::Add { .. } => outcome.added += 1,
            crate::plan::Change::Update { .. } => outcome.changed += 1,
            crate::plan::Change::Remove { .. } => outcome.lifted += 1,
        }
    }
}
