//! The rows of a plan in words, wherever a plan is shown.

use std::borrow::Cow;
use std::fmt;

use arcstr::ArcStr;

use crate::block::Severity;
use crate::combine::{Asks, Request};
use crate::plan::{Add, Remove, Row, Summary, Update, describe, lifts, transition};
use crate::text::plain;

pub fn effect_of_add(add: &Add) -> Cow<'static, str> {
    add.rule.as_ref().map_or("block".into(), describe)
}

pub fn effect_of_update(update: &Update) -> Cow<'static, str> {
    let (before, after) = (&update.before, &update.after);
    if before.severity != after.severity {
        return transition(before, after).into();
    }
    let flags = [
        (before.reject_media, after.reject_media, "media refused", "media let in"),
        (before.reject_reports, after.reject_reports, "reports refused", "reports taken"),
        (before.obfuscate, after.obfuscate, "name obfuscated", "name shown in full"),
    ];
    let changed = flags.into_iter().filter(|(was, is, ..)| was != is);
    let mut parts: Vec<&str> = changed.map(|(_, is, on, off)| if is { on } else { off }).collect();
    if before.public_comment != after.public_comment {
        parts.push("another public comment");
    }
    if before.private_comment != after.private_comment {
        parts.push("another private comment");
    }
    parts.join(", ").into()
}

pub fn effect_of_remove(remove: &Remove) -> Cow<'static, str> {
    lifts(remove).into()
}

pub fn effect_of(row: &Row) -> Cow<'static, str> {
    match row {
        Row::Add(add) => effect_of_add(add),
        Row::Update(update) => effect_of_update(update),
        Row::Remove(remove) => effect_of_remove(remove),
    }
}

/// A number of a plan, and what it is the number of.
pub type Tile = (usize, &'static str);

/// What a plan comes to in numbers. What lifts, weakens, raises and adds is said even where it
/// is none. What is held and what is kept are called as the page calls them.
pub fn tiles(sum: Summary, held: &'static str, kept: &'static str) -> Vec<Tile> {
    let edited = sum.update - sum.raise - sum.lower;
    let tiles = [
        (sum.held, held, false),
        (sum.remove, "to lift", true),
        (sum.lower, "to lower", true),
        (sum.raise, "to raise", true),
        (edited, "to edit", false),
        (sum.add, "to add", true),
        (sum.skipped, "skipped", false),
        (sum.unchanged, "there already", false),
        (sum.kept, kept, false),
    ];
    let shown = tiles.into_iter().filter(|(number, _, always)| *always || *number > 0);
    shown.map(|(number, what, _)| (number, what)).collect()
}

/// What a list asks for, which a page shows as `garden asks for suspend: spam`.
pub struct Voice<'a> {
    pub list: Cow<'a, str>,
    pub asks_for: &'static str,
    pub comment: Option<Cow<'a, str>>,
}

impl fmt::Display for Voice<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Voice { list, asks_for, comment } = self;
        write!(f, "{list} asks for {asks_for}")?;
        comment.as_ref().map_or(Ok(()), |comment| write!(f, ": {comment}"))
    }
}

/// The lists that ask for something and are heard.
pub fn voices(asks: &Asks) -> Vec<Voice<'_>> {
    fn voice<'a>((list, request): (&'a ArcStr, &'a Request)) -> Voice<'a> {
        Voice {
            list: plain(list),
            asks_for: request.severity.map_or("a block", Severity::as_str),
            comment: request.comment.as_deref().filter(|said| !said.is_empty()).map(plain),
        }
    }
    let heard = asks.ordered().into_iter().filter(|(_, request)| request.heard);
    heard.map(voice).collect()
}

/// These lists, by name.
pub fn names(voices: &[Voice<'_>]) -> String {
    voices.iter().map(|voice| voice.list.as_ref()).collect::<Vec<_>>().join(", ")
}
