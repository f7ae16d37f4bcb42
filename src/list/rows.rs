//! Decides about rows: taken, repaired or rejected, each once, and one entry per domain.

use std::hash::BuildHasher;

use arcstr::ArcStr;
use compact_str::CompactString;
use hashbrown::{DefaultHashBuilder, HashMap, HashSet, HashTable};

use super::detect::{column_name, is_domain_column};
use super::error::ReadError;
use super::{
    Asked, Counts, Document, Entry, Format, Hidden, Problem, Release, Released, Verdict, decode,
};
use crate::block::Severity;
use crate::domain::{Domain, Parsed, Refusal};
use crate::text::{fit, plain};

/// Names that some authors put into their lists to see who blocks without reading. They
/// are nobody's server.
const CANARIES: [&str; 5] = [
    "000delete.this.line.if.you.have.read.the.documentation.on.seirdy.one",
    "000this.is.generated.from.overlap.across.trusted.sources.example.com",
    "canary.tier0.example.com",
    "canary.tier1.example.com",
    "canary.fedinuke.example.com",
];

/// As much of a value as a message can show, and more than any domain needs.
const VALUE_LIMIT: usize = 300;

/// The most room that is made on an estimate; a wrong one must not cost much.
const MOST_EXPECTED: usize = 100_000;
/// The most rows that a list may have: forty times as many as the largest ever seen, and
/// few enough for the memory of a small machine.
pub(super) const MOST_ROWS: usize = 1_000_000;
/// The most problems that are kept with their words; more are only counted.
const MOST_PROBLEMS: usize = 10_000;
/// The longest comment that is kept, in bytes.
const COMMENT_LIMIT: usize = 4096;

/// The cells of one row as they were written; empty where the list has none.
#[derive(Default)]
pub(super) struct Row<'a> {
    pub line: u32,
    pub domain: &'a str,
    /// `None` where the list has no such column, which is not the same as an empty cell.
    pub severity: Option<&'a str>,
    pub reject_media: &'a str,
    pub reject_reports: &'a str,
    pub obfuscate: &'a str,
    pub public_comment: &'a str,
    pub private_comment: &'a str,
    /// SHA-256 of the domain in hexadecimal, for those who hide the name.
    pub digest: &'a str,
    /// What an earlier row asked for the domain no longer counts.
    pub replaces: bool,
}

pub(super) struct Rows {
    guessed_encoding: bool,
    entries: Vec<Entry>,
    releases: Vec<Release>,
    hidden: Vec<Hidden>,
    problems: Vec<Problem>,
    problems_left_out: usize,
    counts: Counts,
    /// What the list's last word on a released domain was; `None` if it was to block it
    /// after all.
    released: HashMap<Domain, Option<usize>>,
    /// Entries that a later row of the list took back.
    withdrawn: HashSet<usize>,
    /// Where in `entries` a domain stands; the names themselves are there. Most lists are
    /// in alphabetical order, and in them no name can have come before: so the table
    /// knows the first `indexed` entries only, until a name is out of order.
    places: HashTable<u32>,
    indexed: usize,
    /// Which entry has the last name in the alphabet.
    greatest: usize,
    hasher: DefaultHashBuilder,
    /// Lists repeat a handful of reasons thousands of times.
    comments: HashSet<ArcStr>,
    /// Rows that name an account.
    handles: usize,
}

impl Rows {
    /// `expected` is an estimate of the number of rows.
    pub fn new(guessed_encoding: bool, expected: usize) -> Self {
        let expected = expected.min(MOST_EXPECTED);
        Rows {
            guessed_encoding,
            entries: Vec::with_capacity(expected),
            releases: Vec::new(),
            hidden: Vec::new(),
            problems: Vec::new(),
            problems_left_out: 0,
            released: HashMap::new(),
            withdrawn: HashSet::new(),
            counts: Counts::default(),
            places: HashTable::new(),
            indexed: 0,
            greatest: 0,
            hasher: DefaultHashBuilder::default(),
            comments: HashSet::new(),
            handles: 0,
        }
    }

