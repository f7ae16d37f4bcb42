//! Friendica's blocks: `pattern,reason` without a header, and what people write the same way.
//!
//! Friendica compares names with patterns, as shells do with files. A `?` or a star within
//! a name stands for other letters and hides none, so such a row is no obfuscated name, and
//! a block cannot express it. And `*.x` means the servers below `x` and not `x`. A block
//! of `x` hits both on an instance and `x` alone on an account, so in neither place is it
//! what was asked; such a row counts only beside one that names `x` itself, as its author
//! has to write for both.

use hashbrown::HashSet;

use super::super::Format;
use super::super::csv::OPEN_QUOTE;
use super::super::decode::{self, Source};
use super::super::detect::{column_name, is_domain_column};
use super::super::error::ReadError;
use super::super::plain;
use super::super::records::Records;
use super::super::rows::{Row, Rows};
use super::{Document, is_free_text};
use crate::block::Severity;
use crate::domain::Domain;

/// How much of a row is looked at.
const WIDTH: usize = 4096;
/// More patterns than there are servers in the fediverse. Those beyond are rejected, which
/// errs on the side of nobody.
const MOST_PATTERNS: usize = 100_000;

pub(super) fn is_it(sample: &str) -> bool {
    // Nearly every other list is known by its first line, without a parser for CSV.
    let Some(first) = decode::lines(sample).find(|line| !line.text.trim().is_empty()) else {
        return false;
    };
    if !first.text.contains(',') || plain::is_comment(first.text) {
        return false;
    }
    let start = decode::clip(sample, super::SAMPLE_LINES * WIDTH);
    let (mut all, mut good) = (0, 0);
    let mut records = Records::new(start, 1, b',');
    while all < super::SAMPLE_LINES
        && let Some(record) = records.next()
    {
        let mut cells = record.cells().map(str::trim);
        let (name, reason) = (cells.next().unwrap_or_default(), cells.next().unwrap_or_default());
        let is_pair = cells.next().is_none();
        // One such word shows that the columns are about something else.
        if is_domain_column(&column_name(name))
            || says_otherwise(reason)
            || Severity::from_word(reason).is_some()
        {
            return false;
        }
        all += 1;
        good += usize::from(is_pair && is_pattern(name) && is_free_text(reason));
    }
    good * 2 > all
}

/// What stands beside a server that is not blocked.
fn says_otherwise(word: &str) -> bool {
    const WORDS: [&str; 8] =
        ["allow", "allowed", "accept", "accepted", "unblock", "unblocked", "whitelist", "ok"];
    WORDS.iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// A name, or a name with signs that stand for others.
fn is_pattern(cell: &str) -> bool {
    let letter = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '*' | '?' | '[' | ']');
    cell.contains('.') && cell.chars().all(letter)
}

pub(super) fn read(source: &Source<'_>) -> Result<Document, ReadError> {
    let text = &source.text;
    let named = named(text);
    let mut rows = Rows::new(source.guessed, decode::estimate_lines(text));
    let mut records = Records::new(text, 1, b',');
    while let Some(record) = records.next() {
        if record.is_blank() {
            continue;
        }
        let line = record.line;
        let pattern = record.get(0).unwrap_or_default();
        let mut row = Row { line, domain: pattern, ..Row::default() };
        row.public_comment = record.get(1).unwrap_or_default();
        if record.is_too_long {
            rows.reject(line, record.raw, OPEN_QUOTE.to_owned());
        } else if decode::lines(record.below).any(|line| is_row(line.text)) {
            rows.reject(line, pattern, OPEN_QUOTE.to_owned());
        } else if record.cells().skip(2).any(|cell| !cell.trim().is_empty()) {
            let why = "more than a name and a reason; if a comma is part of the reason, put the \
                       reason in quotation marks";
            rows.reject(line, pattern, why.to_owned());
        } else if let Some(why) = refusal(pattern.trim(), &named) {
            rows.reject(line, pattern, why.to_owned());
        } else {
            rows.take(&row);
        }
        if rows.is_full() {
            break;
        }
    }
    rows.finish(Format::FriendicaCsv, false)
}

/// Whether a line inside a quoted reason looks like a row of the list.
fn is_row(line: &str) -> bool {
    let line = decode::clip(line, WIDTH);
    line.split_once(',').is_some_and(|(name, _)| Domain::parse(name).is_ok())
}

