//! Tables: Mastodon's admin export, FediBlockHole's files, and both without a header.

use csv::{ReaderBuilder, StringRecord};

use super::Document;
use super::decode::{self, Source};
use super::detect::{Table, column_name, is_domain_column};
use super::error::ReadError;
use super::rows::{Row, Rows, flag};
use crate::block::Severity;
use crate::domain::Domain;

pub(super) fn read(source: &Source<'_>, table: &Table) -> Result<Document, ReadError> {
    let text = &source.text[table.body.start..];
    let mut rows = Rows::new(source.guessed, decode::estimate_lines(text));
    let mut lines = LineCounter::new(text, table.body.line);
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(table.delimiter)
        .from_reader(text.as_bytes());
    let mut record = StringRecord::new();
    // Reading from memory and into rows of any length, the reader has no error to give;
    // should it find one, what was read before it stands.
    while let Ok(true) = reader.read_record(&mut record) {
        let end = usize::try_from(reader.position().byte()).unwrap_or(text.len());
        let (line, below) = lines.advance(end, &record);
        if is_blank(&record) {
            continue;
        }
        let row = row(&record, table, line);
        if !below.is_empty() && holds_rows(&record, below, table) {
            let why = "a quotation mark on it is not closed, so rows below ran into this one and \
                       are not used either; close it and read the list again";
            rows.reject(line, row.domain, why.to_owned());
        } else if is_remark(&record, table) {
            if is_domain_column(&column_name(row.domain)) {
                let why = "a second header; these look like several lists in one file, which have \
                           to be read one by one";
                rows.reject(line, row.domain, why.to_owned());
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

fn row<'a>(record: &'a StringRecord, table: &Table, line: u32) -> Row<'a> {
    let cell = |at: Option<usize>| at.and_then(|at| record.get(at)).unwrap_or_default();
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
fn is_remark(record: &StringRecord, table: &Table) -> bool {
    let first = record.get(0).unwrap_or_default().trim_start();
    (first.starts_with(['#', '!']) || first.starts_with("//"))
        && (table.columns.domain == 0 || record.len() == 1)
}

/// Whether a row that runs over several lines has other rows of the list in it; `below`
/// are its lines after the first. Comments may hold line breaks; but a quotation mark that
/// is never closed swallows every row up to the next one, and a list must not become
/// shorter without a word.
fn holds_rows(record: &StringRecord, below: &str, table: &Table) -> bool {
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
        record.iter().filter(breaks).any(has_row)
    } else {
        has_row(below)
    }
}

fn is_blank(record: &StringRecord) -> bool {
    // Nearly every row begins with a letter.
    !record.as_slice().as_bytes().first().is_some_and(u8::is_ascii_graphic)
        && record.iter().all(|cell| cell.trim().is_empty())
}

fn has_breaks(record: &StringRecord) -> bool {
    memchr::memchr2(b'\r', b'\n', record.as_slice().as_bytes()).is_some()
}

/// Numbers the lines on which rows begin. The CSV reader's own count says where it began
/// to look for a row, which after blank lines and `\r\n` is too early.
pub(super) struct LineCounter<'a> {
    text: &'a str,
    end: u8,
    at: usize,
    line: u32,
}

impl<'a> LineCounter<'a> {
    pub fn new(text: &'a str, line: u32) -> Self {
        LineCounter { text, end: decode::line_end(text), at: 0, line }
    }

    /// The line on which the row that ends at byte `to` begins, and what there is of it
    /// on the lines below.
    pub fn advance(&mut self, to: usize, record: &StringRecord) -> (u32, &'a str) {
        let raw = self.text.get(self.at..to).unwrap_or_default();
        self.at = to;
        // Nearly every row is one line, with no blank ones before it.
        let blank = matches!(raw.as_bytes().first(), Some(b'\r' | b'\n'));
        if !blank && !has_breaks(record) {
            let line = self.line;
            self.line = line.saturating_add(u32::from(raw.as_bytes().last() == Some(&self.end)));
            return (line, "");
        }
        let blank = raw.bytes().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        self.count(&raw[..blank]);
        let line = self.line;
        let row = &raw[blank..];
        self.count(row);
        let breaks =
            (self.line - line).saturating_sub(u32::from(row.ends_with(char::from(self.end))));
        let first_end = if breaks == 0 { None } else { row.find(char::from(self.end)) };
        (line, first_end.map_or("", |end| &row[end + 1..]))
    }

    fn count(&mut self, text: &str) {
        let ends: u32 = text.bytes().map(|byte| u32::from(byte == self.end)).sum();
        self.line = self.line.saturating_add(ends);
    }
}
