//! Blocklists: bytes in, entries and problems out.
//!
//! [`read`] looks at the content, finds the [`Format`], and gives back a [`Document`]:
//! every row is taken, repaired or rejected, and each repair and rejection is a
//! [`Problem`] with its line. Nothing is guessed that could turn someone's slip into a
//! block: an unknown severity rejects its row, and a file that yields no entry at all is
//! an error ([`ReadError`]) rather than an empty list, because an emptied list looks
//! exactly like one that asks to lift everything.

mod csv;
mod decode;
mod detect;
mod error;
mod plain;
mod rows;
#[cfg(test)]
mod tests;

pub mod bundled;
pub mod catalogue;

use arcstr::ArcStr;
use serde::Serialize;

use crate::block::Severity;
use crate::domain::Domain;

pub use error::{NotText, ReadError};

/// Reads a list of any known format. What it is, its content says: names of files and
/// types in HTTP headers are wrong too often.
pub fn read(bytes: &[u8]) -> Result<Document, ReadError> {
    let source = decode::text(bytes)?;
    detect::refuse_other_documents(&source.text)?;
    match detect::shape(&source.text)? {
        detect::Shape::Table(table) => csv::read(&source, &table),
        detect::Shape::Lines(lines) => plain::read(&source, &lines),
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

/// How a source was understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// `#domain,#severity,…` as Mastodon's admin pages export it.
    MastodonAdminCsv,
    /// `domain,severity,…` with the columns in any order, as FediBlockHole writes it.
    FediblockholeCsv,
    /// One domain a line, with or without a header, as Mastodon exports a user's blocks.
    UserCsv,
    /// One domain a line, with comments.
    PlainText,
}

/// What was decided about one row, where it was not simply taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
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
    /// strictest of them stands in [`Document::entries`].
    pub duplicates: usize,
}

impl Counts {
    /// How many rows had content.
    pub fn rows(&self) -> usize {
        self.taken + self.repaired + self.rejected
    }
}

/// A list that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Document {
    pub format: Format,
    pub counts: Counts,
    /// One per domain, in the order of first appearance.
    pub entries: Vec<Entry>,
    /// In the order of lines.
    pub problems: Vec<Problem>,
}
/// What a file is, if it is certainly not a list or an export of domains. A file without
/// a single block is no such thing: somebody may simply not block anyone yet.
pub fn wrong_kind(bytes: &[u8]) -> Option<ReadError> {
    use ReadError as E;
    let wrong = |error: &E| !matches!(error, E::Empty | E::HeaderOnly | E::NoEntries { .. });
    read(bytes).err().filter(wrong)
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Format::MastodonAdminCsv => "Mastodon's CSV for instances",
            Format::FediblockholeCsv => "FediBlockHole's CSV",
            Format::UserCsv => "one domain a line",
            Format::PlainText => "plain text",
        })
    }
}
