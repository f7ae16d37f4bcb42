//! Several lists into one wish.
//!
//! [`Combined`] holds, for every domain that any list names, who asks for it and with
//! what. Across lists the strictest counts, and the result does not depend on the order
//! of the lists. Lists are folded in one at a time so that only one or two of them have
//! to be in memory as parsed rows: a million rows fit into a few dozen megabytes.

mod asks;

use std::hash::BuildHasher;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};

use arcstr::ArcStr;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use serde::{Deserialize, Serialize};

use crate::block::Severity;
use crate::domain::Domain;
use crate::list::{Document, Entry};
use crate::policy::{Comments, Terms};

pub(crate) use asks::Request;
pub use asks::{Ask, Asks};
use asks::{NONE, Row};

/// A list as a plan remembers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListUse {
    /// A short name, unique within the plan.
    pub name: ArcStr,
    /// Where it was read from: `bundled`, a path, or an address without its secrets.
    pub address: String,
    /// Of the bytes as they were read.
    pub sha256: String,
    /// How many domains it named.
    pub entries: usize,
    /// How many of its rows could not be used.
    pub rejected: usize,
}

/// What all lists together say of one domain. What comes of it is for a policy to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub domain: Domain,
    pub asked_by: Asks,
    /// By the list's place.
    pub private_comment: Vec<(u32, ArcStr)>,
    /// Some list wrote `*.name`.
    pub covers_subdomains: bool,
    /// Strangers share the domain (`repl.co`).
    pub shared_by_strangers: bool,
}

impl Wanted {
    /// The strictest severity that a list gave, or nothing where none gave any.
    pub fn severity(&self) -> Option<Severity> {
        self.asked_by.severities().flatten().max()
    }

    /// A flag is on if any list that is heard switches it on, and `None` where none speaks
    /// of it.
    pub fn reject_media(&self) -> Option<bool> {
        self.asked_by.heard().map(|request| request.reject_media).max().flatten()
    }

    pub fn reject_reports(&self) -> Option<bool> {
        self.asked_by.heard().map(|request| request.reject_reports).max().flatten()
    }

    pub fn obfuscate(&self) -> Option<bool> {
        self.asked_by.heard().map(|request| request.obfuscate).max().flatten()
    }

    /// Whether every list that is heard hides the name, so that none has said it to anybody.
    pub fn is_hidden(&self) -> bool {
        self.asked_by.heard().all(|request| request.revealed)
    }

    /// The lists' different public reasons, in alphabetical order so that the order of
    /// the lists has no say in it; or those of one list, if it gives any.
    pub fn public_comment(&self, comments: &Comments) -> Option<String> {
        let heard = || self.asked_by.heard();
        let of = |list: &str| {
            let mut own = heard().filter(|request| self.asked_by.name(request.place) == Some(list));
            own.find_map(|request| request.comment.clone())
        };
        chosen(comments, of, joined(heard().filter_map(|request| request.comment.as_ref())))
    }

    pub fn private_comment(&self, comments: &Comments) -> Option<String> {
        let heard = |place: u32| self.asked_by.heard().any(|request| request.place == place);
        let of = |list: &str| {
            let mut all = self.private_comment.iter();
            let own = all.find(|(place, _)| self.asked_by.name(*place) == Some(list));
            own.map(|(_, comment)| comment.clone())
        };
        let all = self.private_comment.iter().filter(|(place, _)| heard(*place));
        chosen(comments, of, joined(all.map(|(_, comment)| comment)))
    }
}

fn chosen(
    comments: &Comments,
    of: impl Fn(&str) -> Option<ArcStr>,
    merged: Option<String>,
) -> Option<String> {
    match comments {
        Comments::Merged => merged,
        Comments::None => None,
        Comments::Of(list) => of(list).map(|comment| comment.to_string()).or(merged),
    }
}

fn joined<'a>(comments: impl Iterator<Item = &'a ArcStr>) -> Option<String> {
    let mut comments: Vec<&str> = comments.map(ArcStr::as_str).collect();
    comments.sort_unstable();
    comments.dedup();
    (!comments.is_empty()).then(|| comments.join("; "))
}

/// All lists, folded together.
///
/// Domains are spread over shards by their hash, so that several threads can fold at once.
#[derive(Default)]
pub struct Combined {
    pub lists: Vec<ListUse>,
    /// How each list is followed, by its place; the default for those beyond the end.
    terms: Vec<Terms>,
    shards: [Mutex<Shard>; SHARDS],
    /// Seeded by chance: a list must not be able to choose names that collide.
    hasher: RandomState,
}

/// Many more than threads, so that they seldom meet.
const SHARDS: usize = 16;

/// One part of the domains. The requests of all its domains lie in one row, each pointing
/// to the one before it for the same domain: a million requests are then a few
/// allocations.
#[derive(Default)]
struct Shard {
    domains: Vec<Folded>,
    index: HashTable<u32>,
    requests: Vec<Request>,
}

