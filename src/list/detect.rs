//! What a text is: JSON, one of the notations, a table with named columns, a table without
//! names, lines, or no list.
//!
//! Among tables and lines, the first line that is neither blank nor a comment decides. A header may begin with
//! `#` and look like a comment (Mastodon's own does), so headers are looked for first.

use super::decode::{self, Line};
use super::error::ReadError;
use super::{Family, Format, Released, notation, plain};
use crate::block::Severity;

/// How many rows of a table without a header are looked at to see that it is one.
const SAMPLE: usize = 20;
/// How far into a web page the marks of GitHub's file viewer are looked for.
const PAGE_START: usize = 16 * 1024;
/// How much of a line is looked at to see what it is.
const WIDTH: usize = 4096;
const DELIMITERS: [char; 3] = [',', ';', '\t'];

pub(super) enum Shape {
    Table(Table),
    Lines(Lines),
    /// JSON; the format where it was decided already.
    Json(Option<Format>),
    /// One of the formats that [`notation`] reads.
    Notation(Format),
}

/// Rows of cells.
pub(super) struct Table {
    pub format: Format,
    pub delimiter: u8,
    pub columns: Columns,
    pub body: Body,
    /// The table names servers for the opposite of blocking them.
    pub releases: Option<Released>,
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
    pub digest: Option<usize>,
    /// Without a header the fifth cell is a comment in some files and a flag in others.
    pub positional: bool,
}

/// Refuses a web page.
fn refuse_pages(text: &str) -> Result<(), ReadError> {
    let text = text.trim_start();
    if text.starts_with('<') {
        let page = decode::clip(text, PAGE_START).to_ascii_lowercase();
        return Err(ReadError::Html { github: page.contains("github") });
    }
    Ok(())
}

fn is_json(text: &str) -> bool {
    let text = text.trim_start();
    match text.strip_prefix('[') {
        // An array; a line such as `[2001:db8::1]` is not one.
        Some(rest) => rest.trim_start().starts_with(['{', '[', ']', '"']),
        // An object; in a Nix or Elixir configuration it begins with a bare word, or a `=`
        // stands behind the first text.
        None => text.strip_prefix('{').map(str::trim_start).is_some_and(|rest| {
            let key =
                rest.strip_prefix('"').and_then(|key| decode::clip(key, WIDTH).split_once('"'));
            rest.starts_with('}')
                || (rest.starts_with('"')
                    && key.is_none_or(|(_, value)| !value.trim_start().starts_with(['=', '.'])))
        }),
    }
}

/// What the text is, or how to read it as the format that somebody named.
pub(super) fn shape(text: &str, forced: Option<Format>) -> Result<Shape, ReadError> {
    match forced {
        None if is_json(text) => Ok(Shape::Json(None)),
        None => {
            refuse_pages(text)?;
            match notation::recognise(text) {
                Some(format) => Ok(Shape::Notation(format)),
                None => rows_of(text, None),
            }
        }
        Some(format) => match format.family() {
            Family::Table | Family::Lines => rows_of(text, Some(format)),
            Family::Server | Family::Document if notation::reads(format) => {
                Ok(Shape::Notation(format))
            }
            Family::Server | Family::Document => Ok(Shape::Json(Some(format))),
        },
    }
}

/// The shape of a text that has one row a line.
fn rows_of(text: &str, forced: Option<Format>) -> Result<Shape, ReadError> {
    let family = forced.map(Format::family);
    for line in decode::lines(text) {
        if line.text.trim().is_empty() {
            continue;
        }
        match header(&line)? {
            Some(Shape::Table(table)) if family != Some(Family::Lines) => {
                let format = forced.unwrap_or(table.format);
                return Ok(Shape::Table(Table { format, ..table }));
            }
            Some(Shape::Lines(lines)) if family != Some(Family::Table) => {
                return Ok(Shape::Lines(lines));
            }
            _ => {}
        }
        if !plain::is_comment(line.text) {
            break;
        }
    }
    let body = Body { has_header: false, start: 0, line: 1 };
    let delimiter = match family {
        Some(Family::Table) => positional(text).or(Some(b',')),
        Some(_) => None,
        None => positional(text),
    };
    if let Some(delimiter) = delimiter {
        let columns = Columns {
            severity: Some(1),
            reject_media: Some(2),
            reject_reports: Some(3),
            public_comment: Some(4),
            obfuscate: Some(5),
            positional: true,
            ..Columns::default()
        };
        let format = forced.unwrap_or(Format::MastodonAdminCsv);
        return Ok(Shape::Table(Table { format, delimiter, columns, body, releases: None }));
    }
    Ok(Shape::Lines(Lines { body }))
}

/// What stands between the cells, if most rows without a header have a severity in their
/// second one.
fn positional(text: &str) -> Option<u8> {
    let rows = decode::lines(text).map(|line| line.text);
    let rows = rows.filter(|row| !row.trim().is_empty() && !plain::is_comment(row));
    let rows: Vec<&str> = rows.take(SAMPLE).map(|row| decode::clip(row, WIDTH)).collect();
    DELIMITERS.into_iter().find_map(|delimiter| {
        let has_severity = |row: &&&str| {
            let second = row.split(delimiter).nth(1).map(|cell| cell.trim().trim_matches('"'));
            second.and_then(Severity::from_word).is_some()
        };
        let with_severity = rows.iter().filter(has_severity).count();
        (with_severity * 2 > rows.len()).then(|| byte(delimiter))
    })
}