    pub fn reject(&mut self, line: u32, value: &str, why: String) {
        self.counts.rejected += 1;
        self.note(line, Verdict::Rejected, value, why);
    }

    /// Says something about the document or a row that is worth a look and changes nothing.
    pub fn remark(&mut self, line: u32, value: &str, why: String) {
        self.note(line, Verdict::Warning, value, why);
    }

    /// Whether the list has as many rows as any list may have: [`Rows::finish`] will say
    /// so, and there is no need to read on.
    pub fn is_full(&self) -> bool {
        self.counts.rows() > MOST_ROWS
    }

    /// A row that asks for a block.
    pub fn take(&mut self, row: &Row<'_>) {
        let plain = Domain::parse_plain(row.domain).filter(|name| !is_canary(name.as_str()));
        let parsed = match plain {
            Some(domain) => Parsed::plain(domain),
            None => match self.domain(row) {
                Some(parsed) => parsed,
                None => return,
            },
        };
        let severity = match row.severity.map(|word| (word, Severity::from_word(word))) {
            None => None,
            Some((_, Some(severity))) => Some(severity),
            Some((word, None)) => return self.reject(row.line, row.domain, bad_severity(word)),
        };
        self.keep(row, parsed, severity);
    }

    /// A row that is a name and nothing else, if it needs no repair and no remark; any other
    /// is left to [`Rows::take`], and the answer is `false`.
    pub fn take_name(&mut self, line: u32, name: &str) -> bool {
        let Some(domain) = Domain::parse_plain(name).filter(|domain| !is_canary(domain.as_str()))
        else {
            return false;
        };
        self.counts.taken += 1;
        self.enter(Asked::default().of(domain, line), false);
        true
    }

    /// A row that asks not to block a domain, or no longer. Of the cells, the domain and
    /// the comments count.
    pub fn release(&mut self, row: &Row<'_>, how: Released) {
        let Some(parsed) = self.domain(row) else { return };
        self.note_repairs(row, &parsed);
        self.count_used(!parsed.repairs.is_empty());
        let comment = self.shared(row.public_comment).or_else(|| self.shared(row.private_comment));
        let release = Release { domain: parsed.domain, line: row.line, how, reason: comment };
        if let Some(place) = self.place(&release.domain)
            && self.withdrawn.insert(place)
        {
            self.counts.duplicates += 1;
        }
        match self.released.get_mut(&release.domain) {
            Some(Some(place)) => {
                self.counts.duplicates += 1;
                self.releases[*place] = release;
            }
            found => {
                let at = self.releases.len();
                match found {
                    Some(place) => *place = Some(at),
                    None => drop(self.released.insert(release.domain.clone(), Some(at))),
                }
                self.releases.push(release);
            }
        }
    }

    /// The row's name, if it is one; otherwise the row is rejected.
    fn domain(&mut self, row: &Row<'_>) -> Option<Parsed> {
        let parsed = match Domain::parse(row.domain) {
            Ok(parsed) => parsed,
            Err(Refusal::Obfuscated) => {
                self.hide(row);
                return None;
            }
            Err(refusal) => {
                self.handles += usize::from(refusal == Refusal::Handle || has_handle(row.domain));
                let why = if is_domain_column(&column_name(row.domain)) {
                    "the name of a column, which slipped in among the servers".to_owned()
                } else {
                    refusal.to_string()
                };
                self.reject(row.line, row.domain, why);
                return None;
            }
        };
        let why = canary(&parsed.domain, row).or_else(|| {
            (self.guessed_encoding && !row.domain.is_ascii()).then(|| {
                "the file is not saved as UTF-8, so it is not certain which letters this name \
                 has; save it as \"CSV UTF-8\""
                    .to_owned()
            })
        });
        match why {
            Some(why) => {
                self.reject(row.line, row.domain, why);
                None
            }
            None => Some(parsed),
        }
    }