struct Folded {
    domain: Domain,
    /// The latest of its requests.
    last: u32,
    private_comment: Vec<(u32, ArcStr)>,
    covers_subdomains: bool,
    shared_by_strangers: bool,
}

/// A list that was read, on its way into a [`Combined`].
pub struct Read {
    pub address: String,
    pub sha256: String,
    pub document: Document,
}

impl Combined {
    /// Reads lists side by side, on as many threads as the machine has, and folds each in
    /// as soon as it is read. `names` are what the plan will call them. The first error ends
    /// it.
    pub fn read<E: Send>(
        names: Vec<String>,
        read: impl Fn(usize) -> Result<Read, E> + Sync,
    ) -> Result<Combined, E> {
        Self::read_on(Vec::new(), names, read)
    }

    /// The same, each list on the terms that stand at its place.
    pub fn read_on<E: Send>(
        terms: Vec<Terms>,
        names: Vec<String>,
        read: impl Fn(usize) -> Result<Read, E> + Sync,
    ) -> Result<Combined, E> {
        let mut combined = Combined { terms, ..Combined::default() };
        let names = unique(names);
        let places: Vec<u32> = (0..).take(names.len()).collect();
        let mut lists = Vec::with_capacity(names.len());
        let read_and_fold = |place: &u32| -> Result<ListUse, E> {
            let Read { address, sha256, document } = read(*place as usize)?;
            let entries = document.entries.len();
            let rejected = document.counts.rejected;
            combined.fold(*place, &document);
            let name = names[*place as usize].clone();
            Ok(ListUse { name, address, sha256, entries, rejected })
        };
        in_parallel(&places, read_and_fold, |_, list| lists.push(list))?;
        combined.lists = lists;
        Ok(combined)
    }

    /// Adds entries of a list whose names were hidden when it was read. `place` is the
    /// list's place among `names`.
    pub fn reveal(&mut self, place: u32, entries: &[Entry]) {
        let terms = self.terms_of(place);
        for entry in entries {
            let hash = self.hasher.hash_one(entry.domain.as_str());
            let mut shard = lock(&self.shards[shard_of(hash)]);
            shard.add(hash, &self.hasher, place, entry, &terms, true);
        }
        if let Some(list) = self.lists.get_mut(place as usize) {
            list.entries += entries.len();
            list.rejected -= entries.len().min(list.rejected);
        }
    }

    /// Whether the list names the domain itself.
    pub fn names(&self, place: u32, domain: &Domain) -> bool {
        let hash = self.hasher.hash_one(domain.as_str());
        lock(&self.shards[shard_of(hash)]).asks(hash, place, domain)
    }

    /// Every domain that is wanted, handed to `each`.
    pub fn for_each_domain(&self, mut each: impl FnMut(&Domain)) {
        for shard in &self.shards {
            lock(shard).domains.iter().for_each(|folded| each(&folded.domain));
        }
    }

    /// How many domains are wanted.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).domains.len()).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn fold(&self, place: u32, document: &Document) {
        let mut by_shard: [Vec<(u64, u32)>; SHARDS] = Default::default();
        for (at, entry) in (0..).zip(&document.entries) {
            let hash = self.hasher.hash_one(entry.domain.as_str());
            by_shard[shard_of(hash)].push((hash, at));
        }
        let terms = self.terms_of(place);
        for (shard, entries) in self.shards.iter().zip(by_shard) {
            let mut shard = lock(shard);
            for (hash, at) in entries {
                let entry = &document.entries[at as usize];
                shard.add(hash, &self.hasher, place, entry, &terms, false);
            }
        }
    }

    /// Has everybody who asks for a domain ask for these hosts below it too, unless they are
    /// named anyway.
    pub fn spread(&mut self, below: &[Domain]) {
        for host in below {
            if !self.said_of(host.as_str()).is_empty() {
                continue;
            }
            let above = host.parents().map(|parent| self.said_of(parent));
            let Some(requests) = above.into_iter().find(|requests| !requests.is_empty()) else {
                continue;
            };
            let hash = self.hasher.hash_one(host.as_str());
            let mut shard = lock(&self.shards[shard_of(hash)]);
            for request in requests {
                shard.request(hash, &self.hasher, host, request);
            }
        }
    }

    fn terms_of(&self, place: u32) -> Terms {
        self.terms.get(place as usize).cloned().unwrap_or_default()
    }

    /// The terms of all lists, by their place.
    pub fn terms(&self) -> Vec<Terms> {
        (0..).take(self.lists.len()).map(|place| self.terms_of(place)).collect()
    }

    /// Shows the requests of the lists that are heard for one domain.
    pub(crate) fn hear(&self, name: &str, mut each: impl FnMut(&Request)) {
        let hash = self.hasher.hash_one(name);
        let shard = lock(&self.shards[shard_of(hash)]);
        let found =
            shard.index.find(hash, |at| shard.domains[*at as usize].domain.as_str() == name);
        let mut at = found.map_or(NONE, |at| shard.domains[*at as usize].last);
        while let Some(request) = shard.requests.get(at as usize) {
            if request.heard {
                each(request);
            }
            at = request.previous;
        }
    }

    /// The requests of the lists that are heard for one domain.
    fn said_of(&self, name: &str) -> Vec<Request> {
        let mut said = Vec::new();
        self.hear(name, |request| said.push(request.clone()));
        said
    }

    /// Everything that is wanted, in no order. What was handed out is let go of shard by
    /// shard.
    pub fn into_wanted(self) -> (Vec<ListUse>, impl Iterator<Item = Wanted>) {
        let names: Arc<[ArcStr]> = self.lists.iter().map(|list| list.name.clone()).collect();
        let wanted = self.shards.into_iter().flat_map(move |shard| {
            let Shard { domains, requests, .. } =
                shard.into_inner().unwrap_or_else(PoisonError::into_inner);
            let row = Arc::new(Row { requests, names: names.clone() });
            domains.into_iter().map(move |folded| folded.unfold(&row))
        });
        (self.lists, wanted)
    }
}

