//! Characters for the parser, in pieces.
//!
//! Within brackets the parser reads on and keeps what it has read until it knows whether
//! the whole is the key of a map. A long list in brackets would take a hundred times its
//! own room, so it is given only so much for each event.

use std::cell::Cell;

/// How many characters one event may need: tens of thousands of names in brackets.
pub(super) const PIECE: usize = 1 << 20;

pub(super) struct Feed<'a> {
    text: &'a str,
    left: Cell<usize>,
    ran_out: Cell<bool>,
}

impl<'a> Feed<'a> {
    pub fn new(text: &'a str) -> Self {
        Feed { text, left: Cell::new(PIECE), ran_out: Cell::new(false) }
    }

    pub fn characters(&self) -> impl Iterator<Item = char> {
        let mut characters = self.text.chars();
        std::iter::from_fn(move || {
            let Some(left) = self.left.get().checked_sub(1) else {
                self.ran_out.set(true);
                return None;
            };
            self.left.set(left);
            characters.next()
        })
    }

    /// After an event, the next one may need as much again.
    pub fn refill(&self) {
        if !self.ran_out.get() {
            self.left.set(PIECE);
        }
    }

    pub fn ran_out(&self) -> bool {
        self.ran_out.get()
    }
}
