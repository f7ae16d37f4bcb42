//! Tables in pages of documentation.
//!
//! A page is written for people, and much on it is no block: tables of accounts, of
//! allowed servers, of what the signs mean. So a table is used only where the page says
//! that its servers are blocked, by a column for the status or by a heading above it.

mod cells;
mod headings;

use cells::{cells, comment, name, names, severity};
use headings::Headings;

use super::super::Format;
use super::super::decode::{self, Line, Source};
use super::super::error::ReadError;
use super::super::rows::{Row, Rows};
use super::Document;
use crate::block::Severity;

/// How much of a line is looked at to see whether a table begins; a header is shorter.
const HEADER_WIDTH: usize = 1024;

pub(super) fn is_it(sample: &str) -> bool {
    let mut above: Option<&str> = None;
    decode::lines(sample).any(|line| {
        let line = decode::clip(line.text, HEADER_WIDTH);
        let begins = above.is_some_and(|above| is_head(above, line));
        above = Some(line);
        begins
    })
}

/// Whether a table begins with these two lines.
fn is_head(header: &str, rule: &str) -> bool {
    let is_rule = |cell: &str| {
        let dashes = cell.trim_matches(':');
        !dashes.is_empty() && dashes.bytes().all(|byte| byte == b'-')
    };
    rule.contains('|')
        && header.contains('|')
        && cells(rule).all(is_rule)
        && cells(header).count() == cells(rule).count()
}

/// What the columns of a table hold.
#[derive(Default)]
struct Columns {
    domain: Option<usize>,
    /// A table of people and not of servers.
    account: Option<usize>,
    severity: Option<usize>,
    reject_media: Option<usize>,
    reject_reports: Option<usize>,
    comment: Option<usize>,
}

impl Columns {
    fn new(header: &str) -> Self {
        let mut columns = Columns::default();
        for (at, cell) in cells(header).enumerate() {
            let name = name(cell).to_lowercase().replace([' ', '-'], "_");
            let column = match name.as_str() {
                "instance" | "instances" | "domain" | "domains" | "server" | "servers" | "host"
                | "hosts" | "hostname" | "instance_name" | "domain_name" => &mut columns.domain,
                "account" | "accounts" | "user" | "users" | "username" | "handle" | "handles" => {
                    &mut columns.account
                }
                "status" | "severity" | "action" | "actions" | "block_type" | "policy"
                | "block_level" => &mut columns.severity,
                "reject_media" => &mut columns.reject_media,
                "reject_reports" => &mut columns.reject_reports,
                "reason" | "reasons" | "comment" | "comments" | "public_comment" | "note"
                | "notes" => &mut columns.comment,
                _ => continue,
            };
            column.get_or_insert(at);
        }
        columns
    }
}

/// A table that is being read.
struct Table {
    columns: Columns,
    /// What the headings above say.
    heading: headings::Says,
}

pub(super) fn read(source: &Source<'_>) -> Result<Document, ReadError> {
    let text = &source.text;
    let mut rows = Rows::new(source.guessed, decode::estimate_lines(text));
    let mut headings = Headings::default();
    let mut table: Option<Table> = None;
    let (mut servers, mut people) = (false, 0usize);
    let mut above: Option<Line<'_>> = None;
    for line in decode::lines(text) {
        let start = decode::clip(line.text, HEADER_WIDTH);
        if let Some(header) = above.take_if(|above| is_head(above.text, start)) {
            let columns = Columns::new(header.text);
            if columns.domain.is_none() && columns.account.is_none() {
                let why = "this table has no column for servers, so it was left out";
                rows.remark(header.number, header.text, why.to_owned());
            }
            servers |= columns.domain.is_some();
            table = Some(Table { columns, heading: headings.say() });
            continue;
        }
        match &table {
            // A table ends where its cells end.
            Some(found) if line.text.contains('|') => {
                people += usize::from(found.take(&mut rows, &line));
            }
            _ => {
                table = None;
                headings.see(above.as_ref().map_or("", |above| above.text), start);
            }
        }
        // The line above a rule decides; rows of a table cannot begin another one.
        above = table.is_none().then_some(Line { text: start, ..line });
        if rows.is_full() {
            break;
        }
    }
    if people > 0 && !servers {
        return Err(ReadError::FollowList);
    }
    rows.finish(Format::Markdown, servers)
}

impl Table {
    /// Decides about one row of the table, and says whether it was about a person.
    fn take(&self, rows: &mut Rows, line: &Line<'_>) -> bool {
        let row: Vec<&str> = cells(line.text).take(64).collect();
        let cell = |at: Option<usize>| at.and_then(|at| row.get(at)).copied().unwrap_or_default();
        let columns = &self.columns;
        if row.iter().all(|cell| cell.is_empty()) {
            return false;
        }
        let Some(domain) = columns.domain else {
            let Some(account) = columns.account else { return false };
            let why = "this stands in a table of accounts; a domain block would hit everyone on \
                       the server";
            rows.reject(line.number, cell(Some(account)), why.to_owned());
            return true;
        };
        let written = cell(Some(domain));
        let stated = cell(columns.severity);
        let mut reject = |why: String| rows.reject(line.number, written, why);
        let severity = match (self.heading, columns.severity) {
            (headings::Says::Otherwise, _) => {
                reject("the heading above the table says that these are not blocked".to_owned());
                return false;
            }
            (_, Some(_)) => match severity(stated) {
                Some(severity) => Some(severity.as_str()),
                None => Some(stated),
            },
            (headings::Says::Severity(severity), None) => Some(severity.as_str()),
            (headings::Says::Blocked, None) => None,
            (headings::Says::Nothing, None) => {
                reject(
                    "nothing says that the servers in this table are blocked: it has no column \
                     for the status, and no heading above it that says so"
                        .to_owned(),
                );
                return false;
            }
            (headings::Says::Several, None) => {
                reject(
                    "the heading above the table names several kinds of blocks, and no column \
                     says which is meant here"
                        .to_owned(),
                );
                return false;
            }
        };
        if cells::is_struck_out(written) {
            reject("struck out, so it seems to have been taken back".to_owned());
            return false;
        }
        let comment = comment(cell(columns.comment));
        for name in names(written) {
            rows.take(&Row {
                line: line.number,
                domain: &name,
                severity,
                reject_media: cell(columns.reject_media),
                reject_reports: cell(columns.reject_reports),
                public_comment: &comment,
                ..Row::default()
            });
        }
        false
    }
}

#[cfg(test)]
mod tests;