/// The low bits of a hash choose the bucket within a shard, the highest its tag.
fn shard_of(hash: u64) -> usize {
    (hash >> 32) as usize % SHARDS
}

impl Shard {
    fn asks(&self, hash: u64, place: u32, domain: &Domain) -> bool {
        let found = self.index.find(hash, |at| self.domains[*at as usize].domain == *domain);
        let mut at = found.map_or(NONE, |at| self.domains[*at as usize].last);
        while let Some(request) = self.requests.get(at as usize) {
            if request.place == place {
                return true;
            }
            at = request.previous;
        }
        false
    }

    fn add(
        &mut self,
        hash: u64,
        hasher: &RandomState,
        place: u32,
        entry: &Entry,
        terms: &Terms,
        revealed: bool,
    ) {
        // A word that is not to be taken for anything was never said.
        let Some(taken) = terms.take(entry.severity) else { return };
        let request = Request {
            comment: entry.public_comment.clone(),
            previous: NONE,
            place,
            severity: entry.severity,
            taken,
            reject_media: entry.reject_media,
            reject_reports: entry.reject_reports,
            obfuscate: entry.obfuscate,
            heard: terms.speaks(),
            revealed,
        };
        let folded = self.request(hash, hasher, &entry.domain, request);
        folded.covers_subdomains |= entry.covers_subdomains;
        folded.shared_by_strangers |= entry.shared_by_strangers;
        if let Some(comment) = entry.private_comment.clone() {
            folded.private_comment.push((place, comment));
        }
    }

    fn request(
        &mut self,
        hash: u64,
        hasher: &RandomState,
        domain: &Domain,
        mut request: Request,
    ) -> &mut Folded {
        let (domains, index) = (&mut self.domains, &mut self.index);
        let found = index.find(hash, |at| domains[*at as usize].domain == *domain);
        let at = found.copied().unwrap_or_else(|| {
            let at = number(domains.len());
            domains.push(Folded::new(domain.clone()));
            let rehash = |at: &u32| hasher.hash_one(domains[*at as usize].domain.as_str());
            index.insert_unique(hash, at, rehash);
            at
        });
        let folded = &mut domains[at as usize];
        request.previous = folded.last;
        folded.last = number(self.requests.len());
        self.requests.push(request);
        folded
    }
}

/// A place in a row, which is shorter than 2^32: each takes 24 bytes and more.
fn number(at: usize) -> u32 {
    u32::try_from(at).expect("fewer than 2^32 requests fit in memory")
}

impl Folded {
    fn new(domain: Domain) -> Self {
        Folded {
            domain,
            last: NONE,
            private_comment: Vec::new(),
            covers_subdomains: false,
            shared_by_strangers: false,
        }
    }

    fn unfold(self, row: &Arc<Row>) -> Wanted {
        Wanted {
            domain: self.domain,
            asked_by: Asks { row: Some(row.clone()), last: self.last },
            private_comment: self.private_comment,
            covers_subdomains: self.covers_subdomains,
            shared_by_strangers: self.shared_by_strangers,
        }
    }
}

