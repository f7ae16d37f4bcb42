//! Looking for a list: those that come with Hedgerow and those that are known, together.

use super::{Advice, Listing, all, find};
use crate::list::bundled::{self, Bundled};

/// A list that was found, of either kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Comes with Hedgerow.
    Bundled(&'static Bundled),
    /// Published by somebody else.
    Listed(&'static Listing),
}

/// The list with that name, whatever its case and kind.
pub fn find_any(name: &str) -> Option<Found> {
    bundled::find(name).map(Found::Bundled).or_else(|| find(name).map(Found::Listed))
}

/// The lists in which every word occurs, whatever its case; without a word, all of them.
/// Lists that must not be followed come last. Before them, the name counts more than the
/// title and that more than the text; what is offered then comes first.
pub fn search(words: &[&str]) -> Vec<Found> {
    let words: Vec<String> = words.iter().map(|word| folded(word)).collect();
    let mut hits: Vec<_> = every()
        .filter_map(|found| {
            let text = found.text();
            let mut where_found = words.iter().map(|word| place(&text, word));
            let worst = where_found.try_fold(0, |worst, place| Some(worst.max(place?)))?;
            Some(((found.must_not_be_followed(), worst, found.advice()), found))
        })
        .collect();
    // Stable: equals stay in the order of names.
    hits.sort_by_key(|(rank, _)| *rank);
    hits.into_iter().map(|(_, found)| found).collect()
}

fn every() -> impl Iterator<Item = Found> {
    let bundled = bundled::all().iter().map(Found::Bundled);
    bundled.chain(all().iter().map(Found::Listed))
}

/// As it is compared: nobody types the apostrophe that is printed.
fn folded(text: &str) -> String {
    text.to_lowercase().replace('\u{2019}', "'")
}

/// In which of the texts the word occurs first, the most telling text being the first.
fn place(texts: &[String], word: &str) -> Option<usize> {
    texts.iter().position(|text| text.contains(word))
}

impl Found {
    pub fn name(&self) -> &'static str {
        match self {
            Found::Bundled(list) => list.name,
            Found::Listed(list) => &list.name,
        }
    }

    pub fn title(&self) -> &'static str {
        match self {
            Found::Bundled(list) => list.title,
            Found::Listed(list) => &list.title,
        }
    }

    /// Nothing stands against a list that comes along.
    pub fn advice(&self) -> Advice {
        match self {
            Found::Bundled(_) => Advice::Offer,
            Found::Listed(list) => list.advice,
        }
    }

    fn must_not_be_followed(&self) -> bool {
        matches!(self, Found::Listed(list) if list.needs_insistence())
    }

    /// What is searched: the name, the title, and all that is said about it.
    fn text(&self) -> [String; 3] {
        let about = match self {
            Found::Bundled(list) => folded(list.about),
            Found::Listed(list) => {
                let warnings = list.warnings.join("\n");
                folded(&format!("{}\n{}\n{warnings}", list.purpose, list.maintainer))
            }
        };
        [folded(self.name()), folded(self.title()), about]
    }
}
