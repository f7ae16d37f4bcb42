//! The rows of a plan in words, wherever a plan is shown.

use crate::combine::Asks;
use crate::plan::{Add, Remove, Row, Update, describe, lifts, transition};
use crate::text::plain;

pub fn effect_of_add(add: &Add) -> String {
    add.rule.as_ref().map_or_else(|| "block".to_owned(), describe)
}

pub fn effect_of_update(update: &Update) -> String {
    transition(&update.before, &update.after)
}

pub fn effect_of_remove(remove: &Remove) -> String {
    lifts(remove)
}

pub fn effect_of(row: &Row) -> String {
    match row {
        Row::Add(add) => effect_of_add(add),
        Row::Update(update) => effect_of_update(update),
        Row::Remove(remove) => effect_of_remove(remove),
    }
}

/// The lists that ask for something, by name, and what each of them says.
pub fn asked(asks: &Asks) -> (String, Vec<String>) {
    let (mut lists, mut details) = (Vec::new(), Vec::new());
    for ask in asks.iter().filter(|ask| !ask.watched) {
        let severity = ask.severity.map_or_else(|| "a block".to_owned(), |s| s.to_string());
        let comment = ask.comment.as_deref().filter(|comment| !comment.is_empty());
        let comment = comment.map_or_else(String::new, |comment| format!(": {}", plain(comment)));
        details.push(format!("{} asks for {severity}{comment}", plain(&ask.list)));
        lists.push(plain(&ask.list).into_owned());
    }
    (lists.join(", "), details)
}
