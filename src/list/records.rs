//! Rows of cells in a text, each with the line on which it begins.
//!
//! The rules of CSV are those of the `csv` crate, through its core: rows of any number of
//! cells, quotation marks around cells, doubled ones within. What is added is a bound. A
//! hostile file can be one single row; such a row is passed over and never held as a
//! whole.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use super::decode;

/// The longest row that is read, in bytes, and the most cells in it.
const WIDEST: usize = 256 * 1024;
const MOST_CELLS: usize = 1024;

pub(super) struct Records<'a> {
    core: Reader,
    text: &'a str,
    /// How far the text is read.
    at: usize,
    /// What ends lines in it.
    end: u8,
    /// On which line `at` is.
    line: u32,
    cells: Box<[u8]>,
    ends: Box<[usize]>,
}

/// One row.
pub(super) struct Record<'r> {
    cells: &'r str,
    /// Where each cell ends.
    ends: &'r [usize],
    /// On which line it begins.
    pub line: u32,
    /// How it is written, its end left out.
    pub raw: &'r str,
    /// Its lines after the first.
    pub below: &'r str,
    /// It is longer than a row can be, and none of its cells were kept.
    pub is_too_long: bool,
}

impl<'a> Records<'a> {
    /// Reads a text whose first line has that number.
    pub fn new(text: &'a str, line: u32, delimiter: u8) -> Self {
        Records {
            core: ReaderBuilder::new().delimiter(delimiter).build(),
            text,
            at: 0,
            end: decode::line_end(text),
            line,
            cells: vec![0; WIDEST].into(),
            ends: vec![0; MOST_CELLS].into(),
        }
    }

    /// The next row; rows without anything in them are passed over.
    pub fn next(&mut self) -> Option<Record<'_>> {
        let from = self.at;
        let (mut written, mut count, mut is_too_long) = (0, 0, false);
        loop {
            let input = self.text.as_bytes().get(self.at..).unwrap_or_default();
            let (cells, ends) = (&mut self.cells[written..], &mut self.ends[count..]);
            let (result, read, wrote, ended) = self.core.read_record(input, cells, ends);
            self.at += read;
            written += wrote;
            count += ended;
            match result {
                // The core wants to see that nothing follows.
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                    (written, count, is_too_long) = (0, 0, true);
                }
                ReadRecordResult::Record => break,
                ReadRecordResult::End => return None,
            }
        }
        let bytes = self.text.as_bytes();
        let is_end = |at: usize| matches!(bytes.get(at), Some(b'\r' | b'\n'));
        if bytes[..self.at].ends_with(b"\r") && bytes.get(self.at) == Some(&b'\n') {
            self.at += 1;
        }
        let (mut start, mut stop) = (from, self.at);
        while start < stop && is_end(start) {
            start += 1;
        }
        while stop > start && is_end(stop - 1) {
            stop -= 1;
        }
        if start > from {
            self.line = self.line.saturating_add(self.lines_in(&bytes[from..start]));
        }
        let (line, raw) = (self.line, self.text.get(start..stop).unwrap_or_default());
        // Where there is no break within a cell, the row is one line.
        let kept = &self.cells[..written];
        let breaks = is_too_long || memchr::memchr2(b'\r', b'\n', kept).is_some();
        let lines = if breaks {
            self.lines_in(&bytes[start..self.at])
        } else {
            u32::from(bytes[stop..self.at].contains(&self.end))
        };
        self.line = line.saturating_add(lines);
        let first_end = if breaks { memchr::memchr(self.end, raw.as_bytes()) } else { None };
        let below = first_end.map_or("", |end| &raw[end + 1..]);
        // Taking quotation marks out of UTF-8 leaves UTF-8.
        let cells = std::str::from_utf8(&self.cells[..written]).unwrap_or_default();
        let ends = if is_too_long { &[] } else { &self.ends[..count] };
        Some(Record { cells, ends, line, raw, below, is_too_long })
    }

    fn lines_in(&self, text: &[u8]) -> u32 {
        u32::try_from(memchr::memchr_iter(self.end, text).count()).unwrap_or(u32::MAX)
    }
}

impl<'r> Record<'r> {
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn get(&self, at: usize) -> Option<&'r str> {
        let end = *self.ends.get(at)?;
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        self.cells.get(start..end)
    }

    pub fn cells(&self) -> impl Iterator<Item = &'r str> {
        (0..self.len()).filter_map(|at| self.get(at))
    }

    pub fn is_blank(&self) -> bool {
        // Nearly every row begins with a letter.
        !self.cells.as_bytes().first().is_some_and(u8::is_ascii_graphic)
            && self.cells.trim().is_empty()
            && !self.is_too_long
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Each row's line and cells.
    fn rows(text: &str) -> Vec<(u32, Vec<String>)> {
        let mut records = Records::new(text, 1, b',');
        let mut rows = Vec::new();
        while let Some(record) = records.next() {
            rows.push((record.line, record.cells().map(str::to_owned).collect()));
        }
        rows
    }

    #[test]
    fn rows_know_their_lines_whatever_ends_them() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["a,b", "", "\"c", "d\",e", "", "", "f"].join(end);
            let want = [
                (1, vec!["a".to_owned(), "b".to_owned()]),
                (3, vec![format!("c{end}d"), "e".to_owned()]),
                (7, vec!["f".to_owned()]),
            ];
            assert_eq!(rows(&text), want, "{end:?}");
            assert_eq!(rows(&(text + end)), want, "{end:?}");
        }
    }

    #[test]
    fn what_stands_below_the_first_line_of_a_row_is_known() {
        let text = "a,\"b\nc,d\ne\"\nf\n";
        let mut records = Records::new(text, 5, b',');
        let first = records.next().unwrap();
        assert_eq!((first.line, first.below), (5, "c,d\ne\""));
        assert_eq!(first.raw, "a,\"b\nc,d\ne\"");
        let second = records.next().unwrap();
        assert_eq!((second.line, second.below), (8, ""));
    }

    #[test]
    fn a_row_without_end_is_passed_over() {
        for long in ["x".repeat(WIDEST + 1), ",".repeat(MOST_CELLS + 1)] {
            let text = format!("a\n{long}\nb\n");
            let mut records = Records::new(&text, 1, b',');
            assert!(!records.next().unwrap().is_too_long);
            let row = records.next().unwrap();
            assert!(row.is_too_long && row.len() == 0 && row.raw.len() == long.len());
            let last = records.next().unwrap();
            assert_eq!((last.line, last.get(0)), (3, Some("b")));
            assert!(records.next().is_none());
        }
    }

    proptest! {
        #[test]
        fn cells_are_what_the_csv_crate_makes_of_them(text in "([a-c,\"é]|\r\n|\n|\r){0,60}") {
            let mut reader = csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .from_reader(text.as_bytes());
            let want: Vec<Vec<String>> = reader
                .records()
                .map(|record| record.unwrap().iter().map(str::to_owned).collect())
                .collect();
            let found: Vec<Vec<String>> = rows(&text).into_iter().map(|(_, cells)| cells).collect();
            prop_assert_eq!(found, want);
        }
    }
}
