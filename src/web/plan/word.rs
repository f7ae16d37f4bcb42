//! What the page calls the words, and what it says of them.

use crate::desk::Word;

/// A word as the page has it.
pub trait OnPage {
    fn label(self) -> &'static str;
    /// The same for so many of the rows of a group.
    fn of_many(self, number: usize, rows: usize) -> String;
    /// What the page says once about it, where lists are followed or not.
    fn means(self, following: bool) -> &'static str;
}

impl OnPage for Word {
    fn label(self) -> &'static str {
        match self {
            Word::Accept => "Accept",
            Word::Unaccept => "Hold it again",
            Word::Except => "Never block",
            Word::Unexcept => "Lists may block it",
            Word::Ignore => "Ignore",
            Word::Unignore => "Put back",
            Word::Keep => "Keep",
            Word::Lower => "Let it be lowered",
            Word::Unlower => "Leave as it is",
        }
    }

    fn of_many(self, number: usize, rows: usize) -> String {
        let which =
            if number == rows { format!("all {rows}") } else { format!("{number} of them") };
        match self {
            Word::Lower => format!("Let {which} be lowered"),
            Word::Unlower => format!("Leave {which} as they are"),
            word => format!("{} {which}", word.label()),
        }
    }

    fn means(self, following: bool) -> &'static str {
        match (self, following) {
            (Word::Accept, _) => "do it, though it is held. Only in this plan.",
            (Word::Unaccept, _) => "take your yes back.",
            (Word::Except, _) => {
                "no list blocks this domain here from now on. Stays until you end the exception."
            }
            (Word::Unexcept, _) => "lists may block it again.",
            (Word::Ignore, true) => {
                "a new block is turned down until a list says more than it does now. Any other \
             change is left out this once."
            }
            (Word::Ignore, false) => "leave it out this once.",
            (Word::Unignore, _) => "take it into the plan again.",
            (Word::Keep, _) => {
                "the block stays and is your own from now on. No list lifts or changes it."
            }
            (Word::Lower, _) => "do what the lists say, though that is less than stands there.",
            (Word::Unlower, _) => "keep what stands there.",
        }
    }
}