/// The names of which a row `*.name` asks for the rest.
fn named(text: &str) -> HashSet<String> {
    let mut wanted = HashSet::new();
    for row in decode::lines(text) {
        let row = row.text.trim_start_matches([' ', '"']);
        if wanted.len() < MOST_PATTERNS
            && let Some(name) = row.strip_prefix("*.")
        {
            let name = decode::clip(name, WIDTH).split(['"', ',']).next().unwrap_or_default();
            wanted.insert(name.trim().to_lowercase());
        }
    }
    if wanted.is_empty() {
        return wanted;
    }
    let mut named = HashSet::new();
    let mut records = Records::new(text, 1, b',');
    while let Some(record) = records.next() {
        let name = decode::clip(record.get(0).unwrap_or_default().trim(), WIDTH).to_lowercase();
        if wanted.contains(&name) {
            named.insert(name);
        }
    }
    named
}

/// Why a pattern cannot become a block, if that is so.
fn refusal(pattern: &str, named: &HashSet<String>) -> Option<&'static str> {
    let body = pattern.strip_prefix("*.").unwrap_or(pattern);
    if body.contains(['*', '?', '[']) && !body.contains("[.]") {
        return Some("a pattern that stands for many names, which a domain block cannot express");
    }
    let below_only =
        body.len() < pattern.len() && !named.contains(&decode::clip(body, WIDTH).to_lowercase());
    below_only.then_some(
        "this asks for the servers below the name and not for the name itself, which a domain \
         block cannot express; if both are meant, the list needs a row without the *. too",
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::read as read_list;
    use super::super::tests::{counts_add_up, domains, names_of};
    use super::*;

    #[test]
    fn names_are_taken_with_their_reasons_and_patterns_are_rejected() {
        let document = read_list(
            b"worse.example,trolls\r\n*.deep.example,\"spam, all below\"\r\nb?d.example,question mark\r\n\
              *.both.example,\"two\nlines\"\r\nBoth.example,the name itself\r\nx*y.example,star\r\n\
              [ab].example,set\r\n*spam*,anywhere\r\nodd.example,a,b\r\n",
        )
        .unwrap();
        assert_eq!(document.format, Format::FriendicaCsv);
        let entries: Vec<_> = document
            .entries
            .iter()
            .map(|e| (e.line, e.domain.as_str(), e.covers_subdomains, e.public_comment.as_deref()))
            .collect();
        let want = [
            (1, "worse.example", false, Some("trolls")),
            (4, "both.example", true, Some("two\nlines")),
        ];
        assert_eq!(entries, want);
        assert_eq!((document.counts.repaired, document.counts.duplicates), (2, 1));
        assert_eq!(document.hidden, []);
        let rejected = document.problems.iter().filter(|p| p.value != "*.both.example");
        let rejected: Vec<_> = rejected.map(|p| (p.line, p.why.as_str())).collect();
        assert!(matches!(rejected[0], (2, why) if why.contains("below the name and not")));
        assert!(rejected[1..].iter().filter(|(_, why)| why.contains("many names")).count() == 4);
        assert!(matches!(rejected.last(), Some((10, why)) if why.contains("more than a name")));
    }

    #[test]
    fn a_quotation_mark_that_is_left_open_swallows_nothing_in_silence() {
        let document =
            read_list(b"a.example,spam\nb.example,\"oops\nc.example,trolls\nd.example,hate\n");
        let document = document.unwrap();
        assert_eq!(names_of(&document), ["a.example"]);
        assert!(document.problems[0].why.contains("ran into this one"));
    }

    proptest! {
        #[test]
        fn any_rows_are_counted_once(
            body in "((\\*\\.)?[a-c]\\.social|A\\.social|b\\?d\\.social|u@a\\.social|\\*|,|spam|\"|\n|\r\n|é){0,60}",
        ) {
            counts_add_up(&body, Format::FriendicaCsv)?;
            counts_add_up(&format!("x.social,spam\n{body}"), Format::FriendicaCsv)?;
        }

        #[test]
        fn what_is_written_is_read(names in domains(), reason in "about [ -\\-/-?A-~\n]{0,30} x") {
            let mut writer = ::csv::Writer::from_writer(Vec::new());
            for name in &names {
                writer.write_record([name, &reason]).unwrap();
            }
            let document = read_list(&writer.into_inner().unwrap()).unwrap();
            prop_assert_eq!(document.format, Format::FriendicaCsv);
            prop_assert_eq!(document.entries[0].public_comment.as_deref(), Some(reason.as_str()));
            prop_assert_eq!(names_of(&document), names);
        }
    }
}
