//! What a text is: a table with named columns, a table without names, lines, or no list.
//!
//! The first line that is neither blank nor a comment decides. A header may begin with
//! `#` and look like a comment (Mastodon's own does), so headers are looked for first.

use super::decode::{self, Line};
use super::error::ReadError;
use super::{Format, plain};
use crate::block::Severity;

/// How many rows of a table without a header are looked at to see that it is one.
const SAMPLE: usize = 20;
/// How far into a web page the marks of GitHub's file viewer are looked for.
const PAGE_START: usize = 16 * 1024;

pub(super) enum Shape {
    Table(Table),
    Lines(Lines),
}

/// Rows of cells.
pub(super) struct Table {
    pub format: Format,
    pub delimiter: u8,
    pub columns: Columns,
    pub body: Body,
}

/// One name a line.
pub(super) struct Lines {
    pub body: Body,
}

/// Where the rows begin.
#[derive(Clone, Copy)]
pub(super) struct Body {
    pub has_header: bool,
    /// In bytes.
    pub start: usize,
    /// The number of the line that begins there.
    pub line: u32,
}

/// Which cell holds what.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Columns {
    pub domain: usize,
    pub severity: Option<usize>,
    pub reject_media: Option<usize>,
    pub reject_reports: Option<usize>,
    pub obfuscate: Option<usize>,
    pub public_comment: Option<usize>,
    pub private_comment: Option<usize>,
    /// Without a header the fifth cell is a comment in some files and a flag in others.
    pub positional: bool,
}

/// Refuses what is a whole document of another kind.
pub(super) fn refuse_other_documents(text: &str) -> Result<(), ReadError> {
    let text = text.trim();
    if text.starts_with('<') {
        let page = decode::clip(text, PAGE_START).to_ascii_lowercase();
        return Err(ReadError::Html { github: page.contains("github") });
    }
    let json = match text.strip_prefix('[') {
        // An array; a line such as `[2001:db8::1]` is not one.
        Some(rest) => rest.trim_start().starts_with(['{', '[', ']', '"']),
        None => text.starts_with('{'),
    };
    if json {
        let says = serde_json::from_str::<serde_json::Value>(text)
            .ok()
            .and_then(|value| value.get("error")?.as_str().map(str::to_owned));
        return Err(ReadError::Json { says });
    }
    Ok(())
}

pub(super) fn shape(text: &str) -> Result<Shape, ReadError> {
    for line in decode::lines(text) {
        if line.text.trim().is_empty() {
            continue;
        }
        if let Some(shape) = header(&line)? {
            return Ok(shape);
        }
        if !plain::is_comment(line.text) {
            break;
        }
    }
    let body = Body { has_header: false, start: 0, line: 1 };
    if is_positional(text) {
        let columns = Columns {
            severity: Some(1),
            reject_media: Some(2),
            reject_reports: Some(3),
            public_comment: Some(4),
            obfuscate: Some(5),
            positional: true,
            ..Columns::default()
        };
        let format = Format::MastodonAdminCsv;
        return Ok(Shape::Table(Table { format, delimiter: b',', columns, body }));
    }
    Ok(Shape::Lines(Lines { body }))
}

fn is_positional(text: &str) -> bool {
    let rows = decode::lines(text).map(|line| line.text);
    let rows = rows.filter(|row| !row.trim().is_empty() && !plain::is_comment(row));
    let (mut seen, mut with_severity) = (0, 0);
    for row in rows.take(SAMPLE) {
        let second = row.split(',').nth(1).map(|cell| cell.trim().trim_matches('"'));
        seen += 1;
        with_severity += usize::from(second.and_then(Severity::from_word).is_some());
    }
    with_severity * 2 > seen
}

fn header(line: &Line<'_>) -> Result<Option<Shape>, ReadError> {
    for delimiter in [',', ';', '\t'] {
        let names: Vec<String> = line.text.split(delimiter).map(column_name).collect();
        match names[0].as_str() {
            "account_address" => return Err(ReadError::FollowList),
            "list_name" => {
                return Err(ReadError::OtherExport { what: "an export of lists of accounts" });
            }
            "uri" => return Err(ReadError::OtherExport { what: "an export of bookmarks" }),
            _ => {}
        }
        let Some(domain) = names.iter().position(|name| is_domain_column(name)) else { continue };
        let body = Body { has_header: true, start: line.next, line: line.number.saturating_add(1) };
        if names.len() == 1 {
            return Ok(Some(Shape::Lines(Lines { body })));
        }
        refuse_other_tables(&names)?;
        let hashed = line.text.trim_start_matches(['\u{feff}', '"', '\'', ' ']).starts_with('#');
        let format = if hashed { Format::MastodonAdminCsv } else { Format::FediblockholeCsv };
        // All three delimiters are ASCII.
        let delimiter = u8::try_from(delimiter).unwrap_or(b',');
        let columns = Columns { domain, ..columns(&names) };
        return Ok(Some(Shape::Table(Table { format, delimiter, columns, body })));
    }
    Ok(None)
}

