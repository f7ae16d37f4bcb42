//! Several lists into one wish.
//!
//! [`Combined`] holds, for every domain that any list names, who asks for it and with
//! what. Across lists the strictest counts, and the result does not depend on the order
//! of the lists. Lists are folded in one at a time so that only one or two of them have
//! to be in memory as parsed rows: a million rows fit into a few dozen megabytes.

use std::hash::BuildHasher;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use arcstr::ArcStr;
use hashbrown::{HashSet, HashTable};
use serde::{Deserialize, Serialize};

use crate::block::Severity;
use crate::domain::Domain;
use crate::list::{Counts, Document, Entry, Verdict};

/// One list's request for one domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// The list's [`ListUse::name`].
    pub list: ArcStr,
    /// Absent where the list gives none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// The list's public reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<ArcStr>,
}

/// A list as a plan remembers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListUse {
    /// A short name, unique within the plan.
    pub name: String,
    /// Where it was read from: `bundled`, a path, or an address without its secrets.
    pub address: String,
    /// Of the bytes as they were read.
    pub sha256: String,
    /// How many domains it named.
    pub entries: usize,
    /// How many of its rows could not be used.
    pub rejected: usize,
}

/// What all lists together want for one domain. A field is `None` where no list speaks
/// of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub domain: Domain,
    pub asked_by: Vec<Ask>,
    pub reject_media: Option<bool>,
    pub reject_reports: Option<bool>,
    pub obfuscate: Option<bool>,
    pub private_comment: Option<Box<Vec<ArcStr>>>,
    /// Some list wrote `*.name`.
    pub covers_subdomains: bool,
    /// Strangers share the domain (`repl.co`).
    pub shared_by_strangers: bool,
}

impl Wanted {
    fn new(domain: Domain) -> Self {
        Wanted {
            domain,
            asked_by: Vec::new(),
            reject_media: None,
            reject_reports: None,
            obfuscate: None,
            private_comment: None,
            covers_subdomains: false,
            shared_by_strangers: false,
        }
    }

    /// The strictest severity that a list gave, or nothing where none gave any.
    pub fn severity(&self) -> Option<Severity> {
        self.asked_by.iter().filter_map(|ask| ask.severity).max()
    }

    /// The lists' different public reasons, in alphabetical order so that the order of
    /// the lists has no say in it.
    pub fn public_comment(&self) -> Option<String> {
        joined(self.asked_by.iter().filter_map(|ask| ask.comment.as_ref()))
    }

    pub fn private_comment(&self) -> Option<String> {
        joined(self.private_comment.iter().flat_map(|comments| comments.iter()))
    }
}

fn joined<'a>(comments: impl Iterator<Item = &'a ArcStr>) -> Option<String> {
    let mut comments: Vec<&str> = comments.map(ArcStr::as_str).collect();
    comments.sort_unstable();
    comments.dedup();
    (!comments.is_empty()).then(|| comments.join("; "))
}

/// All lists, folded together.
#[derive(Default)]
pub struct Combined {
    pub lists: Vec<ListUse>,
    pub wanted: Vec<Wanted>,
    index: HashTable<u32>,
    hasher: foldhash::fast::FixedState,
    comments: HashSet<ArcStr, foldhash::fast::FixedState>,
}

impl Combined {
    /// Folds one list in. Its name is made unique if another list has it already.
    pub fn add(&mut self, name: &str, address: &str, sha256: &str, document: Document) {
        let name = self.unique_name(name);
        let Counts { rejected, .. } = document.counts;
        self.lists.push(ListUse {
            name: name.to_string(),
            address: address.to_owned(),
            sha256: sha256.to_owned(),
            entries: document.entries.len(),
            rejected,
        });
        let shared: HashSet<u32, foldhash::fast::FixedState> = document
            .problems
            .iter()
            .filter(|p| p.verdict == Verdict::Warning)
            .map(|p| p.line)
            .collect();
        for entry in document.entries {
            let warned = !shared.is_empty() && shared.contains(&entry.line);
            self.add_entry(&name, entry, warned);
        }
    }

