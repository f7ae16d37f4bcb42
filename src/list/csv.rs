//! Tables: Mastodon's admin export, FediBlockHole's files, and both without a header.

use csv::{ByteRecord, ReaderBuilder};

use super::Document;
use super::decode::{self, Source};
use super::detect::{Table, column_name, is_domain_column};
use super::error::ReadError;
use super::rows::{Row, Rows, flag};
use crate::block::Severity;
use crate::domain::Domain;

pub(super) fn read(source: &Source<'_>, table: &Table) -> Result<Document, ReadError> {
    let mut rows = Rows::new(source.guessed);
    let text = &source.text[table.body.start..];
    let mut lines = LineCounter::new(text, table.body.line);
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(table.delimiter)
        .from_reader(text.as_bytes());
    let mut record = ByteRecord::new();
    // Reading from memory and into rows of any length, the reader has no error to give;
    // should it find one, what was read before it stands.
    while let Ok(true) = reader.read_byte_record(&mut record) {
        let end = usize::try_from(reader.position().byte()).unwrap_or(text.len());
        let (line, raw) = lines.advance(end);
        if record.iter().all(|cell| cell.trim_ascii().is_empty()) {
            continue;
        }
        let row = row(&record, table, line);
        if let Some(first) = row_inside(raw, table) {
            let why = format!(
                "a quotation mark on it is not closed, so the rows from line {} on ran into this \
                 one and none of them is used; close it and read the list again",
                line.saturating_add(first)
            );
            rows.reject(line, row.domain, why);
        } else if is_remark(&record, table) {
            if is_domain_column(&column_name(row.domain)) {
                let why = "a second header; these look like several lists in one file, which have \
                           to be read one by one";
                rows.reject(line, row.domain, why.to_owned());
            }
        } else {
            rows.take(&row);
        }
    }
    rows.finish(table.format, table.body.has_header)
}

fn row<'a>(record: &'a ByteRecord, table: &Table, line: u32) -> Row<'a> {
    let cell = |at: Option<usize>| {
        let bytes = at.and_then(|at| record.get(at)).unwrap_or_default();
        // Cells are cut at ASCII out of UTF-8.
        std::str::from_utf8(bytes).unwrap_or_default()
    };
    let columns = &table.columns;
    let mut row = Row {
        line,
        domain: cell(Some(columns.domain)),
        severity: columns.severity.map(|at| cell(Some(at))),
        reject_media: cell(columns.reject_media),
        reject_reports: cell(columns.reject_reports),
        obfuscate: cell(columns.obfuscate),
        public_comment: cell(columns.public_comment),
        private_comment: cell(columns.private_comment),
    };
    if columns.positional && flag(row.public_comment).is_some_and(|flag| flag.is_some()) {
        (row.public_comment, row.obfuscate) = ("", "");
    }
    row
}

/// Whether the row is a comment. Where other cells stand before the domain, one of them
/// may begin with `#` on its own account.
fn is_remark(record: &ByteRecord, table: &Table) -> bool {
    let first = record.get(0).unwrap_or_default().trim_ascii_start();
    (first.starts_with(b"#") || first.starts_with(b"//") || first.starts_with(b"!"))
        && (table.columns.domain == 0 || record.len() == 1)
}

/// Where a cell that runs over several lines has a whole row of the list in it, the
/// number of lines down to that row. Comments may hold line breaks; but a quotation mark
/// that is never closed swallows every row up to the next one, and a list must not
/// become shorter without a word.
fn row_inside(raw: &str, table: &Table) -> Option<u32> {
    if !raw.trim_end().contains(['\n', '\r']) {
        return None;
    }
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
    let at = decode::lines(raw).skip(1).find(|line| is_row(line.text))?;
    Some(at.number - 1)
}

/// Numbers the lines on which rows begin. The CSV reader's own count says where it began
/// to look for a row, which after blank lines and `\r\n` is too early.
struct LineCounter<'a> {
    text: &'a str,
    end: char,
    at: usize,
    line: u32,
}

impl<'a> LineCounter<'a> {
    fn new(text: &'a str, line: u32) -> Self {
        LineCounter { text, end: decode::line_end(text), at: 0, line }
    }

    /// The line of the row that ends at byte `to`, and its raw text.
    fn advance(&mut self, to: usize) -> (u32, &'a str) {
        let raw = self.text.get(self.at..to).unwrap_or_default();
        let row = raw.trim_start_matches(['\r', '\n']);
        self.count(&raw[..raw.len() - row.len()]);
        let line = self.line;
        self.count(row);
        self.at = to;
        (line, row)
    }

    fn count(&mut self, text: &str) {
        let ends = text.matches(self.end).count();
        self.line = self.line.saturating_add(u32::try_from(ends).unwrap_or(u32::MAX));
    }
}
