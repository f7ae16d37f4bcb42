//! A plan for eyes: one sentence, notices, and a table that fits 80 columns with the
//! rows of most consequence first.

use std::fmt::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::{Add, Direction, Plan, Skipped, Update};
use crate::block::{Rule, Severity};
use crate::combine::Asks;
use crate::text::{count, fit, plain};

const DOMAIN: usize = 32;
const EFFECT: usize = 22;
const WIDTH: usize = 79;

/// The printable form of a plan.
pub struct Table<'a> {
    pub plan: &'a Plan,
    /// At most this many rows of changes, and as many of skips.
    pub rows: usize,
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plan = self.plan;
        writeln!(f, "{}", wrapped(&plain(&plan.sentence()), ""))?;
        for notice in &plan.notices {
            writeln!(f, "{}", wrapped(&format!("! {}", plain(notice)), "  "))?;
        }
        let changes = rows(plan);
        if !changes.is_empty() {
            writeln!(f, "\n{:<7} {:<DOMAIN$} {:<EFFECT$} ASKED BY", "DO", "DOMAIN", "WHAT")?;
            for row in changes.iter().take(self.rows) {
                writeln!(f, "{row}")?;
            }
            more(f, changes.len(), self.rows, "change")?;
        }
        if !plan.skipped.is_empty() {
            writeln!(f, "\nSkipped:")?;
            for skipped in plan.skipped.iter().take(self.rows) {
                writeln!(f, "{}", skipped_row(skipped))?;
            }
            more(f, plan.skipped.len(), self.rows, "skip")?;
        }
        Ok(())
    }
}

fn more(f: &mut fmt::Formatter<'_>, total: usize, shown: usize, noun: &str) -> fmt::Result {
    if total > shown {
        writeln!(
            f,
            "… and {}; `hedgerow plan … --all` shows every row.",
            count(total - shown, &format!("more {noun}"))
        )?;
    }
    Ok(())
}

/// Removals, then what is lowered, raised, edited and added, each with the strictest
/// first.
fn rows(plan: &Plan) -> Vec<String> {
    let mut rows = Vec::with_capacity(plan.add.len() + plan.update.len() + plan.remove.len());
    for remove in &plan.remove {
        let effect = match &remove.before {
            Some(rule) => format!("lifts {}", describe(rule)),
            None => "lifts the block".to_owned(),
        };
        rows.push(row("remove", &remove.domain, &effect, ""));
    }
    for (direction, verb) in
        [(Direction::Lower, "lower"), (Direction::Raise, "raise"), (Direction::Edit, "edit")]
    {
        let mut updates: Vec<&Update> =
            plan.update.iter().filter(|update| update.direction() == direction).collect();
        updates.sort_by_key(|update| std::cmp::Reverse(update.after.severity));
        for update in updates {
            let effect = transition(&update.before, &update.after);
            rows.push(row(verb, update.domain.as_str(), &effect, &askers(&update.asked_by)));
        }
    }
    let mut adds: Vec<&Add> = plan.add.iter().collect();
    adds.sort_by_key(|add| std::cmp::Reverse(add.rule.as_ref().map(|rule| rule.severity)));
    for add in adds {
        let effect = add.rule.as_ref().map_or_else(|| "block".to_owned(), describe);
        rows.push(row("add", add.domain.as_str(), &effect, &askers(&add.asked_by)));
    }
    rows
}

fn row(verb: &str, domain: &str, effect: &str, askers: &str) -> String {
    let domain = fit(&plain(domain), DOMAIN);
    let effect = fit(effect, EFFECT);
    let mut row = format!("{verb:<7} {domain:<DOMAIN$} {effect:<EFFECT$} ");
    let left = WIDTH.saturating_sub(row.width());
    row.push_str(&fit(&plain(askers), left));
    row.truncate(row.trim_end().len());
    row
}

fn askers(asks: &Asks) -> String {
    asks.iter().map(|ask| ask.list.to_string()).collect::<Vec<_>>().join(", ")
}

/// A reason is never cut: it goes below the name where it does not fit beside it.
fn skipped_row(skipped: &Skipped) -> String {
    let name = format!("  {:<DOMAIN$} ", fit(&plain(&skipped.domain), DOMAIN));
    let reason = skipped.reason.to_string();
    let reason = plain(&reason);
    if name.width() + reason.width() <= WIDTH {
        format!("{name}{reason}")
    } else {
        format!("{}\n{}", name.trim_end(), wrapped(&format!("      {reason}"), "      "))
    }
}

/// A rule in a few words: `silence, no media`.
pub(super) fn describe(rule: &Rule) -> String {
    let mut text = rule.severity.to_string();
    if rule.severity < Severity::Suspend {
        if rule.reject_media {
            text.push_str(", no media");
        }
        if rule.reject_reports {
            text.push_str(", no reports");
        }
    }
    text
}

fn transition(before: &Rule, after: &Rule) -> String {
    if before.severity != after.severity {
        return format!("{} → {}", before.severity, after.severity);
    }
    let mut parts = String::new();
    let mut part = |changed: bool, text: &str| {
        if changed {
            let separator = if parts.is_empty() { "" } else { ", " };
            let _ = write!(parts, "{separator}{text}");
        }
    };
    let flag = |on: bool, name: &str| format!("{}{name}", if on { "+" } else { "-" });
    part(before.reject_media != after.reject_media, &flag(!after.reject_media, "media"));
    part(before.reject_reports != after.reject_reports, &flag(!after.reject_reports, "reports"));
    part(before.obfuscate != after.obfuscate, &flag(after.obfuscate, "obfuscate"));
    part(
        before.public_comment != after.public_comment
            || before.private_comment != after.private_comment,
        "comment",
    );
    parts
}

/// Breaks a paragraph at 79 columns; later lines start with `indent`.
pub(crate) fn wrapped(text: &str, indent: &str) -> String {
    let mut lines = String::new();
    let mut used = 0;
    for word in text.split(' ') {
        let width = word.width();
        if used > 0 && used + 1 + width > WIDTH {
            lines.push('\n');
            lines.push_str(indent);
            used = indent.len();
        } else if used > 0 {
            lines.push(' ');
            used += 1;
        }
        lines.push_str(word);
        used += width;
    }
    lines
}
