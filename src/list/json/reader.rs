//! What all readers of JSON share: the rows, and the lines on which they stand.

use super::super::Format;
use super::super::decode;
use super::super::error::ReadError;
use super::super::rows::Rows;
use super::walk::{Item, Piece, elements, is_list};

pub(super) struct Reader<'a> {
    pub rows: Rows,
    text: &'a str,
    end: u8,
    at: usize,
    line: u32,
}

/// A document, and its own members where it is an object.
pub(super) struct Top<'a> {
    pub piece: Piece<'a>,
    pub item: Item<'a>,
}

impl<'a> Top<'a> {
    /// The document, which is a list or not of the format.
    pub fn list(&self, format: Format) -> Result<Piece<'a>, ReadError> {
        is_list(self.piece).then_some(self.piece).ok_or(ReadError::NotThisFormat { format })
    }

    /// A member without which the document is not of the format.
    pub fn need(&self, name: &str, format: Format) -> Result<Piece<'a>, ReadError> {
        self.item.get(name).ok_or(ReadError::NotThisFormat { format })
    }
}

/// Which members the first entries of a list have.
pub(super) struct Sample<'a>(Vec<Item<'a>>);

/// How many entries are looked at to see what a list is.
const SAMPLE: usize = 20;

impl<'a> Sample<'a> {
    pub fn of(list: Piece<'a>) -> Self {
        Sample(elements(list).take(SAMPLE).filter_map(Item::of).collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there are strings and no objects.
    pub fn is_bare(&self) -> bool {
        !self.0.is_empty() && self.0.iter().all(Item::is_bare)
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|item| item.has(name))
    }

    pub fn has_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.has(name))
    }

    /// Whether one of the entries says this of itself.
    pub fn says(&self, name: &str, words: &[&str]) -> bool {
        self.0.iter().any(|item| words.contains(&&*item.text(name)))
    }

    pub fn any(&self, test: impl Fn(&Item<'a>) -> bool) -> bool {
        self.0.iter().any(test)
    }
}

impl<'a> Reader<'a> {
    pub fn new(text: &'a str, guessed_encoding: bool) -> Self {
        // A short entry has some 60 bytes.
        let rows = Rows::new(guessed_encoding, text.len() / 64);
        Reader { rows, text, end: decode::line_end(text), at: 0, line: 1 }
    }

    /// The line on which a piece of the text begins. Going on is quick, and going back
    /// counts from the start again: that is for the few parts of a document.
    pub fn line(&mut self, piece: Piece<'_>) -> u32 {
        let start = piece.get().as_ptr().addr().wrapping_sub(self.text.as_ptr().addr());
        if start < self.at {
            (self.at, self.line) = (0, 1);
        }
        let between = self.text.as_bytes().get(self.at..start).unwrap_or_default();
        let ends: u32 = between.iter().map(|byte| u32::from(*byte == self.end)).sum();
        self.line = self.line.saturating_add(ends);
        self.at = start.min(self.text.len());
        self.line
    }

    /// Reads a list of objects.
    pub fn objects(&mut self, list: Piece<'a>, mut each: impl FnMut(&mut Rows, u32, &Item<'a>)) {
        self.entries(list, |rows, line, item| {
            if item.is_bare() {
                let why = "a bare name, where all that is said about it should stand with it";
                rows.reject(line, &item.name(""), why.to_owned());
            } else {
                each(rows, line, item);
            }
        });
    }

    /// Reads a list of objects or strings.
    pub fn entries(&mut self, list: Piece<'a>, mut each: impl FnMut(&mut Rows, u32, &Item<'a>)) {
        if !is_list(list) {
            let line = self.line(list);
            self.rows.reject(line, list.get(), "a list was expected here".to_owned());
        }
        for piece in elements(list) {
            let line = self.line(piece);
            match Item::of(piece) {
                Some(item) => each(&mut self.rows, line, &item),
                None => self.rows.reject(line, piece.get(), "not an entry of a list".to_owned()),
            }
            if self.rows.is_full() {
                break;
            }
        }
    }

    /// Says something about the whole document.
    pub fn remark(&mut self, why: &str) {
        self.rows.remark(1, "(the whole document)", why.to_owned());
    }
}