/// Names that several lists share get a number.
pub fn unique(names: Vec<String>) -> Vec<ArcStr> {
    let mut taken: Vec<ArcStr> = Vec::with_capacity(names.len());
    for name in names {
        let is_taken = |candidate: &str| taken.iter().any(|other| other == candidate);
        let free = if is_taken(&name) {
            let mut numbered = (2..=taken.len() + 2).map(|n| format!("{name} ({n})"));
            numbered.find(|candidate| !is_taken(candidate)).unwrap_or(name)
        } else {
            name
        };
        taken.push(free.into());
    }
    taken
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `parse` over all items on as many threads as the machine has, and hands the
/// results on in the items' order. Only a few results wait at any time.
pub fn in_parallel<T: Sync, R: Send, E: Send>(
    items: &[T],
    parse: impl Fn(&T) -> Result<R, E> + Sync,
    mut fold: impl FnMut(usize, R),
) -> Result<(), E> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(items.len());
    if threads < 2 {
        for (at, item) in items.iter().enumerate() {
            fold(at, parse(item)?);
        }
        return Ok(());
    }
    let next = AtomicUsize::new(0);
    let (send, receive) = mpsc::sync_channel(1);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let (send, next, parse) = (send.clone(), &next, &parse);
            scope.spawn(move || {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(at) else { break };
                    // The receiver is gone only after an error; the rest is not wanted then.
                    if send.send((at, parse(item))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(send);
        let mut early: Vec<(usize, R)> = Vec::new();
        let mut due = 0;
        for (at, result) in &receive {
            let result = match result {
                Ok(result) => result,
                Err(error) => {
                    drop(receive);
                    return Err(error);
                }
            };
            early.push((at, result));
            while let Some(found) = early.iter().position(|(at, _)| *at == due) {
                let (at, result) = early.swap_remove(found);
                fold(at, result);
                due += 1;
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list::Format;

    fn entry(domain: &str, severity: Option<Severity>, comment: Option<&str>) -> Entry {
        Entry {
            domain: Domain::from_stored(domain).unwrap(),
            line: 1,
            covers_subdomains: false,
            shared_by_strangers: false,
            severity,
            reject_media: None,
            reject_reports: None,
            obfuscate: None,
            public_comment: comment.map(Into::into),
            private_comment: None,
        }
    }

    fn document(entries: Vec<Entry>) -> Document {
        Document::of(Format::UserCsv, entries)
    }

    fn combine(lists: &[(&str, Vec<Entry>)]) -> Vec<Wanted> {
        let names = lists.iter().map(|(name, _)| (*name).to_owned()).collect();
        let read = |place: usize| {
            let document = document(lists[place].1.clone());
            Ok::<_, ()>(Read { address: String::new(), sha256: String::new(), document })
        };
        Combined::read(names, read).unwrap().into_wanted().1.collect()
    }

    #[test]
    fn the_strictest_counts_and_every_reason_is_kept() {
        let mild = vec![entry("bad.example", Some(Severity::Silence), Some("spam"))];
        let strict = vec![entry("bad.example", Some(Severity::Suspend), Some("hate"))];
        let wanted = combine(&[("mild", mild), ("strict", strict)]);
        assert_eq!(wanted.len(), 1);
        assert_eq!(wanted[0].severity(), Some(Severity::Suspend));
        assert_eq!(wanted[0].public_comment(&Comments::Merged).as_deref(), Some("hate; spam"));
        assert_eq!(wanted[0].asked_by.iter().count(), 2);
    }

    #[test]
    fn lists_of_one_name_are_told_apart_and_keep_their_order() {
        let list = || ("list.csv", vec![entry("a.example", None, None)]);
        for _ in 0..50 {
            let wanted = combine(&[list(), ("other", list().1), list(), list()]);
            let asks: Vec<_> = wanted[0].asked_by.iter().map(|ask| ask.list.to_string()).collect();
            assert_eq!(asks, ["list.csv", "other", "list.csv (2)", "list.csv (3)"]);
        }
    }

    #[test]
    fn many_lists_make_one_wish_a_domain() {
        let names: Vec<String> = (0..2000).map(|n| format!("host{n}.example")).collect();
        let list = |skip: usize| {
            let entries = names.iter().skip(skip).map(|name| entry(name, None, None)).collect();
            ("list", entries)
        };
        let wanted = combine(&[list(0), list(500), list(1000), list(0)]);
        assert_eq!(wanted.len(), 2000);
        assert_eq!(
            wanted.iter().map(|w| w.asked_by.iter().count()).sum::<usize>(),
            2000 * 2 + 1500 + 1000
        );
    }

    #[test]
    fn results_arrive_in_order_and_the_first_error_ends_it() {
        let items: Vec<usize> = (0..50).collect();
        let mut seen = Vec::new();
        in_parallel(&items, |n| Ok::<_, ()>(n * 2), |_, doubled| seen.push(doubled)).unwrap();
        assert_eq!(seen, (0..50).map(|n| n * 2).collect::<Vec<_>>());
        let result =
            in_parallel(&items, |n| if *n == 7 { Err("seven") } else { Ok(()) }, |_, ()| {});
        assert_eq!(result, Err("seven"));
    }
}
