//! Finds the names that others hide.
//!
//! A Mastodon server may publish `daji******.com` instead of a name, with the name's
//! SHA-256 beside it. Who has seen the name elsewhere can recognise it by that digest, and
//! nobody else. Where the digest is missing, Mastodon's mask still tells which known names
//! would look like it; that is a guess, so it counts only if a single known name fits and
//! only if the person allows guesses. `GoToSocial` hides other letters each time and gives
//! no digest: its names cannot be found.

use std::collections::{HashMap, HashSet};

use compact_str::CompactString;
use sha2::{Digest, Sha256};

use crate::block::hex;
use crate::domain::Domain;
use crate::list::{Document, Hidden, Verdict};
use crate::store::{Store, StoreError};

/// The name as Mastodon shows it when it is to be hidden: of `n` characters, those after
/// the first quarter and before the last become stars, and dots stay
/// (`DomainBlock#public_domain`).
pub fn mask(name: &str) -> String {
    let length = name.chars().count();
    let visible = length / 4;
    let hidden = |at: usize| at > visible && at < length - visible;
    name.chars().enumerate().map(|(at, c)| if hidden(at) && c != '.' { '*' } else { c }).collect()
}

/// Whether Mastodon could have written this mask.
pub fn is_mastodons(masked: &str) -> bool {
    let length = masked.chars().count();
    let visible = length / 4;
    masked.chars().enumerate().all(|(at, c)| {
        let hidden = at > visible && at < length - visible;
        if hidden { matches!(c, '*' | '.') } else { c != '*' }
    })
}

/// Known domains, by digest and by mask.
#[derive(Debug, Clone, Default)]
pub struct Known {
    pub by_digest: HashMap<String, Vec<Domain>>,
    pub by_mask: HashMap<String, Vec<Domain>>,
}

impl Known {
    /// Adds those of the names that answer a question.
    pub fn learn<'a>(
        &mut self,
        questions: &Questions,
        names: impl IntoIterator<Item = &'a Domain>,
    ) {
        for name in names {
            if !questions.digests.is_empty() {
                let digest = hex(&Sha256::digest(name.as_str()));
                if questions.digests.contains(&digest) {
                    enter(&mut self.by_digest, digest, name);
                }
            }
            if !questions.masks.is_empty() {
                let mask = mask(name.as_str());
                if questions.masks.contains(&mask) {
                    enter(&mut self.by_mask, mask, name);
                }
            }
        }
    }

    /// Looks up in the store what is asked.
    pub async fn ask(&mut self, questions: &Questions, store: &Store) -> Result<(), StoreError> {
        let list = |keys: &HashSet<String>| keys.iter().cloned().collect::<Vec<String>>();
        for (digest, names) in store.seen_by_digest(&list(&questions.digests)).await? {
            self.by_digest.entry(digest).or_default().extend(names);
        }
        for (mask, names) in store.seen_by_mask(&list(&questions.masks)).await? {
            let known = self.by_mask.entry(mask).or_default();
            known.extend(names);
            // The same name may have come from elsewhere, and it is still one name.
            known.sort_unstable();
            known.dedup();
        }
        Ok(())
    }
}

fn enter(known: &mut HashMap<String, Vec<Domain>>, key: String, name: &Domain) {
    let names = known.entry(key).or_default();
    if !names.contains(name) {
        names.push(name.clone());
    }
}

/// What has to be looked up.
#[derive(Debug, Clone, Default)]
pub struct Questions {
    digests: HashSet<String>,
    masks: HashSet<String>,
}

impl Questions {
    /// What these hidden names ask. A mask is a question only where guesses are allowed,
    /// and never beside a digest: one that is not known rules every known name out.
    pub fn of<'a>(hidden: impl IntoIterator<Item = &'a Hidden>, guess: bool) -> Questions {
        let mut questions = Questions::default();
        for name in hidden {
            match &name.digest {
                Some(digest) => drop(questions.digests.insert(digest.clone())),
                None if guess && is_mastodons(&name.masked) => {
                    questions.masks.insert(name.masked.to_string());
                }
                None => {}
            }
        }
        questions
    }

    pub fn is_empty(&self) -> bool {
        self.digests.is_empty() && self.masks.is_empty()
    }
}