    /// Keeps a row whose name is hidden, in case somebody knows the name.
    fn hide(&mut self, row: &Row<'_>) {
        let severity = match row.severity.map(Severity::from_word) {
            Some(None) => {
                return self.reject(row.line, row.domain, Refusal::Obfuscated.to_string());
            }
            Some(severity) => severity,
            None => None,
        };
        let asks = Asked {
            severity,
            reject_media: flag(row.reject_media).flatten(),
            reject_reports: flag(row.reject_reports).flatten(),
            obfuscate: flag(row.obfuscate).flatten(),
            public_comment: self.shared(row.public_comment),
            private_comment: self.shared(row.private_comment),
        };
        let masked = CompactString::from(row.domain.trim().to_lowercase());
        let digest = row.digest.trim();
        let digest = (digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit()))
            .then(|| digest.to_ascii_lowercase());
        self.reject(row.line, row.domain, Refusal::Obfuscated.to_string());
        if is_mask(&masked) {
            self.hidden.push(Hidden { masked, digest, asks, line: row.line });
        }
    }

    fn note_repairs(&mut self, row: &Row<'_>, parsed: &Parsed) {
        if !parsed.repairs.is_empty() {
            let repairs: Vec<String> = parsed.repairs.iter().map(ToString::to_string).collect();
            self.note(row.line, Verdict::Repaired, row.domain, repairs.join("; "));
        }
    }

    fn count_used(&mut self, repaired: bool) {
        if repaired {
            self.counts.repaired += 1;
        } else {
            self.counts.taken += 1;
        }
    }

    fn keep(&mut self, row: &Row<'_>, parsed: Parsed, severity: Option<Severity>) {
        let mut repaired = !parsed.repairs.is_empty();
        self.note_repairs(row, &parsed);
        let mut read_flag = |name: &str, word: &str| {
            flag(word).unwrap_or_else(|| {
                repaired = true;
                let word = fit(&plain(decode::clip(word, VALUE_LIMIT)), 40);
                let why = format!("{word:?} as {name} is neither yes nor no, so it is ignored");
                self.note(row.line, Verdict::Repaired, row.domain, why);
                None
            })
        };
        let reject_media = read_flag("reject_media", row.reject_media);
        let reject_reports = read_flag("reject_reports", row.reject_reports);
        let obfuscate = read_flag("obfuscate", row.obfuscate);
        if parsed.private_suffix {
            let why = "strangers share this name: each has a server of their own below it, and a \
                       server\u{2019}s block hits all of them";
            self.note(row.line, Verdict::Warning, row.domain, why.to_owned());
        }
        self.count_used(repaired);
        let entry = Entry {
            domain: parsed.domain,
            line: row.line,
            covers_subdomains: parsed.covers_subdomains,
            shared_by_strangers: parsed.private_suffix,
            severity,
            reject_media,
            reject_reports,
            obfuscate,
            public_comment: self.shared(row.public_comment),
            private_comment: self.shared(row.private_comment),
        };
        self.enter(entry, row.replaces);
    }

    fn shared(&mut self, cell: &str) -> Option<ArcStr> {
        if cell.is_empty() {
            return None;
        }
        // What is kept is clean, so a cell that is the same needs no look.
        if let Some(known) = self.comments.get(cell) {
            return Some(known.clone());
        }
        let text = decode::clip(comment(cell)?, COMMENT_LIMIT);
        Some(self.comments.get_or_insert_with(text, |text| ArcStr::from(text)).clone())
    }

    /// Where the entry for a domain stands.
    fn place(&mut self, domain: &Domain) -> Option<usize> {
        if self.entries.get(self.greatest)?.domain < *domain {
            return None;
        }
        let Rows { entries, places, hasher, indexed, .. } = self;
        let hash = |name: &str| hasher.hash_one(name);
        let rehash = |at: &u32| hash(entries[*at as usize].domain.as_str());
        places.reserve(entries.len() - *indexed, rehash);
        for (place, entry) in entries.iter().enumerate().skip(*indexed) {
            // There are at most [`MOST_ROWS`].
            let at = u32::try_from(place).unwrap_or(u32::MAX);
            places.insert_unique(hash(entry.domain.as_str()), at, rehash);
        }
        *indexed = entries.len();
        let found =
            places.find(hash(domain.as_str()), |at| entries[*at as usize].domain == *domain);
        found.map(|place| *place as usize)
    }

    /// Adds the entry, or merges it into the one that has its domain.
    fn enter(&mut self, entry: Entry, replaces: bool) {
        let was_released = !self.released.is_empty() && self.block_again(&entry.domain);
        let found = self.place(&entry.domain);
        let entries = &mut self.entries;
        if let Some(place) = found {
            if self.withdrawn.remove(&place) {
                // What it asked for before it was taken back no longer counts.
                entries[place] = entry;
                return;
            }
            self.counts.duplicates += usize::from(!was_released);
            if replaces {
                entries[place] = entry;
            } else {
                entries[place].absorb(entry);
            }
            return;
        }
        if entries.get(self.greatest).is_none_or(|greatest| greatest.domain < entry.domain) {
            self.greatest = entries.len();
        }
        entries.push(entry);
    }

    /// Takes back a release, and says whether there was one.
    fn block_again(&mut self, domain: &Domain) -> bool {
        let released = self.released.get_mut(domain).and_then(Option::take);
        self.counts.duplicates += usize::from(released.is_some());
        released.is_some()
    }

    fn note(&mut self, line: u32, verdict: Verdict, value: &str, why: String) {
        if self.problems.len() >= MOST_PROBLEMS {
            self.problems_left_out += 1;
            return;
        }
        let value = decode::clip(value, VALUE_LIMIT).to_owned();
        self.problems.push(Problem { line, verdict, value, why });
    }

    pub fn finish(mut self, format: Format, has_header: bool) -> Result<Document, ReadError> {
        let rows = self.counts.rows();
        if self.is_full() {
            return Err(ReadError::TooManyRows { limit: MOST_ROWS });
        }
        if self.handles * 2 > rows {
            return Err(ReadError::FollowList);
        }
        if rows == 0 && has_header {
            return Err(ReadError::NoRows);
        }
        self.settle();
        // Some documents say about a domain in one place what they ask for in another.
        self.problems.sort_by_key(|problem| problem.line);
        if self.entries.is_empty() && self.releases.is_empty() && self.hidden.is_empty() {
            return Err(ReadError::no_entries(rows, self.problems));
        }
        let Rows { entries, releases, hidden, problems, problems_left_out, counts, .. } = self;
        Ok(Document { format, counts, entries, releases, hidden, problems, problems_left_out })
    }

    /// Lets the list's last word on each domain stand, and no other.
    fn settle(&mut self) {
        let withdrawn = std::mem::take(&mut self.withdrawn);
        if !withdrawn.is_empty() {
            let mut place = 0..;
            self.entries.retain(|_| place.next().is_none_or(|place| !withdrawn.contains(&place)));
        }
        if !self.released.is_empty() {
            let released = std::mem::take(&mut self.released);
            let mut place = 0..;
            self.releases.retain(|release| {
                let place = place.next();
                released.get(&release.domain).is_some_and(|last| *last == place)
            });
        }
    }
}

