//! Blocklists: bytes in, entries and problems out.
//!
//! [`read`] looks at the content, finds the [`Format`], and gives back a [`Document`]:
//! every row is taken, repaired or rejected, and each repair and rejection is a
//! [`Problem`] with its line. Nothing is guessed that could turn someone's slip into a
//! block: an unknown severity rejects its row, and a file that yields no entry at all is
//! an error ([`ReadError`]) rather than an empty list, because an emptied list looks
//! exactly like one that asks to lift everything.
//!
//! `decode` makes text of bytes and `detect` says what the text is. Then one of the
//! readers (`csv`, `plain`, `json`, `notation`) finds the rows and hands each to `rows`,
//! which alone decides what becomes of it.

mod actions;
mod csv;
mod decode;
mod detect;
mod error;
mod format;
mod json;
mod notation;
mod plain;
mod pleroma;
mod records;
mod rows;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod traps;

pub mod bundled;
pub mod catalogue;
pub mod signature;
pub mod write;

use arcstr::ArcStr;
use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::block::Severity;
use crate::domain::Domain;

pub use error::{NotText, ReadError};
pub use format::{Family, Format};

/// Reads a list of any known format. What it is, its content says: names of files and
/// types in HTTP headers are wrong too often.
pub fn read(bytes: &[u8]) -> Result<Document, ReadError> {
    read_as(bytes, None)
}

/// As [`read`], with the format already decided where there is one: for the rare file
/// that looks like another kind than it is.
pub fn read_as(bytes: &[u8], format: Option<Format>) -> Result<Document, ReadError> {
    let source = decode::text(bytes)?;
    match detect::shape(&source.text, format)? {
        detect::Shape::Table(table) => csv::read(&source, &table),
        detect::Shape::Lines(lines) => plain::read(&source, &lines),
        detect::Shape::Json(forced) => json::read(&source, forced),
        detect::Shape::Notation(format) => notation::read(&source, format),
    }
}

/// What a list asks for one domain. `None` means that the list says nothing about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    pub domain: Domain,
    /// One-based line in the source, for messages.
    pub line: u32,
    /// Written as `*.name`: meant for the subdomains too.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub covers_subdomains: bool,
    /// Strangers register names of their own below this one (`repl.co`): a server's block
    /// hits all of them.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub shared_by_strangers: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reject_media: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reject_reports: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub obfuscate: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_comment: Option<ArcStr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_comment: Option<ArcStr>,
}

impl Entry {
    /// Takes in another row for the same domain: the strictest of both counts.
    pub(crate) fn absorb(&mut self, other: Entry) {
        // `None` is below everything, and `false` below `true`.
        self.severity = self.severity.max(other.severity);
        self.reject_media = self.reject_media.max(other.reject_media);
        self.reject_reports = self.reject_reports.max(other.reject_reports);
        self.obfuscate = self.obfuscate.max(other.obfuscate);
        self.covers_subdomains |= other.covers_subdomains;
        self.public_comment = self.public_comment.take().or(other.public_comment);
        self.private_comment = self.private_comment.take().or(other.private_comment);
    }
}

/// A domain that a list speaks of and does not ask to block. The list's last word on a
/// domain counts: a release takes an earlier block of the same document away, and a later
/// block takes the release away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Release {
    pub domain: Domain,
    pub line: u32,
    pub how: Released,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<ArcStr>,
}

/// What is meant by not blocking a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Released {
    /// It should never be blocked.
    Allowed,
    /// It stood on the list and was taken off again.
    Retracted,
}

/// An entry whose name the publisher has hidden behind stars. It counts as rejected until
/// somebody knows the name; see [`Hidden`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hidden {
    /// The name as it stands in the list, in lower case.
    pub masked: CompactString,
    /// SHA-256 of the name, in lower-case hexadecimal, where the list gives it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// What the list asks for it.
    #[serde(skip)]
    pub asks: Asked,
    pub line: u32,
}