fn header(line: &Line<'_>) -> Result<Option<Shape>, ReadError> {
    // No header is longer, and a hostile line can be the whole file.
    let text = decode::clip(line.text, WIDTH);
    for delimiter in DELIMITERS {
        let names: Vec<String> = text.split(delimiter).map(column_name).collect();
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
        let releases = releases(&names)?;
        let hashed = text.trim_start_matches(['\u{feff}', '"', '\'', ' ']).starts_with('#');
        let format = if hashed { Format::MastodonAdminCsv } else { Format::FediblockholeCsv };
        let delimiter = byte(delimiter);
        let columns = Columns { domain, ..columns(&names) };
        return Ok(Some(Shape::Table(Table { format, delimiter, columns, body, releases })));
    }
    Ok(None)
}

/// Whether the table names domains for another purpose than blocking them.
fn releases(names: &[String]) -> Result<Option<Released>, ReadError> {
    let has = |wanted: &[&str]| names.iter().any(|name| wanted.contains(&name.as_str()));
    if names[1..].iter().all(String::is_empty) {
        return Ok(Some(Released::Allowed));
    }
    if has(&["severity", "block_type", "status", "action"]) {
        return Ok(None);
    }
    if has(&["count", "percent"]) {
        return Err(ReadError::Audit);
    }
    // Tables of followers, users or addresses name servers too.
    let known = Columns { domain: 0, ..columns(names) } != Columns::default();
    if !known {
        return Err(ReadError::OtherExport {
            what: "a table that names servers and says nothing of blocking them (if they are \
                   meant to be blocked, add a column \"severity\")",
        });
    }
    Ok(has(&["reason"]).then_some(Released::Retracted))
}

fn byte(delimiter: char) -> u8 {
    // All delimiters are ASCII.
    u8::try_from(delimiter).unwrap_or(b',')
}

fn columns(names: &[String]) -> Columns {
    let mut columns = Columns::default();
    for (at, name) in names.iter().enumerate() {
        let column = match name.as_str() {
            "severity" | "block_type" | "status" | "action" => &mut columns.severity,
            "reject_media" => &mut columns.reject_media,
            "reject_reports" => &mut columns.reject_reports,
            "obfuscate" => &mut columns.obfuscate,
            "public_comment" | "comment" | "reason" => &mut columns.public_comment,
            "private_comment" => &mut columns.private_comment,
            "digest" => &mut columns.digest,
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
        match shape(text, None) {
            Ok(Shape::Table(table)) => table,
            Ok(_) => panic!("{text:?} was not taken for a table"),
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
            assert!(matches!(shape(lines, None), Ok(Shape::Lines(_))), "{lines:?}");
        }
    }

    #[test]
    fn what_is_not_a_blocklist_is_known_by_its_header() {
        assert_eq!(table("domain,\nx.example,\n").releases, Some(Released::Allowed));
        assert_eq!(table("#domain,#reason\n").releases, Some(Released::Retracted));
        assert_eq!(table("#domain,#reason,#severity\n").releases, None);
        let refused = |text: &str| shape(text, None).err();
        assert_eq!(refused("Account address,Show boosts\n"), Some(ReadError::FollowList));
        assert_eq!(refused("domain,count,percent\n"), Some(ReadError::Audit));
        assert_eq!(refused("domain,severity,reason,count\n"), None);
        for header in [
            "#uri\n",
            "List name,Account address\n",
            "domain,followers\n",
            "instance,users,posts\n",
            "host,ip\n",
            "domain,expires\n",
        ] {
            assert!(matches!(refused(header), Some(ReadError::OtherExport { .. })), "{header:?}");
        }
    }

    #[test]
    fn pages_are_refused_and_json_is_known() {
        let refused = |text: &str| shape(text, None).err();
        let page = "\n\n<!DOCTYPE html><meta content=\"GitHub.com\">";
        assert_eq!(refused(page), Some(ReadError::Html { github: true }));
        assert_eq!(refused("<html>404"), Some(ReadError::Html { github: false }));
        for json in [r#"["x.example"]"#, "[ {\"domain\":", "[]", "{}", "{ \"error\": 1}"] {
            assert!(is_json(json), "{json:?}");
        }
        for text in
            ["[2001:db8::1]\nx.example", "[Adblock Plus 2.0]", "{ reject = {};", "{ \"a\" = {"]
        {
            assert!(!is_json(text), "{text:?}");
        }
    }

    #[test]
    fn a_named_format_decides() {
        let shape = |text, format| shape(text, Some(format)).unwrap();
        let lines = shape("x.example,suspend\n", Format::PlainText);
        assert!(matches!(lines, Shape::Lines(_)));
        let table = shape("x.example,odd\n", Format::FediblockholeCsv);
        assert!(matches!(table, Shape::Table(Table { format: Format::FediblockholeCsv, .. })));
        assert!(matches!(shape("x", Format::Lemmy), Shape::Json(Some(Format::Lemmy))));
        assert!(matches!(shape("x", Format::Hosts), Shape::Notation(Format::Hosts)));
    }
}