/// What a word says: `Some(None)` for nothing at all, `None` for a word that is no answer.
#[expect(clippy::option_option, reason = "an answer, no answer, and not an answer are three")]
pub(super) fn flag(word: &str) -> Option<Option<bool>> {
    const YES: [&str; 6] = ["true", "t", "1", "yes", "y", "on"];
    const NO: [&str; 6] = ["false", "f", "0", "no", "n", "off"];
    // What programs write, without a walk over all the words.
    match word.len() {
        0 => return Some(None),
        4 if word.eq_ignore_ascii_case("true") => return Some(Some(true)),
        5 if word.eq_ignore_ascii_case("false") => return Some(Some(false)),
        _ => {}
    }
    let word = word.trim();
    let is_in = |words: &[&str]| words.iter().any(|known| word.eq_ignore_ascii_case(known));
    if is_nothing(word) {
        Some(None)
    } else if is_in(&NO) {
        Some(Some(false))
    } else if is_in(&YES) {
        Some(Some(true))
    } else {
        spreadsheet_flag(word).map(Some)
    }
}

/// Spreadsheets write the two words in the language of whoever saved the file.
fn spreadsheet_flag(word: &str) -> Option<bool> {
    const YES: [&str; 16] = [
        "wahr",
        "vrai",
        "verdadero",
        "vero",
        "waar",
        "sant",
        "prawda",
        "verdadeiro",
        "sann",
        "sand",
        "tosi",
        "pravda",
        "igaz",
        "истина",
        "истинно",
        "doğru",
    ];
    const NO: [&str; 15] = [
        "falsch",
        "faux",
        "falso",
        "onwaar",
        "falskt",
        "fałsz",
        "usann",
        "falsk",
        "epätosi",
        "nepravda",
        "hamis",
        "ложь",
        "ложно",
        "yanlış",
        "fals",
    ];
    if word.len() > 20 {
        return None;
    }
    let word = word.to_lowercase();
    if YES.contains(&word.as_str()) {
        Some(true)
    } else {
        NO.contains(&word.as_str()).then_some(false)
    }
}

