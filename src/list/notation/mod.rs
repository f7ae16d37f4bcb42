//! Lists in notations that are neither tables of cells nor JSON: Markdown tables, YAML,
//! configurations, hosts files, filters of ad blockers, Friendica's patterns.
//!
//! Each reader says by itself whether a text is its own. They are asked before anybody
//! looks for CSV or plain lines, so each answers yes only where nothing else can be meant.

mod adblock;
mod elixir;
mod friendica;
mod hosts;
mod markdown;
#[cfg(test)]
mod tests;
mod yaml;

use super::decode::{self, Source};
use super::error::ReadError;
use super::plain::is_free_text;
use super::{Document, Format, pleroma};

/// How much of a text is looked at to see what it is, in bytes.
const SAMPLE: usize = 256 << 10;
/// How many lines with content are looked at.
const SAMPLE_LINES: usize = 50;

/// What the text is, if it is certainly one of them.
pub(super) fn recognise(text: &str) -> Option<Format> {
    let sample = decode::clip(text, SAMPLE);
    // A page may begin with what looks like YAML, and a hosts line may stand in a filter
    // list: whoever is harder to mistake is asked first.
    [
        (markdown::is_it as fn(&str) -> bool, Format::Markdown),
        (elixir::is_it, Format::PleromaConfig),
        (adblock::is_it, Format::Adblock),
        (hosts::is_it, Format::Hosts),
        (yaml::is_it, Format::Yaml),
        (friendica::is_it, Format::FriendicaCsv),
    ]
    .into_iter()
    .find_map(|(is_it, format)| is_it(sample).then_some(format))
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
pub(super) fn read(source: &Source<'_>, format: Format) -> Result<Document, ReadError> {
    match format {
        Format::Markdown => markdown::read(source),
        Format::Yaml => yaml::read(source),
        Format::PleromaConfig => elixir::read(source),
        Format::Hosts => hosts::read(source),
        Format::Adblock => adblock::read(source),
        // Only what `reads` names comes here.
        _ => friendica::read(source),
    }
}

/// Whether most of the first lines with content, comments left out, are of the kind.
fn most_lines(sample: &str, is_comment: fn(&str) -> bool, is_it: fn(&str) -> bool) -> bool {
    let lines = decode::lines(sample).map(|line| line.text.trim());
    let lines = lines.filter(|line| !line.is_empty() && !is_comment(line));
    let (all, good) = lines
        .take(SAMPLE_LINES)
        .fold((0, 0), |(all, good), line| (all + 1, good + usize::from(is_it(line))));
    good * 2 > all
}