/// What a row asks for its domain, whatever that is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    pub severity: Option<Severity>,
    pub reject_media: Option<bool>,
    pub reject_reports: Option<bool>,
    pub obfuscate: Option<bool>,
    pub public_comment: Option<ArcStr>,
    pub private_comment: Option<ArcStr>,
}

impl Asked {
    /// The entry for a domain.
    pub fn of(self, domain: Domain, line: u32) -> Entry {
        Entry {
            domain,
            line,
            covers_subdomains: false,
            shared_by_strangers: false,
            severity: self.severity,
            reject_media: self.reject_media,
            reject_reports: self.reject_reports,
            obfuscate: self.obfuscate,
            public_comment: self.public_comment,
            private_comment: self.private_comment,
        }
    }
}

/// What was decided about one row, where it was not simply taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Not used.
    Rejected,
    /// Used after something was put right.
    Repaired,
    /// Used as it stands, and worth a look.
    Warning,
}

/// A row that a person should know about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    pub line: u32,
    pub verdict: Verdict,
    /// What stood there, control characters and all; print it through [`crate::text::plain`].
    pub value: String,
    pub why: String,
}

/// How many rows met which fate. Each row with content counts once: under `taken`,
/// `repaired` or `rejected`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Used exactly as written.
    pub taken: usize,
    /// Used after a repair.
    pub repaired: usize,
    /// Not used.
    pub rejected: usize,
    /// Of the used rows, those that named a domain which an earlier row had named. The
    /// strictest of them stands in [`Document::entries`]. So `taken + repaired` is the
    /// number of entries, releases and duplicates.
    pub duplicates: usize,
}

impl Counts {
    /// How many rows had content.
    pub fn rows(&self) -> usize {
        self.taken + self.repaired + self.rejected
    }
}

/// What a document is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    Blocks,
    /// Servers that are not to be blocked.
    Exceptions,
    /// Servers that a list has let go.
    Retractions,
}

/// A list that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Document {
    pub format: Format,
    pub counts: Counts,
    /// One per domain, in the order of first appearance.
    pub entries: Vec<Entry>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub releases: Vec<Release>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<Hidden>,
    /// In the order of lines. The first of very many; the rest is counted only.
    pub problems: Vec<Problem>,
    /// How many more problems there were.
    #[serde(skip_serializing_if = "is_zero")]
    pub problems_left_out: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Document {
    /// A list of blocks that was put together and not read.
    pub fn of(format: Format, entries: Vec<Entry>) -> Document {
        Document {
            format,
            counts: Counts { taken: entries.len(), ..Counts::default() },
            entries,
            releases: Vec::new(),
            hidden: Vec::new(),
            problems: Vec::new(),
            problems_left_out: 0,
        }
    }

    pub fn purpose(&self) -> Purpose {
        if !self.entries.is_empty() || self.releases.is_empty() {
            Purpose::Blocks
        } else if self.releases.iter().all(|release| release.how == Released::Allowed) {
            Purpose::Exceptions
        } else {
            Purpose::Retractions
        }
    }

    /// The document, if it asks for blocks. What names servers for the opposite purpose
    /// is refused by its name, and what names none that is known is as good as empty.
    pub fn for_blocking(self) -> Result<Document, ReadError> {
        match self.purpose() {
            Purpose::Blocks if self.entries.is_empty() => {
                Err(ReadError::no_entries(self.counts.rows(), self.problems))
            }
            Purpose::Blocks => Ok(self),
            Purpose::Exceptions => Err(ReadError::Allowlist),
            Purpose::Retractions => Err(ReadError::Retractions),
        }
    }
}

/// What a file is, if it is certainly not a list or an export of domains. A file without
/// a single block is no such thing: somebody may simply not block anyone yet.
pub fn wrong_kind(bytes: &[u8]) -> Option<ReadError> {
    use ReadError as E;
    let wrong = |error: &E| !matches!(error, E::Empty | E::NoRows | E::NoEntries { .. });
    read(bytes).and_then(Document::for_blocking).err().filter(wrong)
}