/// Whether this is a name with some letters behind stars, and nothing else.
fn is_mask(masked: &str) -> bool {
    let letter = |c: char| c.is_alphanumeric() || matches!(c, '-' | '*');
    masked.len() <= VALUE_LIMIT
        && masked.contains('.')
        && masked.split('.').all(|label| !label.is_empty() && label.chars().all(letter))
}

fn comment(cell: &str) -> Option<&str> {
    let cell = cell.trim();
    (!is_nothing(cell)).then_some(cell)
}

/// Programs write `null` or `None` where there is nothing.
fn is_nothing(word: &str) -> bool {
    word.is_empty() || word.eq_ignore_ascii_case("null") || word.eq_ignore_ascii_case("none")
}

fn is_canary(name: &str) -> bool {
    CANARIES.contains(&name) || name.ends_with(".invalid")
}

fn canary(domain: &Domain, row: &Row<'_>) -> Option<String> {
    if !is_canary(domain.as_str()) {
        return None;
    }
    let notice = comment(row.public_comment).or_else(|| comment(row.private_comment));
    let says = notice.map_or_else(String::new, |notice| {
        format!(". It says: {:?}", fit(&plain(decode::clip(notice, VALUE_LIMIT)), 200))
    });
    Some(format!(
        "a marker and not a server: the list\u{2019}s author asks readers to read the list\u{2019}s \
         documentation before they use it{says}"
    ))
}

fn bad_severity(word: &str) -> String {
    if word.trim().is_empty() {
        return "no severity given; write suspend, silence or noop".to_owned();
    }
    let word = fit(&plain(decode::clip(word, VALUE_LIMIT)), 40);
    format!("{word:?} is not a severity that is known; write suspend, silence or noop")
}

/// Whether one of several cells on a line is `user@host`.
fn has_handle(line: &str) -> bool {
    line.split([',', ';', '\t']).any(|cell| {
        let cell = cell.trim().trim_matches('"');
        let name = cell.strip_prefix('@').unwrap_or(cell);
        name.split_once('@').is_some_and(|(user, host)| {
            !user.is_empty() && host.contains('.') && !name.contains(['/', ' '])
        })
    })
}