    fn unique_name(&self, name: &str) -> ArcStr {
        let taken = |candidate: &str| self.lists.iter().any(|l| l.name == candidate);
        if !taken(name) {
            return name.into();
        }
        (2..).map(|n| format!("{name} ({n})")).find(|c| !taken(c)).unwrap_or_default().into()
    }

    fn add_entry(&mut self, list: &ArcStr, entry: Entry, shared_by_strangers: bool) {
        let comment = entry.public_comment.as_deref().map(|text| self.intern(text));
        let private = entry.private_comment.as_deref().map(|text| self.intern(text));
        let ask = Ask { list: list.clone(), severity: entry.severity, comment };

        let hash = self.hasher.hash_one(&entry.domain);
        let (wanted, hasher) = (&mut self.wanted, &self.hasher);
        let found = self.index.find(hash, |at| wanted[*at as usize].domain == entry.domain);
        let at = found.copied().unwrap_or_else(|| {
            let at = u32::try_from(wanted.len()).expect("fewer than 2^32 domains fit in memory");
            wanted.push(Wanted::new(entry.domain.clone()));
            self.index.insert_unique(hash, at, |at| hasher.hash_one(&wanted[*at as usize].domain));
            at
        });

        let wanted = &mut self.wanted[at as usize];
        wanted.asked_by.push(ask);
        wanted.reject_media = either(wanted.reject_media, entry.reject_media);
        wanted.reject_reports = either(wanted.reject_reports, entry.reject_reports);
        wanted.obfuscate = either(wanted.obfuscate, entry.obfuscate);
        wanted.covers_subdomains |= entry.covers_subdomains;
        wanted.shared_by_strangers |= shared_by_strangers;
        if let Some(comment) = private {
            wanted.private_comment.get_or_insert_default().push(comment);
        }
    }

    /// Lists repeat a handful of reasons thousands of times.
    fn intern(&mut self, text: &str) -> ArcStr {
        self.comments.get_or_insert_with(text, |text| ArcStr::from(text)).clone()
    }
}

/// Two lists' word on one flag: yes over no, and no over nothing.
fn either(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    one.max(other)
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
            severity,
            reject_media: None,
            reject_reports: None,
            obfuscate: None,
            public_comment: comment.map(Into::into),
            private_comment: None,
        }
    }

    fn document(entries: Vec<Entry>) -> Document {
        let counts = Counts { taken: entries.len(), ..Counts::default() };
        Document { format: Format::UserCsv, counts, entries, problems: Vec::new() }
    }

    #[test]
    fn the_strictest_counts_and_every_reason_is_kept() {
        let mut combined = Combined::default();
        let mild = vec![entry("bad.example", Some(Severity::Silence), Some("spam"))];
        let strict = vec![entry("bad.example", Some(Severity::Suspend), Some("hate"))];
        combined.add("mild", "", "", document(mild));
        combined.add("strict", "", "", document(strict));
        let wanted = &combined.wanted[0];
        assert_eq!(combined.wanted.len(), 1);
        assert_eq!(wanted.severity(), Some(Severity::Suspend));
        assert_eq!(wanted.public_comment().as_deref(), Some("hate; spam"));
        assert_eq!(wanted.asked_by.len(), 2);
    }

    #[test]
    fn two_lists_of_one_name_are_told_apart() {
        let mut combined = Combined::default();
        combined.add("list.csv", "", "", document(vec![entry("a.example", None, None)]));
        combined.add("list.csv", "", "", document(vec![entry("a.example", None, None)]));
        let asks: Vec<_> = combined.wanted[0].asked_by.iter().map(|a| a.list.as_str()).collect();
        assert_eq!(asks, ["list.csv", "list.csv (2)"]);
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
