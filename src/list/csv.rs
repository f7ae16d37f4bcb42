//! Tables: Mastodon's admin export, FediBlockHole's files, and both without a header.

use super::Document;
use super::decode::{self, Source};
use super::detect::{Table, column_name, is_domain_column};
use super::error::ReadError;
use super::records::{Record, Records};
use super::rows::{Row, Rows, flag};
use crate::block::Severity;
use crate::domain::Domain;

pub(super) fn read(source: &Source<'_>, table: &Table) -> Result<Document, ReadError> {
    let text = &source.text[table.body.start..];
    let mut rows = Rows::new(source.guessed, decode::estimate_lines(text));
    let mut records = Records::new(text, table.body.line, table.delimiter);
    while let Some(record) = records.next() {
        if record.is_blank() {
            continue;
        }
        let row = row(&record, table);
        if record.is_too_long || (!record.below.is_empty() && holds_rows(&record, table)) {
            let name = if record.is_too_long { record.raw } else { row.domain };
            rows.reject(record.line, name, OPEN_QUOTE.to_owned());
        } else if is_remark(&record, table) {
            if is_domain_column(&column_name(row.domain)) {
                let why = "a second header; these look like several lists in one file, which have \
                           to be read one by one";
                rows.reject(record.line, row.domain, why.to_owned());
            }
        } else {
            match table.releases {
                Some(how) => rows.release(&row, how),
                None => rows.take(&row),
            }
        }
        if rows.is_full() {
            break;
        }
    }
    rows.finish(table.format, table.body.has_header)
}

/// What is wrong with a row that has other rows in it, or is longer than any row.
pub(super) const OPEN_QUOTE: &str = "a quotation mark on it is not closed, so rows below ran into \
     this one and are not used either; close it and read the list again";

fn row<'r>(record: &Record<'r>, table: &Table) -> Row<'r> {
    let cell = |at: Option<usize>| at.and_then(|at| record.get(at)).unwrap_or_default();
    let columns = &table.columns;
    let mut row = Row {
        line: record.line,
        domain: cell(Some(columns.domain)),
        severity: columns.severity.map(|at| cell(Some(at))),
        reject_media: cell(columns.reject_media),
        reject_reports: cell(columns.reject_reports),
        obfuscate: cell(columns.obfuscate),
        public_comment: cell(columns.public_comment),
        private_comment: cell(columns.private_comment),
        digest: cell(columns.digest),
        replaces: false,
    };
    if columns.positional && flag(row.public_comment).is_some_and(|flag| flag.is_some()) {
        (row.public_comment, row.obfuscate) = ("", "");
    }
    row
}

/// Whether the row is a comment. Where other cells stand before the domain, one of them
/// may begin with `#` on its own account.
fn is_remark(record: &Record<'_>, table: &Table) -> bool {
    let first = record.get(0).unwrap_or_default();
    if first.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric) {
        return false;
    }
    let first = first.trim_start();
    (first.starts_with(['#', '!']) || first.starts_with("//"))
        && (table.columns.domain == 0 || record.len() == 1)
}

/// Whether a row that runs over several lines has other rows of the list in it. Comments may hold line breaks; but a quotation mark that
/// is never closed swallows every row up to the next one, and a list must not become
/// shorter without a word.
fn holds_rows(record: &Record<'_>, table: &Table) -> bool {
    let delimiter = char::from(table.delimiter);
    let is_row = |line: &str| {
        let mut cells = line.split(delimiter).map(|cell| cell.trim().trim_matches('"'));
        let is_domain = |name: &str| Domain::parse(name).is_ok();
        match table.columns.severity {
            // The later of the two columns decides how far the cells must be walked.
            Some(severity) if severity > table.columns.domain => {
                cells.nth(table.columns.domain).is_some_and(is_domain)
                    && cells
                        .nth(severity - table.columns.domain - 1)
                        .and_then(Severity::from_word)
                        .is_some()
            }
            Some(severity) => {
                cells.nth(severity).and_then(Severity::from_word).is_some()
                    && cells.nth(table.columns.domain - severity - 1).is_some_and(is_domain)
            }
            None => {
                line.contains(delimiter) && cells.nth(table.columns.domain).is_some_and(is_domain)
            }
        }
    };
    let has_row = |text: &str| decode::lines(text).any(|line| is_row(line.text));
    let breaks = |cell: &&str| cell.contains(['\n', '\r']);
    if record.get(0).is_some_and(|first| breaks(&first)) {
        // The row's own other cells stand below, and look like a row.
        record.cells().filter(breaks).any(has_row)
    } else {
        has_row(record.below)
    }
}
