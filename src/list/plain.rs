//! One name a line, with or without comments: Mastodon's export of a user's blocks, and
//! what people keep by hand.
//!
//! Comments are not kept. What someone noted next to a name in their own file was not
//! written to be published, and a block's comment may be.

use super::decode::{self, Source};
use super::detect::Lines;
use super::error::ReadError;
use super::rows::{Row, Rows};
use super::{Document, Format};

pub(super) fn read(source: &Source<'_>, shape: &Lines) -> Result<Document, ReadError> {
    let text = &source.text[shape.body.start..];
    let mut rows = Rows::new(source.guessed, decode::estimate_lines(text));
    let mut comments = false;
    for line in decode::lines(text) {
        if line.text.trim().is_empty() {
            continue;
        }
        if is_comment(line.text) {
            comments = true;
            continue;
        }
        let name = without_comment(line.text);
        comments |= name.len() != line.text.len();
        // Under a header the file is CSV, and quotes are part of how CSV is written.
        let name = if shape.body.has_header { unquoted(name) } else { name };
        let number = shape.body.line.saturating_add(line.number - 1);
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

/// The line up to a `#` that stands after a space. A `#` inside a word is left: it makes
/// the name invalid, and that should be seen.
fn without_comment(line: &str) -> &str {
    line.match_indices('#')
        .map(|(at, _)| &line[..at])
        .find(|before| before.ends_with(char::is_whitespace))
        .map_or(line, str::trim_end)
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
