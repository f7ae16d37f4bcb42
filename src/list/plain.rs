//! One name a line, with or without comments: Mastodon's export of a user's blocks, and
//! what people keep by hand, bullets and all.
//!
//! Comments are not kept. What someone noted next to a name in their own file was not
//! written to be published, and a block's comment may be.

use super::decode::{self, Source};
use super::detect::Lines;
use super::error::ReadError;
use super::rows::{Row, Rows, flag};
use super::{Document, Format};
use crate::block::Severity;
use crate::domain::Domain;

/// How many lines with content are looked at to see whether they are bullets.
const SAMPLE: usize = 100;
/// How much of a line is looked at to see what it is.
const WIDTH: usize = 1024;

pub(super) fn read(source: &Source<'_>, shape: &Lines) -> Result<Document, ReadError> {
    let text = &source.text[shape.body.start..];
    let mut rows = Rows::new(source.guessed, decode::estimate_lines(text));
    let bullets = has_bullets(text);
    let mut comments = bullets;
    for line in decode::lines(text) {
        // Nearly every line of nearly every list is a name and nothing else.
        let number = shape.body.line.saturating_add(line.number - 1);
        if !bullets && rows.take_name(number, line.text) {
            if rows.is_full() {
                break;
            }
            continue;
        }
        if line.text.trim().is_empty() {
            continue;
        }
        if is_comment(line.text) {
            comments = true;
            continue;
        }
        let body = if bullets { without_bullet(line.text) } else { line.text };
        let name = without_comment(body);
        comments |= name.len() != body.len();
        // Under a header the file is CSV, and quotes are part of how CSV is written.
        let name = if shape.body.has_header { unquoted(name) } else { name };
        rows.take(&Row { line: number, domain: name, ..Row::default() });
        if rows.is_full() {
            break;
        }
    }
    let format = if comments { Format::PlainText } else { Format::UserCsv };
    rows.finish(format, shape.body.has_header)
}

/// Whether the whole line is a comment.
pub(super) fn is_comment(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with(['#', ';', '!']) || line.starts_with("//")
}

/// The line up to its comment. A `#` inside a word is left: it makes the name invalid, and
/// that should be seen.
fn without_comment(line: &str) -> &str {
    let spaced = |mark: &str| {
        let found = line.match_indices(mark).map(|(at, _)| &line[..at]);
        let mut found = found.filter(|before| before.ends_with(char::is_whitespace));
        found.next()
    };
    let name = spaced("#").or_else(|| spaced("//")).unwrap_or(line);
    // Behind a `;` another name or a severity may stand, which must not go unseen.
    match name.split_once(';') {
        Some((before, text)) if is_free_text(text) => before.trim_end(),
        _ if name.len() < line.len() => name.trim_end(),
        _ => line,
    }
}

/// Whether a text is somebody's words, and no name, severity, flag or number.
pub(super) fn is_free_text(text: &str) -> bool {
    let text = decode::clip(text, WIDTH).trim();
    let first = text.split([' ', ',', ';', '\t']).next().unwrap_or_default();
    text.chars().any(char::is_alphabetic)
        && !text.split([' ', ',']).any(is_handle)
        && Severity::from_word(text).is_none()
        && Severity::from_word(first).is_none()
        && !matches!(flag(text), Some(Some(_)))
        && Domain::parse(first).is_err()
}

fn is_handle(word: &str) -> bool {
    word.trim_start_matches('@')
        .split_once('@')
        .is_some_and(|(user, host)| !user.is_empty() && host.contains('.'))
}

/// Whether the lines are bullets of a list: most of them, each with one name. In a text
/// with a bullet here and there, nobody knows what is listed.
fn has_bullets(text: &str) -> bool {
    let lines = decode::lines(text).map(|line| decode::clip(line.text, WIDTH));
    let lines = lines.filter(|line| !line.trim().is_empty() && !is_comment(line));
    let is_item = |line: &str| {
        let item = without_comment(without_bullet(line)).trim();
        item.len() < line.trim().len() && item.contains('.') && !item.contains(char::is_whitespace)
    };
    let (all, items) = lines
        .take(SAMPLE)
        .fold((0, 0), |(all, items), line| (all + 1, items + usize::from(is_item(line))));
    items * 2 > all
}