/// The name behind a mask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    ByDigest(Domain),
    /// The only known name that fits.
    ByMask(Domain),
    /// Several known names fit.
    Ambiguous(Vec<Domain>),
    Unknown,
    /// The mask is not Mastodon's, and there is no digest.
    Unresolvable,
}

/// Looks one hidden name up. `listed` are the names that the list has in clear: a mask
/// beside them stands for another name.
pub fn find(hidden: &Hidden, known: &Known, listed: impl Fn(&Domain) -> bool) -> Finding {
    if let Some(digest) = &hidden.digest {
        let found = known.by_digest.get(digest).and_then(|names| names.first());
        return found.cloned().map_or(Finding::Unknown, Finding::ByDigest);
    }
    if !is_mastodons(&hidden.masked) {
        return Finding::Unresolvable;
    }
    let fitting = known.by_mask.get(hidden.masked.as_str()).into_iter().flatten();
    let mut fitting: Vec<Domain> = fitting.filter(|name| !listed(name)).cloned().collect();
    match fitting.len() {
        0 => Finding::Unknown,
        1 => Finding::ByMask(fitting.remove(0)),
        _ => Finding::Ambiguous(fitting),
    }
}

/// Puts the names that are found into the document. Each counts as repaired then, and the
/// rest say why they stay hidden.
pub fn resolve(document: &mut Document, known: &Known) {
    let mut places: HashMap<Domain, usize> =
        (0..).zip(&document.entries).map(|(place, entry)| (entry.domain.clone(), place)).collect();
    let mut said: HashMap<(u32, CompactString), (Verdict, String)> = HashMap::new();
    let listed = places.clone();
    for name in std::mem::take(&mut document.hidden) {
        let finding = find(&name, known, |domain| listed.contains_key(domain));
        said.insert((name.line, name.masked.clone()), says(&finding));
        match finding {
            Finding::ByDigest(domain) | Finding::ByMask(domain) => {
                document.counts.rejected -= 1;
                document.counts.repaired += 1;
                let entry = name.asks.of(domain, name.line);
                if let Some(place) = places.get(&entry.domain) {
                    document.counts.duplicates += 1;
                    document.entries[*place].absorb(entry);
                } else {
                    places.insert(entry.domain.clone(), document.entries.len());
                    document.entries.push(entry);
                }
            }
            _ => document.hidden.push(name),
        }
    }
    document.entries.sort_by_key(|entry| entry.line);
    for problem in document.problems.iter_mut().filter(|p| p.verdict == Verdict::Rejected) {
        let masked = CompactString::from(problem.value.trim().to_lowercase());
        if let Some((verdict, why)) = said.get(&(problem.line, masked)) {
            problem.verdict = *verdict;
            problem.why.clone_from(why);
        }
    }
}