/// Tables that name domains for another purpose than blocking them.
fn refuse_other_tables(names: &[String]) -> Result<(), ReadError> {
    let has = |wanted: &[&str]| names.iter().any(|name| wanted.contains(&name.as_str()));
    if names[1..].iter().all(String::is_empty) {
        return Err(ReadError::Allowlist);
    }
    if has(&["severity", "block_type"]) {
        return Ok(());
    }
    if has(&["count", "percent"]) {
        return Err(ReadError::Audit);
    }
    if has(&["reason"]) {
        return Err(ReadError::Retractions);
    }
    Ok(())
}

fn columns(names: &[String]) -> Columns {
    let mut columns = Columns::default();
    for (at, name) in names.iter().enumerate() {
        let column = match name.as_str() {
            "severity" | "block_type" => &mut columns.severity,
            "reject_media" => &mut columns.reject_media,
            "reject_reports" => &mut columns.reject_reports,
            "obfuscate" => &mut columns.obfuscate,
            "public_comment" | "comment" | "reason" => &mut columns.public_comment,
            "private_comment" => &mut columns.private_comment,
            _ => continue,
        };
        column.get_or_insert(at);
    }
    columns
}

pub(super) fn is_domain_column(name: &str) -> bool {
    matches!(name, "domain" | "instance" | "host" | "hostname")
}

/// A header's cell without its ornaments: `"#Public Comment"` is `public_comment`.
pub(super) fn column_name(cell: &str) -> String {
    let ornament = |c: char| c.is_whitespace() || matches!(c, '#' | '"' | '\'' | '\u{feff}');
    cell.trim_matches(ornament).to_lowercase().replace([' ', '-'], "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Table {
        match shape(text) {
            Ok(Shape::Table(table)) => table,
            Ok(Shape::Lines(_)) => panic!("{text:?} was taken for lines"),
            Err(error) => panic!("{text:?}: {error}"),
        }
    }

    #[test]
    fn columns_are_found_by_name() {
        let admin = table("# by hand\n#domain,#severity,#public_comment\nx.example,suspend,\n");
        assert_eq!(admin.format, Format::MastodonAdminCsv);
        assert_eq!((admin.body.line, admin.columns.public_comment), (3, Some(2)));
        let other = table("\"Reject Media\",\"block_type\",\"Instance\"\r\n");
        assert_eq!(other.format, Format::FediblockholeCsv);
        let want =
            Columns { domain: 2, severity: Some(1), reject_media: Some(0), ..Columns::default() };
        assert_eq!(other.columns, want);
        assert_eq!(table("#domain;#severity\n").delimiter, b';');
        assert_eq!(table("domain\tseverity\n").delimiter, b'\t');
    }

    #[test]
    fn a_table_without_a_header_needs_severities() {
        assert!(table("x.example,suspend\n").columns.positional);
        assert!(table("# note\n\"x.example\",\"limit\",true\n").columns.positional);
        for lines in ["x.example\n", "x.example,trolls\ny.example,suspend\n", "# domain list\nx\n"]
        {
            assert!(matches!(shape(lines), Ok(Shape::Lines(_))), "{lines:?}");
        }
    }

    #[test]
    fn what_is_not_a_blocklist_is_refused_by_its_header() {
        let refused = |text: &str| shape(text).err();
        assert_eq!(refused("Account address,Show boosts\n"), Some(ReadError::FollowList));
        assert_eq!(refused("domain,\nx.example,\n"), Some(ReadError::Allowlist));
        assert_eq!(refused("#domain,#reason\n"), Some(ReadError::Retractions));
        assert_eq!(refused("domain,count,percent\n"), Some(ReadError::Audit));
        assert_eq!(refused("domain,severity,reason,count\n"), None);
        for header in ["#uri\n", "List name,Account address\n"] {
            assert!(matches!(refused(header), Some(ReadError::OtherExport { .. })), "{header:?}");
        }
    }

    #[test]
    fn documents_of_another_kind_are_refused() {
        let refused = |text: &str| refuse_other_documents(text).err();
        let page = "\n\n<!DOCTYPE html><meta content=\"GitHub.com\">";
        assert_eq!(refused(page), Some(ReadError::Html { github: true }));
        assert_eq!(refused("<html>404"), Some(ReadError::Html { github: false }));
        let says = Some("Too many requests".to_owned());
        assert_eq!(refused(r#"{"error":"Too many requests"}"#), Some(ReadError::Json { says }));
        for json in [r#"["x.example"]"#, "[ {\"domain\":", "[]", "{}"] {
            assert_eq!(refused(json), Some(ReadError::Json { says: None }), "{json:?}");
        }
        for text in ["[2001:db8::1]\nx.example", "x.example", "[Adblock Plus 2.0]"] {
            assert_eq!(refused(text), None, "{text:?}");
        }
    }
}