/// `- name`, `* name`, `+ name`, `• name`; a star that touches the name belongs to it.
fn without_bullet(line: &str) -> &str {
    let item = line.trim_start().strip_prefix(['-', '*', '+', '\u{2022}']);
    item.filter(|item| item.starts_with([' ', '\t'])).map_or(line, str::trim_start)
}

fn unquoted(cell: &str) -> &str {
    cell.strip_prefix('"').and_then(|cell| cell.strip_suffix('"')).unwrap_or(cell)
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    fn lines(text: &str) -> (Format, Vec<(u32, String)>) {
        let document = read(text.as_bytes()).unwrap();
        let names = document.entries.iter().map(|e| (e.line, e.domain.to_string()));
        (document.format, names.collect())
    }

    #[test]
    fn comments_are_left_out_and_lines_are_counted() {
        let text = "# a list\n\n; old\n// old\n! old\none.example # why\r\ntwo.example\t# why";
        let want = vec![(6, "one.example".to_owned()), (7, "two.example".to_owned())];
        assert_eq!(lines(text), (Format::PlainText, want));
        assert_eq!(without_comment("one.example#why"), "one.example#why");
    }

    #[test]
    fn comments_stand_behind_other_signs_too() {
        for (line, want) in [
            ("one.example ; spam since 2023", "one.example"),
            ("one.example; they, too", "one.example"),
            ("one.example;spam", "one.example"),
            ("one.example // see the log", "one.example"),
            ("one.example # a; b", "one.example"),
            // What may be more than a comment stays, and the line is rejected for it.
            ("one.example; two.example", "one.example; two.example"),
            ("one.example;two.example is worse", "one.example;two.example is worse"),
            ("one.example;suspend", "one.example;suspend"),
            ("one.example;true", "one.example;true"),
            ("one.example;u@two.example", "one.example;u@two.example"),
            ("one.example;", "one.example;"),
            ("one.example;3", "one.example;3"),
            ("https://one.example", "https://one.example"),
            (" one.example ", " one.example "),
        ] {
            assert_eq!(without_comment(line), want, "{line:?}");
        }
        assert!(read(b"one.example; two.example\nthree.example\n").unwrap().counts.rejected == 1);
    }

    #[test]
    fn bullets_are_part_of_a_list_and_not_of_a_letter() {
        let text = "# Spam\n- one.example\n* two.example # why\n\u{2022} *.three.example\n";
        let names = |text: &str| lines(text).1.into_iter().map(|(_, name)| name);
        let want = ["one.example", "two.example", "three.example"];
        assert_eq!(names(text).collect::<Vec<_>>(), want);
        let letter = "Dear all,\nwe are friends with\n- one.example\nand with nobody else\n";
        assert!(matches!(read(letter.as_bytes()), Err(ReadError::NoEntries { rows: 4, .. })));
        // A star that touches the name is a pattern.
        let text = "- one.example\n- two.example\n- more.example\n*bad.example\n-three.example\n";
        assert_eq!(read(text.as_bytes()).unwrap().counts.rejected, 1);
    }

    #[test]
    fn a_user_export_has_a_header_or_none() {
        let want = vec![(2, "one.example".to_owned()), (3, "two.example".to_owned())];
        for header in ["#domain", "Domain", "\u{feff}instance", "\"host\"", " hostname "] {
            let text = format!("{header}\r\n\"one.example\"\r\ntwo.example");
            assert_eq!(lines(&text), (Format::UserCsv, want.clone()), "{header:?}");
            assert_eq!(read(text.as_bytes()).unwrap().problems, [], "{header:?}");
        }
        assert_eq!(lines("one.example\n"), (Format::UserCsv, vec![(1, "one.example".to_owned())]));
    }
}
