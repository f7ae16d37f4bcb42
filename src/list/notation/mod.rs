//! Lists in notations that are neither tables of cells nor JSON: Markdown tables, YAML,
//! configurations, hosts files, filters of ad blockers, Friendica's patterns.

use super::decode::Source;
use super::error::ReadError;
use super::{Document, Format};

/// What the text is, if it is certainly one of them.
pub(super) fn recognise(_text: &str) -> Option<Format> {
    None
}

/// Whether the format is one of those that this module reads.
pub(super) const fn reads(format: Format) -> bool {
    use Format as F;
    matches!(
        format,
        F::FriendicaCsv | F::PleromaConfig | F::Markdown | F::Yaml | F::Hosts | F::Adblock
    )
}

/// Reads a text in one of the notations.
pub(super) fn read(_source: &Source<'_>, _format: Format) -> Result<Document, ReadError> {
    Err(ReadError::Empty)
}