fn says(finding: &Finding) -> (Verdict, String) {
    match finding {
        Finding::ByDigest(domain) => (
            Verdict::Repaired,
            format!("the hidden name is {domain}, recognised by the digest beside it"),
        ),
        Finding::ByMask(domain) => (
            Verdict::Repaired,
            format!("taken for {domain}, the only known name that looks like this when hidden"),
        ),
        Finding::Ambiguous(names) => {
            let names: Vec<&str> = names.iter().take(3).map(Domain::as_str).collect();
            let why = format!("hidden, and several known names fit: {}", names.join(", "));
            (Verdict::Rejected, why)
        }
        Finding::Unknown => {
            (Verdict::Rejected, "hidden, and no domain seen so far is the one".to_owned())
        }
        Finding::Unresolvable => (
            Verdict::Rejected,
            "hidden in a way that cannot be turned back, as GoToSocial does".to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list::read;

    fn domain(name: &str) -> Domain {
        Domain::from_stored(name).unwrap()
    }

    fn resolved(text: &str, names: &[&str], guess: bool) -> Document {
        let mut document = read(text.as_bytes()).unwrap();
        let names: Vec<Domain> = names.iter().map(|name| domain(name)).collect();
        let mut known = Known::default();
        known.learn(&Questions::of(&document.hidden, guess), &names);
        resolve(&mut document, &known);
        document
    }

    fn names(document: &Document) -> Vec<&str> {
        document.entries.iter().map(|entry| entry.domain.as_str()).collect()
    }

    #[test]
    fn masks_are_made_as_mastodon_makes_them() {
        for (name, masked) in [
            ("dajiaweibo.com", "daji******.com"),
            ("ghetti.monster", "ghet**.****ter"),
            ("ab.c", "ab.c"),
            ("a.bc", "a.*c"),
        ] {
            assert_eq!(mask(name), masked);
            assert!(is_mastodons(masked), "{masked}");
        }
        for other in ["i*at*b**ng**l*ve", "s*ip*e**-b**.*om", "ex***le.com", "*.x.example"] {
            assert!(!is_mastodons(other), "{other}");
        }
    }

    #[test]
    fn a_digest_is_proof_and_needs_no_permission() {
        let digest = hex(&Sha256::digest("dajiaweibo.com"));
        let list = format!(
            "domain,severity,digest,public_comment\n\
             daji******.com,suspend,{digest},spam\nopen.example,silence,,\n"
        );
        let known = ["other.example", "dajiaweibo.com", "dajiabcdef.com"];
        let document = resolved(&list, &known, false);
        assert_eq!(names(&document), ["dajiaweibo.com", "open.example"]);
        assert_eq!(document.entries[0].public_comment.as_deref(), Some("spam"));
        assert_eq!((document.counts.repaired, document.counts.rejected), (1, 0));
        assert_eq!(document.problems[0].verdict, Verdict::Repaired);
        let unknown = resolved(&list, &["dajiabcdef.com"], true);
        assert_eq!(names(&unknown), ["open.example"], "the digest rules the other name out");
        assert_eq!(unknown.hidden.len(), 1);
    }

    #[test]
    fn a_mask_is_a_guess_that_has_to_be_allowed_and_unambiguous() {
        let list = "domain,severity\nghet**.****ter,suspend\nopen.example,suspend\n";
        let both = ["ghetti.monster", "ghetto.monster"];
        assert_eq!(names(&resolved(list, &both[..1], false)), ["open.example"]);
        assert_eq!(names(&resolved(list, &both[..1], true)), ["ghetti.monster", "open.example"]);
        let unsure = resolved(list, &both, true);
        assert_eq!(names(&unsure), ["open.example"]);
        assert!(unsure.problems[0].why.contains("ghetti.monster, ghetto.monster"));
        // The list has one of the two in clear, so that one is not meant.
        let clear = format!("{list}ghetto.monster,suspend\n");
        let document = resolved(&clear, &both, true);
        assert_eq!(names(&document), ["ghetti.monster", "open.example", "ghetto.monster"]);
    }

    #[test]
    fn other_masks_cannot_be_turned_back() {
        let list = "domain,severity\ni*at*b**ng**l.ve,suspend\nopen.example,suspend\n";
        let document = resolved(list, &["iratebxyngzzl.ve"], true);
        assert_eq!(names(&document), ["open.example"]);
        assert!(document.problems[0].why.contains("GoToSocial"), "{:?}", document.problems);
    }

    #[test]
    fn one_name_found_twice_is_one_entry() {
        let digest = hex(&Sha256::digest("dajiaweibo.com"));
        let list = format!(
            "domain,severity,digest\ndaji******.com,silence,{digest}\n\
             dajiaweibo.com,noop,\ndaji******.com,suspend,{digest}\n"
        );
        let document = resolved(&list, &["dajiaweibo.com"], false);
        assert_eq!(names(&document), ["dajiaweibo.com"]);
        assert_eq!(document.entries[0].severity, Some(crate::block::Severity::Suspend));
        assert_eq!(document.counts.duplicates, 2);
    }
}
